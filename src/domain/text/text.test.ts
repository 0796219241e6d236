import assert from "node:assert/strict";
import { test } from "node:test";
import { firstCharacters, hasCharacters, isBlank, isPlain, seenText } from "./text.ts";

test("a character counts as one, no matter how many code units it takes", () => {
  for (const one of ["a", "é", "€", "😀", "\ud800"]) {
    assert.equal(hasCharacters(one.repeat(3), 3), true, one);
    assert.equal(hasCharacters(one.repeat(4), 3), false, one);
  }
  assert.equal(hasCharacters("aa😀", 3), true);
  assert.equal(hasCharacters("aaa😀", 3), false);
  assert.equal(hasCharacters("", 3), false);
});

test("a text is truncated only between whole characters", () => {
  assert.equal(firstCharacters("ab", 2), "ab");
  assert.equal(firstCharacters("abc", 2), "ab");
  assert.equal(firstCharacters("a😀c", 2), "a😀");
  assert.equal(firstCharacters("😀".repeat(9), 3), "😀😀😀");
  assert.equal(firstCharacters(`a${"😀".repeat(9)}`, 3), "a😀😀");
});

test("plain text has no control characters and no lone surrogates", () => {
  for (const text of ["", " ", "naïve 😀", "\u00a0"]) assert.equal(isPlain(text), true, text);
  for (const text of ["\0", "a\n", "\x7f", "\x9f", "\ud800", "\udc00\ud800"]) assert.equal(isPlain(text), false);
});

test("white space and invisible characters of any kind are blank", () => {
  for (const text of ["", " ", "\u00a0\u3000\u2003", "\u200b\u2060", "\u3164\uffa0", "\u034f\ufe0f", "\u2800"]) {
    assert.equal(isBlank(text), true);
  }
  for (const text of [" a ", "❤\ufe0f", "👩\u200d👧", "\u200fשלום"]) assert.equal(isBlank(text), false, text);
});

test("texts that differ only in invisible characters are seen as the same", () => {
  for (const text of ["Yes\u3164", " Y\u200bes", "\u2800Yes\ufe0f"]) assert.equal(seenText(text), "Yes");
  assert.equal(seenText("Ye s"), "Ye s");
});
