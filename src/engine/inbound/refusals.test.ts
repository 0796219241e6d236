import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EXPLAINED_PER_SECOND_BYTES_MAX,
  EXPLAINED_PER_SECOND_COUNT_MAX,
  INBOUND_PROVEN_MS,
  REFUSED_PER_ADDRESS_SECOND_COUNT_MAX,
  REFUSED_PER_SECOND_COUNT_MAX,
} from "../../domain/limits.ts";
import { createRefusals } from "./refusals.ts";

function atRest() {
  let nowMs = 5000;
  const refusals = createRefusals({ monotonicMs: () => nowMs });
  return {
    refusals,
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** How many of so many that fail are looked at, and kept. */
    fail(address: string, count: number) {
      const looked = Array.from({ length: count }, () => refusals.mayTry(address) && refusals.failed(address));
      return looked.filter(Boolean).length;
    },
  };
}

test("of an address 20 failures a second are kept, and it is looked at for as many again", () => {
  const { refusals, pass, fail } = atRest();
  assert.equal(fail("a", 100), REFUSED_PER_ADDRESS_SECOND_COUNT_MAX);
  assert.equal(refusals.mayTry("a"), false);
  assert.equal(refusals.mayTry("b"), true);
  pass(1000);
  assert.equal(refusals.mayTry("a"), true);
  assert.equal(fail("a", 100), REFUSED_PER_ADDRESS_SECOND_COUNT_MAX);
});

test("of all addresses 200 failures a second are kept, and one that has not failed is still looked at", () => {
  const { refusals, fail } = atRest();
  const kept = Array.from({ length: 50 }, (_, index) => fail(`10.0.0.${index}`, 20)).reduce((a, b) => a + b);
  assert.equal(kept, REFUSED_PER_SECOND_COUNT_MAX);
  assert.equal(refusals.mayTry("10.0.0.1"), false);
  assert.equal(refusals.mayTry("never heard of"), true);
});

test("an address that something genuine came from is looked at for a day, whatever else comes from there", () => {
  const { refusals, pass, fail } = atRest();
  refusals.proved("a");
  pass(INBOUND_PROVEN_MS - 1);
  fail("a", 1000);
  assert.equal(refusals.mayTry("a"), true);
  pass(1);
  fail("a", 1000);
  assert.equal(refusals.mayTry("a"), false);
});

test("causes are looked for twenty times a second, and in no more than so much of bodies", () => {
  const { refusals, pass } = atRest();
  const granted = (bytes: number) =>
    Array.from({ length: 100 }, () => refusals.mayExplain(bytes)).filter(Boolean).length;
  assert.equal(granted(100), EXPLAINED_PER_SECOND_COUNT_MAX);
  pass(1000);
  assert.equal(granted(EXPLAINED_PER_SECOND_BYTES_MAX / 4), 4);
  pass(1000);
  assert.equal(granted(4 * EXPLAINED_PER_SECOND_BYTES_MAX), 1);
});
