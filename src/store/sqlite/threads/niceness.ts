/** Lets a thread of this process yield to the others. */
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** Under contention the scheduler then gives it a tenth of what a thread of the usual niceness gets. */
const NICENESS = 10;

/**
 * Linux counts priorities by thread, and names the present one here. Elsewhere they are the whole process's, and stay as
 * they are.
 */
export function yieldToOthers(): void {
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    setPriority(thread, NICENESS);
  } catch {
    // Not there, or not allowed: what it does is done all the same.
  }
}
