/** Virtual time: what is to happen when, run one after the other as fast as the machine can. */

export interface Timeline {
  /** Milliseconds since the simulation began. */
  readonly nowMs: number;
  after(delayMs: number, task: () => void): Planned;
  /** Run everything that is planned up to this time; each task's promises and turns are over before the next begins. */
  runUntil(ms: number): Promise<void>;
}

export interface Planned {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  /** Of two at one time the one planned first goes first. */
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
        await quiet();
      }
      nowMs = ms;
    },
  };
}

/** More turns than this after one task is a loop that never waits. */
const TURNS_MAX = 1000;

/** Wait until nothing is left to do now: promises run out between two turns, and no turn is asked for any more. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < TURNS_MAX; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!process.getActiveResourcesInfo().includes("Immediate")) return;
  }
  throw new Error("the engine never comes to rest");
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
