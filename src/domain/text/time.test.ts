import assert from "node:assert/strict";
import { test } from "node:test";
import { milliseconds, millisecondsOrNull, parseTime, wholeSeconds, wholeSecondsOrNull } from "./time.ts";

test("RFC 3339 times are parsed and truncated to milliseconds", () => {
  const cases: readonly [string, string][] = [
    ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z"],
    ["2024-02-29t23:59:59.999999999z", "2024-02-29T23:59:59.999Z"],
    ["2024-01-01T00:00:00+02:00", "2023-12-31T22:00:00.000Z"],
    ["2024-01-01T00:00:00.5-00:30", "2024-01-01T00:30:00.500Z"],
    ["0099-01-01T00:00:00Z", "0099-01-01T00:00:00.000Z"],
    ["0000-02-29T00:00:00-00:00", "0000-02-29T00:00:00.000Z"],
    ["2024-01-01T00:00:00.123456789012345678Z", "2024-01-01T00:00:00.123Z"],
  ];
  for (const [text, iso] of cases) assert.equal(new Date(parseTime(text) ?? 0).toISOString(), iso, text);
});

test("any other text is not a time", () => {
  const texts = [
    "",
    "2024",
    "2024-01-01",
    "2024-01-01T00:00:00",
    "2024-01-01 00:00:00Z",
    `2024-01-01T00:00:00.${"0".repeat(64)}Z`,
    "2023-02-29T00:00:00Z",
    "2024-02-30T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-00-10T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:60:00Z",
    "2024-01-01T00:00:00+24:00",
    "2024-01-01T00:00:00.Z",
    "+002024-01-01T00:00:00Z",
    "1704067200",
  ];
  for (const text of texts) assert.equal(parseTime(text), null, text);
});

test("a leap second becomes the next second, and is valid only at the end of a month in UTC", () => {
  const cases: readonly [string, string | null][] = [
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
    ["1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000Z"],
    ["2017-01-01T05:29:60.25+05:30", "2017-01-01T00:00:00.250Z"],
    ["2024-02-29T23:59:60Z", "2024-03-01T00:00:00.000Z"],
    ["2024-02-28T23:59:60Z", null],
    ["2026-03-19T12:00:60Z", null],
    ["2016-12-31T23:59:60+01:00", null],
    ["2016-12-31T22:59:60Z", null],
    ["2016-12-31T23:59:61Z", null],
    ["2016-12-31T23:58:60Z", null],
  ];
  for (const [text, iso] of cases) {
    const ms = parseTime(text);
    assert.equal(ms === null ? null : new Date(ms).toISOString(), iso, text);
  }
});

test("times are truncated to whole seconds", () => {
  assert.equal(wholeSeconds(Date.UTC(2024, 0, 1, 0, 0, 0, 999)), "2024-01-01T00:00:00Z");
  assert.equal(wholeSecondsOrNull(null), null);
});

test("times in milliseconds always have three digits", () => {
  assert.equal(milliseconds(Date.UTC(2024, 0, 1)), "2024-01-01T00:00:00.000Z");
  assert.equal(millisecondsOrNull(Date.UTC(2024, 0, 1, 0, 0, 0, 7)), "2024-01-01T00:00:00.007Z");
  assert.equal(millisecondsOrNull(null), null);
});
