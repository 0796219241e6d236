import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../../test/fixtures/any-character.ts";
import { findJsonFault, jsonRule } from "./json-fault.ts";

function rule(text: string): string | null {
  const fault = findJsonFault(text);
  return fault === null ? null : jsonRule(fault).replace("must be valid JSON: expected ", "");
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("a text has a fault exactly when JSON.parse refuses it", () => {
  const pieces = fc.stringMatching(/^(?:[{}[\],: \n"a\\u0-]|true|null|1\.5|-0|1e5|\\n|"a":|\\u00e9){0,12}$/);
  const spaced = fc.jsonValue().map((value) => JSON.stringify(value, null, 1));
  const cut = fc.tuple(fc.json(), fc.nat(), fc.nat(3)).map(([text, at, count]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + text.slice(from + count);
  });
  fc.assert(
    fc.property(fc.oneof(pieces, spaced, cut, fc.string({ unit: anyCharacter })), (text) => {
      assert.equal(findJsonFault(text) === null, parses(text), JSON.stringify(text));
    }),
    { numRuns: 400 },
  );
});

test("common mistakes are reported with their position", () => {
  assert.equal(rule('{"a": 1,\n "b": 2,\n}'), "a key in double quotes after the comma at line 3, column 1");
  assert.equal(rule("{'a': 1}"), "a key in double quotes or } at line 1, column 2");
  assert.equal(rule('{"a": 1 "b": 2}'), "a comma or } at line 1, column 9");
  assert.equal(rule('{"a" 1}'), "a colon after the key at line 1, column 6");
  assert.equal(
    rule('{"a": "two\nlines"}'),
    "an escape such as \\n for the control character in this string at line 1, column 11",
  );
  assert.equal(
    rule('{"a": "C:\\dir"}'),
    'one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000 for this backslash at line 1, column 10',
  );
  assert.equal(rule('{"a": "b'), "the closing quote of this string at line 1, column 9, where it ends");
  assert.equal(rule('{"a": 1}}'), "the end at line 1, column 9");
  const value = "an object, an array, a string in double quotes, a number, true, false or null";
  for (const wrong of ["undefined", "True", "NaN", "01", "+1", ".5", "1.", "nulls"]) {
    assert.equal(rule(`{"a": ${wrong}}`), `${value} at line 1, column 7`);
  }
  assert.equal(rule(""), `${value} at line 1, column 1, where it ends`);
});

test("any depth of nesting is read", () => {
  assert.match(rule("[".repeat(100_000)) ?? "", /, or \] at line 1, column 100001, where it ends$/);
});
