import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { parseBody, parseItem } from "./body.ts";

const parse = (text: string | Uint8Array, depthMax = 64) => parseBody(Buffer.from(text as string), depthMax);

function rule(text: string | Uint8Array, depthMax = 64): string | undefined {
  const body = parse(text, depthMax);
  return body !== undefined && "details" in body ? body.details[0]?.rule : undefined;
}

test("a body has its text, its value and the positions of its fields", () => {
  const text = ' {"payload" : {"n":1.0} }';
  const body = parse(text);
  assert.ok(body !== undefined && "members" in body);
  const span = body.members.get("payload");
  assert.equal(body.text.slice(span?.start, span?.end), '{"n":1.0}');
  assert.deepEqual(body.value, { payload: { n: 1 } });
});

test("an empty body is none", () => {
  assert.equal(parse(""), undefined);
});

test("an unreadable body has a reason, even if it is large", () => {
  const padding = `"pad":"${"x".repeat(20_000)}"`;
  for (const start of ["{", `{${padding},`]) {
    assert.equal(rule(`${start}"a":1,"a":2}`), 'must not repeat the key "a"');
    assert.equal(rule(`${start}"a":${"[".repeat(64)}${"]".repeat(64)}}`), "must not be nested deeper than 64 levels");
    assert.match(rule(`${start}"a":`) ?? "", /^must be valid JSON: expected an object, .*, where it ends$/);
    assert.match(
      rule(`${start}"\\x":1}`) ?? "",
      /^must be valid JSON: expected one of .* for this backslash at line 1, column/,
    );
  }
  assert.equal(rule("[]"), "must be a JSON object");
  assert.equal(rule(Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d])), "must not begin with a byte-order mark");
  assert.equal(rule(Buffer.from([0x7b, 0x22, 0x80, 0x22, 0x3a, 0x31, 0x7d])), "must be valid UTF-8");
  assert.equal(rule(Buffer.from([0x7b, 0xed, 0xa0, 0x80, 0x7d])), "must be valid UTF-8");
});

test("an object has a limited number of fields, and a large one is refused before it is parsed", () => {
  const fields = (count: number, value: string) =>
    `{${Array.from({ length: count }, (_, n) => `"field${n}":${value}`).join(",")}}`;
  assert.equal(rule(fields(1000, "0")), undefined);
  assert.equal(rule(fields(1001, "0")), "must have at most 1000 fields");
  // The text is not JSON, but it is refused before that is found out.
  assert.equal(rule(`${fields(2000, "0")}!`), "must have at most 1000 fields");
});

describe("a body that is mostly one list", () => {
  const list = { field: "events", itemsMax: 3 };
  const parseList = (text: string) => parseBody(Buffer.from(text), 64, list);
  const fault = (text: string) => {
    const body = parseList(text);
    assert.ok(body !== undefined && "details" in body, JSON.stringify(body));
    return body.details.map((one) => `${one.field} ${one.rule}`).join("; ");
  };

  it("has its items in order, unparsed", () => {
    const body = parseList('{"a":1, "events": [ {"n":1.0} ,[], "x" ] }');
    assert.ok(body !== undefined && "members" in body);
    assert.deepEqual(body.value, { a: 1, events: [0, 0, 0] });
    const texts = body.items?.map(({ start, end }) => body.text.slice(start, end));
    assert.deepEqual(texts, ['{"n":1.0}', "[]", '"x"']);
    assert.deepEqual(
      body.items?.map((item) => parseItem(body, item)),
      [{ value: { n: 1 } }, { value: [] }, { value: "x" }],
    );
  });

  it("is refused for its length before any item is parsed", () => {
    assert.equal(fault('{"events":[0,0,0,0]}'), "events must have at most 3 items");
    assert.equal(fault('{"events":[!,!,!,!]}'), "events must have at most 3 items");
    assert.match(fault(`{"events":[],"pad":"${"x".repeat(70_000)}"}`), /^body must have at most 65536 bytes besides/);
  });

  it("is parsed like any other if the list is not a list, or missing", () => {
    for (const text of ['{"events":{}}', '{"events":null}', '{"a":1}', "{}"]) {
      const body = parseList(text);
      assert.ok(body !== undefined && "members" in body);
      assert.deepEqual(body.value, JSON.parse(text));
    }
  });

  it("is valid if JSON.parse accepts it, and locates the error otherwise", () => {
    const text = fc
      .stringMatching(/^[ ,\]{}"a:1\u{7f}]{0,10}$/u)
      .map((tail) => `{"events":[${tail.replace("\u007f", "\u0001")}}`);
    fc.assert(
      fc.property(text, (candidate) => {
        const body = parseBody(Buffer.from(candidate), 64, { field: "events", itemsMax: 20 });
        assert.ok(body !== undefined);
        const isRead = "members" in body && (body.items ?? []).every((item) => "value" in parseItem(body, item));
        const repeats = "details" in body && body.details[0]?.rule.startsWith("must not repeat") === true;
        if (!repeats) assert.equal(isRead, parses(candidate), candidate);
      }),
      { numRuns: 400 },
    );
    assert.match(fault('{"events":[1 2]}'), /expected a comma or ] at line 1, column 14$/);
    const body = parseList('{"events":[{},\n {"a":tru}]}');
    assert.ok(body !== undefined && "members" in body);
    const item = parseItem(body, body.items?.[1] ?? { start: 0, end: 0 });
    assert.ok("details" in item);
    assert.match(item.details[0]?.rule ?? "", /at line 2, column 7$/);
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

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
