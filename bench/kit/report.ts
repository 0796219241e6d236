/** The results, as text and as JSON. */
import { cpus, totalmem } from "node:os";
import type { DiskTimes } from "../disk.ts";
import { type Benchmark, type Goal, isMet, type Measure } from "./benchmark.ts";
import { median } from "./samples.ts";

export interface Result {
  readonly name: string;
  readonly about: string;
  /** The times of fdatasync, measured just before the benchmark. */
  readonly disk: DiskTimes;
  readonly measures: readonly MedianMeasure[];
}

interface MedianMeasure extends Omit<Measure, "value"> {
  readonly median: number;
  readonly runs: readonly number[];
}

export function machine() {
  const processors = cpus();
  const cpu = processors[0]?.model.trim() ?? "unknown";
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  const text = `${processors.length} × ${cpu}, ${memoryGb} GB, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
  return { text, cores: processors.length, cpu, memoryGb, node: process.versions.node };
}

export function summed(benchmark: Benchmark, disk: DiskTimes, runs: readonly (readonly Measure[])[]): Result {
  const measures = (runs[0] ?? []).map(({ value: _, ...first }, index): MedianMeasure => {
    const values = runs.map((run) => run[index]?.value ?? Number.NaN);
    return { ...first, median: median(values), runs: values };
  });
  return { name: benchmark.name, about: benchmark.about, disk, measures };
}

export function printResult({ name, about, disk, measures }: Result, say: (line: string) => void): void {
  const runs = measures[0]?.runs.length ?? 1;
  say(`${name}: ${about}${runs > 1 ? ` (medians of ${runs} runs)` : ""}`);
  const width = Math.max(...measures.map((measure) => measure.name.length));
  for (const { name: what, unit, median: value, goal } of measures) {
    const number = format(value, unit).padStart(10);
    const diskText = what.includes("p99") && name !== "disk" ? `  fdatasync p99 ${format(disk.p99Ms, "ms")} ms` : "";
    say(`  ${what.padEnd(width)}  ${number} ${unit.padEnd(6)}${goalText(value, goal)}${diskText}`.trimEnd());
  }
  say("");
}

function goalText(value: number, goal: Goal | undefined): string {
  if (goal === undefined || Number.isNaN(value)) return "".padEnd(GOAL_WIDTH);
  const bound = "atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
  return `${isMet(value, goal) ? "met   " : "MISSED"} ${bound}`.padEnd(GOAL_WIDTH);
}

const GOAL_WIDTH = 14;

function format(value: number, unit: Measure["unit"]): string {
  if (Number.isNaN(value)) return "–";
  const digits = unit === "/s" || unit === "bytes" || unit === "" ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
