import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../../test/fixtures/any-character.ts";
import type { Event } from "../delivery/event.ts";
import { FORMATS } from "../endpoints/endpoint.ts";
import type { Uuid } from "../ids.ts";
import { renderBody } from "./body.ts";

const ID = "0190e0c4-5b1a-7cc0-8f00-0123456789ab" as Uuid;
const TENANT = "0190e0c4-0000-7000-8000-000000000001" as Uuid;
const PAUSE = "0190e0c4-1111-7000-8000-000000000002" as Uuid;

function event(payload: string, more: Partial<Event> = {}): Event {
  const acceptedAt = Date.parse("2026-05-08T14:23:00.789Z");
  return { id: ID, tenantId: TENANT, type: "delta.verified", payload, acceptedAt, pauseId: null, ...more };
}
const pause = (payload: string): Event => event(payload, { type: "pause.responded", pauseId: PAUSE });

const payloadText = fc
  .record({
    object: fc.dictionary(fc.string({ unit: anyCharacter }), fc.jsonValue({ stringUnit: anyCharacter })),
    indent: fc.constantFrom("", " ", "\t", "\r\n"),
  })
  .map(({ object, indent }) => JSON.stringify(object, null, indent));

/** Texts that parsing and serializing would change. */
const FRAGILE = [
  '{"n":1.0,"e":1E2,"minus":-0,"big":12345678901234567890}',
  '{"b":1,"a":2,"10":3,"9":4}',
  '{ "a" :\t[ 1 ,\r\n2 ] }',
  '{"__proto__":{"polluted":true},"constructor":null}',
  '{"a":{"k":1,"k":2}}',
  '{"escaped":"\\u0041\\/\\ud83d\\ude00","raw":"😀 \u2028"}',
];

describe("a body", () => {
  it("has the fields of its format in the documented order", () => {
    const data = '{"a":1}';
    assert.equal(renderBody("plain", event(data)), data);
    assert.equal(
      renderBody("pausepoint", event(data)),
      `{"event":"delta.verified","developer_id":"dev_${TENANT}","timestamp":"2026-05-08T14:23:00Z","data":{"a":1}}`,
    );
    assert.equal(
      renderBody("pausepoint", pause(data)),
      `{"event":"pause.responded","pause_id":"psr_${PAUSE}","developer_id":"dev_${TENANT}","timestamp":"2026-05-08T14:23:00Z","data":{"a":1}}`,
    );
    assert.equal(
      renderBody("pacspace", event(data)),
      '{"event":"delta.verified","timestamp":"2026-05-08T14:23:00.789Z","data":{"a":1}}',
    );
    assert.equal(
      renderBody("standard", pause(data)),
      '{"type":"pause.responded","timestamp":"2026-05-08T14:23:00.789Z","data":{"a":1}}',
    );
  });

  it("contains the payload's bytes unchanged in every format", () => {
    for (const format of FORMATS) {
      for (const text of FRAGILE) {
        const body = renderBody(format, event(text));
        assert.ok(format === "plain" ? body === text : body.endsWith(`"data":${text}}`), body);
      }
      fc.assert(fc.property(payloadText, (text) => renderBody(format, event(text)).includes(text)));
    }
  });

  it("of a pause in format plain starts with pause_id and developer_id and keeps the rest of the text", () => {
    const ids = `"pause_id":"psr_${PAUSE}","developer_id":"dev_${TENANT}"`;
    assert.equal(renderBody("plain", pause('{"choice":null}')), `{${ids},"choice":null}`);
    assert.equal(renderBody("plain", pause("{}")), `{${ids}}`);
    assert.equal(renderBody("plain", pause("{ \r\n\t}")), `{${ids} \r\n\t}`);
    assert.equal(renderBody("plain", pause('{ "a" : 1.0 }')), `{${ids}, "a" : 1.0 }`);
    assert.equal(renderBody("plain", pause('{"}":"{"}')), `{${ids},"}":"{"}`);
    fc.assert(
      fc.property(payloadText, (text) => {
        const { pause_id, developer_id, ...data } = JSON.parse(renderBody("plain", pause(text)));
        assert.deepEqual([pause_id, developer_id], [`psr_${PAUSE}`, `dev_${TENANT}`]);
        assert.deepEqual({ ...data }, { ...JSON.parse(text) });
      }),
    );
  });
});
