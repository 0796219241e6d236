/** Lowers the priority of a thread of this process. */
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** Under contention, the scheduler gives it a tenth of the time that a thread of the default niceness gets. */
const NICENESS = 10;

/**
 * Linux has a priority per thread, and this is the id of the current one. Other systems have one for the whole process,
 * which stays.
 */
export function yieldToOthers(): void {
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    setPriority(thread, NICENESS);
  } catch {
    // It does not exist, or is not allowed. The thread works without it.
  }
}
