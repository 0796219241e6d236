import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type {
  AttemptBucket,
  AttemptStatistics,
  Backlog,
  Endpoint,
  EndpointAttempts,
  EndpointCounts,
  EndpointHealth,
  PauseStatistics,
} from "../../../packages/sdk/src/index.ts";
import { assembleServer } from "../../harness/assembled.ts";
import { startRunningReceiver } from "../../harness/receiver.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { followOutcomes } from "../../harness/stream.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

async function get<Body>(client: Client, path: string): Promise<Body> {
  const answer = await client.request("GET", path);
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text);
}

const attempts = (client: Client, query = "") => get<AttemptStatistics>(client, `/v1/analytics/attempts${query}`);
const endpointOf = (client: Client, id: string) => get<Endpoint>(client, `/v1/endpoints/${id}`);

function total(buckets: readonly AttemptBucket[], field: "ok" | "failed" | "first_ok" | "first_failed" | "gave_up") {
  return buckets.reduce((sum, bucket) => sum + bucket[field], 0);
}

test("an endpoint whose attempts all fail is failing at once, although every delivery will be retried", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  receiver.answerWith(500);
  const made = await client.request("POST", "/v1/endpoints", { body: { url: receiver.url, event_types: ["order.*"] } });
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const events = Array.from({ length: 12 }, () => ({ type: "order.paid", payload: { n: 1 } }));
  await client.request("POST", "/v1/events/batch", { body: { events } });
  for (const _ of events) assert.equal((await outcomes.next()).row.status, "SCHEDULED");

  const [health] = await get<EndpointHealth[]>(client, "/v1/analytics/endpoint-health");
  assert.deepEqual([health?.attempts_ok, health?.attempts_failed, health?.success_rate], [0, 12, null]);
  assert.match(health?.failing_since ?? "", /^\d{4}-.*Z$/);

  for (const query of ["", `?endpoint_id=${made.body.id}`, "?event_type=order.paid", `?step=1m&from=${recent()}`]) {
    const { buckets } = await attempts(client, query);
    assert.deepEqual(
      (["ok", "failed", "first_ok", "first_failed", "gave_up"] as const).map((field) => total(buckets, field)),
      [0, 12, 0, 12, 0],
      query,
    );
    const bucket = buckets.find(({ failed }) => failed > 0);
    assert(bucket !== undefined);
    assert.deepEqual(bucket.by_class, { http_status: bucket.failed });
    const [p50, p95, p99] = [bucket.p50 ?? 0, bucket.p95 ?? 0, bucket.p99 ?? 0];
    assert.ok(p50 >= 1 && p50 <= p95 && p95 <= p99);
    assert.equal(bucket.age_p95, null);
  }
  assert.equal(total((await attempts(client, "?event_type=other")).buckets, "failed"), 0);

  const endpoint = await endpointOf(client, made.body.id);
  assert.equal(endpoint.health.state, "failing");
  assert.equal(endpoint.health.failure_streak, 12);
  const { last_failure: last } = endpoint.health;
  assert.deepEqual([last?.http_status, last?.classification, last?.error], [500, "http_status", null]);
  assert.equal(endpoint.health.last_success_at, null);
  assert.ok(endpoint.health.rate > 0);
  assert.ok(endpoint.backlog.oldest_at !== null);

  const backlog = await get<Backlog>(client, "/v1/analytics/backlog");
  assert.deepEqual([backlog.held, backlog.waiting, backlog.scheduled, backlog.more], [0, 0, 12, false]);
  assert.equal(backlog.oldest_at, endpoint.backlog.oldest_at);
  await client.request("PATCH", `/v1/endpoints/${made.body.id}`, { body: { status: "PAUSED" } });
  await client.request("POST", "/v1/events", { body: { type: "order.paid", payload: { n: 1 } } });
  const held = await get<Backlog>(client, "/v1/analytics/backlog");
  assert.deepEqual([held.held, held.scheduled, held.held_bytes], [13, 0, 7]);
  const paused = await endpointOf(client, made.body.id);
  assert.deepEqual([paused.health.state, paused.backlog.bytes, paused.backlog.drained_at], ["paused", 7, null]);
});

test("a success has an age, and a rotated secret's overlap has an end", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  const made = await client.request("POST", "/v1/endpoints", { body: { url: receiver.url } });
  assert.deepEqual(JSON.parse(made.text).health.state, "healthy");
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  await client.request("POST", "/v1/events", { body: { type: "a", payload: {} } });
  await outcomes.next();
  const { buckets } = await attempts(client, "?step=1h");
  assert.deepEqual([total(buckets, "ok"), total(buckets, "first_ok")], [1, 1]);
  assert.ok((buckets.find(({ ok }) => ok === 1)?.age_p95 ?? 0) >= 1);
  assert.match((await endpointOf(client, made.body.id)).health.last_success_at ?? "", /Z$/);
  const rotated = await client.request("POST", `/v1/endpoints/${made.body.id}/rotate-secret`, { body: {} });
  const { previous_secret_expires_at: until } = await endpointOf(client, made.body.id);
  assert.equal(until, rotated.body.previous_expires_at);
});

test("the parameters of the attempts are checked, and another tenant's endpoint is unknown", async () => {
  const [client, other] = [await newTenant(server), await newTenant(server)];
  const made = await other.request("POST", "/v1/endpoints", { body: { url: "http://127.0.0.1:9/" } });
  const long = new Date(Date.now() - 40 * 86_400_000).toISOString();
  const id = made.body.id;
  for (const [query, ...fields] of [
    ["step=2h", "step"],
    ["from=yesterday", "from"],
    ["from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", "from"],
    [`from=${long}`, "from"],
    ["step=1m", "step"],
    ["endpoint_id=x", "endpoint_id"],
    [`endpoint_id=${id}&event_type=a`, "event_type"],
    ["hours=3", "hours"],
  ] as const) {
    const refused = await client.request("GET", `/v1/analytics/attempts?${query}`);
    assert.equal(refused.status, 400, query);
    for (const field of fields) assert.ok(refused.faultyFields.includes(field), query);
  }
  const unknown = await client.request("GET", `/v1/analytics/attempts?endpoint_id=${id}`);
  assert.deepEqual([unknown.status, unknown.code], [404, "ENDPOINT_NOT_FOUND"]);
  const month = await attempts(client, `?from=${new Date(Date.now() - 30 * 86_400_000).toISOString()}`);
  assert.deepEqual([month.step, month.since, month.buckets.length], ["6h", null, 121]);
});

test("attempts of several endpoints are read at once, by hour, and another tenant's are left out", async (t) => {
  const [client, other] = [await newTenant(server), await newTenant(server)];
  const receiver = await startRunningReceiver(t);
  const create = async (owner: Client, event_types: string[]): Promise<string> =>
    (await owner.request("POST", "/v1/endpoints", { body: { url: receiver.url, event_types } })).body.id;
  const [busy, quiet, foreign] = [await create(client, ["a"]), await create(client, ["b"]), await create(other, ["a"])];
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  await client.request("POST", "/v1/events", { body: { type: "a", payload: {} } });
  await outcomes.next();
  const query = `endpoint_id=${busy}&endpoint_id=${quiet},${foreign}&hours=2`;
  const rows = await get<EndpointAttempts[]>(client, `/v1/analytics/endpoint-attempts?${query}`);
  assert.deepEqual(
    rows.map(({ endpoint_id, hours }) => [endpoint_id, hours.length, hours.reduce((sum, { ok }) => sum + ok, 0)]),
    [
      [busy, 2, 1],
      [quiet, 2, 0],
    ],
  );
  const many = Array.from({ length: 51 }, () => busy).join();
  for (const [bad, field] of [
    ["", "endpoint_id"],
    ["endpoint_id=x", "endpoint_id"],
    [`endpoint_id=${many}`, "endpoint_id"],
    [`endpoint_id=${busy}&hours=169`, "hours"],
    [`endpoint_id=${busy}&step=1h`, "step"],
  ] as const) {
    const refused = await client.request("GET", `/v1/analytics/endpoint-attempts?${bad}`);
    assert.deepEqual([refused.status, refused.faultyFields.includes(field)], [400, true], bad);
  }
  const counts = await get<EndpointCounts>(client, "/v1/endpoints/counts");
  assert.deepEqual([counts.total, counts.states.healthy, counts.states.paused], [2, 2, 0]);
  await client.request("PATCH", `/v1/endpoints/${busy}`, { body: { status: "PAUSED" } });
  for (const [found, ids] of [
    ["state=paused", [busy]],
    ["state=paused&state=healthy", [busy, quiet]],
    ["event_type=b", [quiet]],
    ["q=127.0.0.1&limit=1", [busy]],
    ["q=nowhere", []],
  ] as const) {
    const list = await get<Endpoint[]>(client, `/v1/endpoints?${found}`);
    assert.deepEqual(
      list.map(({ id }) => id),
      ids,
      found,
    );
  }
  for (const bad of ["state=broken", "q=", "event_type=a%20b"]) {
    const refused = await client.request("GET", `/v1/endpoints?${bad}`);
    assert.deepEqual([refused.status, refused.faultyFields], [400, [bad.split("=")[0]]], bad);
  }
});

test("pauses are counted by how they ended, and the parameters of a span are checked", async () => {
  const client = await newTenant(server);
  const body = { message: "Deploy?", options: ["yes", "no"] };
  for (const _ of [1, 2]) await client.request("POST", "/v1/pause", { body });
  const [open] = JSON.parse((await client.request("GET", "/v1/pause?limit=1")).text).pauses;
  await client.request("DELETE", `/v1/pause/${open.pause_id}`);
  const { step, since, buckets } = await get<PauseStatistics>(client, "/v1/analytics/pauses");
  assert.deepEqual([step, since, buckets.length >= 24], ["1h", null, true]);
  const sum = (field: "pending" | "cancelled" | "responded") =>
    buckets.reduce((total, bucket) => total + bucket[field], 0);
  assert.deepEqual([sum("pending"), sum("cancelled"), sum("responded")], [1, 1, 0]);
  const minutes = await get<PauseStatistics>(client, `/v1/analytics/pauses?from=${recent()}`);
  assert.deepEqual([minutes.step, minutes.buckets.length >= 60], ["1m", true]);
  for (const name of ["pauses", "inbound"]) {
    for (const [query, field] of [
      ["step=2h", "step"],
      ["step=1m", "step"],
      ["from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", "from"],
      ["hours=3", "hours"],
    ] as const) {
      const refused = await client.request("GET", `/v1/analytics/${name}?${query}`);
      assert.deepEqual([refused.status, refused.faultyFields.includes(field)], [400, true], query);
    }
  }
});

test("hours survive a restart, and minutes begin anew with it, which the answer says", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "signalbox-analytics-"));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const receiver = await startRunningReceiver(t);
  const first = await assembleServer(t, { dataDir });
  await first.request("POST", "/v1/endpoints", { body: { url: receiver.url } });
  const outcomes = await followOutcomes(t, first.url, first.apiKey);
  await first.request("POST", "/v1/events", { body: { type: "a", payload: {} } });
  await outcomes.next();
  await first.close();
  const second = await assembleServer(t, { dataDir });
  assert.equal(total((await attempts(second)).buckets, "ok"), 1);
  const minutes = await attempts(second, `?from=${recent()}`);
  assert.deepEqual([minutes.step, total(minutes.buckets, "ok")], ["1m", 0]);
  assert.ok(Date.parse(minutes.since ?? "") <= Date.now());
  await second.close();
});

function recent(): string {
  return new Date(Date.now() - 3_600_000).toISOString();
}
