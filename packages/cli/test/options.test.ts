import assert from "node:assert/strict";
import { test } from "node:test";
import { command, group } from "../src/command.ts";
import { COMMON_OPTIONS, optionName } from "../src/command-line.ts";
import {
  choice,
  choices,
  duration,
  eventFilter,
  eventFilters,
  flag,
  operand,
  operands,
  required,
  text,
  texts,
  time,
  whole,
} from "../src/options.ts";
import { durationSeconds, moment, roughly, shortTime } from "../src/output/time.ts";

test("a command keeps its name, options and operands", () => {
  const one = command({
    name: "get",
    about: "get",
    operands: { id: operand("ID", "an id"), others: operands("ID", "more ids") },
    options: { quick: flag("quick"), type: required(text("TYPE", "a type")) },
    examples: [],
    run: async () => undefined,
  });
  assert.deepEqual(Object.keys(one.options), ["quick", "type"]);
  assert.deepEqual(
    [one.operands.id?.required, one.operands.others?.repeats, one.options.type?.required],
    [true, true, true],
  );
  assert.deepEqual(group(one).commands, [one]);
});

test("an option's name on the command line has hyphens", () => {
  assert.equal(optionName("idempotencyKey"), "--idempotency-key");
  assert.deepEqual(Object.keys(COMMON_OPTIONS).map(optionName).slice(-1), ["--insecure-http"]);
});

const READ: readonly (readonly [string, unknown, unknown])[] = [
  ["text", text("T", "").read(["x"], "--t"), "x"],
  ["texts", texts("T", "").read(["x", "y"], "--t"), ["x", "y"]],
  ["choice in any case", choice(["FAILED", "HELD"], "").read(["failed"], "--t"), "FAILED"],
  ["choices with commas", choices("S", ["A", "B", "C"], "").read(["a,b", "C"], "--t"), ["A", "B", "C"]],
  ["filters with commas", eventFilters("T", "").read(["a.*, b.c", "*"], "--t"), ["a.*", "b.c", "*"]],
  ["whole", whole("N", "", { min: 1, max: 9 }).read(["9"], "--t"), 9],
  ["duration", duration("D", "").read(["1h30m"], "--t"), 5400],
  ["time", time("T", "").read(["2026-01-31T09:00:00+01:00"], "--t"), "2026-01-31T08:00:00.000Z"],
];

for (const [name, read, expected] of READ) test(`an option is read: ${name}`, () => assert.deepEqual(read, expected));

const REFUSED: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["empty", () => text("T", "").read([""], "--t"), /^--t must not be empty$/],
  ["no choice", () => choice(["a", "b"], "").read(["c"], "--t"), /^--t must be one of a, b, not "c"$/],
  ["no number", () => whole("N", "", { min: 1, max: 9 }).read(["1e0"], "--t"), /whole number from 1 to 9, not "1e0"$/],
  [
    "no filter",
    () => eventFilter("T", "").read(["order.b*"], "--t"),
    /^--t must name .* such as order\.\*, not "order\.b\*"$/,
  ],
  ["no filters", () => eventFilters("T", "").read(["a.*,b*"], "--t"), /such as order\.\*, not "b\*"$/],
  ["too large", () => whole("N", "", { min: 1, max: 9 }).read(["10"], "--t"), /from 1 to 9/],
  ["no duration", () => duration("D", "").read(["soon"], "--t"), /such as 30s, 10m, 2h or 7d, not "soon"$/],
  ["no time", () => time("T", "").read(["2026-13-40"], "--t"), /a time such as 2026/],
];

for (const [name, read, message] of REFUSED)
  test(`an option is refused: ${name}`, () => assert.throws(read, { exit: 2, message }));

test("durations and moments", () => {
  const parsed = ["90", "90s", "10m", "2h", "7d", "1w", "1h30m", "", "m", "-1s", "1y", "1.5h"].map(durationSeconds);
  assert.deepEqual(parsed, [90, 90, 600, 7200, 604_800, 604_800, 5400, null, null, null, null, null]);
  const now = Date.parse("2026-01-02T00:00:00Z");
  assert.equal(moment("1d", now), "2026-01-01T00:00:00.000Z");
  assert.equal(moment("2026-01-02", now), "2026-01-02T00:00:00.000Z");
  assert.equal(moment("12", now), null, "neither a moment nor a duration with a unit");
  assert.equal(shortTime("2026-01-02T03:04:05.678Z"), "2026-01-02T03:04:05Z");
  assert.deepEqual([4.9, 60, 7200, 86_400, 864_000].map(roughly), ["4 s", "1 min", "2 h", "24 h", "10 d"]);
});
