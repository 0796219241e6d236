/**
 * How much memory V8 takes for the server's objects. V8 reads these flags again at each collection, so they work in a process
 * that runs, however it was started.
 */
import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { MB } from "./domain/limits/units.ts";

/**
 * Objects that live for one request soon become garbage, but by default V8 lets the heap grow to four times the live data
 * before it collects. At 2.2 times, the peak under load is 120 MB lower than at 2.5 times, and an event takes as much processor time.
 * At 2 times, nothing more is gained.
 */
const GROWTH = "--heap-growing-percent=120";
/** Few young objects survive, and with one thread that copies them, an event takes less processor time than with several. */
const ONE_COLLECTOR = "--no-parallel-scavenge";
/**
 * Space for young objects, for which V8 takes up to twice as much memory. By default it grows to 32 MB. With 4 MB, objects become
 * old that live for one request, and an event takes 10 % more processor time at full load.
 */
const YOUNG_BYTES_MAX = 16 * MB;
/**
 * A thread begins with all the space for young objects that it may have, in MB, because it does not grow while that of the main
 * thread is at its limit. With 1 MB in the threads of the store, an event in a batch took 10 % more processor time. The threads
 * that start later, when they are first needed, do with less.
 */
const YOUNG_OF_THREADS = { first: "--min-semi-space-size=4", later: "--min-semi-space-size=2" } as const;

/** Set the limits. Until the server listens, the space for young objects stays as small as it is at first, 1 MB. */
export function limitHeap(): void {
  for (const flag of [GROWTH, ONE_COLLECTOR, YOUNG_OF_THREADS.first, multipliedBy(1)]) setFlagsFromString(flag);
}

/**
 * From now on, the space for young objects grows up to its limit. When V8 collects twice before it is stopped, the space grows once
 * more, up to V8's own limit. It shrinks by itself.
 */
export function letYoungSpaceGrow(): void {
  setFlagsFromString(YOUNG_OF_THREADS.later);
  let factor = 1;
  const adapt = (): void => {
    const next = youngBytes() <= YOUNG_BYTES_MAX / 2 ? 2 : 1;
    if (next !== factor) setFlagsFromString(multipliedBy(next));
    factor = next;
  };
  adapt();
  new PerformanceObserver(adapt).observe({ entryTypes: ["gc"] });
}

/** By what V8 multiplies the space for young objects when too many survive, in this thread and in those of the store. */
function multipliedBy(factor: number): string {
  return `--semi-space-growth-factor=${factor}`;
}

/** How large the space for young objects is now. */
function youngBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  return young === undefined ? 0 : young.space_used_size + young.space_available_size;
}
