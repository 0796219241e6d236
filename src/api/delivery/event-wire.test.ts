import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Uuid } from "../../domain/ids.ts";
import { JSON_DEPTH_MAX } from "../../domain/limits.ts";
import { scanObject } from "../../domain/text/json.ts";
import { parseEvent, publishedText, publishProblem } from "./event-wire.ts";

const ID = "01900000-0000-7000-8000-000000000001" as Uuid;
const OTHER = "01900000-0000-7000-8000-000000000002" as Uuid;

function parse(text: string, headerKey?: string) {
  const scan = scanObject(text, JSON_DEPTH_MAX);
  assert.equal(scan.kind, "ok");
  return parseEvent({ text, value: JSON.parse(text), members: scan.members }, headerKey, null);
}

test("the payload keeps its text, whatever it contains", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })),
      fc.stringMatching(/^[ \t\r\n]{0,3}$/),
      (payload, gap) => {
        const own = `{${gap}${JSON.stringify(payload).slice(1)}`;
        const parsed = parse(`{"type":"a",${gap}"payload":${gap}${own}${gap}}`);
        assert.ok(parsed.kind === "ok");
        assert.equal(parsed.input.payload, own);
      },
    ),
  );
});

test("an idempotency key comes from the header or the body, and null means none", () => {
  const keyOf = (text: string, header?: string) => {
    const parsed = parse(text, header);
    return parsed.kind === "ok" ? parsed.input.idempotencyKey : parsed.problem.details.map(({ field }) => field);
  };
  assert.equal(keyOf('{"type":"a","payload":{}}'), null);
  assert.equal(keyOf('{"type":"a","payload":{},"idempotency_key":null,"endpoint_ids":null}'), null);
  assert.equal(keyOf('{"type":"a","payload":{},"idempotency_key":"k"}'), "k");
  assert.equal(keyOf('{"type":"a","payload":{}}', "k"), "k");
  assert.equal(keyOf('{"type":"a","payload":{},"idempotency_key":"k"}', "k"), "k");
  assert.deepEqual(keyOf('{"type":"a","payload":{},"idempotency_key":"k"}', "l"), ["idempotency_key"]);
  assert.deepEqual(keyOf('{"type":"a","payload":{}}', ""), ["Idempotency-Key"]);
});

test("endpoint_ids lose their prefixes and their duplicates", () => {
  const parsed = parse(`{"type":"a","payload":{},"endpoint_ids":["ep_${ID}","wh_${ID}","webhook_${OTHER}"]}`);
  assert.deepEqual(parsed.kind === "ok" && parsed.input.endpointIds, [ID, OTHER]);
});

test("a reserved type has its own code unless something else is wrong too", () => {
  const codeOf = (text: string) => {
    const parsed = parse(text);
    return parsed.kind === "refused" && parsed.problem.code;
  };
  assert.equal(codeOf('{"type":"test","payload":{}}'), "RESERVED_EVENT_TYPE");
  assert.equal(codeOf('{"type":"test","payload":3}'), "VALIDATION_ERROR");
});

test("a 202 is valid JSON", () => {
  const deliveries = [
    { deliveryId: ID, endpointId: OTHER, created: true },
    { deliveryId: OTHER, endpointId: ID, created: false },
  ];
  assert.deepEqual(JSON.parse(publishedText({ kind: "accepted", eventId: ID, deliveries })), {
    event_id: `evt_${ID}`,
    deliveries: [
      { delivery_id: `del_${ID}`, endpoint_id: `ep_${OTHER}`, created: true },
      { delivery_id: `del_${OTHER}`, endpoint_id: `ep_${ID}`, created: false },
    ],
  });
  assert.equal(
    publishedText({ kind: "accepted", eventId: ID, deliveries: [] }),
    `{"event_id":"evt_${ID}","deliveries":[]}`,
  );
});

test("every refusal of the engine has its status, and names the endpoints that it is about", () => {
  const named = [`ep_${ID}`, `webhook_${OTHER}`, `wh_${OTHER}`];
  const unknown = publishProblem({ kind: "unknownEndpoints", endpointIds: [OTHER] }, named);
  assert.deepEqual(
    [unknown.status, unknown.details.map(({ field }) => field)],
    [400, ["endpoint_ids[1]", "endpoint_ids[2]"]],
  );
  assert.ok(unknown.message.includes(`webhook_${OTHER}`));
  assert.equal(publishProblem({ kind: "conflict" }, []).status, 409);
  assert.equal(publishProblem({ kind: "tooManyTargets", count: 1001 }, []).status, 409);
  const full = publishProblem({ kind: "backlogFull", endpointId: ID }, []);
  assert.deepEqual([full.status, full.code], [507, "PAUSED_BACKLOG_FULL"]);
  assert.ok(full.message.includes(`ep_${ID}`));
});
