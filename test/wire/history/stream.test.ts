import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startRunningReceiver } from "../../harness/receiver.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { followOutcomes } from "../../harness/stream.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

async function endpointOf(client: Client, url: string, eventTypes: readonly string[]): Promise<string> {
  const made = await client.request("POST", "/v1/endpoints", { body: { url, event_types: eventTypes } });
  assert.equal(made.status, 201, made.text);
  return made.body.id;
}

async function publish(client: Client, type: string): Promise<{ eventId: string; deliveryId: string }> {
  const published = await client.request("POST", "/v1/events", { body: { type, payload: {} } });
  return { eventId: published.body.event_id, deliveryId: published.body.deliveries[0]?.delivery_id ?? "" };
}

test("a stream sends the topics that its reader chose, and only outcomes have an id", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  const stream = await followOutcomes(t, server.url, client.apiKey, undefined, "?topics=event,endpoint,delivery");
  const changes = await followOutcomes(t, server.url, client.apiKey, "0", "?topics=endpoint&topics=job");
  const id = await endpointOf(client, receiver.url, ["a"]);
  assert.deepEqual(await stream.next(), {
    id: "",
    event: "endpoint",
    row: { endpoint_id: id, change: "created" },
  });
  const { eventId, deliveryId } = await publish(client, "a");
  assert.deepEqual((await stream.next()).row, { event_id: eventId, event_type: "a" });
  const outcome = await stream.next();
  assert.deepEqual([outcome.event, outcome.row.id], ["delivery", deliveryId]);
  assert.match(outcome.id, /^[\w-]{22}$/);
  await client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } });
  await client.request("DELETE", `/v1/endpoints/${id}`);
  for (const change of ["created", "changed", "deleted"]) {
    assert.deepEqual((await changes.next()).row, { endpoint_id: id, change });
  }
});

test("a stream filters by endpoint and by the state that an outcome led to", async (t) => {
  const client = await newTenant(server);
  const good = await startRunningReceiver(t);
  const bad = await startRunningReceiver(t);
  bad.answerWith(500);
  const goodId = await endpointOf(client, good.url, ["good"]);
  const badId = await endpointOf(client, bad.url, ["bad"]);
  const ofBad = await followOutcomes(
    t,
    server.url,
    client.apiKey,
    undefined,
    `?endpoint_id=${badId}&topics=delivery,endpoint`,
  );
  const failing = await followOutcomes(t, server.url, client.apiKey, undefined, "?status=SCHEDULED,FAILED");
  const all = await followOutcomes(t, server.url, client.apiKey);
  const first = await publish(client, "good");
  await all.until(first.deliveryId, "DELIVERED");
  await client.request("PATCH", `/v1/endpoints/${goodId}`, { body: { name: "x" } });
  const second = await publish(client, "bad");
  for (const stream of [ofBad, failing]) {
    const outcome = await stream.next();
    assert.deepEqual([outcome.row.id, outcome.row.status], [second.deliveryId, "SCHEDULED"]);
  }
  const stored = await followOutcomes(t, server.url, client.apiKey, "0", "?status=SCHEDULED");
  assert.equal((await stored.next()).row.id, second.deliveryId, "stored outcomes are filtered too");
});

test("a stream that has sent nothing is resumed from its beginning, with or without a filter", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  await endpointOf(client, receiver.url, ["a"]);
  const all = await followOutcomes(t, server.url, client.apiKey);
  await publish(client, "a");
  await all.next();
  const quiet = await followOutcomes(t, server.url, client.apiKey, undefined, "?status=SCHEDULED");
  const noOutcomes = await followOutcomes(t, server.url, client.apiKey, undefined, "?topics=event");
  assert.equal(noOutcomes.position, "");
  quiet.close();
  receiver.answerWith(500);
  const { deliveryId } = await publish(client, "a");
  await all.until(deliveryId, "SCHEDULED");
  const filtered = await followOutcomes(t, server.url, client.apiKey, quiet.position, "?status=SCHEDULED");
  const whole = await followOutcomes(t, server.url, client.apiKey, quiet.position);
  for (const stream of [filtered, whole]) assert.equal((await stream.next()).row.id, deliveryId);
});

test("a stream with max_per_second says how much of which topic it left out, and has the news of other topics", async (t) => {
  const client = await newTenant(server);
  const query = "?topics=event,endpoint&max_per_second=2";
  const stream = await followOutcomes(t, server.url, client.apiKey, undefined, query);
  const events = Array.from({ length: 50 }, () => ({ type: "a", payload: {} }));
  await client.request("POST", "/v1/events/batch", { body: { events } });
  const endpointId = await endpointOf(client, "http://127.0.0.1:9/", ["none"]);
  let sent = 0;
  let skipped = 0;
  const changed: string[] = [];
  while (sent + skipped < 50 || changed.length === 0) {
    const { event, row } = await stream.next();
    if (event === "skipped") {
      assert.deepEqual(row.topics, ["event"]);
      skipped += row.count;
    } else if (event === "event") sent += 1;
    else changed.push(row.endpoint_id);
  }
  assert.equal(sent + skipped, 50);
  assert.deepEqual(changed, [endpointId]);
  assert.ok(skipped >= 40, `${skipped} were skipped`);
});

test("the parameters of a stream are checked", async () => {
  const client = await newTenant(server);
  for (const [query, field] of [
    ["topics=", "topics"],
    ["topics=delivery,news", "topics"],
    ["endpoint_id=x", "endpoint_id"],
    ["status=GONE", "status"],
    ["max_per_second=0", "max_per_second"],
    ["max_per_second=10001", "max_per_second"],
    ["topic=event", "topic"],
  ] as const) {
    const refused = await client.request("GET", `/v1/stream?${query}`);
    assert.deepEqual([refused.status, refused.faultyFields], [400, [field]], query);
  }
});

test("a stream never tells about another tenant", async (t) => {
  const [mine, other] = [await newTenant(server), await newTenant(server)];
  const stream = await followOutcomes(t, server.url, mine.apiKey, undefined, "?topics=event,endpoint,delivery");
  await endpointOf(other, "http://127.0.0.1:9/", ["none"]);
  await publish(other, "a");
  const { eventId } = await publish(mine, "a");
  assert.equal((await stream.next()).row.event_id, eventId);
});
