import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../../test/fixtures/any-character.ts";
import type { Cursor } from "../../ports/store.ts";
import { decodeCursor, encodeCursor, LIST_NAMES } from "./cursor.ts";

test("a cursor decodes to its row, in its own list only", () => {
  fc.assert(
    fc.property(fc.constantFrom(...LIST_NAMES), fc.stringMatching(/^[0-9a-z]{1,15}$/), (list, made) => {
      const cursor = encodeCursor(list, made as Cursor);
      assert.equal(decodeCursor(list, cursor), made);
      for (const other of LIST_NAMES) if (other !== list) assert.equal(decodeCursor(other, cursor), null);
    }),
  );
});

test("anything else is not a cursor", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      const made = decodeCursor("deliveries", text);
      if (made !== null) assert.equal(encodeCursor("deliveries", made), text);
    }),
  );
  for (const text of ["", "d", "e5", "d-1", "d1 ", "dA", "d1234567890123456"])
    assert.equal(decodeCursor("deliveries", text), null, text);
});
