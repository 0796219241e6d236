/** How late the event loop of this thread was. */
import { createHistogram, performance } from "node:perf_hooks";
import type { Clock } from "../ports/clock.ts";

/**
 * How often it is measured at rest, at multiples of this. The upkeep wakes up at the same times, so the measurement wakes
 * nothing.
 */
const AT_REST_EVERY_MS = 500;
/** How often it is measured otherwise. A delay that no measurement falls into is not seen: half of those of 300 ms at rest. */
const BUSY_EVERY_MS = 100;
/** The share of the time from which on the loop is busy. At rest it is below 0.01, and at 250 events a second about 0.2. */
const BUSY_SHARE = 0.1;
const NS_PER_MS = 1_000_000;
/** The least and the most that a histogram records. A clock can be set forward by more than the most, 104 days, in tests. */
const NS_MIN = 1;
const NS_MAX = Number.MAX_SAFE_INTEGER;

export interface LoopDelay {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Returns the delays in milliseconds since its last call. */
export type LoopDelayReader = () => LoopDelay;

/**
 * Measures from now on. Each call returns a reader of its own.
 *
 * @param busyShare the share of the time since its last call in which the loop did something
 */
export function followLoopDelay(
  clock: Pick<Clock, "after" | "monotonicMs">,
  busyShare: () => number = newBusyShare(),
): () => LoopDelayReader {
  const histograms = new Set<ReturnType<typeof createHistogram>>();
  const measure = (): void => {
    const startMs = clock.monotonicMs();
    // A timer has whole milliseconds.
    const everyMs = busyShare() < BUSY_SHARE ? AT_REST_EVERY_MS : BUSY_EVERY_MS;
    const waitMs = Math.ceil(everyMs - (startMs % everyMs));
    clock.after(waitMs, () => {
      const lateNs = Math.round((clock.monotonicMs() - startMs - waitMs) * NS_PER_MS);
      for (const histogram of histograms) histogram.record(Math.min(Math.max(lateNs, NS_MIN), NS_MAX));
      measure();
    });
  };
  measure();
  return () => {
    const histogram = createHistogram();
    histograms.add(histogram);
    return () => {
      const at = (percent: number) => histogram.percentile(percent) / NS_PER_MS;
      const delay = { p50: at(50), p90: at(90), p99: at(99), max: histogram.max / NS_PER_MS };
      histogram.reset();
      return delay;
    };
  };
}

function newBusyShare(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
