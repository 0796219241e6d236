import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceFile } from "./files.ts";
import { functionFaults } from "./functions.ts";
import { cycles, importFaults } from "./layers.ts";
import { scan } from "./scan.ts";
import { nameFaults, wordFaults } from "./words.ts";

const file = (path: string, source: string): SourceFile => ({
  path,
  isTest: path.endsWith(".test.ts") || path.startsWith("test/"),
  ...scan(source),
});

const FORBIDDEN: readonly (readonly [string, string])[] = [
  ["src/domain/delivery/retry.ts", 'import type { Clock } from "../../ports/clock.ts";'],
  ["src/domain/delivery/retry.ts", 'import { createHmac } from "node:crypto";'],
  ["src/domain/delivery/retry.ts", 'import canonicalize from "canonicalize";'],
  ["src/ports/store.ts", 'import { unreachable } from "../domain/errors.ts";'],
  ["src/engine/lanes.ts", 'import type { Row } from "../store/rows.ts";'],
  ["src/engine/lanes.ts", 'import { createSystemClock } from "../clock/system.ts";'],
  ["src/store/delivery/claim.ts", 'import { engine } from "../../engine/engine.ts";'],
  ["src/store/delivery/claim.ts", 'import { createSystemClock } from "../../clock/system.ts";'],
  ["src/sender/sender.ts", 'import { log } from "../telemetry/log.ts";'],
  ["src/api/surfaces/v1-routes.ts", 'import { store } from "../../store/sqlite/store.ts";'],
  ["src/api/surfaces/v1-routes.ts", 'const sender = await import("../../sender/sender.ts");'],
  ["src/api/endpoints/endpoint-routes.ts", 'import { wire } from "../pauses/pause-wire.ts";'],
  ["src/api/http/body.ts", 'import { wire } from "../pauses/pause-wire.ts";'],
  ["src/cli/keys.ts", 'export * from "../store/rows.ts";'],
  ["src/engine/lanes.ts", 'import { receiver } from "../fixtures/receiver.ts";'],
  ["src/engine/engine.test.ts", 'import "../main.ts";'],
  ["src/attic/old.ts", 'import "../domain/ids.ts";'],
  ["packages/sdk/src/client.ts", 'import { request } from "undici";'],
  ["packages/sdk/src/client.ts", 'import type { Role } from "../../../src/domain/access.ts";'],
];

for (const [path, source] of FORBIDDEN) {
  test(`${path} may not contain ${source}`, () => {
    assert.equal(importFaults(file(path, `\n${source}`)).length, 1);
    assert.match(importFaults(file(path, `\n${source}`)).join(), new RegExp(`^${path}:2 imports `));
  });
}

test("imports that the layers allow pass", () => {
  const allowed: readonly (readonly [string, string])[] = [
    ["src/signalbox.ts", 'import { openStore } from "./store/sqlite/store.ts";'],
    ["src/domain/delivery/retry.ts", 'import { RETRIES_MAX } from "../limits.ts";'],
    ["src/ports/store.ts", 'import type { Uuid } from "../domain/ids.ts";'],
    ["src/api/server.ts", 'import { registerOperations } from "./upkeep/operations-routes.ts";'],
    ["src/api/endpoints/endpoint-routes.ts", 'import { requireKey } from "../access/auth.ts";'],
    ["src/api/surfaces/v1-routes.ts", 'import { wire } from "../pauses/pause-wire.ts";'],
    ["src/store/threads/writer-thread.ts", 'import { createSystemClock } from "../../clock/system.ts";'],
    ["src/store/delivery/claim.test.ts", 'import { createSystemClock } from "../../clock/system.ts";'],
    ["packages/sdk/src/client.ts", 'import { sign } from "./sign.ts";'],
  ];
  assert.deepEqual(
    allowed.flatMap(([path, source]) => importFaults(file(path, source))),
    [],
  );
});

test("a cycle is reported once, as the list of its files", () => {
  const cycle = [
    file("src/engine/a.ts", 'import "./b.ts";'),
    file("src/engine/b.ts", 'import "./c.ts";'),
    file("src/engine/c.ts", 'import type { A } from "./a.ts";'),
    file("src/engine/d.ts", 'import "./a.ts";'),
  ];
  assert.deepEqual(cycles(cycle), ["src/engine/a.ts → src/engine/b.ts → src/engine/c.ts → src/engine/a.ts"]);
  assert.deepEqual(cycles(cycle.slice(1)), []);
});

const BANNED: readonly (readonly [string, string])[] = [
  ["src/engine/a.ts", "const now = Date.now();"],
  ["src/engine/a.ts", "const now = new Date();"],
  ["src/engine/a.ts", "const now = Date();"],
  ["src/engine/a.ts", "performance.now();"],
  ["src/engine/a.ts", "Math.random();"],
  ["src/engine/a.ts", "randomUUIDv7();"],
  ["src/engine/a.ts", "setTimeout(run, 5);"],
  ["src/engine/a.ts", "AbortSignal.timeout(5);"],
  // tidy-allow timer: this is test data
  ["src/engine/a.ts", 'import { scheduler } from "node:timers/promises";'],
  ["src/sender/a.ts", "setImmediate(run);"],
  ["test/a.ts", "await new Promise((resolve) => setTimeout(resolve, 50));"],
  ["src/engine/a.ts", "const x: any = 1;"],
  ["test/a.ts", "f(x as any);"],
  ["test/a.ts", `// @ts-${"ignore"}`],
  ["test/a.ts", 'test.only("x");'],
  ["test/a.ts", 't.skip("x");'],
  ["src/engine/a.ts", "class LaneManager {}"],
];

for (const [path, source] of BANNED) {
  test(`${path} may not contain the banned ${source}`, () => {
    assert.equal(wordFaults(file(path, source)).length, 1);
  });
}

test("code that only resembles a banned word passes", () => {
  const passing: readonly (readonly [string, string])[] = [
    ["src/engine/a.ts", "new Date(now).toISOString();"],
    ["src/engine/a.ts", "// setTimeout of 31 days fires after 1 ms, for any reason\nPromise.any(all);"],
    ["src/engine/a.ts", 'const text = "any";'],
    ["src/engine/a.ts", "setImmediate(run);"],
    ["src/clock/system.ts", "setTimeout(task, ms); Date.now();"],
    ["test/a.ts", "// tidy-allow timer: a deadline that fails\nsetTimeout(fail, 5000);"],
  ];
  assert.deepEqual(
    passing.flatMap(([path, source]) => wordFaults(file(path, source))),
    [],
  );
});

test("a meaningless file name is rejected", () => {
  for (const path of ["src/utils.ts", "src/engine/lane-helpers.ts", "test/common/x.ts"]) {
    assert.equal(nameFaults(file(path, "")).length, 1, path);
  }
  assert.deepEqual(nameFaults(file("src/engine/lanes.ts", "")), []);
});

const lines = (count: number, line = "f();"): string => `${line}\n`.repeat(count);

test("a function of 61 lines is too long, whatever its form", () => {
  for (const [head, tail] of [
    ["function long() {", "}"],
    ["export const long = async () => {", "};"],
    ["class A {\n  long(\n    a: string,\n  ) {", "  }\n}"],
    ["function Page() {\n  return (\n    <p>", "    </p>\n  );\n}"],
  ] as const) {
    const body = (count: number) => `${head}\n${lines(count, "      {f()}")}${tail}`;
    const around = body(0).split("\n").length - (head.startsWith("class") ? 2 : 0);
    const faultsOf = (count: number) => functionFaults(file("console/src/a.tsx", `\n${body(count - around)}\n`));
    assert.deepEqual(faultsOf(60), [], head);
    assert.match(faultsOf(61).join(), /^console\/src\/a\.tsx:[23] is a function of 61 lines/, head);
  }
});

test("a function that declares tests is a table: only each test counts", () => {
  const test = (count: number): string => `  test("x", () => {\n${lines(count - 2, "    f();")}  });\n`;
  const suite = (...tests: string[]): string => `export function cases(): void {\n${tests.join("\n")}}\n`;
  assert.deepEqual(functionFaults(file("test/a.ts", suite(test(40), test(60)))), []);
  assert.equal(functionFaults(file("test/a.ts", suite(test(40), test(61)))).length, 1);
  assert.deepEqual(
    functionFaults(file("test/a.ts", `f(async (t) => {\n  await t.test("x", f);\n${lines(70, "  f();")}});\n`)),
    [],
  );
});
