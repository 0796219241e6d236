/**
 * Runs the real engine and the real SQL with a simulated clock, network and disk. A seed determines everything that
 * happens. The first seed runs twice and must produce the same log.
 *
 *   SIM_SEED=17 node --test test/sim/sim.test.ts     one seed
 *   SIM_SEED=17 SIM_LOG=1 node --test …              one seed, with its whole log
 *   SIM_COUNT=1000 node --test …                     more seeds, before a release
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { PROJECT_DIR } from "../harness/command.ts";
import { type Simulated, simulate } from "./simulate.ts";

/** They are derived from the source, so that every change to it tests new ones. A seed takes two seconds. */
const NEW_SEEDS_COUNT = 3;

const { SIM_SEED, SIM_COUNT, SIM_LOG } = process.env;
const fixed = Array.from({ length: Number(SIM_COUNT ?? 0) }, (_, i) => i + 1);
const seeds = SIM_SEED === undefined ? [...newSeeds(), ...fixed] : [Number(SIM_SEED)];
// A source of nondeterminism affects nearly every seed, so one that runs twice finds it.
const repeated = seeds[0];

function newSeeds(): number[] {
  const source = createHash("sha256");
  const paths = globSync("src/**/*.ts", { cwd: PROJECT_DIR, exclude: ["**/*.test.ts"] }).sort();
  for (const name of paths) source.update(readFileSync(path.join(PROJECT_DIR, name)));
  const digest = source.digest();
  return Array.from({ length: NEW_SEEDS_COUNT }, (_, index) => digest.readUInt32LE(4 * index));
}

for (const seed of seeds) {
  test(`seed ${seed}: whatever happens, every accepted event ends and no invariant is violated`, async () => {
    const first = await simulate(seed);
    if (SIM_LOG !== undefined) process.stdout.write(`${first.log.join("\n")}\n`);
    assert.deepEqual(first.faults, [], explain(first));
    if (seed !== repeated) return;
    const second = await simulate(seed);
    assert.equal(second.digest, first.digest, `seed ${seed} ran differently: ${firstDifference(first, second)}`);
  });
}

function explain({ seed, faults, log }: Simulated): string {
  const at = log.findIndex((line) => line.includes("FAULT"));
  return [
    ...faults.slice(0, 5),
    `to replay it, run: SIM_SEED=${seed} SIM_LOG=1 node --test test/sim/sim.test.ts`,
    "the log before the first fault:",
    ...log.slice(Math.max(0, at - 15), at + 1),
  ].join("\n");
}

function firstDifference(a: Simulated, b: Simulated): string {
  const at = a.log.findIndex((line, index) => line !== b.log[index]);
  return at === -1 ? "only the store's content differs" : `line ${at}: ${a.log[at]} | ${b.log[at]}`;
}
