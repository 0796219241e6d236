/** A trace context that comes with a publish, a question or an inbound webhook arrives with every attempt. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createSource } from "../../harness/inbound.ts";
import { ask, respond } from "../../harness/pauses.ts";
import { type Received, startRunningReceiver } from "../../harness/receiver.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACED = { traceparent: TRACEPARENT, tracestate: "rojo=00f067aa0ba902b7 , congo=t61rcWkgMzE" };
const FORWARDED = [TRACEPARENT, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"];

const traceOf = ({ headers }: Received) => [headers.traceparent, headers.tracestate];

async function endpoint(client: Client, fields: object): Promise<string> {
  const made = await client.request("POST", "/v1/endpoints", { body: { retry_schedule_seconds: [], ...fields } });
  assert.equal(made.status, 201, made.text);
  return made.body.id;
}

function publish(client: Client, headers: Record<string, string>) {
  return client.request("POST", "/v1/events", { body: { type: "a.b", payload: {} }, headers });
}

test("the trace of a publish arrives with each attempt, also after a pause and with a replay", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  const id = await endpoint(client, {
    url: receiver.url,
    headers_json: { Traceparent: "of the endpoint", "x-own": "1" },
  });
  const published = await publish(client, TRACED);
  const first = await receiver.next();
  assert.deepEqual([...traceOf(first), first.headers["x-own"]], [...FORWARDED, "1"]);
  const delivery_ids = published.body.deliveries.map(({ delivery_id }) => delivery_id);
  assert.equal((await client.request("POST", "/v1/replays", { body: { delivery_ids } })).status, 202);
  assert.deepEqual(traceOf(await receiver.next()), FORWARDED);

  await client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } });
  await publish(client, TRACED);
  await client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "ACTIVE" } });
  assert.deepEqual(traceOf(await receiver.next()), FORWARDED);

  const event = await client.request("GET", `/v1/events/${published.body.event_id}`);
  assert.equal((JSON.parse(event.text) as { traceparent: string }).traceparent, TRACEPARENT);
  const attempt = await client.request("GET", `/v1/deliveries/${delivery_ids[0]}/attempts/1`);
  assert.ok(attempt.text.includes(TRACEPARENT), "what the attempt sent shows it");

  const batch = { events: [{ type: "a.b", payload: {} }] };
  assert.equal((await client.request("POST", "/v1/events/batch", { body: batch, headers: TRACED })).status, 202);
  assert.deepEqual(traceOf(await receiver.next()), FORWARDED);

  const untraced = await publish(client, { ...TRACED, traceparent: `${TRACEPARENT}-extra` });
  assert.equal(untraced.status, 202);
  assert.deepEqual(traceOf(await receiver.next()), ["of the endpoint", undefined]);
  const other = await client.request("GET", `/v1/events/${untraced.body.event_id}`);
  assert.equal((JSON.parse(other.text) as { traceparent: null }).traceparent, null);
});

test("the trace of a question arrives with the answer", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  await endpoint(client, { url: receiver.url });
  const { token } = await ask(client, {}, TRACED);
  assert.equal((await respond(client, token, { choice: "Approve" })).status, 200);
  assert.deepEqual(traceOf(await receiver.next()), FORWARDED);
});

test("the trace of an inbound webhook arrives, also when the webhook is processed again", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  await endpoint(client, { url: receiver.url });
  const source = await createSource(client, { scheme: "none" });
  const received = await client.request("POST", `/in/${source.id}`, { key: null, body: { a: 1 }, headers: TRACED });
  assert.equal(received.status, 200, received.text);
  assert.deepEqual(traceOf(await receiver.next()), FORWARDED);
  const { data } = JSON.parse((await client.request("GET", `/v1/sources/${source.id}/events`)).text);
  const again = await client.request("POST", `/v1/sources/${source.id}/events/${data[0].id}/reprocess`);
  assert.equal(again.status, 200, again.text);
  assert.deepEqual(traceOf(await receiver.next()), FORWARDED);
});
