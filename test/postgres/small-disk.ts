/** A small file system in memory, which a test can fill. Only root on Linux may mount one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Scope } from "../harness/server.ts";

export interface SmallDisk {
  readonly dir: string;
  /** Leave no space, until the returned function is called. */
  fill(): () => void;
}

const BLOCK = Buffer.alloc(4096);

/** Whether this user may mount one. */
export function canMount(): boolean {
  const dir = mkdtempSync(path.join(tmpdir(), "signalbox-mount-"));
  const isMounted = mount(dir, 1);
  if (isMounted) spawnSync("umount", [dir]);
  rmdirSync(dir);
  return isMounted;
}

function mount(dir: string, megabytes: number): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=1777`, "tmpfs", dir]).status === 0;
}

export function mountSmallDisk(scope: Scope, megabytes: number): SmallDisk {
  const dir = mkdtempSync(path.join(tmpdir(), "signalbox-disk-"));
  assert(mount(dir, megabytes), "a tmpfs can be mounted");
  scope.after(() => {
    assert.equal(spawnSync("umount", [dir]).status, 0);
    rmdirSync(dir);
  });
  return {
    dir,
    fill() {
      const filler = path.join(dir, "filler");
      const file = openSync(filler, "w");
      writeUntilFull(file);
      closeSync(file);
      return () => rmSync(filler);
    },
  };
}

function writeUntilFull(file: number): void {
  try {
    for (;;) writeSync(file, BLOCK);
  } catch (error) {
    assert(error instanceof Error && "code" in error && error.code === "ENOSPC", String(error));
  }
}
