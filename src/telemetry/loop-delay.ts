/** How late the event loop of this thread was. */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** How often it is measured. Each measurement wakes a process that may have nothing else to do. */
const RESOLUTION_MS = 250;
const NS_PER_MS = 1_000_000;

export interface LoopDelay {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Each caller has a reader of its own. It returns the delays in milliseconds since its last call. */
export function followLoopDelay(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    // The histogram contains the time between two measurements, which is the resolution when nothing is late.
    const late = (ns: number) => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
    const at = (percent: number) => late(histogram.percentile(percent));
    const delay = { p50: at(50), p90: at(90), p99: at(99), max: late(histogram.max) };
    histogram.reset();
    return delay;
  };
}
