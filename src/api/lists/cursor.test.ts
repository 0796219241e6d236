import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeCursor, encodeCursor, LIST_NAMES } from "./cursor.ts";

test("a cursor decodes to its row, in its own list only", () => {
  fc.assert(
    fc.property(fc.constantFrom(...LIST_NAMES), fc.nat({ max: 999_999_999_999_999 }), (list, seq) => {
      const cursor = encodeCursor(list, seq);
      assert.equal(decodeCursor(list, cursor), seq);
      for (const other of LIST_NAMES) if (other !== list) assert.equal(decodeCursor(other, cursor), null);
    }),
  );
});

test("anything else is not a cursor", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const seq = decodeCursor("deliveries", text);
      if (seq !== null) assert.equal(encodeCursor("deliveries", seq), text);
    }),
  );
  for (const text of ["", "e5", "d01", "d-1", "d1e3", "d1 "])
    assert.equal(decodeCursor("deliveries", text), null, text);
});
