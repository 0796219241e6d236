import assert from "node:assert/strict";
import { test } from "node:test";
import { humanTime, relativeTime } from "./human-time.ts";

const NOW = Date.UTC(2024, 0, 1, 12, 0, 0);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test("a time is written with its weekday, in UTC, with the seconds truncated", () => {
  assert.equal(humanTime(Date.UTC(2024, 0, 1, 14, 23, 59, 999)), "Monday, 1 January 2024, 14:23 UTC");
  assert.equal(humanTime(Date.UTC(2026, 11, 31, 0, 5)), "Thursday, 31 December 2026, 00:05 UTC");
  assert.equal(humanTime(Date.UTC(2028, 1, 29, 23, 59)), "Tuesday, 29 February 2028, 23:59 UTC");
});

test("a distance is written in the largest unit of which there are at least two", () => {
  const cases: readonly [number, string][] = [
    [0, "in less than a minute"],
    [MINUTE - 1, "in less than a minute"],
    [MINUTE, "in 1 minute"],
    [1.6 * MINUTE, "in 2 minutes"],
    [90 * MINUTE, "in 90 minutes"],
    [2 * HOUR, "in 2 hours"],
    [3 * HOUR - 1, "in 3 hours"],
    [DAY - 5_000, "in 24 hours"],
    [35 * HOUR, "in 35 hours"],
    [2 * DAY, "in 2 days"],
    [365 * DAY, "in 365 days"],
    [-1, "less than a minute ago"],
    [-MINUTE, "1 minute ago"],
    [-3 * HOUR, "3 hours ago"],
    [-30 * DAY, "30 days ago"],
  ];
  for (const [offsetMs, words] of cases) assert.equal(relativeTime(NOW + offsetMs, NOW), words);
});
