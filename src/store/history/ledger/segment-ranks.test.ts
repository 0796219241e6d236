import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Segment } from "./ledger.ts";
import { segmentsWithin } from "./segment-ranks.ts";

/** Ids of one segment each, few enough that ranges overlap and ids are equal. */
const segmentIds = fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 8 }), { maxLength: 12 });

function portionOf(ids: readonly number[], isCounted = true) {
  const segment = { idMin: Math.min(...ids), idMax: Math.max(...ids) } as Segment;
  return { segment, count: isCounted ? ids.length : null };
}

test("the rows of a window are in the segments that are left, after as many rows as are left out before them", () => {
  fc.assert(
    fc.property(segmentIds, fc.nat(40), fc.integer({ min: 1, max: 10 }), (all, from, count) => {
      const portions = all.map((ids) => portionOf(ids));
      const window = { from, to: Math.min(from + count, all.flat().length) };
      fc.pre(window.from < window.to);
      const { segments, before } = segmentsWithin(portions, window);
      const left = all.filter((_, index) => segments.includes(portions[index]?.segment as Segment));
      const sorted = (ids: readonly number[]) => ids.toSorted((a, b) => a - b);
      assert.deepEqual(
        sorted(left.flat()).slice(window.from - before, window.to - before),
        sorted(all.flat()).slice(window.from, window.to),
      );
    }),
  );
});

test("segments of separate times are left out, and all are kept when one was not counted", () => {
  const portions = [portionOf([1, 2]), portionOf([3, 4, 5]), portionOf([6, 7])];
  const segments = portions.map(({ segment }) => segment);
  assert.deepEqual(segmentsWithin(portions, { from: 3, to: 5 }), { segments: [segments[1]], before: 2 });
  const unknown = [...portions, portionOf([8], false)];
  assert.equal(segmentsWithin(unknown, { from: 3, to: 5 }).segments.length, 4);
});
