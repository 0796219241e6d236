/** Virtual time: runs planned tasks one after the other, as fast as the machine can. */
import TinyQueue from "tinyqueue";

export interface Timeline {
  /** Milliseconds since the simulation began. */
  readonly nowMs: number;
  after(delayMs: number, task: () => void): Planned;
  /**
   * Runs every task planned up to this time. Each task's promises and event loop turns end before the next task
   * starts.
   */
  runUntil(ms: number): Promise<void>;
}

export interface Planned {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  /** Tasks with the same time run in the order in which they were planned. */
  readonly order: number;
  task: (() => void) | null;
}

export function createTimeline(): Timeline {
  const entries = new TinyQueue<Entry>([], (one, other) => one.at - other.at || one.order - other.order);
  let nowMs = 0;
  let planned = 0;
  return {
    get nowMs() {
      return nowMs;
    },
    after(delayMs, task) {
      planned += 1;
      const entry: Entry = { at: nowMs + Math.max(delayMs, 0), order: planned, task };
      entries.push(entry);
      return {
        cancel() {
          entry.task = null;
        },
      };
    },
    async runUntil(ms) {
      for (let first = entries.peek(); first !== undefined && first.at <= ms; first = entries.peek()) {
        entries.pop();
        if (first.task === null) continue;
        nowMs = first.at;
        first.task();
        await untilIdle();
      }
      nowMs = ms;
    },
  };
}

/** What one process plans: it runs only while the process does. */
export interface ProcessTimeline extends Pick<Timeline, "nowMs" | "after"> {
  readonly isFrozen: boolean;
  /** When it last thawed, or 0. */
  readonly thawedMs: number;
  /** From now on everything waits, although time goes on. */
  freeze(): void;
  /** What has become due meanwhile runs now. */
  thaw(): void;
}

/** @param isAlive whether the process still runs */
export function createProcessTimeline(timeline: Timeline, isAlive: () => boolean): ProcessTimeline {
  let due: (() => void)[] | null = null;
  let thawedMs = 0;
  function run(task: () => void): void {
    if (!isAlive()) return;
    if (due === null) task();
    else due.push(task);
  }
  return {
    get nowMs() {
      return timeline.nowMs;
    },
    get isFrozen() {
      return due !== null;
    },
    get thawedMs() {
      return thawedMs;
    },
    after(delayMs, task) {
      let isCancelled = false;
      const planned = timeline.after(delayMs, () => run(() => (isCancelled ? undefined : task())));
      return {
        cancel() {
          isCancelled = true;
          planned.cancel();
        },
      };
    },
    freeze() {
      due ??= [];
    },
    thaw() {
      const tasks = due ?? [];
      due = null;
      thawedMs = timeline.nowMs;
      for (const task of tasks) timeline.after(0, () => run(task));
    },
  };
}

/** If one task causes more turns than this, it is a loop that never waits. */
const TURNS_MAX = 1000;

/** Waits until the event loop has nothing left to do: all promises have settled and no setImmediate() is pending. */
async function untilIdle(): Promise<void> {
  for (let turns = 0; turns < TURNS_MAX; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!process.getActiveResourcesInfo().includes("Immediate")) return;
  }
  throw new Error("the engine never becomes idle");
}
