import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { binOf, parseTally, percentile, Tally, tallyText } from "./tally.ts";

const attempt = fc.record({
  classification: fc.constantFrom("success", "http_status", "connect_timeout", "gone"),
  isFirst: fc.boolean(),
  gaveUp: fc.boolean(),
  latencyMs: fc.option(fc.nat(30_000)),
  ageMs: fc.option(fc.nat(10 ** 9)),
} as const);

test("a tally keeps its counts through its stored text, and adds up", () => {
  fc.assert(
    fc.property(fc.array(attempt), fc.array(attempt), (some, more) => {
      const [whole, first, second] = [new Tally(), new Tally(), new Tally()];
      for (const each of some) first.count(each as Parameters<Tally["count"]>[0]);
      for (const each of more) second.count(each as Parameters<Tally["count"]>[0]);
      for (const each of [...some, ...more]) whole.count(each as Parameters<Tally["count"]>[0]);
      assert.deepEqual(parseTally(tallyText(first)).add(second), whole);
      assert.equal(whole.ok + whole.failed, some.length + more.length);
    }),
  );
});

test("a percentile is within 13 % of the exact one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 10 ** 8 }), { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (times, share) => {
        const tally = new Tally();
        for (const latencyMs of times) {
          tally.count({ classification: "success", isFirst: true, gaveUp: false, latencyMs, ageMs: null });
        }
        const exact = times.toSorted((a, b) => a - b)[Math.ceil(times.length * share) - 1] ?? 0;
        const found = percentile(tally.latency, share) ?? 0;
        // Rounded to a millisecond, so short times are off by at most half of one.
        assert.ok(Math.abs(found - exact) <= exact * 0.13 + 0.5, `${found} for ${exact}`);
      },
    ),
  );
});

test("a tally without attempts has no percentile, and every time has a bin", () => {
  assert.equal(percentile(new Tally().latency, 0.5), null);
  assert.deepEqual([binOf(-5), binOf(0), binOf(1), binOf(10), binOf(Number.MAX_SAFE_INTEGER)], [0, 0, 0, 10, 89]);
});
