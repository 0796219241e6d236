import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRecordsQuery, parseUpdate, rawPayloadText } from "./record-wire.ts";

const payloadOf = (text: string | Uint8Array) => rawPayloadText(Buffer.from(text as string));

test("the payload has the sender's own fields, with each value as it was sent", () => {
  const body =
    '{ "source":"a", "n" : 1.0 ,"big":12345678901234567890,"event_type":"b","o":{"signature": 1e21},"signature":"x" }';
  assert.equal(payloadOf(body), '{"n":1.0,"big":12345678901234567890,"o":{"signature": 1e21}}');
  assert.equal(payloadOf("{}"), "{}");
  assert.equal(payloadOf('{"sour\\u0063e":1}'), "{}");
});

test("a body that is not an object has no payload", () => {
  for (const body of [
    "",
    "null",
    "[]",
    "3",
    '"x"',
    "{",
    '{"a":1,"a":2}',
    '\ufeff{"a":1}',
    Buffer.from([0x7b, 0xff, 0x7d]),
  ]) {
    assert.equal(payloadOf(body), null, String(body));
  }
  assert.equal(payloadOf(`${'{"a":'.repeat(65)}1${"}".repeat(65)}`), null);
});

test("a payload equals its body, whatever the body says", () => {
  const keys = fc.string().filter((key) => !["source", "event_type", "signature", "__proto__"].includes(key));
  fc.assert(
    fc.property(fc.dictionary(keys, fc.jsonValue()), (fields) => {
      const body = JSON.stringify({ source: "a", ...fields, signature: "b" }, null, 1);
      assert.deepEqual(JSON.parse(payloadOf(body) ?? ""), JSON.parse(JSON.stringify(fields)));
    }),
  );
});

test("a list's filters are combined, and a day includes all its hours", () => {
  const query = {
    page: "3",
    limit: "5",
    source: "a",
    event_type: "b",
    transition_direction: "NONE",
    payload_valid: "false",
  };
  const parsed = parseRecordsQuery({ ...query, from: "2026-03-01", to: "2026-03-01" });
  assert.deepEqual(parsed, {
    kind: "ok",
    value: {
      page: 3,
      limit: 5,
      offset: 10,
      filter: {
        kind: "pauseStatus",
        sourceId: null,
        sourceName: "a",
        eventType: "b",
        direction: "NONE",
        rejection: null,
        valid: false,
        from: Date.UTC(2026, 2, 1),
        to: Date.UTC(2026, 2, 2),
      },
    },
  });
});

test("one response lists every fault of a list's query", () => {
  const faulty = {
    page: "0",
    limit: "101",
    transition_direction: "x",
    payload_valid: "yes",
    from: "x",
    to: "y",
    sorce: "a",
  };
  const parsed = parseRecordsQuery({ ...faulty, source: "", event_type: "" });
  assert.deepEqual(
    parsed.kind === "faults" ? parsed.faults.map(({ field }) => field).sort() : [],
    [...Object.keys(faulty), "source", "event_type"].sort(),
  );
  const far = parseRecordsQuery({ page: "1002", limit: "100" });
  assert.deepEqual(far.kind === "faults" && far.faults.map(({ field }) => field), ["page"]);
  assert.equal(parseRecordsQuery({ page: "1001", limit: "100" }).kind, "ok");
});

test("an update must change something", () => {
  const of = (body: unknown) => {
    const parsed = parseUpdate(body);
    return parsed.kind === "ok" ? parsed.value : parsed.faults.map(({ field }) => field);
  };
  assert.deepEqual(of({ reprocess: true }), { reprocess: true, notes: undefined });
  assert.deepEqual(of({ notes: null }), { reprocess: false, notes: null });
  assert.deepEqual(of({ reprocess: false, notes: "x\ny" }), { reprocess: false, notes: "x\ny" });
  for (const body of [{}, { reprocess: false }]) assert.deepEqual(of(body), ["reprocess", "notes"]);
  assert.deepEqual(of({ reprocess: 1, notes: "x".repeat(2001), note: "x" }), ["reprocess", "notes", "note"]);
});
