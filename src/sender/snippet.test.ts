import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { readSnippet } from "./snippet.ts";

const read = (text: string) => readSnippet(Buffer.from(text));

test("text is shown unchanged", () => {
  assert.equal(read('{"ok":true}\n\tnext'), '{"ok":true}\n\tnext');
  assert.equal(read("grüß Gott 👋"), "grüß Gott 👋");
  assert.equal(read(""), "");
});

test("a character that is cut off at the end is dropped, for any length", () => {
  for (const character of ["ü", "€", "👋"]) {
    const whole = Buffer.from(`text ${character}`);
    for (let cut = 1; cut < Buffer.byteLength(character); cut++) {
      assert.equal(readSnippet(whole.subarray(0, whole.length - cut)), "text ");
    }
    assert.equal(readSnippet(whole), `text ${character}`);
  }
});

test("control characters and direction overrides are removed, and line breaks become line feeds", () => {
  assert.equal(read("one\r\ntwo\rthree\u0000\u0007 \u001b[31mred\u0085 \u202eback"), "one\ntwo\nthree [31mred back");
});

test("a few bytes that are not UTF-8 become U+FFFD", () => {
  assert.equal(readSnippet(Buffer.from("price: 10 \xa3 only", "latin1")), "price: 10 \ufffd only");
});

test("binary content is reported as such and not shown", () => {
  assert.equal(readSnippet(gzipSync("x".repeat(5000)).subarray(0, 256)), "(binary body)");
  assert.equal(readSnippet(Buffer.alloc(256)), "(binary body)");
});

test("for any bytes, the snippet is harmless text of at most twice their length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const snippet = readSnippet(Buffer.from(bytes));
      assert.doesNotMatch(snippet, /[^\P{Cc}\n\t]/u);
      assert.ok(Buffer.byteLength(snippet) <= Math.max(bytes.length * 2, 16));
      assert.ok(snippet.isWellFormed());
    }),
  );
});
