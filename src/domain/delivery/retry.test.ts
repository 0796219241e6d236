import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { endpointDefaults } from "../endpoints/endpoint.ts";
import { RETRIES_MAX, RETRY_WAIT_SECONDS_MAX } from "../limits.ts";
import { parseRetryAfterMs, retryWaitMs } from "./retry.ts";

// A time zone other than GMT, so that a date read as local time fails the test.
process.env.TZ = "America/New_York";

const NOW = Date.UTC(2024, 0, 1, 12, 0, 0);
const DAY_MS = 86_400_000;
const LONG = endpointDefaults("endpoints").retryScheduleSeconds;
const SHORT = endpointDefaults("pauses").retryScheduleSeconds;

const schedule = fc.array(fc.integer({ min: 1, max: RETRY_WAIT_SECONDS_MAX }), { maxLength: RETRIES_MAX });
const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("the default schedules are the documented ones", () => {
  assert.deepEqual(LONG, [5, 300, 1800, 7200, 18_000, 36_000, 36_000]);
  assert.deepEqual(SHORT, [30, 60, 120]);
  assert.deepEqual(endpointDefaults("dashboard").retryScheduleSeconds, SHORT);
});

test("there is one wait per retry, and none after the last one", () => {
  fc.assert(
    fc.property(schedule, jitter, (seconds, chance) => {
      for (const attempts of seconds.keys()) assert.notEqual(retryWaitMs(seconds, attempts, chance), null);
      assert.equal(retryWaitMs(seconds, seconds.length, chance), null);
    }),
  );
});

test("the jitter spreads a wait over 80 to 120 per cent, evenly", () => {
  fc.assert(
    fc.property(schedule, fc.nat(), jitter, (seconds, pick, chance) => {
      fc.pre(seconds.length > 0 && seconds.join() !== SHORT.join());
      const attempts = pick % seconds.length;
      const plainMs = (seconds[attempts] ?? 0) * 1000;
      const waitMs = retryWaitMs(seconds, attempts, chance) ?? Number.NaN;
      assert.ok(Math.abs(waitMs - plainMs * (0.8 + 0.4 * chance)) <= 0.5, `${waitMs} for ${plainMs} and ${chance}`);
    }),
  );
  assert.equal(retryWaitMs(LONG, 0, 0), 4000);
  assert.equal(retryWaitMs(LONG, 0, 0.5), 5000);
  assert.equal(retryWaitMs(LONG, 0, 1 - Number.EPSILON), 6000);
});

test("the default schedule of pauses and the dashboard has no jitter, even when it was set explicitly", () => {
  fc.assert(
    fc.property(jitter, (chance) => {
      assert.deepEqual(
        [0, 1, 2].map((attempts) => retryWaitMs([30, 60, 120], attempts, chance)),
        [30_000, 60_000, 120_000],
      );
    }),
  );
  assert.notEqual(retryWaitMs([30, 60], 0, 0), 30_000);
  assert.notEqual(retryWaitMs([30, 60, 120, 240], 0, 0), 30_000);
});

test("Retry-After in seconds is used unchanged, up to a day", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9_999_999_999 }), (seconds) => {
      assert.equal(parseRetryAfterMs(String(seconds), NOW), Math.min(seconds * 1000, DAY_MS));
    }),
  );
  assert.equal(parseRetryAfterMs(" 7 ", NOW), 7000);
});

test("Retry-After as a date counts from now, and a past date means no wait", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (seconds) => {
      const header = new Date(NOW + seconds * 1000).toUTCString();
      assert.equal(parseRetryAfterMs(header, NOW), Math.min(Math.max(seconds * 1000, 0), DAY_MS));
    }),
  );
});

test("the two obsolete forms of an HTTP date are read as GMT", () => {
  assert.equal(parseRetryAfterMs("Monday, 01-Jan-24 12:00:30 GMT", NOW), 30_000);
  assert.equal(parseRetryAfterMs("Mon Jan  1 12:00:30 2024", NOW), 30_000);
});

test("a Retry-After with a fraction is rounded up", () => {
  assert.equal(parseRetryAfterMs("120.9", NOW), 121_000);
  assert.equal(parseRetryAfterMs("120.0", NOW), 120_000);
  assert.equal(parseRetryAfterMs("1.", NOW), 1000);
  assert.equal(parseRetryAfterMs(".5", NOW), 1000);
  assert.equal(parseRetryAfterMs("0.0", NOW), 0);
});

test("a Retry-After of any size is at most a day", () => {
  for (const header of ["99999999999", "9".repeat(128), "9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"]) {
    assert.equal(parseRetryAfterMs(header, NOW), DAY_MS, header);
  }
});

test("the first element of a list in Retry-After counts", () => {
  assert.equal(parseRetryAfterMs("7, 9", NOW), 7000);
  assert.equal(parseRetryAfterMs("7 ,soon", NOW), 7000);
});

test("common variants of HTTP dates are accepted", () => {
  const cases: Array<[string, number]> = [
    ["Mon, 1 Jan 2024 12:00:30 GMT", 30_000],
    ["Mon, 01 Jan 2024 12:00:30 UTC", 30_000],
    ["Mon, 01 Jan 2024 12:00:30 +0000", 30_000],
    ["mon, 01 jan 2024 12:00:30 gmt", 30_000],
    ["Tue, 01 Jan 2024 12:00:30 GMT", 30_000],
    ["Mon, 01 Jan 2024 12:00:60 GMT", 60_000],
    ["Sunday, 01-Jan-74 00:00:00 GMT", DAY_MS],
    ["Wednesday, 01-Jan-75 00:00:00 GMT", 0],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 0],
  ];
  for (const [header, waitMs] of cases) assert.equal(parseRetryAfterMs(header, NOW), waitMs, header);
});

test("a Retry-After of neither form is ignored", () => {
  const headers = [
    ...["", "-1", "-120.5", "+5", "1e3", "1.5.5", ".", "soon", "0x10", "120s", "120 s", "1_000", "\u0661", ", 7"],
    "2024-01-01T12:00:30Z",
    "1704110430 GMT",
    "Mon, nonsense",
    "Mon, 01 Xyz 2024 12:00:30 GMT",
    "Mon, 31 Feb 2024 12:00:30 GMT",
    "Mon, 01 Jan 2024 25:00:30 GMT",
    "Mon, 01 Jan 2024 12:00:30 PST",
    "Mon, 01 Jan 2024 12:00:30 +0200",
  ];
  for (const header of headers) assert.equal(parseRetryAfterMs(header, NOW), null, header);
  fc.assert(
    fc.property(fc.string({ maxLength: 128 }), (header) => {
      const waitMs = parseRetryAfterMs(header, NOW);
      assert.ok(waitMs === null || (waitMs >= 0 && waitMs <= DAY_MS));
    }),
  );
});
