import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_IN_FLIGHT_MAX } from "../limits.ts";
import { afterFailure, HEALTHY, type Health, isGivenUp, isProbing, nextWindow, startWindow } from "./health.ts";

const NOW = 1_704_110_400_000;
const DAY_MS = 86_400_000;
const SECOND_MS = 1000;

/** The health after failed attempts that end `everyMs` apart, the first one at `NOW`. */
function failing(times: number, everyMs = 0, heldMs = 0): Health {
  let health = HEALTHY;
  for (let index = 0; index < times; index += 1) health = afterFailure(health, NOW + index * everyMs, heldMs);
  return health;
}

test("the twentieth consecutive failure makes an endpoint rest for 30 s", () => {
  assert.equal(failing(19).restUntil, null);
  assert.equal(isProbing(failing(19)), false);
  assert.equal(failing(20).restUntil, NOW + 30 * SECOND_MS);
  assert.equal(isProbing(failing(20)), true);
});

test("each failed probe doubles the rest, up to five minutes", () => {
  let health = failing(20);
  const restsSeconds: number[] = [];
  for (let probe = 0; probe < 7; probe += 1) {
    restsSeconds.push(health.restMs / SECOND_MS);
    health = afterFailure(health, health.restUntil ?? 0, 0);
  }
  assert.deepEqual(restsSeconds, [30, 60, 120, 240, 300, 300, 300]);
});

test("attempts that were in flight when the rest began do not extend it", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 29_999 }), { maxLength: 60 }), (delaysMs) => {
      const first = failing(20);
      const later = delaysMs.reduce((health, delayMs) => afterFailure(health, NOW + delayMs, 0), first);
      assert.equal(later.restUntil, first.restUntil);
      assert.equal(later.restMs, first.restMs);
      assert.equal(later.failureStreak, 20 + delaysMs.length);
    }),
  );
});

test("an endpoint is given up only after twenty failures that span five days of active time", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 0, max: 10 * DAY_MS }),
      fc.integer({ min: 0, max: 30 * DAY_MS }),
      (failures, activeMs, heldMs) => {
        // The first failure, then a hold, then the rest of the failures.
        let health = afterFailure(HEALTHY, NOW, 0);
        const end = NOW + heldMs + activeMs;
        for (let index = 1; index < failures; index += 1) health = afterFailure(health, end, heldMs);
        assert.equal(isGivenUp(health, end, heldMs), failures >= 20 && activeMs >= 5 * DAY_MS);
      },
    ),
  );
  assert.equal(isGivenUp(HEALTHY, NOW + 100 * DAY_MS, 0), false);
});

test("429, 502 and 504 halve the window down to one; each success adds one up to the maximum", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: MAX_IN_FLIGHT_MAX }),
      fc.integer({ min: 1, max: MAX_IN_FLIGHT_MAX }),
      (window, max) => {
        const halved = nextWindow(window, { success: false, narrow: true }, max);
        assert.equal(halved, Math.max(1, Math.floor(window / 2)));
        assert.equal(nextWindow(window, { success: true, narrow: false }, max), Math.min(window + 1, max));
        assert.equal(nextWindow(window, { success: false, narrow: false }, max), Math.min(window, max));
      },
    ),
  );
});

test("a window starts at four, or at the endpoint's maximum when that is lower", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 32, 256].map(startWindow), [1, 2, 3, 4, 4, 4, 4]);
});
