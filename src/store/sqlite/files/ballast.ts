/**
 * A file of zeros next to the database. When the disk is full, the file is deleted, so that retention and settlements
 * have disk space to work with. Publishing starts again once the file can be written again.
 */
import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { BALLAST_BYTES } from "../../../domain/limits.ts";

export interface Ballast {
  drop(): void;
  /** Try to write it again; returns whether it is there. */
  restore(): boolean;
}

const CHUNK = Buffer.alloc(1024 * 1024);

export function createBallast(file: string): Ballast {
  let held = existsSync(file);
  return {
    drop() {
      rmSync(file, { force: true });
      held = false;
    },
    restore() {
      if (!held) held = write(file);
      return held;
    },
  };
}

function write(file: string): boolean {
  try {
    const descriptor = openSync(file, "w");
    try {
      for (let written = 0; written < BALLAST_BYTES; written += CHUNK.length) writeSync(descriptor, CHUNK);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return true;
  } catch {
    // The disk is full: remove what was written of it.
    rmSync(file, { force: true });
    return false;
  }
}
