/** `/dashboard/webhooks` against its reference. Bodies are compared as text, including the order of their fields. */
import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import { after, test } from "node:test";
import { startRunningReceiver } from "../../harness/receiver.ts";
import { type Answer, type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const URL_OF_HOOK = "http://127.0.0.1:9/hook";
const MILLISECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UNKNOWN = "00000000-0000-7000-8000-000000000000";

interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly enabled: boolean;
  readonly createdAt: string;
  readonly lastTriggered: string | null;
  readonly successCount: number;
  readonly failureCount: number;
  readonly description: string | null;
}
interface Page {
  readonly webhooks: readonly Webhook[];
  readonly pagination: { page: number; limit: number; total: number; totalPages: number };
}

const dataOf = <T>(answer: Answer): T => answer.body.data as unknown as T;

async function create(client: Client, fields: object = {}): Promise<Webhook> {
  const answer = await client.request("POST", "/dashboard/webhooks", { body: { url: URL_OF_HOOK, ...fields } });
  assert.equal(answer.status, 201, answer.text);
  return dataOf(answer);
}

async function read(client: Client, id: string): Promise<Webhook> {
  return dataOf(await client.request("GET", `/dashboard/webhooks/${id}`));
}

async function list(client: Client, query = ""): Promise<Page> {
  const answer = await client.request("GET", `/dashboard/webhooks${query}`);
  assert.equal(answer.status, 200, answer.text);
  return dataOf(answer);
}

/** Compares the complete response. */
function assertAnswer(answer: Answer, status: number, body: object): void {
  assert.deepEqual([answer.status, answer.text], [status, JSON.stringify(body)]);
}

function assertRefused(answer: Answer, statusCode: number, error: string): string {
  const { message, details } = answer.body;
  assertAnswer(answer, statusCode, { statusCode, error, message, details });
  if (details !== undefined) {
    assert.equal(details.map(({ field, rule }) => `${field} ${rule}`).join("; "), message);
  }
  return message;
}

test("a webhook is created as in the reference, with the defaults of its surface, and its secret is shown once", async () => {
  const client = await newTenant(server);
  const answer = await client.request("POST", "/dashboard/webhooks", {
    body: { url: "https://127.0.0.1/webhooks/pacspace", description: "Production webhook" },
  });
  const { id, secret, createdAt } = dataOf<Webhook>(answer);
  assertAnswer(answer, 201, {
    success: true,
    data: { id, url: "https://127.0.0.1/webhooks/pacspace", secret, enabled: true, createdAt },
    message: "Webhook created successfully. Save your secret securely - it won't be shown again.",
  });
  assert.match(id, /^webhook_[0-9a-f-]{36}$/);
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.match(createdAt, MILLISECONDS);
  const endpoint = await client.request("GET", `/v1/endpoints/${id}`);
  const { format, timeout_seconds, retry_schedule_seconds } = endpoint.body as unknown as Record<string, unknown>;
  assert.deepEqual([format, timeout_seconds, retry_schedule_seconds], ["pacspace", 5, [30, 60, 120]]);
  const everything = [
    endpoint,
    await client.request("GET", "/dashboard/webhooks"),
    await client.request("GET", `/dashboard/webhooks/${id}`),
    await client.request("POST", `/dashboard/webhooks/${id}/toggle`),
  ];
  for (const shown of everything) assert.equal(shown.text.includes(secret), false);
});

test("get and list return the reference's fields, followed by the description", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  const { id, createdAt } = await create(client, { url: receiver.url, description: "Production webhook" });
  const fields = { id, url: receiver.url, enabled: true, createdAt };
  const description = "Production webhook";
  assertAnswer(await client.request("GET", `/dashboard/webhooks/${id}`), 200, {
    success: true,
    data: { ...fields, lastTriggered: null, description },
  });
  await client.request("POST", `/dashboard/webhooks/${id}/test`);
  receiver.answerWith(500);
  await client.request("POST", `/dashboard/webhooks/${id}/test`);
  await client.request("POST", `/dashboard/webhooks/${id}/test`);
  const { lastTriggered } = await read(client, id);
  assert.match(lastTriggered ?? "", MILLISECONDS);
  const deliveries = await client.request("GET", "/v1/deliveries?limit=1");
  const latest = await client.request("GET", `/v1/deliveries/${deliveries.body.results[0]?.id}`);
  const startedAt = (latest.body.attempts[0] as unknown as { started_at: string }).started_at;
  assert.equal(lastTriggered?.replace(/\.\d{3}Z$/, "Z"), startedAt);
  assertAnswer(await client.request("GET", `/dashboard/webhooks/${id}`), 200, {
    success: true,
    data: { ...fields, lastTriggered, description },
  });
  assertAnswer(await client.request("GET", "/dashboard/webhooks"), 200, {
    success: true,
    data: {
      webhooks: [{ ...fields, lastTriggered, successCount: 1, failureCount: 2, description }],
      pagination: { page: 1, limit: 10, total: 1, totalPages: 1 },
    },
  });
});

test("a toggle flips the state, enables a paused webhook, and with a body sets the state", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  const toggle = async (body?: object): Promise<boolean> => {
    const answer = await client.request("POST", `/dashboard/webhooks/${id}/toggle`, body === undefined ? {} : { body });
    const { enabled } = dataOf<Webhook>(answer);
    assertAnswer(answer, 200, { success: true, data: { id, enabled } });
    assert.equal((await read(client, id)).enabled, enabled);
    return enabled;
  };
  const status = async () => (await client.request("GET", `/v1/endpoints/${id}`)).body.status;
  assert.deepEqual([await toggle(), await status()], [false, "DISABLED"]);
  assert.deepEqual([await toggle(), await status()], [true, "ACTIVE"]);
  await client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } });
  assert.equal((await read(client, id)).enabled, false);
  assert.deepEqual([await toggle({}), await status()], [true, "ACTIVE"]);
  for (const enabled of [true, false, false, true]) assert.equal(await toggle({ enabled }), enabled);
  await client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } });
  assert.deepEqual([await toggle({ enabled: false }), await status()], [false, "DISABLED"]);
});

test("two concurrent toggles each return the state that they set", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  const toggle = () => client.request("POST", `/dashboard/webhooks/${id}/toggle`);
  const answers = await Promise.all(Array.from({ length: 10 }, toggle));
  const enabled = answers.map((answer) => dataOf<Webhook>(answer).enabled);
  assert.deepEqual(enabled.toSorted(), [...Array(5).fill(false), ...Array(5).fill(true)]);
  assert.equal((await read(client, id)).enabled, true);
});

/** The code of the reference. */
function verifyWebhookSignature(rawBody: string, signature: string, timestamp: string, secret: string): boolean {
  const signedContent = `${timestamp}.${rawBody}`;
  const expected = `v1=${createHmac("sha256", secret).update(signedContent).digest("hex")}`;
  return timingSafeEqual(Buffer.from(expected), Buffer.from(signature));
}

test("a test event is sent and signed as in the reference, whatever the status, and so is the response", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  const { id, secret } = await create(client, { url: receiver.url });
  for (const enabled of [true, false]) {
    await client.request("POST", `/dashboard/webhooks/${id}/toggle`, { body: { enabled } });
    assertAnswer(await client.request("POST", `/dashboard/webhooks/${id}/test`), 200, {
      success: true,
      data: { success: true, httpStatus: 200, message: "Test event sent successfully." },
    });
    const { body, headers } = await receiver.next();
    const { timestamp } = JSON.parse(body) as { timestamp: string };
    assert.match(timestamp, MILLISECONDS);
    const data = { message: "This is a test webhook event from PacSpace." };
    assert.equal(body, JSON.stringify({ event: "test", timestamp, data }));
    const signature = headers["x-pacspace-signature"] as string;
    const signedAt = headers["x-pacspace-timestamp"] as string;
    assert.match(signedAt, /^\d{10}$/);
    assert.ok(verifyWebhookSignature(body, signature, signedAt, secret));
    assert.equal(headers["x-webhook-event"], "test");
    assert.equal((await read(client, id)).enabled, enabled);
  }
});

test("in other formats the test's text names Signalbox", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  for (const format of ["plain", "standard", "pausepoint"]) {
    const made = await client.request("POST", "/v1/endpoints", { body: { url: receiver.url, format } });
    await client.request("POST", `/dashboard/webhooks/${made.body.id}/test`);
    const body = JSON.parse((await receiver.next()).body) as { message?: string; data?: { message: string } };
    assert.equal((body.data ?? body).message, "This is a test webhook event from Signalbox.", format);
  }
});

test("a failed test is a 200 with a helpful message", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  const { id } = await create(client, { url: receiver.url });
  const advice: readonly (readonly [number, RegExp])[] = [
    [500, /answered HTTP 500; only a 2xx/],
    [302, /HTTP 302; redirects are not followed/],
    [401, /HTTP 401; check the secret/],
    [404, /HTTP 404; check the path/],
    [410, /HTTP 410; the receiver reports that it is permanently gone/],
  ];
  for (const [httpStatus, words] of advice) {
    receiver.answerWith(httpStatus);
    const answer = await client.request("POST", `/dashboard/webhooks/${id}/test`);
    const { message } = answer.body.data;
    assertAnswer(answer, 200, { success: true, data: { success: false, httpStatus, message } });
    assert.match(message, words);
  }
  assert.equal((await read(client, id)).enabled, true);
  const dead = await create(client, { url: "http://127.0.0.1:1/" });
  const answer = await client.request("POST", `/dashboard/webhooks/${dead.id}/test`);
  assertAnswer(answer, 200, {
    success: true,
    data: {
      success: false,
      httpStatus: null,
      message: "Test event failed: no response: the receiver refused the connection (connect_refused).",
    },
  });
});

test("a webhook is deleted as in the reference, and is gone then", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  assertAnswer(await client.request("DELETE", `/dashboard/webhooks/${id}`), 200, {
    success: true,
    message: "Webhook deleted successfully.",
  });
  assertRefused(await client.request("DELETE", `/dashboard/webhooks/${id}`), 404, "WEBHOOK_NOT_FOUND");
  assertRefused(await client.request("GET", `/dashboard/webhooks/${id}`), 404, "WEBHOOK_NOT_FOUND");
  assert.equal((await list(client)).pagination.total, 0);
});

test("one 400 lists every fault of a body, and nothing is created", async () => {
  const client = await newTenant(server);
  const answer = await client.request("POST", "/dashboard/webhooks", {
    body: { url: 5, description: "a\u0000b", descripton: "x", secret: "0123456789abcdef" },
  });
  const message = assertRefused(answer, 400, "VALIDATION_ERROR");
  for (const words of ["url must be", "description must be", 'did you mean "description"?', "secret is not a field"]) {
    assert.ok(message.includes(words), `${words}: ${message}`);
  }
  const bad: readonly (readonly [body: unknown, field: string])[] = [
    [{}, "url is required"],
    [{ url: "" }, "url must"],
    [{ url: "nonsense" }, "url must"],
    [{ url: "ftp://example.com/" }, "url must"],
    [{ url: "https://user:pass@example.com/" }, "url must"],
    [{ url: "https://10.0.0.1/" }, "url is refused"],
    [{ url: "https://169.254.169.254/", descripton: "" }, "url is refused"],
    [{ url: `${URL_OF_HOOK}/${"x".repeat(2048)}` }, "url must"],
    [{ url: URL_OF_HOOK, description: "x".repeat(5000) }, "description must"],
    [{ url: URL_OF_HOOK, description: "\ud800" }, "description must"],
    [{ url: URL_OF_HOOK, enabled: true }, "enabled is not a field"],
    ["[]", "body must"],
    ["{", "body must"],
    [`{"url":"${URL_OF_HOOK}","url":"${URL_OF_HOOK}"}`, "body must"],
  ];
  for (const [body, words] of bad) {
    const refused = await client.request("POST", "/dashboard/webhooks", { body });
    assert.ok(assertRefused(refused, 400, "VALIDATION_ERROR").includes(words), `${words}: ${refused.text}`);
  }
  const large = await client.request("POST", "/dashboard/webhooks", { body: { url: "x".repeat(70_000) } });
  assertRefused(large, 413, "PAYLOAD_TOO_LARGE");
  const form = await client.request("POST", "/dashboard/webhooks", {
    body: "url=x",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  assertRefused(form, 415, "UNSUPPORTED_MEDIA_TYPE");
  assert.equal((await list(client)).pagination.total, 0);
});

test("values at the limits are accepted, and line breaks in a URL never reach a receiver", async (t) => {
  const client = await newTenant(server);
  const url = `${URL_OF_HOOK}/`.padEnd(2048, "x");
  const { id } = await create(client, { url, description: "two\nlines, ünï" });
  assert.deepEqual([(await read(client, id)).url, (await read(client, id)).description], [url, "two\nlines, ünï"]);
  assert.equal((await read(client, (await create(client, { description: null })).id)).description, null);
  const receiver = await startRunningReceiver(t);
  const split = `${receiver.url}?a=1 HTTP/1.1\r\nX-Injected: yes\r\n\r\n`;
  const answer = await client.request("POST", "/dashboard/webhooks", { body: { url: split } });
  if (answer.status === 201) {
    await client.request("POST", `/dashboard/webhooks/${dataOf<Webhook>(answer).id}/test`);
    assert.equal((await receiver.next()).headers["x-injected"], undefined);
  } else assertRefused(answer, 400, "VALIDATION_ERROR");
});

test("routes without a body accept none, and a toggle accepts only enabled", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  for (const body of [{ enabled: "yes" }, { enabled: null }, { enable: true }]) {
    const answer = await client.request("POST", `/dashboard/webhooks/${id}/toggle`, { body });
    assertRefused(answer, 400, "VALIDATION_ERROR");
  }
  const retry = `/dashboard/webhooks/deliveries/evt_${UNKNOWN}/retry`;
  for (const [method, path] of [
    ["POST", `/dashboard/webhooks/${id}/test`],
    ["DELETE", `/dashboard/webhooks/${id}`],
    ["POST", retry],
  ] as const) {
    const answer = await client.request(method, path, { body: { force: true } });
    assertRefused(answer, 400, "VALIDATION_ERROR");
  }
  assertRefused(await client.request("GET", `/dashboard/webhooks/${id}?page=1`), 400, "VALIDATION_ERROR");
  assert.equal((await read(client, id)).enabled, true);
});

test("pages have an exact total, are in creation order, and are empty after the last one", async () => {
  const client = await newTenant(server);
  const ids: string[] = [];
  for (let count = 0; count < 12; count += 1) ids.push((await create(client)).id);
  const shown = async (query: string) => {
    const { webhooks, pagination } = await list(client, query);
    return [webhooks.map(({ id }) => id), Object.values(pagination)];
  };
  assert.deepEqual(await shown(""), [ids.slice(0, 10), [1, 10, 12, 2]]);
  assert.deepEqual(await shown("?page=2"), [ids.slice(10), [2, 10, 12, 2]]);
  assert.deepEqual(await shown("?page=3&limit=5"), [ids.slice(10), [3, 5, 12, 3]]);
  assert.deepEqual(await shown("?limit=100"), [ids, [1, 100, 12, 1]]);
  assert.deepEqual(await shown("?page=4&limit=5"), [[], [4, 5, 12, 3]]);
  assert.deepEqual(await shown("?page=999999999999999&limit=100"), [[], [999_999_999_999_999, 100, 12, 1]]);
  await client.request("DELETE", `/dashboard/webhooks/${ids[0]}`);
  assert.deepEqual(await shown("?page=2"), [ids.slice(11), [2, 10, 11, 2]]);
  for (const query of ["page=0", "page=-1", "page=1.5", "page=", "limit=0", "limit=101", "limit=x", "pages=2"]) {
    const answer = await client.request("GET", `/dashboard/webhooks?${query}`);
    const message = assertRefused(answer, 400, "VALIDATION_ERROR");
    assert.ok(message.startsWith(query.slice(0, query.indexOf("="))), message);
  }
  assert.deepEqual((await list(await newTenant(server))).pagination, { page: 1, limit: 10, total: 0, totalPages: 0 });
});

test("another tenant's ids, unknown ids and malformed ids are the same 404 on every route, and change nothing", async () => {
  const owner = await newTenant(server);
  const stranger = await newTenant(server);
  const { id } = await create(owner);
  const routes: readonly (readonly [method: string, path: string])[] = [
    ["GET", "/dashboard/webhooks/ID"],
    ["POST", "/dashboard/webhooks/ID/toggle"],
    ["POST", "/dashboard/webhooks/ID/test"],
    ["DELETE", "/dashboard/webhooks/ID"],
  ];
  for (const [method, path] of routes) {
    const others = ["webhook_", "evt_", "ep_"].map((prefix) => prefix + UNKNOWN);
    const asked = [id, ...others, "nonsense", "%00", "webhook_'%20OR%201=1--", "%0d%0aX-A:%201", "x".repeat(3000)];
    const texts = new Set<string>();
    for (const named of asked) {
      const answer = await stranger.request(method, path.replace("ID", named));
      assertRefused(answer, 404, "WEBHOOK_NOT_FOUND");
      texts.add(answer.text);
    }
    assert.equal(texts.size, 1, path);
  }
  assert.equal((await list(stranger)).pagination.total, 0);
  assert.equal((await read(owner, id)).lastTriggered, null);
  assert.equal((await read(owner, id)).enabled, true);
});
