/** The process and its disk, for `/v1/status`. */
import { statfs } from "node:fs/promises";
import type { EpochMs } from "../domain/ids.ts";
import type { LoopDelayReader } from "./loop-delay.ts";

/** @param dataDir null: the data is not on this machine */
export function createProcessStatus(startedAt: EpochMs, dataDir: string | null, loopDelay: LoopDelayReader) {
  return {
    startedAt,
    memoryBytes: () => process.memoryUsage.rss(),
    loopDelayMs() {
      const { p50, p99, max } = loopDelay();
      return { p50: Math.round(p50), p99: Math.round(p99), max: Math.round(max) };
    },
    async disk() {
      if (dataDir === null) return null;
      const { bavail, blocks, bsize } = await statfs(dataDir);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
  };
}
