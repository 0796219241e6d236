/** Simulations as tests, one for each seed. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { PROJECT_DIR } from "../harness/command.ts";
import { type Simulated, type Size, simulate } from "./simulate.ts";

const { SIM_SEED, SIM_COUNT, SIM_LOG } = process.env;

export interface Seeds {
  /** The test file, for the command that repeats a seed. */
  readonly file: string;
  /** The beginning of the tests' names. */
  readonly what: string;
  readonly sizeOf: (seed: number) => Size;
  /** Seeds that found something once. */
  readonly fixed: readonly number[];
  /** How many more are derived from the source, so that every change to it tests new ones. */
  readonly newCount: number;
}

/** A source of nondeterminism affects nearly every seed, so the first one runs twice and must produce the same log. */
export function testSeeds({ file, what, sizeOf, fixed, newCount }: Seeds): void {
  const counted = Array.from({ length: Number(SIM_COUNT ?? 0) }, (_, i) => i + 1);
  const seeds = SIM_SEED === undefined ? [...fixed, ...newSeeds(newCount), ...counted] : [Number(SIM_SEED)];
  for (const [index, seed] of seeds.entries()) {
    test(`${what}, seed ${seed}: whatever happens, every accepted event ends and no invariant is violated`, async () => {
      const first = await simulate(seed, sizeOf(seed));
      if (SIM_LOG !== undefined) process.stdout.write(`${first.log.join("\n")}\n`);
      assert.deepEqual(first.faults, [], explain(first, file));
      if (index > 0) return;
      const second = await simulate(seed, sizeOf(seed));
      assert.equal(second.digest, first.digest, `seed ${seed} ran differently: ${firstDifference(first, second)}`);
    });
  }
}

function newSeeds(count: number): number[] {
  const source = createHash("sha256");
  const paths = globSync("src/**/*.ts", { cwd: PROJECT_DIR, exclude: ["**/*.test.ts"] }).sort();
  for (const name of paths) source.update(readFileSync(path.join(PROJECT_DIR, name)));
  const digest = source.digest();
  return Array.from({ length: count }, (_, index) => digest.readUInt32LE(4 * index));
}

function explain({ seed, faults, log }: Simulated, file: string): string {
  const at = log.findIndex((line) => line.includes("FAULT"));
  return [
    ...faults.slice(0, 5),
    `to replay it, run: SIM_SEED=${seed} SIM_LOG=1 node --test ${file}`,
    "the log before the first fault:",
    ...log.slice(Math.max(0, at - 15), at + 1),
  ].join("\n");
}

function firstDifference(a: Simulated, b: Simulated): string {
  const at = a.log.findIndex((line, index) => line !== b.log[index]);
  return at === -1 ? "only the store's content differs" : `line ${at}: ${a.log[at]} | ${b.log[at]}`;
}
