import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../../test/fixtures/any-character.ts";
import { JsonScanner, type JsonToken } from "./json-scanner.ts";

function tokensOf(text: string): readonly (readonly [token: JsonToken, source: string])[] {
  const scanner = new JsonScanner(text);
  const tokens: [JsonToken, string][] = [];
  for (let token = scanner.next(); token !== "end"; token = scanner.next()) tokens.push([token, scanner.source]);
  return tokens;
}

/** The value of a text, read token by token. */
function readValue(scanner: JsonScanner, first: JsonToken): unknown {
  switch (first) {
    case "string":
      return scanner.stringValue;
    case "number":
    case "word":
      return JSON.parse(scanner.source);
    case "[": {
      const items: unknown[] = [];
      for (let token = scanner.next(); token !== "]"; token = scanner.next()) {
        if (token !== ",") items.push(readValue(scanner, token));
      }
      return items;
    }
    case "{": {
      const members: [string, unknown][] = [];
      for (let token = scanner.next(); token !== "}"; token = scanner.next()) {
        if (token === ",") continue;
        const key = scanner.stringValue;
        assert.equal(scanner.next(), ":");
        members.push([key, readValue(scanner, scanner.next())]);
      }
      return Object.fromEntries(members);
    }
    default:
      return assert.fail(first);
  }
}

const json = fc
  .tuple(fc.jsonValue({ stringUnit: anyCharacter }), fc.constantFrom(undefined, 1, "\t"))
  .map(([value, indent]) => JSON.stringify(value, null, indent));
const pieces = fc.stringMatching(/^(?:[{}[\],:\s"a\\é+.-]|true|1\.5|\\"|"a":){0,12}$/);
const anything = fc.oneof(json, pieces, fc.string({ unit: anyCharacter }));

describe("the tokens of a JSON text", () => {
  it("have positions and keep their spelling", () => {
    assert.deepEqual(tokensOf(' {"a\\"b" : [-1.50e+2,true , null]}\n'), [
      ["{", "{"],
      ["string", '"a\\"b"'],
      [":", ":"],
      ["[", "["],
      ["number", "-1.50e+2"],
      [",", ","],
      ["word", "true"],
      [",", ","],
      ["word", "null"],
      ["]", "]"],
      ["}", "}"],
    ]);
  });

  it("give the value that JSON.parse gives", () => {
    fc.assert(
      fc.property(json, (text) => {
        const scanner = new JsonScanner(text);
        assert.deepEqual(readValue(scanner, scanner.next()), JSON.parse(text));
        assert.equal(scanner.next(), "end");
        assert.equal(scanner.depth, 0);
      }),
    );
  });

  it("cover any text except for its white space", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const scanner = new JsonScanner(text);
        let last = 0;
        for (let token = scanner.next(); token !== "end"; token = scanner.next()) {
          assert.match(text.slice(last, scanner.start), /^[ \t\r\n]*$/);
          assert.ok(scanner.end > scanner.start);
          last = scanner.end;
        }
        assert.match(text.slice(last), /^[ \t\r\n]*$/);
        assert.equal(scanner.next(), "end", "the scanner stays at the end");
      }),
    );
  });

  it("include those that are not JSON", () => {
    assert.deepEqual(tokensOf('\v"a\\"'), [
      ["unknown", "\v"],
      ["openString", '"a\\"'],
    ]);
    assert.deepEqual(tokensOf(".5 01 é"), [
      ["word", ".5"],
      ["number", "01"],
      ["unknown", "é"],
    ]);
  });
});

describe("a scanner", () => {
  it("skips the value that begins with its token", () => {
    const member = fc.record({ before: fc.jsonValue(), value: fc.jsonValue({ stringUnit: anyCharacter }) });
    fc.assert(
      fc.property(member, fc.constantFrom(undefined, 1), ({ before, value }, indent) => {
        const text = JSON.stringify([before, value, "after"], null, indent);
        const scanner = new JsonScanner(text);
        assert.equal(scanner.next(), "[");
        for (const expected of [before, value]) {
          scanner.next();
          const { start } = scanner;
          assert.ok(scanner.skipValue());
          assert.deepEqual(JSON.parse(text.slice(start, scanner.end)), JSON.parse(JSON.stringify(expected)));
          assert.equal(scanner.depth, 1);
          assert.equal(scanner.next(), ",");
        }
        assert.equal(scanner.next(), "string");
      }),
    );
  });

  it("counts the open objects and arrays, and refuses too many", () => {
    const text = "[[[]],[[]]]";
    const three = new JsonScanner(text, { depthMax: 3 });
    assert.equal(three.next(), "[");
    assert.ok(three.skipValue());
    assert.equal(three.next(), "end");
    const two = new JsonScanner(text, { depthMax: 2 });
    assert.deepEqual([two.next(), two.next(), two.next()], ["[", "[", "tooDeep"]);
    assert.ok(!two.skipValue());
    const skipping = new JsonScanner(text, { depthMax: 2 });
    assert.equal(skipping.next(), "[");
    assert.ok(!skipping.skipValue());
  });

  it("begins at the given position", () => {
    const scanner = new JsonScanner('{"a": [1]}', { from: 5 });
    assert.equal(scanner.next(), "[");
    assert.equal(scanner.start, 6);
  });
});
