import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, type TestContext, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { PROJECT_DIR, startCommand } from "../../harness/command.ts";
import { newTenant, type Tenant } from "../../harness/server.ts";
import { followOutcomes, listen, newSession, requestStream } from "../../harness/stream.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** What these tests look at of a listener. */
interface Listener {
  readonly id: string;
  readonly event_types: readonly string[] | null;
  readonly updated_at: string;
  readonly status: string;
  readonly health: { readonly state: string };
  readonly listener: { readonly connected: boolean; readonly reader: string | null };
}

const bodyOf = <T>({ text }: { readonly text: string }) => JSON.parse(text) as T;
const idsOf = (answer: { readonly text: string }) => bodyOf<readonly Listener[]>(answer).map(({ id }) => id);

async function newListener(client: Tenant, fields: object = {}): Promise<Listener> {
  const made = await client.request("POST", "/v1/listeners", { body: { name: "cli/ada", secret: SECRET, ...fields } });
  assert.equal(made.status, 201, made.text);
  return bodyOf<Listener>(made);
}

async function read(client: Tenant, id: string): Promise<Listener> {
  return bodyOf<Listener>(await client.request("GET", `/v1/endpoints/${id}`));
}

const as = ({ apiKey }: Tenant, id: string, more: object = {}) => ({ url: server.url, apiKey, id, ...more });

async function publish(client: Tenant, payload: object = { n: 1 }) {
  const published = await client.request("POST", "/v1/events", { body: { type: "order.paid", payload } });
  assert.equal(published.status, 202, published.text);
  return { eventId: published.body.event_id, deliveryId: published.body.deliveries[0]?.delivery_id ?? "" };
}

function report(client: Tenant, id: string, ...results: readonly object[]) {
  return client.request("POST", `/v1/listeners/${id}/results`, { body: { results } });
}

test("a listener is made once, adopted by its name, and an endpoint everywhere", async () => {
  const client = await newTenant(server);
  const made = await newListener(client, { event_types: ["order.*"] });
  const { url, transport, listener, status, paused_at, health, timeout_seconds, format, max_in_flight, ...rest } =
    made as Listener & Record<string, unknown>;
  assert.deepEqual([url, transport, status, paused_at], ["listener:cli/ada", "stream", "ACTIVE", null]);
  assert.deepEqual(listener, { connected: false, reader: null, connected_at: null, seen_at: null });
  assert.equal(health.state, "no_listener");
  assert.deepEqual([timeout_seconds, format, max_in_flight], [30, "standard", 8]);
  assert.deepEqual(rest.retry_schedule_seconds, [2, 10, 60]);
  const again = await client.request("POST", "/v1/listeners", { body: { name: "cli/ada", secret: SECRET } });
  assert.equal(again.status, 200);
  const adopted = bodyOf<Listener>(again);
  assert.deepEqual([adopted.id, adopted.event_types, adopted.updated_at], [made.id, ["order.*"], made.updated_at]);
  const changed = await client.request("POST", "/v1/listeners", { body: { name: "cli/ada", event_types: ["a.*"] } });
  assert.deepEqual(bodyOf<Listener>(changed).event_types, ["a.*"]);
  assert.deepEqual(idsOf(await client.request("GET", "/v1/listeners")), [made.id]);
  assert.equal((await client.request("GET", `/v1/listeners/${made.id}`)).body.name, "cli/ada");
  assert.deepEqual(idsOf(await client.request("GET", "/v1/endpoints?state=no_listener")), [made.id]);
  for (const body of [{ url: "https://example.com/x" }, { name: "other" }]) {
    const refused = await client.request("PATCH", `/v1/endpoints/${made.id}`, { body });
    assert.equal(refused.status, 400);
    assert.match(refused.body.error.message, /cannot be changed: this endpoint is a listener/);
  }
  const tested = await client.request("POST", `/v1/endpoints/${made.id}/test`);
  assert.equal(tested.body.data.success, false);
  assert.match(tested.body.data.message, /Nobody listens/);
  await assertForeign(await newTenant(server), made.id);
  assert.equal((await client.request("DELETE", `/v1/listeners/${made.id}`)).status, 204);
  assert.equal((await client.request("GET", `/v1/endpoints/${made.id}`)).status, 404);
});

async function assertForeign(other: Tenant, id: string): Promise<void> {
  const routes = [
    ["GET", ""],
    ["DELETE", ""],
    ["GET", "/stream?reader=a&session=12345678"],
    ["POST", "/results"],
  ] as const;
  for (const [method, path] of routes) {
    const body = method === "POST" ? { body: { results: [{ token: "x", status: 200 }] } } : {};
    assert.equal((await other.request(method, `/v1/listeners/${id}${path}`, body)).status, 404, method + path);
  }
}

test("deliveries wait for a reader, arrive in order, and end by what it reports", async (t) => {
  const client = await newTenant(server);
  const { id } = await newListener(client);
  const first = await publish(client, { n: 1 });
  const second = await publish(client, { n: 2 });
  assert.equal((await client.request("GET", `/v1/deliveries/${first.deliveryId}`)).body.status, "HELD");
  const why = await client.request("GET", `/v1/deliveries/${first.deliveryId}/explain`);
  assert.match(why.text, /Nobody listens to cli\/ada/);
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const reader = await listen(t, as(client, id));
  assert.deepEqual(reader.opened.waiting, { count: 2, more: false });
  assert.notEqual(reader.opened.waiting_since, null);
  assert.deepEqual([reader.opened.name, reader.opened.status], ["cli/ada", "ACTIVE"]);
  const attempt = await reader.attempt();
  assert.deepEqual([attempt.event_id, attempt.delivery_id], [first.eventId, first.deliveryId]);
  assert.deepEqual([attempt.attempt_number, attempt.timeout_ms, attempt.test], [1, 30_000, false]);
  const headers = Object.fromEntries(attempt.headers);
  new Webhook(SECRET).verify(attempt.body, headers);
  assert.equal(headers["webhook-id"], first.eventId);
  const next = await reader.attempt();
  assert.equal(next.event_id, second.eventId);
  const lines = { headers: [["Content-Type", "text/plain"]], body: "thanks", timings: { first_byte_ms: 7 } };
  const answer = await report(
    client,
    id,
    { token: attempt.token, status: 201, ...lines },
    { token: next.token, classification: "connect_refused", detail: "nothing listens\u001b\u202e\non port 3000" },
    { token: attempt.token, status: 200 },
  );
  const { results } = bodyOf<{ results: readonly { accepted: boolean }[] }>(answer);
  assert.deepEqual(
    results.map(({ accepted }) => accepted),
    [true, true, false],
  );
  await outcomes.until(first.deliveryId, "DELIVERED");
  const failed = await outcomes.until(second.deliveryId, "SCHEDULED");
  assert.match(failed.row.last_error ?? "", /nothing listens on port 3000/);
  const details = bodyOf<Record<"url" | "via" | "response" | "timings", unknown>>(
    await client.request("GET", `/v1/deliveries/${first.deliveryId}/attempts/1`),
  );
  assert.deepEqual([details.url, details.via], ["listener:cli/ada", "ada@laptop"]);
  assert.deepEqual(details.response, {
    http_status: 201,
    headers: [{ name: "content-type", value: "text/plain" }],
    headers_complete: true,
    body: "thanks",
  });
  assert.equal((details.timings as { first_byte_ms: number }).first_byte_ms, 7);
  const { listener, health } = await read(client, id);
  assert.deepEqual([listener.connected, listener.reader, health.state], [true, "ada@laptop", "failing"]);
});

test("a result that is late or malformed says so", async (t) => {
  const client = await newTenant(server);
  const { id } = await newListener(client);
  const reader = await listen(t, as(client, id));
  await publish(client);
  const { token } = await reader.attempt();
  assert.equal((await report(client, id, { token, status: 200 })).status, 200);
  const late = await report(client, id, { token, status: 200 });
  assert.deepEqual([late.status, late.body.error.code], [409, "ATTEMPT_OVER"]);
  const bad = await report(client, id, { token: "x" }, { token: "y", status: 200, classification: "reset" });
  assert.equal(bad.status, 400);
  assert.deepEqual(
    bad.body.error.details.map(({ field }) => field),
    ["results[0]", "results[1]"],
  );
  const endless = await report(client, id, { token: "x", status: 200, timings: { first_byte_ms: 1e308 } });
  assert.equal(endless.status, 400);
  assert.deepEqual(endless.faultyFields, ["results[0].timings.first_byte_ms"]);
});

test("an attempt on the wire when its stream breaks is not counted, and is made again with the same webhook-id", async (t) => {
  const client = await newTenant(server);
  const { id } = await newListener(client);
  const session = newSession();
  const reader = await listen(t, as(client, id, { session }));
  const { eventId, deliveryId } = await publish(client);
  const lost = await reader.attempt();
  reader.close();
  const again = await listen(t, as(client, id, { session }));
  const attempt = await again.attempt();
  assert.deepEqual([attempt.event_id, attempt.delivery_id, attempt.attempt_number], [eventId, deliveryId, 1]);
  assert.notEqual(attempt.token, lost.token);
  assert.equal((await report(client, id, { token: lost.token, status: 200 })).status, 409);
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  assert.equal((await report(client, id, { token: attempt.token, status: 204 })).status, 200);
  const delivered = await outcomes.until(deliveryId, "DELIVERED");
  assert.equal(delivered.row.attempts_count, 1);
});

async function busy(t: TestContext, client: Tenant, id: string) {
  const refused = await requestStream(as(client, id, { reader: "bob@desk" }), t.signal);
  return { status: refused.status, body: (await refused.json()) as { error: { code: string; message: string } } };
}

test("a second reader is refused, and displaces the first only when it says so", async (t) => {
  const client = await newTenant(server);
  const { id } = await newListener(client);
  const first = await listen(t, as(client, id));
  const { status, body } = await busy(t, client, id);
  assert.deepEqual([status, body.error.code], [409, "LISTENER_BUSY"]);
  assert.match(body.error.message, /^ada@laptop has been listening since 20\d\d-.*Z/);
  const { name } = bodyOf<{ name: string }>(await client.request("GET", `/v1/listeners/${id}`));
  const kept = await client.request("POST", "/v1/listeners", { body: { name, event_types: ["x"], if_free: true } });
  assert.deepEqual([kept.status, kept.body.error], [409, body.error]);
  const { eventId } = await publish(client);
  await first.attempt();
  const second = await listen(t, as(client, id, { reader: "bob@desk", takeover: true }));
  const displaced = await first.next();
  assert.deepEqual([displaced.event, (displaced.data as { by: string }).by], ["displaced", "bob@desk"]);
  await first.ended();
  const attempt = await second.attempt();
  assert.deepEqual([attempt.event_id, attempt.attempt_number], [eventId, 1]);
  const audit = await client.request("GET", "/v1/audit?event_type=webhook.listened");
  const webhook_id = `webhook_${id.slice(3)}`;
  assert.deepEqual(
    bodyOf<{ events: readonly { data: object }[] }>(audit).events.map(({ data }) => data),
    [
      { webhook_id, reader: "bob@desk", displaced: "ada@laptop" },
      { webhook_id, reader: "ada@laptop" },
    ],
  );
});

test("a pause by a person stays when a reader comes, and its end needs a reader", async (t) => {
  const client = await newTenant(server);
  const { id } = await newListener(client);
  const set = (status: string) => client.request("PATCH", `/v1/endpoints/${id}`, { body: { status } });
  await set("PAUSED");
  const { deliveryId, eventId } = await publish(client);
  const reader = await listen(t, as(client, id));
  assert.equal(reader.opened.status, "PAUSED");
  const paused = await read(client, id);
  assert.deepEqual([paused.status, paused.health.state], ["PAUSED", "paused"]);
  assert.equal((await client.request("GET", `/v1/deliveries/${deliveryId}`)).body.status, "HELD");
  await set("ACTIVE");
  assert.equal((await reader.attempt()).event_id, eventId);
  const changes = await followOutcomes(t, server.url, client.apiKey, undefined, "?topics=endpoint");
  await set("PAUSED");
  await changes.next();
  reader.close();
  await changes.next();
  const resumed = bodyOf<Listener>(await set("ACTIVE"));
  assert.deepEqual([resumed.status, resumed.health.state], ["ACTIVE", "no_listener"]);
});

test("a test goes to the reader, and a key that is revoked listens no more", async (t) => {
  const client = await newTenant(server);
  const { id } = await newListener(client);
  const key = await client.request("POST", "/v1/auth/keys", { body: { name: "cli", role: "developer" } });
  const reader = await listen(t, { url: server.url, apiKey: key.body.api_key, id });
  const testing = client.request("POST", `/v1/endpoints/${id}/test`);
  const attempt = await reader.attempt();
  assert.deepEqual([attempt.test, attempt.event_type], [true, "test"]);
  assert.equal((await report(client, id, { token: attempt.token, status: 418 })).status, 200);
  const tested = await testing;
  assert.deepEqual([tested.body.data.success, tested.body.data.httpStatus], [false, 418]);
  await client.request("DELETE", `/v1/auth/keys/${key.body.id}`);
  assert.deepEqual(await reader.next(), { event: "end", data: { reason: "unauthorized" } });
  await reader.ended();
  const viewer = await client.request("POST", "/v1/auth/keys", { body: { name: "v", role: "viewer" } });
  const refused = await requestStream({ url: server.url, apiKey: viewer.body.api_key, id }, t.signal);
  assert.equal(refused.status, 403);
  await refused.body?.cancel();
});

test("a 410 disables a listener, and the stream of a deleted one ends", async (t) => {
  const client = await newTenant(server);
  const { id } = await newListener(client);
  const reader = await listen(t, as(client, id));
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const { deliveryId } = await publish(client);
  await report(client, id, { token: (await reader.attempt()).token, status: 410 });
  const failed = await outcomes.until(deliveryId, "FAILED");
  assert.equal(failed.row.terminal_reason, "gone");
  assert.equal((await read(client, id)).status, "DISABLED");
  await client.request("DELETE", `/v1/endpoints/${id}`);
  assert.deepEqual(await reader.next(), { event: "end", data: { reason: "deleted" } });
});

test("a reader that lets a deadline pass in silence is cut off, and what it did not answer waits", async (t) => {
  const client = await newTenant(server);
  const { id } = await newListener(client, { timeout_seconds: 1, retry_schedule_seconds: [1] });
  const session = newSession();
  const reader = await listen(t, as(client, id, { session }));
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const { deliveryId } = await publish(client);
  const { token } = await reader.attempt();
  assert.deepEqual(await reader.next(), { event: "over", data: { token, reason: "deadline" } });
  assert.deepEqual(await reader.next(), { event: "end", data: { reason: "silent" } });
  const timedOut = await outcomes.until(deliveryId, "SCHEDULED", "HELD");
  assert.equal(timedOut.row.attempts_count, 1);
  assert.match(timedOut.row.last_error ?? "", /did not report a response within 1000 ms/);
  const again = await listen(t, as(client, id, { session }));
  assert.equal((await again.attempt()).attempt_number, 2);
});

test("the program in the SDK's README receives what waits, and ends when its listener is deleted", async (t) => {
  const client = await newTenant(server);
  const { id } = await newListener(client, { name: "orders/worker" });
  await publish(client);
  const readme = await readFile(path.join(PROJECT_DIR, "packages/sdk/README.md"), "utf8");
  const [, example = ""] = /^### Listen\n.*?```js\n(.*?)^```/ms.exec(readme) ?? [];
  const code = example
    .replace('"@signalbox/sdk"', JSON.stringify(new URL("../../../packages/sdk/src/index.ts", import.meta.url)))
    .replace("https://signalbox.example.com", server.url);
  const program = startCommand(t, [process.execPath, "--input-type=module", "--eval", code], {
    SIGNALBOX_API_KEY: client.apiKey,
    WEBHOOK_SECRET: SECRET,
  });
  await program.until(/^order\.paid { n: 1 }$/);
  assert.equal((await client.request("DELETE", `/v1/listeners/${id}`)).status, 204);
  assert.equal(await program.ended, 0);
});
