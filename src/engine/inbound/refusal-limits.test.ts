import assert from "node:assert/strict";
import { test } from "node:test";
import {
  INBOUND_NEWCOMERS_SECOND_COUNT_MAX,
  INBOUND_PROVEN_MS,
  LIGHT_BODY_BYTES_MAX,
  REFUSED_PER_ADDRESS_SECOND_COUNT_MAX,
  REFUSED_PER_SECOND_COUNT_MAX,
  REFUSED_WORK_AT_ONCE_MS_MAX,
  REFUSED_WORK_PER_ADDRESS_SECOND_MS_MAX,
  REFUSED_WORK_PER_SECOND_MS_MAX,
} from "../../domain/limits.ts";
import { RefusalLimits } from "./refusal-limits.ts";

function atRest() {
  let nowMs = 5000;
  const refusals = new RefusalLimits({ monotonicMs: () => nowMs });
  return {
    refusals,
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** How many of these failing requests are tried, and how many are recorded. */
    fail(address: string | ((index: number) => string), count: number, { workMs = 0, bodyBytes = 500 } = {}) {
      let [looked, kept] = [0, 0];
      for (let index = 0; index < count; index += 1) {
        const from = typeof address === "string" ? address : address(index);
        if (!refusals.mayTry(from, bodyBytes)) continue;
        looked += 1;
        if (refusals.countFailure(from, workMs)) kept += 1;
      }
      return { looked, kept };
    },
  };
}

test("20 failures a second of an address are recorded, and twice as many requests are tried", () => {
  const { refusals, pass, fail } = atRest();
  const whole = { looked: 2 * REFUSED_PER_ADDRESS_SECOND_COUNT_MAX, kept: REFUSED_PER_ADDRESS_SECOND_COUNT_MAX };
  assert.deepEqual(fail("a", 100), whole);
  assert.equal(refusals.mayTry("a", 500), false);
  assert.equal(refusals.mayTry("b", 500), true);
  pass(1000);
  assert.deepEqual(fail("a", 100), whole);
});

test("tries come back one by one, so that a genuine request gets one during a flood", () => {
  const { refusals, pass, fail } = atRest();
  fail("a", 100);
  pass(990);
  fail("a", 100);
  pass(30);
  assert.equal(refusals.mayTry("a", 500), true);
  refusals.trust("a");
  fail("a", 100);
  assert.equal(refusals.mayTry("a", 500), true);
});

test("200 failures a second of all addresses are recorded, and an address without a failure is still tried", () => {
  const { refusals, fail } = atRest();
  assert.equal(fail((index) => `10.0.0.${index % 50}`, 1000).kept, REFUSED_PER_SECOND_COUNT_MAX);
  assert.equal(refusals.mayTry("10.0.0.1", 500), false);
  assert.equal(refusals.mayTry("never heard of", 500), true);
  fail((index) => `newcomer ${index}`, INBOUND_NEWCOMERS_SECOND_COUNT_MAX);
  assert.equal(refusals.mayTry("never heard of", 500), false);
});

test("an IPv6 network of 64 bits counts as one address", () => {
  const { fail } = atRest();
  const { kept } = fail((index) => `2001:db8::${index.toString(16)}`, 1000);
  assert.equal(kept, REFUSED_PER_ADDRESS_SECOND_COUNT_MAX);
});

test("large bodies that take long are tried less often, for one address and for all; small bodies are not affected", () => {
  const { refusals, pass, fail } = atRest();
  const dear = { workMs: 30, bodyBytes: LIGHT_BODY_BYTES_MAX + 1 };
  assert.equal(fail("a", 10, dear).looked, 1);
  assert.equal(refusals.mayTry("never heard of", dear.bodyBytes), false);
  assert.equal(refusals.mayTry("never heard of", LIGHT_BODY_BYTES_MAX), true);
  assert.equal(refusals.mayTry("a", LIGHT_BODY_BYTES_MAX), true);
  const overdrawnMs = dear.workMs - REFUSED_WORK_AT_ONCE_MS_MAX;
  pass((1000 * overdrawnMs) / REFUSED_WORK_PER_SECOND_MS_MAX + 1);
  assert.equal(refusals.mayTry("never heard of", dear.bodyBytes), true);
  assert.equal(refusals.mayTry("a", dear.bodyBytes), false);
  pass((1000 * overdrawnMs) / REFUSED_WORK_PER_ADDRESS_SECOND_MS_MAX);
  assert.equal(refusals.mayTry("a", dear.bodyBytes), true);
});

test("work beyond the allowance is paid back within a second", () => {
  const { refusals, pass } = atRest();
  const large = LIGHT_BODY_BYTES_MAX + 1;
  for (let index = 0; index < 100; index += 1) refusals.countFailure(`10.0.0.${index}`, 100);
  assert.equal(refusals.mayTry("never heard of", large), false);
  pass(1001);
  assert.equal(refusals.mayTry("never heard of", large), true);
  assert.equal(refusals.mayTry("10.0.0.1", large), true);
});

test("a network that sent a verified request is tried for a day, whatever else it sends", () => {
  const { refusals, pass, fail } = atRest();
  refusals.trust("a");
  pass(INBOUND_PROVEN_MS - 1);
  assert.equal(fail("a", 1000, { workMs: 10 }).looked, 1000);
  pass(1);
  fail("a", 1000);
  assert.equal(refusals.mayTry("a", 500), false);
});
