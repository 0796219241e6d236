/** The project's conventions as tests. Each failure says where the problem is and what to do instead. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";
import * as apiLimits from "../src/api/http/limits.ts";
import * as limits from "../src/domain/limits.ts";
import { readSourceFiles } from "./tidy/files.ts";
import { FUNCTION_LINES_MAX, functionFaults } from "./tidy/functions.ts";
import { cycles, importFaults } from "./tidy/layers.ts";
import { nameFaults, wordFaults } from "./tidy/words.ts";

const FILES = readSourceFiles();
const LINES_MAX = 400;
const FILES_MAX = 20;
/** What a limit counts, if it is neither a size nor a duration. */
const UNITS = new Set("BYTES CHARS MS SECONDS MINUTES HOURS DAYS ROWS".split(" "));
const COUNTED = new Set(
  (
    "EVENTS TARGETS DELIVERIES ENDPOINTS HEADERS RETRIES FILTERS COUNT ANSWERS FAILURES CLAIMS LANES SOURCES STREAMS " +
    "TENANTS KEYS SETTLEMENTS CONNECTIONS STEPS ADDRESSES VISITS FAULTS TESTS CALLS ELEMENTS STARTS"
  ).split(" "),
);
/** Limits whose names do not say what they count, and ratios. */
const COUNTS: Readonly<Record<string, string>> = {
  JSON_DEPTH_MAX: "levels",
  MAX_IN_FLIGHT_MAX: "attempts",
  MAX_IN_FLIGHT_DEFAULT: "attempts",
  RATE_LIMIT_PER_SECOND_MAX: "attempts per second",
  WINDOW_START: "attempts",
  IN_FLIGHT_MAX: "attempts",
  LANE_DELIVERIES_MAX: "deliveries",
  SETTLE_QUEUE_MAX: "settlements",
  CREDENTIAL_CACHE_MAX: "credentials",
  DNS_CACHE_MAX: "names",
  LIST_PAGE_MAX: "rows",
  LIST_PAGE_DEFAULT: "rows",
  STREAM_BEHIND_MAX: "outcomes",
  RETRY_JITTER: "a share of the wait",
};

function assertNone(faults: readonly string[]): void {
  assert.equal(faults.length, 0, `\n${faults.join("\n")}\n`);
}

test("the source is found", () => {
  assert.ok(FILES.some(({ path }) => path === "src/domain/limits.ts"));
});

test("every layer imports only the layers it may import", () => {
  assertNone(FILES.flatMap(importFaults));
});

test("there are no import cycles", () => {
  assertNone(cycles(FILES));
});

test("the code contains no banned words", () => {
  assertNone(FILES.flatMap(wordFaults));
});

test("ports export types only", () => {
  const values = /^\s*export\s+(default|const|let|var|function|async|class|enum)\b/gm;
  const ports = FILES.filter(({ path, isTest }) => path.startsWith("src/ports/") && !isTest);
  assertNone(ports.flatMap(({ path, code }) => [...code.matchAll(values)].map(([value]) => `${path} ${value.trim()}`)));
});

test("every file is named after its content", () => {
  assertNone(FILES.flatMap(nameFaults));
});

test(`a folder has at most ${FILES_MAX} files`, () => {
  const counts = new Map<string, number>();
  for (const { path } of FILES) counts.set(posix.dirname(path), (counts.get(posix.dirname(path)) ?? 0) + 1);
  assertNone(
    [...counts].filter(([, count]) => count > FILES_MAX).map(([folder, count]) => `${folder}: ${count} files`),
  );
});

test(`a file has at most ${LINES_MAX} lines`, () => {
  const lines = FILES.map(({ path, source }) => ({ path, count: source.trimEnd().split("\n").length }));
  assertNone(lines.filter(({ count }) => count > LINES_MAX).map(({ path, count }) => `${path}: ${count} lines`));
});

test(`a function has at most ${FUNCTION_LINES_MAX} lines, unless it only declares tests`, () => {
  assertNone(FILES.flatMap(functionFaults));
});

test("every thread has a name, by which profilers and `top` tell it from the others", () => {
  const threads = FILES.filter(
    ({ path, isTest, code }) => path.startsWith("src/") && !isTest && /new Worker\(/.test(code),
  );
  assert.equal(threads.length, 4);
  for (const { path, code } of threads)
    assert.match(code, /new Worker\([^;]*\bname: /, `${path}: give the Worker a name`);
});

test("what the Compose files build and mount is in the repository, and their first lines say so", () => {
  for (const file of ["compose.yaml", "deploy/compose.postgres.yaml"]) {
    const text = readFileSync(file, "utf8");
    const found = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, path = ""]) => path);
    const needed = [
      ...found(/build: (\S+)/g).map((folder) => posix.join(folder, "Dockerfile")),
      ...found(/"(\.\/[^:"]+):/g),
    ];
    for (const path of needed) assert.ok(existsSync(posix.join(posix.dirname(file), path)), `${file}: ${path}`);
    assert.equal(needed.length > 0, /^#[^\n]*\bin a clone of the repository\b/m.test(text), file);
  }
});

test("every limit's name says what it measures", () => {
  const numbers = Object.entries({ ...limits, ...apiLimits }).filter(([, value]) => typeof value === "number");
  const names = numbers.map(([name]) => name);
  const measured = (name: string) => name.split("_").some((part) => UNITS.has(part) || COUNTED.has(part));
  assertNone(
    names.filter((name) => !measured(name) && !(name in COUNTS)).map((name) => `${name}: add its unit to the name`),
  );
  assertNone(Object.keys(COUNTS).filter((name) => !names.includes(name)));
});

test("npm ci prints no engine warning on Node 20 and 22", () => {
  const { packages } = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as Lock;
  const needed = Object.entries(packages).filter(([, { optional }]) => optional !== true);
  assertNone(
    needed.flatMap(([path, { engines }]) => {
      const range = engines?.node ?? "*";
      return [fits(range, 20, 20), fits(range, 22, 20)].includes(false) ? [`${path} requires Node ${range}`] : [];
    }),
  );
});

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly optional?: true; readonly engines?: { readonly node?: string } }>
  >;
}

/** Whether a Node version satisfies an `engines` range. Supports only the forms that occur in our lock file. */
function fits(range: string, major: number, minor: number): boolean {
  return range.split("||").some((part) => {
    const [, sign = "", fromMajor, fromMinor = "0"] =
      /^(>=|\^|)\s*(\d+)(?:\.(\d+))?(?:\.\w+)*$/.exec(part.trim()) ?? [];
    if (fromMajor === undefined) return part.trim() === "*";
    if (Number(fromMajor) === major) return Number(fromMinor) <= minor;
    return sign === ">=" && Number(fromMajor) < major;
  });
}
