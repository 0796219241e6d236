/** How late the event loop of this thread was. */
import { createHistogram } from "node:perf_hooks";
import type { Clock } from "../ports/clock.ts";

/**
 * How often it is measured, at multiples of this. The upkeep of a server at rest wakes up at the same times, so the
 * measurement wakes nothing.
 */
const MEASURED_EVERY_MS = 500;
const NS_PER_MS = 1_000_000;
/** The least that a histogram records. */
const NS_MIN = 1;

export interface LoopDelay {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Returns the delays in milliseconds since its last call. */
export type LoopDelayReader = () => LoopDelay;

/** Measures from now on. Each call returns a reader of its own. */
export function followLoopDelay(clock: Pick<Clock, "after" | "monotonicMs">): () => LoopDelayReader {
  const histograms = new Set<ReturnType<typeof createHistogram>>();
  const measure = (): void => {
    const startMs = clock.monotonicMs();
    // A timer has whole milliseconds.
    const waitMs = Math.ceil(MEASURED_EVERY_MS - (startMs % MEASURED_EVERY_MS));
    clock.after(waitMs, () => {
      const lateNs = Math.round((clock.monotonicMs() - startMs - waitMs) * NS_PER_MS);
      for (const histogram of histograms) histogram.record(Math.max(lateNs, NS_MIN));
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
