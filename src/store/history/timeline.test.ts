import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import { TIME_DISORDER_MS_MAX } from "../../domain/limits.ts";
import { firstSince } from "./timeline.ts";

test("no row of the time or later is before the answer, though times disagree a little with commit order", () => {
  const times = fc.array(
    fc.record({
      wait: fc.integer({ min: 0, max: 3 * TIME_DISORDER_MS_MAX }),
      early: fc.integer({ min: 0, max: TIME_DISORDER_MS_MAX }),
      gap: fc.boolean(),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(times, fc.integer({ min: 0, max: 60 * TIME_DISORDER_MS_MAX }), (steps, offset) => {
      const { w, publish } = openStore();
      let now = START;
      const rows = steps.map(({ wait, early, gap }) => {
        now += wait;
        if (gap) w.sequences.event += 3;
        return { at: now - early, seq: publish([], { now: now - early }).eventSeq };
      });
      const from = firstSince(w, "events", START + offset);
      for (const { at, seq } of rows) if (at >= START + offset) assert.ok(seq >= from);
    }),
    { numRuns: 50 },
  );
});

test("most of what is older is left out", () => {
  const { w, publish } = openStore();
  const hours = Array.from({ length: 100 }, (_, hour) => publish([], { now: START + hour * 3_600_000 }).eventSeq);
  assert.equal(firstSince(w, "events", START + 60 * 3_600_000), hours[60]);
  assert.equal(firstSince(w, "deliveries", START), 1);
});
