import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseBody } from "./body.ts";

const parse = (text: string | Uint8Array, depthMax = 64) => parseBody(Buffer.from(text as string), depthMax);

function rule(text: string | Uint8Array, depthMax = 64): string | undefined {
  const body = parse(text, depthMax);
  return body !== undefined && "details" in body ? body.details[0]?.rule : undefined;
}

test("a body keeps its text, its value and where its fields stand", () => {
  const text = ' {"payload" : {"n":1.0} }';
  const body = parse(text);
  assert.ok(body !== undefined && "members" in body);
  const span = body.members.get("payload");
  assert.equal(body.text.slice(span?.start, span?.end), '{"n":1.0}');
  assert.deepEqual(body.value, { payload: { n: 1 } });
});

test("nothing is no body", () => {
  assert.equal(parse(""), undefined);
});

test("what cannot be read says why, also when it is large", () => {
  const padding = `"pad":"${"x".repeat(20_000)}"`;
  for (const start of ["{", `{${padding},`]) {
    assert.equal(rule(`${start}"a":1,"a":2}`), 'must not repeat the key "a"');
    assert.equal(rule(`${start}"a":${"[".repeat(64)}${"]".repeat(64)}}`), "must not be nested deeper than 64 levels");
    assert.equal(rule(`${start}"a":`), "must be valid JSON");
    assert.equal(rule(`${start}"\\x":1}`), "must be valid JSON");
  }
  assert.equal(rule("[]"), "must be a JSON object");
  assert.equal(rule(Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d])), "must not begin with a byte-order mark");
  assert.equal(rule(Buffer.from([0x7b, 0x22, 0x80, 0x22, 0x3a, 0x31, 0x7d])), "must be valid UTF-8");
  assert.equal(rule(Buffer.from([0x7b, 0xed, 0xa0, 0x80, 0x7d])), "must be valid UTF-8");
});

test("any bytes are a body or a problem, never an exception", () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.stringMatching(/^[{}[\]",:a1\\ ]{0,40}$/).map((text) => Buffer.from(text)),
  );
  const pad = Buffer.from(`{"pad":"${"x".repeat(20_000)}",`);
  fc.assert(
    fc.property(bytes, fc.boolean(), (tail, isLarge) => {
      const body = parse(isLarge ? Buffer.concat([pad, tail]) : tail);
      if (body !== undefined && "status" in body) assert.equal(body.status, 400);
    }),
  );
});
