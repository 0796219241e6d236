/**
 * `npm run mutants [part of a fault, a source path or a test path…]`: applies each deliberate fault to a copy of the
 * project, and runs its test there. Exits with 1 when a fault survives, or when a test fails without any fault.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const COPIED = [
  "src",
  "test",
  "packages",
  "bench",
  "examples",
  "docs",
  "build.js",
  "package.json",
  "README.md",
  "tsconfig.json",
];
/** A fault may make a test wait for something that never happens. */
const TEST_MS_MAX = 180_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

type Outcome = "passed" | "failed" | "nothing ran";

async function runTest(copy: string, { test, only, env }: Pick<Mutant, "test" | "only" | "env">): Promise<Outcome> {
  const pattern = only === undefined ? [] : [`--test-name-pattern=${only}`];
  const args = ["--test", "--test-concurrency=1", "--test-reporter=tap", ...pattern, test];
  const child = spawn(process.execPath, args, {
    cwd: copy,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
    timeout: TEST_MS_MAX,
    detached: false,
  });
  const exited = once(child, "exit");
  const report = await text(child.stdout);
  const [code] = await exited;
  if (code !== 0) return "failed";
  return /^# tests 0$/m.test(report) ? "nothing ran" : "passed";
}

async function survives(copy: string, mutant: Mutant): Promise<boolean> {
  const file = path.join(copy, mutant.file);
  const source = readFileSync(file, "utf8");
  writeFileSync(
    file,
    source.replace(mutant.find, () => mutant.replace),
  );
  try {
    return (await runTest(copy, mutant)) !== "failed";
  } finally {
    writeFileSync(file, source);
  }
}

const wanted = process.argv.slice(2);
const isWanted = ({ fault, file, test }: Mutant): boolean =>
  wanted.length === 0 || wanted.some((part) => [fault, file, test].some((text) => text.includes(part)));
const chosen = MUTANTS.filter(isWanted);
const copy = mkdtempSync(path.join(tmpdir(), "signalbox-mutants-"));
let survivors = 0;
try {
  for (const name of COPIED) cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"));
  const tests = new Map(chosen.map((mutant) => [`${mutant.test} ${mutant.only ?? ""}`, mutant]));
  for (const test of tests.values()) {
    const outcome = await runTest(copy, test);
    if (outcome === "passed") continue;
    say(
      `${test.test} ${test.only ?? ""}: ${outcome === "failed" ? "fails without any fault" : "no test has this name"}`,
    );
    process.exitCode = 1;
  }
  for (const mutant of process.exitCode === 1 ? [] : chosen) {
    const survived = await survives(copy, mutant);
    if (survived) survivors += 1;
    say(`${survived ? "SURVIVED" : "caught  "}  ${mutant.fault}  (${mutant.file}, ${mutant.test})`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
if (process.exitCode !== 1) say(`${chosen.length} faults, ${survivors} survived`);
if (survivors > 0) process.exitCode = 1;
