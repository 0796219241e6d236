/**
 * `npm run bench [names…]`: measures the real server, in a separate process, and prints a table.
 *
 *   --runs N      how often each benchmark runs; the table shows medians (3)
 *   --seconds S   how long each load lasts (10)
 *   --rate R      events per second in `soak` and for healthy endpoints in `isolation`, requests per second in `inbound` (2000)
 *   --scale F     a factor for the amount of data: a million deliveries in `backlog`, `history`, `dashboard`,
 *                 `export` and `console`, 200,000 in `tenants`, 100,000 pauses in `pauses`, 10,000 endpoints in `hostile` (1)
 *   --store NAME  sqlite or postgres, which is started for it (sqlite)
 *   --against DIR the checkout with which `compare` compares this one
 *   --json FILE   write the numbers of every run to a file
 *   --profile     take CPU profiles of the server's threads; see bench/profile-summary.ts
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { backlog } from "./backlog.ts";
import { batch } from "./batch.ts";
import { compare } from "./compare.ts";
import { consoleBench } from "./console.ts";
import { dashboard } from "./dashboard.ts";
import { type DiskTimes, disk, measureDisk } from "./disk.ts";
import { exporting } from "./export.ts";
import { history } from "./history.ts";
import { hostile } from "./hostile.ts";
import { inbound } from "./inbound.ts";
import { isolation } from "./isolation.ts";
import type { Benchmark, Settings } from "./kit/benchmark.ts";
import { machine, printResult, type Result, summed } from "./kit/report.ts";
import { listenBench } from "./listening/listen.ts";
import { agents } from "./people/agents.ts";
import { pauses } from "./people/pauses.ts";
import { claims } from "./postgres/claims.ts";
import { usePostgres } from "./postgres/database.ts";
import { nodes } from "./postgres/nodes.ts";
import { soak } from "./postgres/soak.ts";
import { idle } from "./quiet/idle.ts";
import { quiet } from "./quiet/quiet.ts";
import { tenants } from "./tenants.ts";
import { throughput } from "./throughput.ts";

const BENCHMARKS: readonly Benchmark[] = [
  disk,
  idle,
  quiet,
  throughput,
  batch,
  isolation,
  tenants,
  backlog,
  listenBench,
  history,
  dashboard,
  exporting,
  pauses,
  agents,
  inbound,
  hostile,
  consoleBench,
  nodes,
  soak,
  claims,
  compare,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "3" },
    seconds: { type: "string", default: "10" },
    rate: { type: "string", default: "2000" },
    scale: { type: "string", default: "1" },
    store: { type: "string", default: "sqlite" },
    against: { type: "string" },
    json: { type: "string" },
    profile: { type: "boolean", default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function chosen(): readonly Benchmark[] {
  const unknown = positionals.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) {
    throw new Error(
      `unknown benchmark: ${unknown.join(", ")}; choose from ${BENCHMARKS.map(({ name }) => name).join(", ")}`,
    );
  }
  return positionals.length === 0
    ? BENCHMARKS.filter((benchmark) => benchmark !== compare || values.against !== undefined)
    : BENCHMARKS.filter(({ name }) => positionals.includes(name));
}

function positive(name: "runs" | "seconds" | "rate" | "scale"): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number greater than 0`);
  return value;
}

async function measure(benchmark: Benchmark, settings: Settings, runs: number): Promise<Result> {
  // Measured before each benchmark, because other work on the same disk changes the result.
  const diskTimes: DiskTimes = measureDisk();
  const measured = [];
  for (let run = 1; run <= runs; run += 1) {
    const note = (line: string) => process.stderr.write(`${benchmark.name} ${run}/${runs}: ${line}\n`);
    measured.push(await benchmark.run({ ...settings, note }));
  }
  return summed(benchmark, diskTimes, measured);
}

const profileDir = values.profile ? mkdtempSync(path.join(tmpdir(), "signalbox-profiles-")) : null;
const settings: Settings = {
  seconds: positive("seconds"),
  scale: positive("scale"),
  ratePerSecond: positive("rate"),
  profileDir,
  against: values.against ?? null,
  note: () => undefined,
};
const runs = profileDir === null ? positive("runs") : 1;
say(`${machine().text}\n`);
if (!["sqlite", "postgres"].includes(values.store)) throw new Error("--store must be sqlite or postgres");
await using _postgres = values.store === "postgres" ? await usePostgres() : null;
const results: Result[] = [];
for (const benchmark of chosen()) {
  const result = await measure(benchmark, settings, benchmark.once ? 1 : runs);
  results.push(result);
  printResult(result, say);
}
if (values.json !== undefined) {
  const { seconds, scale } = settings;
  const all = { machine: machine(), measuredAt: new Date().toISOString(), seconds, scale, runs, results };
  writeFileSync(values.json, `${JSON.stringify(all, null, 2)}\n`);
}
if (profileDir !== null) say(`profiles: ${profileDir}\n  node bench/profile-summary.ts ${profileDir}`);
