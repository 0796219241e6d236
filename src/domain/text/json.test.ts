import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../../test/fixtures/any-character.ts";
import { JSON_DEPTH_MAX } from "../limits.ts";
import { scanArray, scanObject } from "./json.ts";

function sources(text: string, from = 0): Record<string, string> {
  const scan = scanObject(text, JSON_DEPTH_MAX, from);
  assert.equal(scan.kind, "ok");
  return Object.fromEntries([...scan.members].map(([key, span]) => [key, text.slice(span.start, span.end)]));
}

function rule(text: string, depthMax = JSON_DEPTH_MAX): string {
  const scan = scanObject(text, depthMax);
  assert.equal(scan.kind, "fault");
  return scan.rule;
}

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const keyed = fc.dictionary(fc.string({ unit: anyCharacter }), fc.jsonValue({ stringUnit: anyCharacter }), {
  noNullPrototype: true,
});

/** Insert white space between the tokens of a JSON text. */
function spaced(text: string, gap: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|[^\s"]/g, (token) => (/^["{}[\],:]/.test(token) ? gap + token + gap : token));
}

describe("scanning a JSON object", () => {
  it("finds the exact source of every top-level value", () => {
    const text =
      '  {"type" : "a.b" , "payload":{"n": 1.0,"big":12345678901234567890 }, "x":[ 1,2 ],"t":true,"z":-1e5}\n';
    assert.deepEqual(sources(text), {
      type: '"a.b"',
      payload: '{"n": 1.0,"big":12345678901234567890 }',
      x: "[ 1,2 ]",
      t: "true",
      z: "-1e5",
    });
  });

  it("agrees with JSON.parse on any object with any white space", () => {
    fc.assert(
      fc.property(keyed, space, (object, gap) => {
        const text = spaced(JSON.stringify(object), gap);
        const scan = scanObject(text, Number.POSITIVE_INFINITY);
        assert.equal(scan.kind, "ok");
        const found = [...scan.members].map(([key, span]) => [key, JSON.parse(text.slice(span.start, span.end))]);
        const parsed: object = JSON.parse(text);
        assert.deepEqual(new Map(found as [string, unknown][]), new Map(Object.entries(parsed)));
        for (const span of scan.members.values())
          assert.equal(text.slice(span.start, span.end).trim().length, span.end - span.start);
      }),
    );
  });

  it("is not misled by quotes, brackets and backslashes inside strings", () => {
    const tricky = fc.stringMatching(/^["\\{}[\],: \n]{0,12}$/);
    fc.assert(
      fc.property(fc.uniqueArray(tricky, { minLength: 1 }), tricky, (keys, value) => {
        const text = `{${keys.map((key) => `${JSON.stringify(key)}:{"v":[${JSON.stringify(value)}]}`).join(",")}}`;
        const scan = scanObject(text, 3);
        assert.equal(scan.kind, "ok");
        assert.deepEqual([...scan.members.keys()], keys);
        for (const span of scan.members.values()) {
          assert.deepEqual(JSON.parse(text.slice(span.start, span.end)), { v: [value] });
        }
      }),
    );
  });

  it("refuses a repeated key, even when one of the two is escaped", () => {
    assert.equal(rule('{"payload":1,"payload":2}'), 'must not repeat the key "payload"');
    assert.equal(rule('{"payload":1,"pa\\u0079load":2}'), 'must not repeat the key "payload"');
    assert.equal(rule('{"__proto__":1,"__proto__":2}'), 'must not repeat the key "__proto__"');
    assert.deepEqual(sources('{"a":{"k":1,"k":2},"__proto__":1}').a, '{"k":1,"k":2}');
  });

  it("counts depth from the object itself and refuses a deeper text", () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
    assert.equal(scanObject(nested(64), 64).kind, "ok");
    assert.equal(rule(nested(65), 64), "must not be nested deeper than 64 levels");
    assert.equal(scanObject(`{"a":${"[".repeat(63)}${"]".repeat(63)}}`, 64).kind, "ok");
    assert.equal(rule(`{"a":${"[".repeat(64)}${"]".repeat(64)}}`, 64), "must not be nested deeper than 64 levels");
    assert.equal(scanObject(`{"a":"${"[{".repeat(100)}"}`, 64).kind, "ok");
  });

  it("stops at the first member beyond the limit", () => {
    const scan = (text: string, countMax: number) => scanObject(text, JSON_DEPTH_MAX, 0, countMax);
    assert.equal(scan('{"a":1,"b":2}', 2).kind, "ok");
    assert.deepEqual(scan('{"a":1,"b":2,"c"', 2), { kind: "fault", rule: "must have at most 2 fields" });
  });

  it("reports that any other value is not an object", () => {
    for (const text of ["[]", "1", '"{}"', "null", " true "]) assert.equal(rule(text), "must be an object");
  });

  it("ends on a text that is not JSON", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ {}[\]",:a1\\]{0,30}$/), (text) => {
        try {
          scanObject(text, 64);
          scanArray(text, 64);
        } catch (error) {
          assert.ok(error instanceof SyntaxError);
        }
      }),
    );
  });
});

describe("scanning inside a larger text", () => {
  it("finds the payload of every event of a batch", () => {
    fc.assert(
      fc.property(fc.array(keyed), space, (payloads, gap) => {
        const body = { note: [1, [2]], events: payloads.map((payload) => ({ type: "a", payload })) };
        const text = spaced(JSON.stringify(body), gap);
        const top = scanObject(text, Number.POSITIVE_INFINITY);
        assert.equal(top.kind, "ok");
        const events = scanArray(text, Number.POSITIVE_INFINITY, top.members.get("events")?.start);
        assert.equal(events.kind, "ok");
        const found = events.items.map((item) => JSON.parse(sources(text, item.start).payload ?? ""));
        assert.deepEqual(found, JSON.parse(JSON.stringify(payloads)));
      }),
    );
  });

  it("stops at the first item beyond the limit", () => {
    assert.equal(scanArray("[1,2]", 64, 0, 2).kind, "ok");
    assert.deepEqual(scanArray("[1,2,!", 64, 0, 2), { kind: "fault", rule: "must have at most 2 items" });
  });

  it("refuses a value that is not an array, and finds nothing in an empty array", () => {
    assert.deepEqual(scanArray("{}", 64), { kind: "fault", rule: "must be an array" });
    assert.deepEqual(scanArray(" [ ] ", 64), { kind: "ok", items: [] });
    assert.equal(scanArray("[[[]]]", 2).kind, "fault");
    assert.equal(scanArray("[[[]]]", 3).kind, "ok");
  });
});
