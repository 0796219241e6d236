import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ask, auditOf, QUESTION, readPause, respond } from "../../harness/pauses.ts";
import { stage } from "../../harness/scene.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

const FIELDS = [
  ["pause_id", "status", "agent", "act", "message", "options", "details", "allow_text_response", "timeout_default"],
  ["protected", "approvers", "approver_emails"],
  ["quorum", "veto", "votes", "quorum_reachable", "reminders", "escalate_to", "escalated_at"],
  ["response_choice", "response_text", "response_at", "decided_by", "decided_by_user", "event_id"],
  ["channel", "recipient", "notification", "metadata", "receipt", "respond_url", "expires_at", "created_at"],
].flat();
const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const NOBODY = `psr_${"0190e0c4-5b1a-7cc0-8f00-0123456789ab"}`;

test("a pause is created, and read with every documented field", async () => {
  const client = await newTenant(server);
  const { id, created } = await ask(client, { timeout_default: "Reject", metadata: { amount: 340 } });
  assert.deepEqual(Object.keys(created), ["pause_id", "status", "respond_url", "expires_at", "created_at"]);
  assert.match(id, /^psr_/);
  assert.equal(created.status, "pending");
  assert.match(created.respond_url, new RegExp(`^${server.url.replace("127.0.0.1", "localhost")}/respond/[\\w-]{72}$`));
  assert.match(created.expires_at, WHOLE_SECONDS);
  assert.equal(Date.parse(created.expires_at) - Date.parse(created.created_at), 24 * 3600 * 1000);
  const read = await readPause(client, id);
  assert.deepEqual(Object.keys(read), FIELDS);
  const { message, options, status, respond_url, metadata, notification, channel } = read as unknown as Record<
    string,
    unknown
  >;
  assert.deepEqual({ message, options }, QUESTION);
  assert.deepEqual(
    [status, respond_url, metadata, notification, channel],
    ["pending", created.respond_url, { amount: 340 }, { status: "none", reason: null }, null],
  );
  assert.deepEqual([read.response_choice, read.response_text, read.response_at, read.decided_by], Array(4).fill(null));
});

test("the metadata is returned byte for byte in responses, lists and events", async (context) => {
  const { client, hooks } = await stage(context, server, { event_types: ["pause.*"], format: "pausepoint" });
  const metadata = '{ "n":1.0, "big":12345678901234567890, "10":1, "9":2 }';
  const body = `{"message":"?","options":["a","b"],"metadata":${metadata}}`;
  const made = await client.request("POST", "/v1/pause", { body });
  const id = made.body.pause_id;
  for (const path of [`/v1/pause/${id}`, "/v1/pause"]) {
    const answer = await client.request("GET", path);
    assert.ok(answer.text.includes(`"metadata":${metadata}`), answer.text);
  }
  await client.request("DELETE", `/v1/pause/${id}`);
  const hook = await hooks.nth(1);
  assert.ok(
    hook.body.endsWith(`"data":{"choice":null,"text":null,"response_at":null,"metadata":${metadata}}}`),
    hook.body,
  );
});

test("details are shown as they were sent, and belong to what an idempotency key repeats", async () => {
  const client = await newTenant(server);
  const details = [
    { label: "Amount", value: "340 EUR" },
    { label: "Supplier", value: "<b>Acme</b>\nVienna" },
  ];
  const { id, token } = await ask(client, { details }, { "Idempotency-Key": "k" });
  assert.deepEqual((await readPause(client, id)).details, details);
  assert.deepEqual((await client.request("GET", `/v1/respond/${token}`, { key: null })).body.details, details);
  const page = await client.request("GET", `/respond/${token}`, { key: null });
  assert.match(page.text, /<dt dir="auto">Supplier<\/dt><dd dir="auto">&lt;b&gt;Acme&lt;\/b&gt;\nVienna<\/dd>/);
  const again = async (fields: object) =>
    client.request("POST", "/v1/pause", { body: { ...QUESTION, ...fields }, headers: { "Idempotency-Key": "k" } });
  assert.equal((await again({ details })).body.pause_id, id);
  assert.equal((await again({ details: details.slice(1) })).code, "IDEMPOTENCY_KEY_CONFLICT");
  assert.equal((await again({})).code, "IDEMPOTENCY_KEY_CONFLICT");
  const found = await client.request("GET", "/v1/pause?q=vienna");
  assert.equal((found.body.pauses as unknown as unknown[]).length, 1);
});

test("the timeout is in hours or in seconds", async () => {
  const client = await newTenant(server);
  const lifeOf = async (fields: object) => {
    const { created } = await ask(client, fields);
    return (Date.parse(created.expires_at) - Date.parse(created.created_at)) / 1000;
  };
  assert.equal(await lifeOf({ timeout_hours: 8760 }), 31_536_000);
  assert.equal(await lifeOf({ expires_in_seconds: 90 }), 90);
  assert.equal(await lifeOf({ expires_in_seconds: 31_536_000 }), 31_536_000);
});

test("one 422 lists every fault of a pause", async () => {
  const client = await newTenant(server);
  const answer = await client.request("POST", "/v1/pause", {
    body: {
      message: "",
      options: ["a", "a", ""],
      timeout_default: "c",
      timeout_hours: 1,
      expires_in_seconds: 0,
      channel: "email",
      metadata: [],
      allow_text_response: "yes",
      mesage: "?",
    },
  });
  assert.deepEqual([answer.status, answer.code], [422, "VALIDATION_ERROR"]);
  const named = [
    "message must be",
    "options[2] must be",
    "options must look different from one another",
    "timeout_default must be one of the options",
    "expires_in_seconds must be a",
    "expires_in_seconds must be left out when timeout_hours is given",
    "recipient is required with channel",
    "metadata must be",
    "allow_text_response must be",
    'mesage is not a field of this request; did you mean "message"?',
  ];
  for (const words of named) assert.ok(answer.body.message.includes(words), `${words}: ${answer.body.message}`);
});

test("a wrong channel and a wrong number of options have their own codes", async () => {
  const client = await newTenant(server);
  const codeOf = async (fields: object) => {
    const { status, code } = await client.request("POST", "/v1/pause", { body: { ...QUESTION, ...fields } });
    return [status, code];
  };
  assert.deepEqual(await codeOf({ channel: "fax", recipient: "x" }), [400, "INVALID_CHANNEL"]);
  assert.deepEqual(await codeOf({ options: ["a"] }), [400, "INVALID_OPTIONS"]);
  assert.deepEqual(await codeOf({ options: [] }), [400, "INVALID_OPTIONS"]);
  assert.deepEqual(await codeOf({ options: ["a", "b", "c", "d", "e", "f"] }), [400, "INVALID_OPTIONS"]);
  assert.deepEqual(await codeOf({ options: ["a", "a"] }), [422, "VALIDATION_ERROR"]);
  assert.deepEqual(await codeOf({ options: "a" }), [422, "VALIDATION_ERROR"]);
  assert.deepEqual(await codeOf({ channel: 7, recipient: "x" }), [422, "VALIDATION_ERROR"]);
  assert.deepEqual(await codeOf({ options: ["a"], message: "" }), [422, "VALIDATION_ERROR"]);
});

test("values at the limits are accepted, and not a character more", async () => {
  const client = await newTenant(server);
  const statusOf = async (fields: object) =>
    (await client.request("POST", "/v1/pause", { body: { ...QUESTION, ...fields } })).status;
  assert.equal(await statusOf({ message: "é".repeat(2000) }), 201);
  assert.equal(await statusOf({ message: "é".repeat(2001) }), 422);
  assert.equal(await statusOf({ options: ["a".repeat(100), "b"] }), 201);
  assert.equal(await statusOf({ options: ["a".repeat(101), "b"] }), 422);
  assert.equal(await statusOf({ metadata: { pad: "x".repeat(16 * 1024 - 10) } }), 201);
  assert.equal(await statusOf({ metadata: { pad: "x".repeat(16 * 1024 - 9) } }), 422);
  const detail = { label: "a".repeat(100), value: "é".repeat(1000) };
  assert.equal(await statusOf({ details: Array(20).fill(detail) }), 201);
  assert.equal(await statusOf({ details: null }), 201);
  const { label, value } = detail;
  const wrong = [
    Array(21).fill(detail),
    [],
    [{ label: `${label}a`, value }],
    [{ label, value: `${value}a` }],
    [{ label: " ", value }],
    [{ label: "a\nb", value }],
    [{ label, value: "\u200b" }],
    [{ label }],
    [{ label, value, note: "" }],
    ["a"],
    { label, value },
  ];
  for (const details of wrong) assert.equal(await statusOf({ details }), 422, JSON.stringify(details));
  for (const hours of [0, 8761, 1.5, "1"]) assert.equal(await statusOf({ timeout_hours: hours }), 422);
  for (const seconds of [0, 31_536_001]) assert.equal(await statusOf({ expires_in_seconds: seconds }), 422);
  assert.equal(await statusOf({ message: "a\nb\tc", options: ["ja", "nein"] }), 201);
  assert.equal(await statusOf({ options: ["ja\n", "nein"] }), 422);
  assert.equal(await statusOf({ options: ["ja", " \u3000"] }), 422);
  assert.equal(await statusOf({ message: " \n" }), 422);
  for (const other of ["a\u200b", "a\u3164", "a ", "\u200b", "\u202ea"]) {
    assert.equal(await statusOf({ options: ["a", other] }), 422, JSON.stringify(other));
  }
  assert.equal(await statusOf({ options: ["é", "e\u0301"] }), 422);
});

test("a channel that is not configured is refused immediately, except with a test key", async () => {
  const client = await newTenant(server);
  const body = { ...QUESTION, channel: "email", recipient: "a@example.com" };
  const refused = await client.request("POST", "/v1/pause", { body });
  assert.deepEqual([refused.status, refused.code], [400, "CHANNEL_NOT_CONFIGURED"]);
  assert.match(refused.body.message, /SMTP_URL/);
  const key = await client.request("POST", "/v1/auth/keys", { body: { name: "a test's", test: true } });
  const tester = client.as(key.body.api_key);
  const { id } = await ask(tester, { channel: "email", recipient: "a@example.com" });
  const read = await readPause(tester, id);
  assert.deepEqual(read.notification, { status: "none", reason: "made with a test key" });
  assert.equal(read.recipient, "a@example.com");
});

test("a recipient must fit its channel, and a Slack URL is checked and masked", async () => {
  const client = await newTenant(server);
  const statusOf = async (channel: string, recipient: string) =>
    (await client.request("POST", "/v1/pause", { body: { ...QUESTION, channel, recipient } })).body;
  assert.match((await statusOf("email", "nobody")).message, /^recipient must be an email address/);
  assert.match((await statusOf("sms", "0123")).message, /^recipient must be an E\.164 number/);
  assert.match((await statusOf("slack", "not a URL")).message, /^recipient must be/);
  assert.match((await statusOf("slack", "https://10.0.0.1/services/x")).message, /^recipient .*private address/);
  const { id } = await ask(client, { channel: "slack", recipient: "http://127.0.0.1:9/services/T0/B0/secret" });
  assert.equal((await readPause(client, id)).recipient, "http://127.0.0.1:9/…");
});

test("an idempotency key creates one pause, and every repeat returns the first body", async () => {
  const client = await newTenant(server);
  const key = { "idempotency-key": "order-7" };
  const first = await ask(client, {}, key);
  const { token } = first;
  assert.deepEqual((await ask(client, {}, key)).created, first.created);
  await respond(client, token, { choice: "Approve" });
  assert.deepEqual((await ask(client, {}, key)).created, first.created);
  const other = await client.request("POST", "/v1/pause", { body: { ...QUESTION, message: "?" }, headers: key });
  assert.deepEqual([other.status, other.code], [409, "IDEMPOTENCY_KEY_CONFLICT"]);
  assert.equal((await client.request("GET", "/v1/pause")).body.pauses.length, 1);
  const bad = await client.request("POST", "/v1/pause", { body: QUESTION, headers: { "idempotency-key": "a b" } });
  assert.equal(bad.status, 422);
  assert.match(bad.body.message, /^Idempotency-Key must be/);
  // The same key on another surface is a different key.
  const event = await client.request("POST", "/v1/events", { body: { type: "a", payload: {} }, headers: key });
  assert.equal(event.status, 202);
});

test("the same idempotency key of a test key and of a live key creates two pauses", async () => {
  const client = await newTenant(server);
  const made = await client.request("POST", "/v1/auth/keys", { body: { name: "a test's", test: true } });
  const key = { "idempotency-key": "k" };
  await ask(client.as(made.body.api_key), {}, key);
  const live = await client.request("POST", "/v1/pause", { body: QUESTION, headers: key });
  assert.deepEqual([live.status, live.code], [409, "IDEMPOTENCY_KEY_CONFLICT"]);
});

test("pauses are listed newest first, by status, in pages", async () => {
  const client = await newTenant(server);
  const asked = [];
  for (let n = 0; n < 5; n += 1) asked.push(await ask(client, { message: `question ${n}` }));
  const [first, second] = asked;
  await respond(client, first?.token ?? "", { choice: "Approve" });
  await client.request("DELETE", `/v1/pause/${second?.id}`);
  const list = async (query: string) => (await client.request("GET", `/v1/pause?${query}`)).body;
  const all = await list("");
  assert.deepEqual(
    all.pauses.map(({ pause_id }) => pause_id),
    asked.map(({ id }) => id).reverse(),
  );
  assert.deepEqual([all.has_more, all.next_cursor], [false, null]);
  const statuses = async (status: string) => (await list(`status=${status}`)).pauses.map(({ message }) => message);
  assert.deepEqual(await statuses("responded"), ["question 0"]);
  assert.deepEqual(await statuses("cancelled"), ["question 1"]);
  assert.deepEqual(await statuses("pending"), ["question 4", "question 3", "question 2"]);
  assert.deepEqual(await statuses("timed_out"), []);
  const page = await list("limit=2");
  assert.deepEqual([page.pauses.length, page.has_more], [2, true]);
  const rest = await list(`limit=100&cursor=${page.next_cursor}`);
  assert.deepEqual(
    rest.pauses.map(({ message }) => message),
    ["question 2", "question 1", "question 0"],
  );
  for (const query of ["status=done", "limit=0", "limit=101", "cursor=x", "sort=asc"]) {
    assert.equal((await client.request("GET", `/v1/pause?${query}`)).status, 422, query);
  }
});

test("a cancellation returns the pause, and another one is refused with the reason", async (context) => {
  const { client, hooks } = await stage(context, server, { event_types: ["pause.*"], format: "pausepoint" });
  const { id, token } = await ask(client);
  const cancelled = await client.request("DELETE", `/v1/pause/${id}`);
  assert.equal(cancelled.status, 200);
  assert.deepEqual(Object.keys(cancelled.body), FIELDS);
  assert.deepEqual([cancelled.body.status, cancelled.body.respond_url], ["cancelled", null]);
  const again = await client.request("DELETE", `/v1/pause/${id}`);
  assert.deepEqual([again.status, again.code], [409, "ALREADY_CANCELLED"]);
  const late = await respond(client, token, { choice: "Approve" });
  assert.deepEqual([late.status, late.code], [409, "ALREADY_CANCELLED"]);
  assert.deepEqual(late.body.outcome, { status: "cancelled", response_choice: null, response_at: null });
  const hook = JSON.parse((await hooks.nth(1)).body) as Record<string, unknown>;
  assert.deepEqual(Object.keys(hook), ["event", "pause_id", "developer_id", "timestamp", "data"]);
  assert.deepEqual([hook.event, hook.pause_id, hook.developer_id], ["pause.cancelled", id, client.id]);
  const answered = await ask(client);
  await respond(client, answered.token, { choice: "Approve" });
  const tooLate = await client.request("DELETE", `/v1/pause/${answered.id}`);
  assert.deepEqual([tooLate.status, tooLate.code], [409, "ALREADY_RESPONDED"]);
  assert.deepEqual(await auditOf(client, id), ["pause.created", "pause.cancelled", "pause.answer_refused"]);
});

test("unknown, malformed and other tenants' pauses are 404 on every route", async () => {
  const client = await newTenant(server);
  const other = await newTenant(server);
  const { id } = await ask(other);
  for (const path of [id, NOBODY, "psr_x", "ep_1", "%00"]) {
    for (const method of ["GET", "DELETE"]) {
      const answer = await client.request(method, `/v1/pause/${path}`);
      assert.deepEqual([answer.status, answer.code], [404, "PAUSE_NOT_FOUND"], `${method} ${path}`);
    }
  }
  assert.deepEqual((await client.request("GET", "/v1/pause")).body.pauses, []);
  assert.equal((await readPause(other, id)).status, "pending");
  const admin = await server.request("GET", `/v1/pause/${id}?tenant=${other.id}`);
  assert.equal(admin.status, 200);
});

test("a request that waits gets its response when the pause ends", async () => {
  const client = await newTenant(server);
  const { id, token } = await ask(client);
  const waiting = Array.from({ length: 5 }, () => readPause(client, id, 60));
  await respond(client, token, { choice: "Reject" });
  for (const { status, response_choice } of await Promise.all(waiting)) {
    assert.deepEqual([status, response_choice], ["responded", "Reject"]);
  }
  assert.equal((await readPause(client, id, 60)).status, "responded");
  for (const wait of ["61", "-1", "x"]) {
    assert.equal((await client.request("GET", `/v1/pause/${id}?wait=${wait}`)).status, 422);
  }
});

test("a request whose wait is over gets the pending pause", async () => {
  const client = await newTenant(server);
  const { id } = await ask(client);
  assert.equal((await readPause(client, id, 1)).status, "pending");
});

test("a pause that nobody answers times out by itself, and publishes one event", async (context) => {
  const { client, hooks } = await stage(context, server, { event_types: ["pause.*"], format: "pausepoint" });
  const asked = await ask(client, { expires_in_seconds: 1, timeout_default: "Reject", metadata: { amount: 340 } });
  const open = await ask(client, { expires_in_seconds: 1 });
  const ended = await readPause(client, asked.id, 60);
  assert.deepEqual(
    [ended.status, ended.response_choice, ended.response_text, ended.decided_by],
    ["timed_out", "Reject", null, "timeout_default"],
  );
  assert.equal(ended.response_at, asked.created.expires_at);
  const without = await readPause(client, open.id, 60);
  assert.deepEqual(
    [without.status, without.response_choice, without.response_at, without.decided_by],
    ["timed_out", null, null, null],
  );
  const hookOf = async (id: string) => {
    await hooks.nth(2);
    const bodies = hooks.all.map(({ body }) => JSON.parse(body) as { pause_id: string; event: string; data: object });
    return bodies.filter(({ pause_id }) => pause_id === id).map(({ event, data }) => [event, JSON.stringify(data)]);
  };
  const at = asked.created.expires_at;
  assert.deepEqual(await hookOf(asked.id), [
    ["pause.timed_out", `{"choice":"Reject","response_at":"${at}","metadata":{"amount":340}}`],
  ]);
  assert.deepEqual(await hookOf(open.id), [["pause.timed_out", '{"choice":null,"response_at":null,"metadata":null}']]);
  const late = await respond(client, asked.token, { choice: "Reject" });
  assert.deepEqual([late.status, late.code], [410, "TOKEN_EXPIRED"]);
  assert.deepEqual(late.body.outcome, { status: "timed_out", response_choice: "Reject", response_at: at });
  assert.equal((await client.request("DELETE", `/v1/pause/${asked.id}`)).code, "ALREADY_TIMED_OUT");
  assert.deepEqual(await auditOf(client, asked.id), ["pause.created", "pause.timed_out", "pause.answer_refused"]);
});

test("the events reach endpoints by their filters and in their formats, and webhooks with their three names", async (context) => {
  const { client, hooks } = await stage(context, server, { event_types: ["pause.responded"], format: "standard" });
  const { id, token } = await ask(client, { allow_text_response: true });
  await respond(client, token, { choice: "Approve", text: "fine" });
  const hook = await hooks.nth(1);
  const { type, data } = JSON.parse(hook.body) as { type: string; data: Record<string, unknown> };
  assert.equal(type, "pause.responded");
  assert.deepEqual(Object.keys(data), ["choice", "text", "response_at", "metadata"]);
  assert.deepEqual([data.choice, data.text, data.metadata], ["Approve", "fine", null]);
  assert.equal(data.response_at, (await readPause(client, id)).response_at);
});
