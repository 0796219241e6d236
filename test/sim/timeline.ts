/** Virtual time: runs planned tasks one after the other, as fast as the machine can. */

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
  const heap: Entry[] = [];
  let nowMs = 0;
  let planned = 0;
  return {
    get nowMs() {
      return nowMs;
    },
    after(delayMs, task) {
      planned += 1;
      const entry: Entry = { at: nowMs + Math.max(delayMs, 0), order: planned, task };
      push(heap, entry);
      return {
        cancel() {
          entry.task = null;
        },
      };
    },
    async runUntil(ms) {
      for (let first = heap[0]; first !== undefined && first.at <= ms; first = heap[0]) {
        pop(heap);
        if (first.task === null) continue;
        nowMs = first.at;
        first.task();
        await untilIdle();
      }
      nowMs = ms;
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

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Entry;
    if (isBefore(above, entry)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right !== undefined && isBefore(right, heap[child] as Entry)) child += 1;
    const below = heap[child] as Entry;
    if (isBefore(last, below)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}
