import assert from "node:assert/strict";
import { after, test } from "node:test";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const WEBHOOK = {
  url: "http://127.0.0.1:9/hook",
  events: ["pause.responded", "pause.timed_out"],
  secret: "0123456789abcdef",
};

test("a webhook is registered, listed and deleted as in the reference", async () => {
  const client = await newTenant(server);
  const made = await client.request("POST", "/v1/webhooks", { body: WEBHOOK });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual(Object.keys(made.body), ["id", "url", "events", "active", "created_at"]);
  assert.match(made.body.id, /^webhook_/);
  assert.match(made.body.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual([made.body.url, made.body.events, made.body.active], [WEBHOOK.url, WEBHOOK.events, true]);
  assert.deepEqual((await client.request("GET", "/v1/webhooks")).body, { webhooks: [made.body] });
  const removed = await client.request("DELETE", `/v1/webhooks/${made.body.id}`);
  assert.deepEqual([removed.status, removed.text], [204, ""]);
  const again = await client.request("DELETE", `/v1/webhooks/${made.body.id}`);
  assert.deepEqual(again.body, {
    error: "WEBHOOK_NOT_FOUND",
    message: "There is no such webhook.",
    status_code: 404,
  });
});

test("a webhook is an endpoint with the defaults of its surface, and an endpoint is a webhook", async () => {
  const client = await newTenant(server);
  const webhook = await client.request("POST", "/v1/webhooks", { body: WEBHOOK });
  const id = webhook.body.id.replace("webhook_", "ep_");
  const endpoint = await client.request("GET", `/v1/endpoints/${id}`);
  const { format, timeout_seconds, retry_schedule_seconds, event_types } = endpoint.body as unknown as Record<
    string,
    unknown
  >;
  assert.deepEqual([format, timeout_seconds, retry_schedule_seconds], ["pausepoint", 5, [30, 60, 120]]);
  assert.deepEqual(event_types, WEBHOOK.events);
  const other = await client.request("POST", "/v1/endpoints", { body: { url: WEBHOOK.url } });
  await client.request("PATCH", `/v1/endpoints/${other.body.id}`, { body: { status: "PAUSED" } });
  const list = await client.request("GET", "/v1/webhooks");
  assert.deepEqual(
    list.body.webhooks.map(({ events, active }) => [events, active]),
    [
      [WEBHOOK.events, true],
      [["*"], false],
    ],
  );
});

test("one 422 lists every fault", async () => {
  const client = await newTenant(server);
  const answer = await client.request("POST", "/v1/webhooks", {
    body: { url: "nonsense", events: ["pause.responded", "pause.started"], secrets: "x" },
  });
  assert.deepEqual([answer.status, answer.code, answer.body.status_code], [422, "VALIDATION_ERROR", 422]);
  assert.deepEqual(Object.keys(answer.body), ["error", "message", "status_code", "details"]);
  for (const field of [
    "url ",
    "events[1] ",
    "secret is required",
    'secrets is not a field of this request; did you mean "secret"?',
  ]) {
    assert.ok(answer.body.message.includes(field), field);
  }
});

test("a URL that is not allowed, a short secret and a missing event list are 422 as well", async () => {
  const client = await newTenant(server);
  for (const change of [{ url: "https://10.0.0.1/" }, { secret: "short" }, { events: [] }]) {
    const answer = await client.request("POST", "/v1/webhooks", { body: { ...WEBHOOK, ...change } });
    const [field] = Object.keys(change);
    assert.deepEqual([answer.status, answer.code], [422, "VALIDATION_ERROR"]);
    assert.ok(answer.body.message.startsWith(`${field} `), answer.body.message);
  }
});

test("a body that is not JSON is 400", async () => {
  const client = await newTenant(server);
  const answer = await client.request("POST", "/v1/webhooks", { body: "{" });
  assert.deepEqual([answer.status, answer.code, answer.body.status_code], [400, "VALIDATION_ERROR", 400]);
});
