import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type RunningReceiver, startRunningReceiver } from "../../harness/receiver.ts";
import { type Client, newTenant, type Scope, startServer, type Tenant } from "../../harness/server.ts";
import { followOutcomes } from "../../harness/stream.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

async function endpointOf(client: Client, fields: object): Promise<string> {
  const made = await client.request("POST", "/v1/endpoints", { body: fields });
  assert.equal(made.status, 201, made.text);
  return made.body.id;
}

async function publish(client: Client, type = "order.created"): Promise<{ eventId: string; deliveryId: string }> {
  const published = await client.request("POST", "/v1/events", { body: { type, payload: { n: 1 } } });
  return { eventId: published.body.event_id, deliveryId: published.body.deliveries[0]?.delivery_id ?? "" };
}

/** A tenant with one endpoint, whose receiver responds as the test says. */
async function scene(
  scope: Scope,
  fields: object = {},
): Promise<{ client: Tenant; receiver: RunningReceiver; endpointId: string }> {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(scope);
  const endpointId = await endpointOf(client, { url: receiver.url, ...fields });
  return { client, receiver, endpointId };
}

test("a delivery has its attempts and their results", async (t) => {
  const { client, endpointId } = await scene(t, { name: "shop" });
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const { eventId, deliveryId } = await publish(client);
  const outcome = await outcomes.until(deliveryId, "DELIVERED");
  assert.equal(outcome.event, "delivery");
  const read = await client.request("GET", `/v1/deliveries/${deliveryId}`);
  assert.equal(read.status, 200, read.text);
  const { attempts, ...row } = read.body;
  assert.deepEqual(Object.keys(row), [
    "id",
    "event_id",
    "endpoint_id",
    "endpoint_name",
    "endpoint_deleted",
    "event_type",
    "status",
    "attempts_count",
    "next_attempt_at",
    "first_scheduled_at",
    "last_attempt_at",
    "terminal_at",
    "terminal_reason",
    "created_at",
    "updated_at",
    "last_http_status",
    "last_error",
  ]);
  assert.deepEqual(outcome.row, row);
  assert.deepEqual([row.id, row.event_id, row.endpoint_id], [deliveryId, eventId, endpointId]);
  assert.deepEqual([row.status, row.attempts_count, row.terminal_reason], ["DELIVERED", 1, "delivered"]);
  assert.deepEqual(Object.keys(attempts[0] ?? {}), [
    "id",
    "attempt_number",
    "started_at",
    "ended_at",
    "latency_ms",
    "outcome",
    "classification",
    "http_status",
    "response_body_snippet",
    "error_detail",
    "via",
    "hint",
  ]);
  assert.deepEqual([row.last_http_status, row.last_error, attempts[0]?.hint], [200, null, null]);
  const list = await client.request("GET", "/v1/deliveries");
  assert.deepEqual(list.body, { results: [row], has_more: false, next_cursor: null });
});

test("the list is newest first, has pages, and has every filter", async () => {
  const client = await newTenant(server);
  const paused = { url: "http://127.0.0.1:9/" };
  const first = await endpointOf(client, { ...paused, event_types: ["order.*"] });
  const second = await endpointOf(client, { ...paused, event_types: ["user.*"] });
  for (const id of [first, second])
    await client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } });
  const made = [];
  for (const type of ["order.created", "order.paid", "user.created"]) made.push(await publish(client, type));
  const [a, b, c] = made.map(({ deliveryId }) => deliveryId);
  const ids = async (query: string) => {
    const answer = await client.request("GET", `/v1/deliveries?${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.results.map(({ id }) => id);
  };
  assert.deepEqual(await ids(""), [c, b, a]);
  assert.deepEqual(await ids("status=HELD"), [c, b, a]);
  assert.deepEqual(await ids("status=DELIVERED"), []);
  assert.deepEqual(await ids(`endpoint_id=${first.replace("ep_", "webhook_")}`), [b, a]);
  assert.deepEqual(await ids(`event_id=${made[1]?.eventId}`), [b]);
  assert.deepEqual(await ids("search=order."), [b, a]);
  assert.deepEqual(await ids("search=%25"), []);
  assert.deepEqual(await ids("event_type=order.*"), [b, a]);
  assert.deepEqual(await ids("event_type=order.paid"), [b]);
  assert.deepEqual(await ids("event_type=order"), []);
  assert.deepEqual(await ids("event_type=ord.*"), []);
  assert.deepEqual(await ids("event_type=order.*&search=order.p"), [b]);
  assert.deepEqual(await ids("event_type=user.created&search=order."), []);
  assert.deepEqual(await ids(`event_type=order.*&status=HELD&limit=1&endpoint_id=${first}`), [b]);
  assert.deepEqual(await ids(`search=${c}`), [c]);
  assert.deepEqual(await ids(`search=${made[0]?.eventId}`), [a]);
  assert.deepEqual(await ids(`search=${second}`), [c]);
  assert.deepEqual(await ids("from=2000-01-01T00:00:00Z&to=2000-01-02T00:00:00+01:00"), []);
  assert.deepEqual(await ids("from=2000-01-01T00:00:00Z"), [c, b, a]);
  const page = await client.request("GET", "/v1/deliveries?limit=2");
  assert.equal(page.body.has_more, true);
  assert.deepEqual(await ids(`limit=2&cursor=${page.body.next_cursor}`), [a]);
  const rest = `/v1/deliveries?limit=2&cursor=${page.body.next_cursor}`;
  assert.equal((await client.request("HEAD", rest)).status, 200);
  assert.match(page.body.next_cursor ?? "", /^[\w-]{22}$/, "a cursor does not reveal how many rows others have");
  assert.equal((await client.request("GET", "/v1/deliveries?cursor=d3")).status, 400, "it is not sealed");
});

test("one response lists every invalid filter", async () => {
  const client = await newTenant(server);
  const answer = await client.request(
    "GET",
    "/v1/deliveries?status=DONE&endpoint_id=x&event_id=y&event_type=*&from=2024&limit=101&cursor=%00&colour=red",
  );
  assert.equal(answer.status, 400);
  assert.deepEqual(answer.faultyFields, [
    "status",
    "endpoint_id",
    "event_id",
    "event_type",
    "from",
    "limit",
    "cursor",
    "colour",
  ]);
});

test("a failed row has the latest attempt's status and error, with the same hint as a test", async (t) => {
  const { client, receiver, endpointId } = await scene(t, { retry_schedule_seconds: [] });
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  for (const status of [301, 401, 404, 503, 410]) {
    receiver.answerWith(status);
    const tested = await client.request("POST", `/v1/endpoints/${endpointId}/test`);
    const { deliveryId } = await publish(client);
    const { row: told } = await outcomes.until(deliveryId, "FAILED");
    const { attempts, ...row } = (await client.request("GET", `/v1/deliveries/${deliveryId}`)).body;
    assert.deepEqual(row, told);
    const [listed] = (await client.request("GET", "/v1/deliveries?limit=1")).body.results;
    assert.deepEqual(listed, row);
    assert.equal(row.last_http_status, status);
    const hint = attempts[0]?.hint ?? null;
    assert.equal(row.last_error, hint === null ? `HTTP ${status}` : `HTTP ${status}: ${hint}`);
    assert.equal(hint === null, status === 503);
    assert.ok(tested.body.data.message.includes(hint ?? "only a 2xx counts as received"), tested.text);
  }
});

test("a row of a delivery without a response says what happened instead", async (t) => {
  const client = await newTenant(server);
  await endpointOf(client, { url: "http://127.0.0.1:9/", retry_schedule_seconds: [] });
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const { deliveryId } = await publish(client);
  const { row } = await outcomes.until(deliveryId, "FAILED");
  assert.deepEqual([row.last_http_status, row.last_error], [null, "the receiver refused the connection"]);
});

test("a waiting delivery can be cancelled, and one that has ended cannot", async () => {
  const client = await newTenant(server);
  const id = await endpointOf(client, { url: "http://127.0.0.1:9/" });
  await client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } });
  const { deliveryId } = await publish(client);
  const cancelled = await client.request("POST", `/v1/deliveries/${deliveryId}/cancel`);
  assert.deepEqual([cancelled.status, cancelled.body], [200, { status: "cancelled", delivery_id: deliveryId }]);
  const again = await client.request("POST", `/v1/deliveries/${deliveryId}/cancel`);
  assert.deepEqual([again.status, again.code], [409, "INVALID_STATE"]);
  assert.equal((await client.request("GET", `/v1/deliveries/${deliveryId}`)).body.status, "CANCELLED");
});

test("a failed delivery is retried as the same delivery, and its attempts continue", async (t) => {
  const { client, receiver } = await scene(t, { retry_schedule_seconds: [] });
  receiver.answerWith(500);
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const { deliveryId } = await publish(client);
  await outcomes.until(deliveryId, "FAILED");
  receiver.answerWith(200);
  const retried = await client.request("POST", `/v1/deliveries/${deliveryId}/retry`);
  assert.deepEqual([retried.status, retried.body.id, retried.body.status], [202, deliveryId, "PENDING"]);
  const delivered = await outcomes.until(deliveryId, "DELIVERED");
  assert.equal(delivered.row.attempts_count, 2);
  const again = await client.request("POST", `/v1/deliveries/${deliveryId}/retry`);
  assert.deepEqual([again.status, again.code], [409, "INVALID_STATE"]);
});

test("a replay lists unknown deliveries together with every other fault", async () => {
  const client = await newTenant(server);
  const unknown = "del_00000000-0000-7000-8000-000000000000";
  const answer = await client.request("POST", "/v1/replays", {
    body: { delivery_ids: ["x", unknown], dry_run: "yes", more: 1 },
  });
  const expected = ["delivery_ids[0]", "delivery_ids[1]", "dry_run", "more"];
  assert.deepEqual([answer.status, [...answer.faultyFields].sort()], [400, expected], answer.text);
});

test("a replay creates deliveries, a dry run only counts them, and unknown ids are listed", async (t) => {
  const { client } = await scene(t);
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const { deliveryId } = await publish(client);
  await outcomes.until(deliveryId, "DELIVERED");
  const dry = await client.request("POST", "/v1/replays", { body: { delivery_ids: [deliveryId], dry_run: true } });
  assert.deepEqual([dry.status, dry.body.created_deliveries], [202, 1]);
  assert.equal((await client.request("GET", "/v1/deliveries")).body.results.length, 1);
  const replay = await client.request("POST", "/v1/replays", { body: { delivery_ids: [deliveryId] } });
  assert.match(replay.body.batch_id, /^bat_/);
  assert.equal((await client.request("GET", "/v1/deliveries")).body.results.length, 2);
  const unknown = "del_00000000-0000-7000-8000-000000000000";
  const bad = await client.request("POST", "/v1/replays", { body: { delivery_ids: [deliveryId, unknown] } });
  assert.deepEqual([bad.status, bad.faultyFields], [400, ["delivery_ids[1]"]]);
  assert.ok(bad.body.error.message.includes(unknown));
});

test("a stream resumes after Last-Event-ID", async (t) => {
  const { client } = await scene(t);
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const first = await publish(client);
  const seen = await outcomes.until(first.deliveryId, "DELIVERED");
  outcomes.close();
  const missed = await publish(client);
  const resumed = await followOutcomes(t, server.url, client.apiKey, seen.id);
  const next = await resumed.next();
  assert.equal(next.row.id, missed.deliveryId);
  assert.match(next.id, /^[\w-]{22}$/, "an id is no count of what others do");
  const whole = await followOutcomes(t, server.url, client.apiKey, "0");
  assert.equal((await whole.next()).id, seen.id);
});

test("a tenant has at most 100 streams", async (t) => {
  const client = await newTenant(server);
  const streams = await Promise.all(Array.from({ length: 100 }, () => followOutcomes(t, server.url, client.apiKey)));
  const refused = await client.request("GET", "/v1/stream");
  assert.deepEqual([refused.status, refused.code, refused.headers.get("retry-after")], [429, "TOO_MANY_STREAMS", "5"]);
  const bad = await client.request("GET", "/v1/stream", { headers: { "last-event-id": "x" } });
  assert.deepEqual([bad.status, bad.faultyFields], [400, ["Last-Event-ID"]]);
  for (const stream of streams) stream.close();
});

test("streams end when the server stops", async (t) => {
  const own = await startServer(t);
  const outcomes = await followOutcomes(t, own.url, own.apiKey);
  const ended = outcomes.ended();
  await own.close();
  await ended;
});

test("analytics count attempts and deliveries", async (t) => {
  const { client, endpointId } = await scene(t, { name: "shop" });
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const { deliveryId } = await publish(client);
  await outcomes.until(deliveryId, "DELIVERED");
  const report = async (name: string) => {
    const answer = await client.request("GET", `/v1/analytics/${name}?hours=1`);
    assert.equal(answer.status, 200, answer.text);
    return answer.rows as readonly object[];
  };
  const sum = (rows: readonly object[], field: string) =>
    rows.reduce((all, row) => all + Number(Reflect.get(row, field)), 0);
  const volume = await report("delivery-volume");
  assert.deepEqual([sum(volume, "total"), sum(volume, "delivered"), sum(volume, "failed")], [1, 1, 0]);
  const rate = (await report("success-rate")).filter((row) => Reflect.get(row, "total") > 0);
  assert.deepEqual(
    rate.map((row) => Reflect.get(row, "rate")),
    [100],
  );
  const latency = await report("latency-distribution");
  assert.deepEqual(
    latency.map((row) => Reflect.get(row, "bucket")),
    ["<100ms", "100-300ms", "300-1000ms", "1-5s", ">5s"],
  );
  assert.equal(sum(latency, "count"), 1);
  const [health] = await report("endpoint-health");
  assert.deepEqual(
    { ...health, avg_latency_ms: 0 },
    {
      endpoint_id: endpointId,
      name: "shop",
      status: "ACTIVE",
      total: 1,
      delivered: 1,
      success_rate: 100,
      avg_latency_ms: 0,
      attempts_ok: 1,
      attempts_failed: 0,
      failing_since: null,
    },
  );
  for (const hours of ["0", "721", "x"]) {
    const bad = await client.request("GET", `/v1/analytics/delivery-volume?hours=${hours}`);
    assert.deepEqual([bad.status, bad.faultyFields], [400, ["hours"]]);
  }
});
