/** The process and its disk, for `/v1/status`. */
import { statfs } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { EpochMs } from "../domain/ids.ts";

/** How often the event loop's delay is measured. */
const RESOLUTION_MS = 20;
const NS_PER_MS = 1_000_000;

/** @param dataDir null: the data is not on this machine */
export function createProcessStatus(startedAt: EpochMs, dataDir: string | null) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return {
    startedAt,
    memoryBytes: () => process.memoryUsage.rss(),
    loopDelayMs() {
      // The histogram contains the time between two measurements, which is the resolution when nothing is late.
      const late = (ns: number) => Math.max(0, Math.round(ns / NS_PER_MS - RESOLUTION_MS));
      const found = { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) };
      delay.reset();
      return found;
    },
    async disk() {
      if (dataDir === null) return null;
      const { bavail, blocks, bsize } = await statfs(dataDir);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
  };
}
