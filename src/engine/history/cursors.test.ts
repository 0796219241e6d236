import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createCursors } from "./cursors.ts";

const KEY = "ab".repeat(32);

test("what is sealed opens after a restart with the same key, and with no other", () => {
  const [before, after, other] = [createCursors(KEY), createCursors(KEY), createCursors("cd".repeat(32))];
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][0-9]{1,15}$/), (text) => {
      const sealed = before.seal(text);
      assert.match(sealed, /^[\w-]{22}$/);
      assert.deepEqual([before.seal(text), after.open(sealed)], [sealed, text]);
      assert.notEqual(other.open(sealed), text);
    }),
  );
});

test("neighbours look nothing alike", () => {
  const { seal } = createCursors(KEY);
  const sealed = Array.from({ length: 1000 }, (_, seq) => seal(`d${seq}`));
  assert.equal(new Set(sealed.map((text) => text.slice(0, 8))).size, 1000);
  assert.notDeepEqual([...sealed].sort(), sealed);
});

test("nothing but the padding is taken off", () => {
  const { open, seal } = createCursors(KEY);
  assert.equal(open(seal("d1\0x")), "d1\0x");
});

test("what has another form does not open", () => {
  const { open } = createCursors(KEY);
  for (const text of ["", "0", "d1", "A".repeat(21), "A".repeat(23), `${"A".repeat(21)}B`, `${"A".repeat(21)}=`])
    assert.equal(open(text), null, text);
});
