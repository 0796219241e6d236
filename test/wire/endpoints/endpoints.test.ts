import assert from "node:assert/strict";
import { after, test } from "node:test";
import { EVENT_FILTERS_MAX, EVENT_TYPE_CHARS_MAX, LIST_PAGE_BYTES_MAX } from "../../../src/domain/limits.ts";
import { startRunningReceiver } from "../../harness/receiver.ts";
import { type Client, newTenant, startServer } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

async function create(client: Client, fields: object = {}) {
  const answer = await client.request("POST", "/v1/endpoints", {
    body: { url: "http://127.0.0.1:9/hook", ...fields },
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

/** The health of an endpoint without attempts. */
const HEALTHY = {
  state: "healthy",
  failing_since: null,
  rest_until: null,
  wait_until: null,
  failure_streak: 0,
  window: null,
  in_flight: 0,
  rate: 0,
  last_success_at: null,
  last_failure: null,
};

test("an endpoint is created as in the reference, with the defaults of this surface", async () => {
  const client = await newTenant(server);
  const made = await create(client, {
    name: "my-webhook",
    secret: "whsec_your_signing_secret",
    headers_json: { "X-A": "1" },
  });
  assert.match(made.id, /^ep_[0-9a-f-]{36}$/);
  assert.match(made.created_at, SECONDS);
  assert.deepEqual(
    { ...made, id: "", created_at: "", updated_at: "" },
    {
      id: "",
      name: "my-webhook",
      url: "http://127.0.0.1:9/hook",
      transport: "http",
      listener: null,
      headers_json: { "X-A": "1" },
      timeout_seconds: 10,
      status: "ACTIVE",
      paused_at: null,
      created_at: "",
      updated_at: "",
      description: null,
      event_types: null,
      format: "plain",
      retry_schedule_seconds: [5, 300, 1800, 7200, 18_000, 36_000, 36_000],
      rate_limit_per_second: null,
      max_in_flight: 32,
      ordered: false,
      waiting: { count: 0, more: false },
      disabled_reason: null,
      previous_secret_expires_at: null,
      health: HEALTHY,
      backlog: { oldest_at: null, bytes: 0, drain_per_second: 0, drained_at: null },
    },
  );
  const read = await client.request("GET", `/v1/endpoints/${made.id}`);
  assert.deepEqual([read.status, read.body], [200, made]);
});

test("without a name it is named after its host, and without a secret one is generated and shown once", async () => {
  const client = await newTenant(server);
  const made = await create(client);
  assert.equal(made.name, "127.0.0.1");
  assert.match(made.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const read = await client.request("GET", `/v1/endpoints/${made.id}`);
  assert.equal("secret" in read.body, false);
});

test("one response lists every fault, with the most similar known field", async () => {
  const client = await newTenant(server);
  const answer = await client.request("POST", "/v1/endpoints", {
    body: {
      url: "ftp://user:pass@example.com",
      name: "",
      timeout_second: 3,
      timeout_seconds: 31,
      headers_json: { Host: "x", "X-Ok": "fine", "X-Bad": "a\r\nb" },
      event_types: ["order.*", "or der"],
      retry_schedule_seconds: [0, 5, "x"],
      max_in_flight: 0,
      ordered: "yes",
    },
  });
  assert.deepEqual([answer.status, answer.code], [400, "VALIDATION_ERROR"]);
  assert.deepEqual([...answer.faultyFields].sort(), [
    "event_types[1]",
    "headers_json.Host",
    "headers_json.X-Bad",
    "max_in_flight",
    "name",
    "ordered",
    "retry_schedule_seconds[0]",
    "retry_schedule_seconds[2]",
    "timeout_second",
    "timeout_seconds",
    "url",
  ]);
  for (const field of answer.faultyFields) assert.ok(answer.body.error.message.includes(field));
  assert.ok(answer.body.error.message.includes('did you mean "timeout_seconds"?'));
});

test("a URL that is not allowed is a fault of the field url", async (t) => {
  const strict = await startServer(t, { SIGNALBOX_ALLOW_HTTP: "false", SIGNALBOX_ALLOW_NETWORKS: "" });
  for (const url of [
    "http://example.com/",
    "https://10.0.0.1/",
    "https://localhost./",
    "https://0x7f.1/",
    "https://[::1]/",
  ]) {
    const answer = await strict.request("POST", "/v1/endpoints", { body: { url } });
    assert.deepEqual([answer.status, answer.code, answer.faultyFields], [400, "VALIDATION_ERROR", ["url"]], url);
  }
});

test("every surface accepts a name in the local network if networks are allowed, and names the setting otherwise", async (t) => {
  const strict = await startServer(t, { SIGNALBOX_ALLOW_NETWORKS: "" });
  const client = await newTenant(server);
  const url = "http://orders.default.svc.cluster.local/hook";
  const bodies = {
    "/v1/endpoints": { url },
    "/v1/webhooks": { url, events: ["pause.responded"], secret: "0123456789abcdef" },
    "/dashboard/webhooks": { url },
  };
  // Concurrently, since each waits for name servers, which may not respond.
  await Promise.all(
    Object.entries(bodies).map(async ([path, body]) => {
      const refused = await strict.request("POST", path, { body });
      assert.match(refused.text, /only exists inside a network.*SIGNALBOX_ALLOW_NETWORKS to allow it/, path);
      const made = await client.request("POST", path, { body });
      assert.ok(made.status === 200 || made.status === 201, made.text);
    }),
  );
});

test("an address that is not allowed is listed together with the other faults", async () => {
  const body = { url: "https://10.0.0.1/", timeout_seconds: 99 };
  for (const path of ["/v1/endpoints", "/v1/webhooks"]) {
    const answer = await server.request("POST", path, { body });
    assert.match(answer.text, /"?url"?.*private/);
    assert.match(answer.text, /timeout_seconds/);
  }
});

test("PATCH changes several fields at once and keeps the others", async () => {
  const client = await newTenant(server);
  const made = await create(client, { name: "before", description: "kept", headers_json: { "X-A": "1" } });
  const change = {
    name: "after",
    url: "http://127.0.0.1:9/other",
    headers_json: { "X-B": "2" },
    timeout_seconds: 7,
    event_types: ["order.*"],
    format: "standard",
    retry_schedule_seconds: [],
    rate_limit_per_second: 5,
    max_in_flight: 3,
    ordered: true,
    status: "PAUSED",
  };
  const patched = await client.request("PATCH", `/v1/endpoints/${made.id}`, { body: change });
  assert.equal(patched.status, 200, patched.text);
  assert.match(patched.body.paused_at ?? "", SECONDS);
  const { secret: _, ...shown } = made;
  const health = { ...HEALTHY, state: "paused" };
  const expected = { ...shown, ...change, health, paused_at: patched.body.paused_at };
  assert.deepEqual({ ...patched.body, updated_at: made.created_at }, { ...expected, updated_at: made.created_at });
  assert.deepEqual((await client.request("GET", `/v1/endpoints/${made.id}`)).body, patched.body);
});

test("a PATCH with one invalid field changes nothing", async () => {
  const client = await newTenant(server);
  const made = await create(client, { name: "before" });
  const answer = await client.request("PATCH", `/v1/endpoints/${made.id}`, {
    body: { name: "after", status: "DISABLED" },
  });
  assert.deepEqual([answer.status, answer.faultyFields], [400, ["status"]]);
  assert.equal((await client.request("GET", `/v1/endpoints/${made.id}`)).body.name, "before");
});

test("pausing again keeps paused_at, and resuming clears it", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  const set = async (status: string) =>
    (await client.request("PATCH", `/v1/endpoints/${id}`, { body: { status } })).body;
  const paused = await set("PAUSED");
  assert.equal((await set("PAUSED")).paused_at, paused.paused_at);
  const resumed = await set("ACTIVE");
  assert.deepEqual([resumed.status, resumed.paused_at], ["ACTIVE", null]);
});

test("the list is a bare array in creation order, with optional pages", async () => {
  const client = await newTenant(server);
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) ids.push((await create(client, { name })).id);
  const all = await client.request("GET", "/v1/endpoints");
  assert.deepEqual(
    all.rows.map(({ id }) => id),
    ids,
  );
  assert.equal(all.headers.get("link"), null);
  const first = await client.request("GET", "/v1/endpoints?limit=2");
  const next = /^<([^>]+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
  const second = await client.request("GET", next);
  assert.deepEqual(
    [...first.rows, ...second.rows].map(({ id }) => id),
    ids,
  );
  assert.equal(second.headers.get("link"), null);
});

test("a page of endpoints with many filters ends early, and no endpoint is missing from the pages or the webhooks", async () => {
  const client = await newTenant(server);
  const filters = Array.from({ length: EVENT_FILTERS_MAX }, (_, index) =>
    `order.${index}.`.padEnd(EVENT_TYPE_CHARS_MAX, "x"),
  );
  const count = Math.ceil(LIST_PAGE_BYTES_MAX / (EVENT_FILTERS_MAX * EVENT_TYPE_CHARS_MAX)) + 1;
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) ids.push((await create(client, { event_types: filters })).id);
  const found: string[] = [];
  let pages = 0;
  let path: string | undefined = "/v1/endpoints";
  while (path !== undefined) {
    const page = await client.request("GET", path);
    found.push(...page.rows.map(({ id }) => String(id)));
    path = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
    pages += 1;
  }
  assert.deepEqual(found, ids);
  assert.equal(pages, 2);
  const { webhooks } = (await client.request("GET", "/v1/webhooks")).body as unknown as { webhooks: { id: string }[] };
  assert.deepEqual(
    webhooks.map(({ id }) => id.replace("webhook_", "ep_")),
    ids,
  );
});

test("deleting is 204, and the endpoint is gone", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  const removed = await client.request("DELETE", `/v1/endpoints/${id}`);
  assert.deepEqual([removed.status, removed.text], [204, ""]);
  assert.equal((await client.request("GET", `/v1/endpoints/${id}`)).status, 404);
  assert.equal((await client.request("DELETE", `/v1/endpoints/${id}`)).code, "ENDPOINT_NOT_FOUND");
});

test("an endpoint's id can have the prefixes ep_, webhook_ and wh_", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  for (const prefix of ["ep_", "webhook_", "wh_"]) {
    assert.equal((await client.request("GET", `/v1/endpoints/${id.replace("ep_", prefix)}`)).body.id, id);
  }
});

test("a rotated secret is shown only if it was generated", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  const generated = await client.request("POST", `/v1/endpoints/${id}/rotate-secret`);
  assert.equal(generated.status, 200, generated.text);
  assert.match(generated.body.secret, /^whsec_/);
  assert.match(generated.body.previous_expires_at, SECONDS);
  const given = await client.request("POST", `/v1/endpoints/${id}/rotate-secret`, {
    body: { secret: "0123456789abcdef", overlap_seconds: 0 },
  });
  assert.deepEqual(Object.keys(given.body), ["previous_expires_at"]);
});

test("a test is sent immediately and returns the endpoint's response", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  const { id } = await create(client, { url: receiver.url });
  const good = await client.request("POST", `/v1/endpoints/${id}/test`);
  assert.deepEqual([good.status, good.body.data.success, good.body.data.httpStatus], [200, true, 200]);
  assert.equal((await receiver.next()).headers["x-webhook-event"], "test");
  receiver.answerWith(500);
  const bad = await client.request("POST", `/v1/endpoints/${id}/test`);
  assert.deepEqual([bad.status, bad.body.data.success, bad.body.data.httpStatus], [200, false, 500]);
});

test("recover returns a job whose progress can be read", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  const started = await client.request("POST", `/v1/endpoints/${id}/recover`, {
    body: { since: "2024-01-01T00:00:00Z" },
  });
  assert.equal(started.status, 202, started.text);
  const job = await client.request("GET", `/v1/jobs/${started.body.job_id}`);
  assert.equal(job.status, 200);
  assert.equal(job.body.id, started.body.job_id);
  assert.ok(["running", "done"].includes(job.body.state));
  const bad = await client.request("POST", `/v1/endpoints/${id}/recover`, { body: { since: "yesterday" } });
  assert.deepEqual([bad.status, bad.faultyFields], [400, ["since"]]);
});

test("a URL that the platform would repair, and a secret that looks mistyped, are faults on every surface", async () => {
  const client = await newTenant(server);
  const { id } = await create(client);
  const url = "https:///user@a.example/";
  const secret = `whsec_${"A-_b".repeat(11)}`;
  const asks: readonly (readonly [string, string, object, string])[] = [
    ["POST", "/v1/endpoints", { url, secret }, "url,secret"],
    ["PATCH", `/v1/endpoints/${id}`, { url, secret }, "url,secret"],
    ["POST", `/v1/endpoints/${id}/rotate-secret`, { secret }, "secret"],
    ["POST", "/v1/webhooks", { url, secret, events: ["pause.responded"] }, "url,secret"],
    ["POST", "/dashboard/webhooks", { url }, "url"],
  ];
  for (const [method, path, body, fields] of asks) {
    const answer = await client.request(method, path, { body });
    assert.ok(answer.status === 400 || answer.status === 422, answer.text);
    if (path.startsWith("/v1/endpoints")) assert.equal(String(answer.faultyFields), fields, answer.text);
    if (fields.includes("url")) assert.match(answer.text, /such as https:\/\/example\.com\/hook/);
    if (fields.includes("secret")) assert.match(answer.text, /looks like a mistyped whsec_ secret/);
    assert.ok(!answer.text.includes(secret));
  }
});
