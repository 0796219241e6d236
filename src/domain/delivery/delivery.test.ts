import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { endpointDefaults, FORMATS, type Format } from "../endpoints/endpoint.ts";
import { isExpired, type Outcome, type Transition, transition, UNREACHABLE_REASONS } from "./delivery.ts";

const NOW = 1_704_110_400_000;
const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SCHEDULE = endpointDefaults("endpoints").retryScheduleSeconds;

interface Setting {
  readonly format?: Format;
  readonly runAttempts?: number;
  readonly runFirstActiveMs?: number | null;
  readonly schedule?: readonly number[];
  readonly heldMs?: number;
}

function decide(outcome: Exclude<Outcome, { kind: "aborted" }>, setting: Setting = {}): Transition {
  const { format = "plain", runAttempts = 0, runFirstActiveMs = null, schedule = SCHEDULE, heldMs = 0 } = setting;
  const rules = { retryScheduleSeconds: schedule, heldMs };
  return transition({ format, runAttempts, runFirstActiveMs }, outcome, rules, NOW, 0.5);
}

const answered = (httpStatus: number, retryAfter: string | null = null) =>
  ({ kind: "answered", httpStatus, retryAfter, snippet: "" }) as const;

const anyFormat = fc.constantFrom(...FORMATS);

test("every 2xx delivers, and no other status does", () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 999 }), anyFormat, (status, format) => {
      const { next, outcome, health } = decide(answered(status), { format });
      const success = status < 300;
      assert.equal(next.state === "DELIVERED", success);
      assert.equal(outcome === "SUCCESS", success);
      assert.equal(health, success ? "success" : "failure");
    }),
  );
});

test("a success counts even on the last attempt and after the run has expired", () => {
  const { next } = decide(answered(204), { runAttempts: 20, runFirstActiveMs: NOW - 100 * DAY_MS });
  assert.deepEqual(next, { state: "DELIVERED", reason: "delivered" });
});

test("410 ends the delivery and disables the endpoint, except in format pausepoint, which retries", () => {
  for (const format of FORMATS) {
    const { next, disable, outcome } = decide(answered(410), { format });
    if (format === "pausepoint") {
      assert.deepEqual([next.state, disable, outcome], ["SCHEDULED", null, "RETRYABLE_FAILURE"]);
    } else {
      assert.deepEqual([next, disable], [{ state: "FAILED", reason: "gone" }, "gone"]);
      assert.equal(outcome, "NON_RETRYABLE_FAILURE");
    }
  }
});

test("no other response disables an endpoint", () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 999 }), anyFormat, (status, format) => {
      fc.pre(status !== 410);
      assert.equal(decide(answered(status), { format }).disable, null);
    }),
  );
});

test("a retry waits for the time in the schedule, counted from the end of the attempt", () => {
  for (const [runAttempts, seconds] of SCHEDULE.entries()) {
    const { next } = decide(answered(500), { runAttempts });
    assert.deepEqual(next, { state: "SCHEDULED", dueAt: NOW + seconds * SECOND_MS });
  }
});

test("a delivery fails when its schedule is used up; an empty schedule allows one attempt", () => {
  const exhausted = { state: "FAILED", reason: "attempts_exhausted" };
  assert.deepEqual(decide(answered(500), { runAttempts: SCHEDULE.length }).next, exhausted);
  assert.deepEqual(decide(answered(500), { schedule: [] }).next, exhausted);
  assert.deepEqual(decide(answered(429, "60"), { schedule: [] }).next, exhausted);
});

test("every unreachable reason is a retryable failure with its own classification", () => {
  for (const reason of UNREACHABLE_REASONS) {
    const made = decide({ kind: "unreachable", reason, detail: "" });
    assert.deepEqual(
      [made.outcome, made.classification, made.next.state, made.health, made.narrow, made.disable],
      ["RETRYABLE_FAILURE", reason, "SCHEDULED", "failure", false, null],
    );
  }
});

test("an internal error is retried after a minute and does not affect the endpoint's health", () => {
  const made = decide({ kind: "internal_error", detail: "" });
  assert.equal(made.health, "none");
  assert.equal(made.classification, "internal_error");
  assert.deepEqual(made.next, { state: "SCHEDULED", dueAt: NOW + 60 * SECOND_MS });
});

test("an attempt that failed for lack of local resources never ends a delivery, even after the schedule's last wait", () => {
  for (const runAttempts of [0, SCHEDULE.length]) {
    const made = decide({ kind: "out_of_resources", detail: "" }, { runAttempts });
    assert.deepEqual([made.health, made.classification, made.disable], ["none", "internal_error", null]);
    assert.deepEqual(made.next, { state: "SCHEDULED", dueAt: NOW + 60 * SECOND_MS });
  }
  const expired = decide({ kind: "out_of_resources", detail: "" }, { runFirstActiveMs: NOW - 30 * DAY_MS });
  assert.deepEqual(expired.next, { state: "EXPIRED", reason: "expired" });
});

test("Retry-After lengthens the delivery's wait up to a day and never shortens it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 300, max: 599 }),
      fc.integer({ min: 0, max: 200_000 }),
      fc.nat({ max: SCHEDULE.length - 1 }),
      (status, seconds, runAttempts) => {
        fc.pre(status !== 410);
        const { next } = decide(answered(status, String(seconds)), { runAttempts });
        const waitSeconds = Math.max(SCHEDULE[runAttempts] ?? 0, Math.min(seconds, 86_400));
        assert.deepEqual(next, { state: "SCHEDULED", dueAt: NOW + waitSeconds * SECOND_MS });
      },
    ),
  );
});

test("Retry-After delays the whole endpoint with 429 and 503, and only the delivery with any other status", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 300, max: 599 }),
      fc.option(fc.integer({ min: 0, max: 86_400 })),
      (status, seconds) => {
        const { throttleUntil } = decide(answered(status, seconds === null ? null : String(seconds)));
        const throttles = (status === 429 || status === 503) && seconds !== null;
        assert.equal(throttleUntil, throttles ? NOW + seconds * SECOND_MS : null);
      },
    ),
  );
});

test("429 and 503 throttle the endpoint for as long as Retry-After says", () => {
  for (const status of [429, 503]) assert.equal(decide(answered(status, "60")).throttleUntil, NOW + 60 * SECOND_MS);
  for (const status of [500, 502, 504]) assert.equal(decide(answered(status, "60")).throttleUntil, null);
});

test("429, 502 and 504 narrow the window, and no other status does", () => {
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 999 }), (status) => {
      assert.equal(decide(answered(status)).narrow, [429, 502, 504].includes(status));
    }),
  );
});

test("a delivery expires when its next attempt would be more than seven days after the run's first one", () => {
  const schedule = [1, 3600];
  const ageAtEnd = (ageMs: number) =>
    decide(answered(500), { schedule, runAttempts: 1, runFirstActiveMs: NOW + HOUR_MS - ageMs }).next;
  assert.equal(ageAtEnd(7 * DAY_MS).state, "SCHEDULED");
  assert.deepEqual(ageAtEnd(7 * DAY_MS + 1), { state: "EXPIRED", reason: "expired" });
});

test("a delivery with a schedule longer than six days expires one day after the end of the schedule", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 172_800 }), { maxLength: 20 }),
      fc.integer({ min: 0, max: 50 * DAY_MS }),
      (schedule, ageMs) => {
        const scheduleMs = schedule.reduce((sum, seconds) => sum + seconds * SECOND_MS, 0);
        const limitMs = Math.max(7 * DAY_MS, scheduleMs + DAY_MS);
        assert.equal(isExpired(NOW + ageMs, NOW, schedule), ageMs > limitMs);
      },
    ),
  );
});

test("time on hold does not count towards expiry", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 400 * DAY_MS }),
      fc.integer({ min: 0, max: 6 * DAY_MS }),
      (heldMs, activeMs) => {
        const runFirstActiveMs = NOW - heldMs - activeMs;
        const { next } = decide(answered(500), { schedule: [1, 60], runAttempts: 1, runFirstActiveMs, heldMs });
        assert.equal(next.state, "SCHEDULED");
      },
    ),
  );
});

test("the first attempt of a run never expires, no matter how long it waited", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * DAY_MS }), (heldMs) => {
      assert.equal(decide(answered(500), { schedule: [172_800], heldMs }).next.state, "SCHEDULED");
    }),
  );
});

test("a run makes at most one more attempt than its schedule has waits", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3600 }), { maxLength: 20 }), (schedule) => {
      let attempts = 0;
      for (;;) {
        const { next } = decide(answered(500), { schedule, runAttempts: attempts, runFirstActiveMs: NOW });
        attempts += 1;
        if (next.state !== "SCHEDULED") break;
      }
      assert.equal(attempts, schedule.length + 1);
    }),
  );
});
