/**
 * A file of zeros beside the database. When the disk is full it is deleted, so that retention and settlements have room
 * to work in; publishing starts again once there is room to write it back.
 */
import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { BALLAST_BYTES } from "../../../domain/limits.ts";

export interface Ballast {
  drop(): void;
  /** Try to write it back; answers whether it is there. */
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
    // No diskSpace: what was written of it is given back.
    rmSync(file, { force: true });
    return false;
  }
}
