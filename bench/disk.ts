/** How long the machine's disk takes to make a small write durable. Every durable answer includes this time. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import type { Benchmark } from "./kit/benchmark.ts";
import { makeDataDir } from "./kit/children.ts";
import { Samples } from "./kit/samples.ts";

const PAGE_BYTES = 4096;
const WRITES = 500;
const MS_MAX = 2000;

export interface DiskTimes {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Appends pages to a file on the disk that the benchmarks use, and waits for each one. */
export function measureDisk(): DiskTimes {
  using dataDir = makeDataDir();
  const file = openSync(path.join(dataDir.path, "pages"), "w");
  const page = Buffer.alloc(PAGE_BYTES, 1);
  const tookMs = new Samples();
  try {
    const startedAt = performance.now();
    while (tookMs.count < WRITES && performance.now() - startedAt < MS_MAX) {
      const from = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      tookMs.add(performance.now() - from);
    }
  } finally {
    closeSync(file);
  }
  return { p50Ms: tookMs.percentile(0.5), p99Ms: tookMs.percentile(0.99) };
}

export const disk: Benchmark = {
  name: "disk",
  about: "append 4 KB and fdatasync",
  async run() {
    const { p50Ms, p99Ms } = measureDisk();
    return [
      { name: "p50 of fdatasync", unit: "ms", value: p50Ms },
      { name: "p99 of fdatasync", unit: "ms", value: p99Ms },
    ];
  },
};
