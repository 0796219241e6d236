/** Lists of events, and explanations. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createSource } from "../../harness/inbound.ts";
import { failOnce, patch, publish, stage } from "../../harness/scene.ts";
import { type Answer, type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

interface Fact {
  readonly at: string | null;
  readonly rule: string;
  readonly sentence: string;
  readonly refs: Readonly<Record<string, string | number>>;
}

async function factsAt(client: Client, path: string): Promise<readonly Fact[]> {
  return factsOf(await client.request("GET", path));
}

function factsOf(answer: Answer): readonly Fact[] {
  assert.equal(answer.status, 200, answer.text);
  const { facts } = answer.body as unknown as { facts: readonly Fact[] };
  for (const { sentence } of facts) assert.match(sentence, /^\S.*\.$/, sentence);
  return facts;
}

const rulesOf = (facts: readonly Fact[]) => facts.map(({ rule }) => rule);
const sentenceOf = (facts: readonly Fact[], rule: string) => facts.find((fact) => fact.rule === rule)?.sentence;

async function suppose(client: Client, body: object): Promise<Answer> {
  return client.request("POST", "/v1/explain", { body });
}

// ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test("events are listed with their sizes and the states of their deliveries, filtered and in pages", async (t) => {
  const { client, outcomes } = await stage(t, server, { event_types: ["order.*"] });
  const order = await publish(client, 1);
  await outcomes.until(order.deliveryId, "DELIVERED");
  const other = await publish(client, 2, { type: "invoice.paid" });
  const all = await client.request("GET", "/v1/events");
  assert.equal(all.status, 200, all.text);
  assert.deepEqual(
    all.body.results.map(({ id }) => id),
    [other.eventId, order.eventId],
  );
  const [, row] = all.body.results as unknown as Record<string, unknown>[];
  const { created_at, ...rest } = row ?? assert.fail();
  assert.match(String(created_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual(rest, {
    id: order.eventId,
    type: "order.paid",
    payload_bytes: '{"n":1}'.length,
    pause_id: null,
    inbound_event_id: null,
    source_id: null,
    deliveries: { total: 1, by_status: { DELIVERED: 1 } },
  });
  const ids = async (query: string) => {
    const answer = await client.request("GET", `/v1/events?${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.results.map(({ id }) => id);
  };
  assert.deepEqual(await ids("undelivered=true"), [other.eventId]);
  assert.deepEqual(await ids("undelivered=false&type=order.*"), [order.eventId]);
  assert.deepEqual(await ids("type=invoice.paid"), [other.eventId]);
  assert.deepEqual(await ids("to=2020-01-01T00:00:00Z"), []);
  assert.deepEqual(await ids("type=order.*&payload_contains=%22n%22%3A1"), [order.eventId]);
  assert.deepEqual(await ids("payload_contains=4711"), []);
  const first = await client.request("GET", "/v1/events?limit=1");
  assert.deepEqual([first.body.has_more, first.body.results.length], [true, 1]);
  assert.deepEqual(await ids(`limit=1&cursor=${first.body.next_cursor}`), [order.eventId]);

  const types = await client.request("GET", "/v1/event-types");
  assert.deepEqual(
    types.body.results.map((type) => {
      const { name, per_hour, endpoints } = type as unknown as { name: string; per_hour: number; endpoints: number };
      return [name, per_hour, endpoints];
    }),
    [
      ["invoice.paid", 1, 0],
      ["order.paid", 1, 1],
    ],
  );
  const found = await client.request("GET", "/v1/event-types?search=order.");
  assert.deepEqual(
    found.body.results.map(({ name }) => name),
    ["order.paid"],
  );
});

test("a payload is read byte for byte", async () => {
  const client = await newTenant(server);
  const payload = '{ "n": 1.0, "b": 12345678901234567890, "é": "\\u202e" }';
  const { body } = await client.request("POST", "/v1/events", {
    body: `{"type":"a","payload":${payload}}`,
    headers: { "content-type": "application/json" },
  });
  const answer = await client.request("GET", `/v1/events/${body.event_id}/payload`);
  assert.deepEqual([answer.status, answer.text], [200, payload]);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
});

test("the events of a source are listed, and another tenant's source has none", async () => {
  const client = await newTenant(server);
  const stranger = await newTenant(server);
  const { id } = await createSource(client, { scheme: "none" });
  await publish(client);
  const sent = await client.request("POST", `/in/${id}`, { key: null, body: { n: 1 } });
  assert.equal(sent.status, 200, sent.text);
  const listed = await client.request("GET", `/v1/events?source_id=${id}`);
  assert.deepEqual(
    listed.body.results.map(({ source_id, inbound_event_id }) => [source_id, inbound_event_id]),
    [[id, sent.body.inbound_event_id]],
  );
  const theirs = await stranger.request("GET", `/v1/events?source_id=${id}`);
  assert.deepEqual([theirs.status, theirs.body.results], [200, []]);
});

test("bad filters, cursors and numbers are faults with their fields", async () => {
  const client = await newTenant(server);
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [
      "/v1/events?type=*&from=yesterday&to=1&source_id=x&undelivered=maybe&payload_contains=",
      ["type", "from", "to", "source_id", "undelivered", "payload_contains"],
    ],
    ["/v1/events?limit=0&cursor=x", ["limit", "cursor"]],
    ["/v1/events?status=FAILED", ["status"]],
    ["/v1/event-types?limit=101&cursor=x&search=", ["limit", "cursor", "search"]],
    ["/v1/event-types?type=a", ["type"]],
  ];
  for (const [path, fields] of cases) {
    const answer = await client.request("GET", path);
    assert.deepEqual(
      [answer.status, [...answer.faultyFields].sort()],
      [400, [...fields].sort()],
      `${path} ${answer.text}`,
    );
  }
});

// ── Explanations ────────────────────────────────────────────────────────────────────────────────────────────────────

test("a delivery that waits for its retry is explained from the event to the next attempt and the expiry", async (t) => {
  const scene = await stage(t, server, { name: "shop", event_types: ["order.*"] });
  const deliveryId = await failOnce(scene);
  const facts = await factsAt(scene.client, `/v1/deliveries/${deliveryId}/explain`);
  assert.deepEqual(rulesOf(facts), ["accepted", "matched", "attempt", "next", "expiry"]);
  assert.equal(sentenceOf(facts, "matched"), "order.paid matches order.*, a filter of shop.");
  assert.match(sentenceOf(facts, "attempt") ?? "", /^Attempt 1 failed after \d+ ms: HTTP 500\.$/);
  assert.match(
    sentenceOf(facts, "next") ?? "",
    /^Attempt 2 comes next: first wait of the retry schedule, 5 s( [+−] \d+ % jitter)?; 6 more retries after it\.$/,
  );
  const [accepted, , attempt, next, expiry] = facts.map(({ at }) => Date.parse(at ?? ""));
  assert.ok((accepted ?? 0) <= (attempt ?? 0) && (attempt ?? 0) < (next ?? 0) && (next ?? 0) < (expiry ?? 0));
  assert.match(facts[0]?.at ?? "", /\.\d{3}Z$/);
  assert.equal(facts[1]?.refs.filter, "order.*");
  assert.equal(facts[1]?.refs.endpoint_id, scene.endpointId);
});

test("a paused, a cancelled, a delivered and an exhausted delivery each end in their own sentence", async (t) => {
  const scene = await stage(t, server, { name: "shop", retry_schedule_seconds: [] });
  const { client, endpointId, outcomes } = scene;
  const failed = await failOnce(scene);
  const exhausted = await factsAt(client, `/v1/deliveries/${failed}/explain`);
  assert.deepEqual(rulesOf(exhausted), ["accepted", "matched", "attempt", "ended"]);
  assert.equal(sentenceOf(exhausted, "ended"), "The delivery ended FAILED: its endpoint has no retries.");

  scene.hooks.react((hook) => hook.answer(200));
  await client.request("POST", `/v1/deliveries/${failed}/retry`);
  await outcomes.until(failed, "DELIVERED");
  const delivered = await factsAt(client, `/v1/deliveries/${failed}/explain`);
  assert.deepEqual(rulesOf(delivered), ["accepted", "matched", "attempt", "retried", "attempt", "ended"]);
  assert.equal(sentenceOf(delivered, "ended"), "The delivery ended DELIVERED.");

  await patch(client, endpointId, { status: "PAUSED" });
  const { deliveryId } = await publish(client, 1, { endpoint_ids: [endpointId] });
  const held = await factsAt(client, `/v1/deliveries/${deliveryId}/explain`);
  assert.deepEqual(rulesOf(held), ["accepted", "named", "paused"]);
  assert.match(sentenceOf(held, "paused") ?? "", /^shop is PAUSED\./);
  await client.request("POST", `/v1/deliveries/${deliveryId}/cancel`);
  const cancelled = await factsAt(client, `/v1/deliveries/${deliveryId}/explain`);
  assert.deepEqual(rulesOf(cancelled), ["accepted", "named", "ended"]);
  assert.equal(sentenceOf(cancelled, "ended"), "The delivery ended CANCELLED: a caller cancelled it.");
});

test("Retry-After is the reason of a wait when it is longer than the schedule", async (t) => {
  const scene = await stage(t, server);
  scene.hooks.react((hook) => hook.answer(429, { "retry-after": "120" }));
  const { deliveryId } = await publish(scene.client);
  await scene.outcomes.until(deliveryId, "SCHEDULED");
  const facts = await factsAt(scene.client, `/v1/deliveries/${deliveryId}/explain`);
  assert.match(sentenceOf(facts, "next") ?? "", /120 s, as the receiver asked with Retry-After/);
  assert.match(
    sentenceOf(facts, "throttled") ?? "",
    /gets nothing until then, as its receiver asked with Retry-After\.$/,
  );
});

test("an event explains who got it, who did not, and whether an endpoint would get it now", async (t) => {
  const { client, endpointId, outcomes } = await stage(t, server, { name: "orders", event_types: ["order.*"] });
  const made = await client.request("POST", "/v1/endpoints", {
    body: { name: "invoices", url: "http://127.0.0.1:9/", event_types: ["invoice.*", "bill"] },
  });
  const invoices = made.body.id;
  const { eventId, deliveryId } = await publish(client);
  await outcomes.until(deliveryId, "DELIVERED");
  const all = await factsAt(client, `/v1/events/${eventId}/explain`);
  assert.deepEqual(rulesOf(all), ["accepted", "delivery", "not_matched"]);
  assert.deepEqual(all[1]?.refs, { delivery_id: deliveryId, endpoint_id: endpointId });

  const path = (id: string) => `/v1/events/${eventId}/explain?endpoint_id=${id}`;
  assert.deepEqual(rulesOf(await factsAt(client, path(endpointId))), ["accepted", "matched", "attempt", "ended"]);
  const missed = await factsAt(client, path(invoices));
  assert.deepEqual(rulesOf(missed), ["accepted", "not_matched", "would_not_match"]);
  assert.equal(missed[1]?.sentence, "order.paid matched none of the filters that invoices had: invoice.* and bill.");
  assert.equal(missed[2]?.refs.filter, "order.paid");
  await patch(client, invoices, { event_types: ["order.paid"] });
  assert.equal(
    sentenceOf(await factsAt(client, path(invoices)), "would_match"),
    "invoices would get an event of this type now: it has the filter order.paid.",
  );
  const later = await client.request("POST", "/v1/endpoints", { body: { name: "late", url: "http://127.0.0.1:9/" } });
  assert.deepEqual(rulesOf(await factsAt(client, path(later.body.id))), ["accepted", "not_created", "would_match"]);
  await client.request("DELETE", `/v1/endpoints/${invoices}`);
  assert.deepEqual(rulesOf(await factsAt(client, path(invoices))), ["accepted", "not_matched", "deleted"]);

  const named = await publish(client, 1, { endpoint_ids: [endpointId] });
  const unnamed = await factsAt(client, `/v1/events/${named.eventId}/explain?endpoint_id=${later.body.id}`);
  assert.deepEqual(rulesOf(unnamed), ["accepted", "not_named", "would_match"]);
  const stranger = await newTenant(server);
  const foreign = await createSource(stranger, { scheme: "none" });
  for (const bad of [foreign.id, "x", "", "ep_00000000-0000-7000-8000-000000000000"]) {
    const answer = await client.request("GET", path(bad));
    assert.deepEqual([answer.status, answer.faultyFields], [400, ["endpoint_id"]], answer.text);
  }
});

test("a supposition says who would get an event, and what a filter would have changed in the last day", async (t) => {
  const { client, endpointId } = await stage(t, server, { name: "orders", event_types: ["order.*"] });
  for (const type of ["order.paid", "order.paid", "order.sent", "invoice.paid"]) await publish(client, 1, { type });
  const would = await suppose(client, { type: "order.paid", payload: { id: 1 } });
  assert.deepEqual(
    factsOf(would).map(({ sentence }) => sentence),
    ["orders would get it: order.paid matches order.*."],
  );
  assert.deepEqual((would.body as unknown as { endpoints: unknown }).endpoints, {
    count: 1,
    results: [{ endpoint_id: endpointId, endpoint_name: "orders", status: "ACTIVE", filter: "order.*" }],
  });
  assert.deepEqual(rulesOf(factsOf(await suppose(client, { type: "bill" }))), ["nobody"]);
  assert.deepEqual(rulesOf(factsOf(await suppose(client, { type: "pause.responded" }))), ["reserved", "nobody"]);
  assert.deepEqual(rulesOf(factsOf(await suppose(client, { type: "bill", endpoint_id: endpointId }))), [
    "would_not_match",
  ]);
  const large = await suppose(client, { type: "bill", payload: { text: "x".repeat(262_144) } });
  assert.deepEqual(rulesOf(factsOf(large)), ["too_large", "nobody"]);

  const changed = await suppose(client, {
    type: "invoice.paid",
    endpoint_id: endpointId,
    filter: ["order.sent", "invoice.*"],
  });
  assert.deepEqual(rulesOf(factsOf(changed)), ["would_match"]);
  const { since, ...lastDay } = (changed.body as unknown as { last_day: Record<string, unknown> }).last_day;
  assert.ok(Date.parse(String(since)) < Date.now());
  assert.deepEqual(lastDay, {
    complete: true,
    matched: 2,
    gained: [{ type: "invoice.paid", events: 1 }],
    lost: [{ type: "order.paid", events: 2 }],
  });
  const fresh = await suppose(client, { filter: null });
  const { endpoints, last_day: day } = fresh.body as unknown as { endpoints: null; last_day: { matched: number } };
  assert.deepEqual([endpoints, day.matched], [null, 4]);

  for (const [body, fields] of [
    [{}, ["type"]],
    [{ type: "a b" }, ["type"]],
    [{ type: "a", payload: 1, filter: ["*"], more: 1 }, ["payload", "filter[0]", "more"]],
    [{ type: "a", endpoint_id: "x" }, ["endpoint_id"]],
    [{ type: "a", endpoint_id: "ep_00000000-0000-7000-8000-000000000000" }, ["endpoint_id"]],
  ] as const) {
    const answer = await suppose(client, body);
    assert.deepEqual([answer.status, [...answer.faultyFields].sort()], [400, [...fields].sort()], answer.text);
  }
});
