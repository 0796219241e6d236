import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startRunningReceiver } from "../../harness/receiver.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const KB = 1024;

async function endpointOf(client: Client, fields: object = {}): Promise<string> {
  const made = await client.request("POST", "/v1/endpoints", {
    body: { url: "http://127.0.0.1:9/", ...fields },
  });
  assert.equal(made.status, 201, made.text);
  // These tests must not send anything to other machines.
  if (!("url" in fields))
    await client.request("PATCH", `/v1/endpoints/${made.body.id}`, { body: { status: "PAUSED" } });
  return made.body.id;
}

test("an event goes to every endpoint whose filter matches, and shows why others did not get it", async () => {
  const client = await newTenant(server);
  const all = await endpointOf(client);
  const orders = await endpointOf(client, { event_types: ["order.*"] });
  const users = await endpointOf(client, { event_types: ["user.created"] });
  const published = await client.request("POST", "/v1/events", { body: { type: "order.created", payload: { n: 1 } } });
  assert.equal(published.status, 202, published.text);
  assert.match(published.body.event_id, /^evt_/);
  assert.deepEqual(
    published.body.deliveries.map(({ endpoint_id, created }) => [endpoint_id, created]).sort(),
    [
      [all, true],
      [orders, true],
    ].sort(),
  );
  const event = await client.request("GET", `/v1/events/${published.body.event_id}`);
  assert.deepEqual([event.status, event.body.id, event.body.type], [200, published.body.event_id, "order.created"]);
  assert.equal(event.body.deliveries.length, 2);
  assert.deepEqual(
    event.body.not_delivered.map(({ endpoint_id, reason }) => [endpoint_id, reason]),
    [[users, "filter"]],
  );
});

test("an event without a matching endpoint is stored", async () => {
  const client = await newTenant(server);
  const published = await client.request("POST", "/v1/events", { body: { type: "a", payload: {} } });
  assert.deepEqual([published.status, published.body.deliveries], [202, []]);
  assert.equal((await client.request("GET", `/v1/events/${published.body.event_id}`)).status, 200);
});

test("the payload is delivered and shown byte for byte", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  await endpointOf(client, { url: receiver.url });
  const payload = '{ "b" : 1.0,"a":12345678901234567890, "__proto__":{"x":"\\u00e9é 💥"},\n"10":1,"9":[ ] }';
  const published = await client.request("POST", "/v1/events", { body: `{"payload": ${payload} ,"type":"a.b"}` });
  assert.equal(published.status, 202, published.text);
  assert.equal((await receiver.next()).body, payload);
  const event = await client.request("GET", `/v1/events/${published.body.event_id}`);
  assert.ok(event.text.includes(`"payload":${payload},`));
});

test("endpoint_ids override the filters, with any prefix, and duplicates are ignored", async () => {
  const client = await newTenant(server);
  const id = await endpointOf(client, { event_types: ["never"] });
  const other = await endpointOf(client);
  const published = await client.request("POST", "/v1/events", {
    body: { type: "a", payload: {}, endpoint_ids: [id, id.replace("ep_", "webhook_"), id.replace("ep_", "wh_")] },
  });
  assert.deepEqual(
    published.body.deliveries.map(({ endpoint_id }) => endpoint_id),
    [id],
  );
  const event = await client.request("GET", `/v1/events/${published.body.event_id}`);
  assert.deepEqual(
    event.body.not_delivered.map(({ endpoint_id, reason }) => [endpoint_id, reason]),
    [[other, "not_named"]],
  );
});

test("unknown endpoint_ids are listed together with every other fault, in a single event and in a batch", async () => {
  const client = await newTenant(server);
  const known = await endpointOf(client);
  const foreign = await endpointOf(await newTenant(server));
  const bad = { type: "no spaces", payload: 3, endpoint_ids: [known, "ep_x", foreign], more: true };
  const expected = ["endpoint_ids[1]", "endpoint_ids[2]", "more", "payload", "type"];
  const single = await client.request("POST", "/v1/events", { body: bad });
  assert.deepEqual([single.status, [...single.faultyFields].sort()], [400, expected], single.text);
  assert.ok(single.body.error.message.includes(`names no endpoint of this tenant: ${foreign}`));
  const batch = await client.request("POST", "/v1/events/batch", { body: { events: [bad] } });
  const inBatch = batch.body.results[0]?.error.details.map(({ field }) => field).sort();
  assert.deepEqual([batch.status, inBatch], [202, expected], batch.text);
});

test("a reserved type and an unknown endpoint are listed together", async () => {
  const client = await newTenant(server);
  const foreign = await endpointOf(await newTenant(server));
  const answer = await client.request("POST", "/v1/events", {
    body: { type: "pause.x", payload: {}, endpoint_ids: [foreign] },
  });
  const found = [answer.status, answer.code, answer.faultyFields];
  assert.deepEqual(found, [400, "VALIDATION_ERROR", ["type", "endpoint_ids[0]"]]);
});

test("unknown endpoint_ids are listed, and nothing is stored", async () => {
  const client = await newTenant(server);
  const known = await endpointOf(client);
  const foreign = await endpointOf(await newTenant(server));
  const answer = await client.request("POST", "/v1/events", {
    body: { type: "a", payload: {}, endpoint_ids: [known, foreign] },
  });
  assert.deepEqual([answer.status, answer.code, answer.faultyFields], [400, "VALIDATION_ERROR", ["endpoint_ids[1]"]]);
  assert.ok(answer.body.error.message.includes(foreign));
  assert.deepEqual((await client.request("GET", "/v1/deliveries")).body.results, []);
  const empty = await client.request("POST", "/v1/events", { body: { type: "a", payload: {}, endpoint_ids: [] } });
  assert.deepEqual([empty.status, empty.faultyFields], [400, ["endpoint_ids"]]);
});

test("an idempotency key returns the first response again, and conflicts with other content", async () => {
  const client = await newTenant(server);
  await endpointOf(client);
  const body = { type: "a", payload: { n: 1 } };
  const first = await client.request("POST", "/v1/events", { body, headers: { "idempotency-key": "k-1" } });
  const again = await client.request("POST", "/v1/events", { body: { ...body, idempotency_key: "k-1" } });
  assert.equal(again.status, 202);
  assert.equal(again.body.event_id, first.body.event_id);
  assert.deepEqual(again.body.deliveries, [{ ...first.body.deliveries[0], created: false }]);
  const other = await client.request("POST", "/v1/events", {
    body: '{"type":"a","payload":{"n": 1}}',
    headers: { "idempotency-key": "k-1" },
  });
  assert.deepEqual([other.status, other.code], [409, "IDEMPOTENCY_KEY_CONFLICT"]);
});

test("different keys in the header and in the body are refused", async () => {
  const client = await newTenant(server);
  const answer = await client.request("POST", "/v1/events", {
    body: { type: "a", payload: {}, idempotency_key: "one" },
    headers: { "idempotency-key": "two" },
  });
  assert.deepEqual([answer.status, answer.faultyFields], [400, ["idempotency_key"]]);
  const spaced = await client.request("POST", "/v1/events", {
    body: { type: "a", payload: {} },
    headers: { "idempotency-key": "a b" },
  });
  assert.deepEqual([spaced.status, spaced.faultyFields], [400, ["Idempotency-Key"]]);
});

test("types that Signalbox publishes itself are reserved", async () => {
  const client = await newTenant(server);
  for (const type of ["test", "pause.responded", "pause_status.activated", "endpoint.disabled", "delivery.failed"]) {
    const answer = await client.request("POST", "/v1/events", { body: { type, payload: {} } });
    assert.deepEqual([answer.status, answer.code, answer.faultyFields], [400, "RESERVED_EVENT_TYPE", ["type"]], type);
  }
});

test("one response lists every fault of an event", async () => {
  const client = await newTenant(server);
  const answer = await client.request("POST", "/v1/events", {
    body: { type: "a b", payload: [], endpoint_ids: ["ep_x", 3], idempotency_key: "é", payloads: {} },
  });
  assert.deepEqual([answer.status, answer.code], [400, "VALIDATION_ERROR"]);
  assert.deepEqual(answer.faultyFields, [
    "type",
    "payload",
    "endpoint_ids[0]",
    "endpoint_ids[1]",
    "idempotency_key",
    "payloads",
  ]);
});

test("a payload of 256 KB is accepted, and one byte more is 413", async () => {
  const client = await newTenant(server);
  const payload = (bytes: number) => `{"x":"${"é".repeat((bytes - 8) / 2)}"}`;
  const send = (text: string) => client.request("POST", "/v1/events", { body: `{"type":"a","payload":${text}}` });
  assert.equal(Buffer.byteLength(payload(256 * KB)), 256 * KB);
  assert.equal((await send(payload(256 * KB))).status, 202);
  const tooLarge = await send(payload(256 * KB).replace('"}', '."}'));
  assert.deepEqual([tooLarge.status, tooLarge.code, tooLarge.faultyFields], [413, "PAYLOAD_TOO_LARGE", ["payload"]]);
  const body = await send(payload(321 * KB));
  assert.deepEqual([body.status, body.code], [413, "PAYLOAD_TOO_LARGE"]);
});

test("a batch has a result for each event in order, and an invalid event does not affect the others", async () => {
  const client = await newTenant(server);
  const id = await endpointOf(client);
  const deep = `{"type":"a","payload":${'{"a":'.repeat(64)}1${"}".repeat(64)}}`;
  const large = `{"type":"a","payload":{"x":"${"y".repeat(256 * KB)}"}}`;
  const events = [
    '{"type":"a","payload":{"n":1}}',
    "3",
    '{"type":"test","payload":{}}',
    '{"type":"a","payload":{},"\\u0074ype":"b"}',
    deep,
    large,
    '{"type":"a","payload":{},"endpoint_ids":["ep_00000000-0000-7000-8000-000000000000"]}',
    '{"payload": {"n" : 2} ,"type":"a"}',
  ];
  const answer = await client.request("POST", "/v1/events/batch", { body: `{"events":[${events.join(" , ")}]}` });
  assert.equal(answer.status, 202, answer.text);
  assert.deepEqual(
    answer.body.results.map((result) => result.error?.code ?? result.deliveries[0]?.endpoint_id),
    [
      id,
      "VALIDATION_ERROR",
      "RESERVED_EVENT_TYPE",
      "VALIDATION_ERROR",
      "VALIDATION_ERROR",
      "PAYLOAD_TOO_LARGE",
      "VALIDATION_ERROR",
      id,
    ],
  );
  const last = await client.request("GET", `/v1/events/${answer.body.results.at(-1)?.event_id}`);
  assert.ok(last.text.includes('"payload":{"n" : 2},'));
});

test("a hostile batch is refused before its events are parsed, with a small response", async () => {
  const client = await newTenant(server);
  const post = (body: string) => client.request("POST", "/v1/events/batch", { body });
  const repeated = (text: string, count: number) => Array.from({ length: count }, () => text).join(",");
  const fields = (count: number) => Array.from({ length: count }, (_, n) => `"field${n}":0`).join(",");
  const messageOf = async (body: string) => {
    const answer = await post(body);
    return [answer.status, answer.body.error.message];
  };
  assert.deepEqual(await messageOf(`{"events":[${repeated("0", 2_000_000)}]}`), [
    400,
    "events must have at most 1000 items",
  ]);
  assert.deepEqual(await messageOf(`{"events":[${repeated("{}", 1001)}]}`), [
    400,
    "events must have at most 1000 items",
  ]);
  assert.deepEqual(await messageOf(`{${fields(300_000)}}`), [400, "body must have at most 1000 fields"]);
  assert.deepEqual(await messageOf(`{"events":[{"type":"a"},{"type":]}`), [
    400,
    "body must be valid JSON: expected an object, an array, a string in double quotes, a number, true, false or null at line 1, column 33",
  ]);
  const good = `{"type":"a","payload":{}}`;
  const mixed = await post(
    `{"events":[{"type":"a","payload":{${fields(40_000)}}},{${fields(1001)}},{${fields(50)}},${good},{"type":"a","payload":{},"endpoint_ids":[${repeated("0", 200_000)}]}]}`,
  );
  assert.deepEqual(
    mixed.body.results.map(({ error, event_id }) =>
      error === undefined ? event_id.slice(0, 4) : error.details.at(-1),
    ),
    [
      { field: "payload", rule: "must be at most 262144 bytes" },
      { field: "body", rule: "must have at most 1000 fields" },
      { field: "request", rule: "has 32 more faults; fix these first" },
      "evt_",
      { field: "event", rule: "must be at most 327680 bytes" },
    ],
  );
  const bad = await post(`{"events":[${repeated(`{${fields(60)}}`, 1000)}]}`);
  assert.equal(bad.body.results.length, 1000);
  assert.deepEqual(bad.body.results.at(-1)?.error.details, [
    { field: "type", rule: bad.body.results[0]?.error.details[0]?.rule },
    { field: "request", rule: "has more faults; fix this one first" },
  ]);
  assert.ok(bad.text.length < 1024 * KB, `${bad.text.length}`);
});

test("a batch that is parsed in several turns keeps its order and each payload's bytes", async () => {
  const client = await newTenant(server);
  const payloads = Array.from({ length: 12 }, (_, n) => `{ "n":${n}.0, "pad":"${"x".repeat(100 * KB)}"}`);
  const body = `{"events":[\n${payloads.map((payload) => `{"type":"a","payload":${payload}}`).join(" ,\n")}\n]}`;
  const answer = await client.request("POST", "/v1/events/batch", { body });
  assert.equal(answer.status, 202, answer.text);
  for (const [index, { event_id }] of answer.body.results.entries()) {
    const event = await client.request("GET", `/v1/events/${event_id}`);
    assert.ok(event.text.includes(`"payload":${payloads[index]},`), `event ${index}`);
  }
});

test("a batch accepts 1000 events and no more", async () => {
  const client = await newTenant(server);
  const batch = (count: number) => ({
    events: Array.from({ length: count }, (_, n) => ({ type: "a", payload: { n } })),
  });
  const full = await client.request("POST", "/v1/events/batch", { body: batch(1000) });
  assert.equal(full.body.results.length, 1000);
  assert.equal(new Set(full.body.results.map(({ event_id }) => event_id)).size, 1000);
  const over = await client.request("POST", "/v1/events/batch", { body: batch(1001) });
  assert.deepEqual([over.status, over.faultyFields], [400, ["events"]]);
  assert.deepEqual((await client.request("POST", "/v1/events/batch", { body: { events: [] } })).body.results, []);
});
