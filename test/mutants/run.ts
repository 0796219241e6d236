/**
 * `npm run mutants [part of a fault, a source path or a test path…]`: applies each deliberate fault to a copy of the
 * project, and runs its test there. Exits with 1 when a fault survives, or when a test fails without any fault.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
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

function runTest(copy: string, { test, only }: Pick<Mutant, "test" | "only">): Promise<boolean> {
  const pattern = only === undefined ? [] : [`--test-name-pattern=${only}`];
  const args = ["--test", "--test-concurrency=1", ...pattern, test];
  const child = spawn(process.execPath, args, { cwd: copy, stdio: "ignore", timeout: TEST_MS_MAX, detached: false });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code === 0));
  });
}

async function survives(copy: string, mutant: Mutant): Promise<boolean> {
  const file = path.join(copy, mutant.file);
  const source = readFileSync(file, "utf8");
  writeFileSync(
    file,
    source.replace(mutant.find, () => mutant.replace),
  );
  try {
    return await runTest(copy, mutant);
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
  const tests = new Map(chosen.map(({ test, only }) => [`${test} ${only ?? ""}`, { test, ...(only && { only }) }]));
  for (const test of tests.values()) {
    if (await runTest(copy, test)) continue;
    say(`${test.test} fails without any fault`);
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
