import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type MergeSource, mergePage } from "./delivery-merge.ts";

/** A range of rows of which some match, read in the same way as with SQL. */
function sourceOver(rows: readonly { seq: number; matches: boolean }[]): MergeSource {
  return {
    *read(before, hitsMax, visitsMax) {
      yield () => [];
      const visited = rows.filter((row) => row.seq < before).slice(0, visitsMax);
      const hits = visited.filter((row) => row.matches).map((row) => row.seq);
      if (hits.length >= hitsMax) {
        return { hits: hits.slice(0, hitsMax), floor: hits[hitsMax - 1] ?? null, visited: visitsMax };
      }
      return { hits, floor: visited.length < visitsMax ? null : (visited.at(-1)?.seq ?? null), visited: visitsMax };
    },
  };
}

const rowsArbitrary = fc
  .array(fc.record({ matches: fc.boolean(), source: fc.nat(5) }), { maxLength: 120 })
  .map((rows) => rows.map((row, index) => ({ ...row, seq: 1000 - index })));

test("pages give every match once, newest first, and each page moves on, whatever the budget", () => {
  fc.assert(
    fc.property(
      rowsArbitrary,
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 12, max: 60 }),
      (rows, limit, visitsMax) => {
        const sources = [0, 1, 2, 3, 4, 5].map((source) => sourceOver(rows.filter((row) => row.source === source)));
        const found: number[] = [];
        let before = 2000;
        for (;;) {
          const page = mergePage(sources, { before, limit, visitsMax, visitsPerStatementMax: 7 });
          assert.ok(page.seqs.length <= limit);
          found.push(...page.seqs);
          if (page.next === null) break;
          assert.ok(page.next < before);
          before = page.next;
        }
        assert.deepEqual(
          found,
          rows.filter((row) => row.matches).map((row) => row.seq),
        );
      },
    ),
  );
});

test("a full page that is the last one has no cursor", () => {
  const source = sourceOver([
    { seq: 9, matches: true },
    { seq: 8, matches: true },
    { seq: 7, matches: false },
  ]);
  const request = { before: 10, limit: 2, visitsMax: 100, visitsPerStatementMax: 10 };
  assert.deepEqual(mergePage([source], request), { seqs: [9, 8], next: null });
});

test("a page ends early, with a cursor, when its budget is spent", () => {
  const rows = Array.from({ length: 50 }, (_, index) => ({ seq: 50 - index, matches: index === 49 }));
  const request = { before: 51, limit: 2, visitsMax: 20, visitsPerStatementMax: 10 };
  assert.deepEqual(mergePage([sourceOver(rows)], request), { seqs: [], next: 31 });
});

test("a hit is not returned twice when another source is right above it as the budget ends", () => {
  const above = sourceOver([{ seq: 994, matches: false }]);
  const hit = sourceOver([{ seq: 993, matches: true }]);
  const request = { before: 995, limit: 5, visitsMax: 2, visitsPerStatementMax: 1 };
  assert.deepEqual(mergePage([hit, above], request), { seqs: [993], next: 993 });
});
