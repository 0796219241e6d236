import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Cursors } from "./cursors.ts";

const KEY = "ab".repeat(32);

test("a cursor opens with the key that sealed it, also after a restart, and with no other key", () => {
  const [before, after, other] = [new Cursors(KEY), new Cursors(KEY), new Cursors("cd".repeat(32))];
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][0-9]{1,15}$/), (text) => {
      const sealed = before.seal(text);
      assert.match(sealed, /^[\w-]{22}$/);
      assert.deepEqual([before.seal(text), after.open(sealed)], [sealed, text]);
      assert.notEqual(other.open(sealed), text);
    }),
  );
});

test("consecutive sequence numbers give unrelated cursors", () => {
  const cursors = new Cursors(KEY);
  const sealed = Array.from({ length: 1000 }, (_, seq) => cursors.seal(`d${seq}`));
  assert.equal(new Set(sealed.map((text) => text.slice(0, 8))).size, 1000);
  assert.notDeepEqual([...sealed].sort(), sealed);
});

test("opening removes only the padding", () => {
  const cursors = new Cursors(KEY);
  assert.equal(cursors.open(cursors.seal("d1\0x")), "d1\0x");
});

test("text that has not the form of a cursor does not open", () => {
  const cursors = new Cursors(KEY);
  for (const text of ["", "0", "d1", "A".repeat(21), "A".repeat(23), `${"A".repeat(21)}B`, `${"A".repeat(21)}=`])
    assert.equal(cursors.open(text), null, text);
});
