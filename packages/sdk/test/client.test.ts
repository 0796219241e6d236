import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { Signalbox, SignalboxError, type SignalboxOptions } from "../src/index.ts";
import { type Answering, hangUp, json, noContent, type Seen, serve } from "./server.ts";

const KEY = `sb_test_${"0".repeat(48)}`;

async function connect(test: TestContext, ...answers: Answering[]) {
  const { url, seen } = await serve(test, ...answers);
  const waits: number[] = [];
  const wait = async (ms: number) => {
    waits.push(ms);
  };
  return { client: new Signalbox({ url: `${url}/`, apiKey: KEY, wait }), url, seen, waits };
}

const requests = (seen: readonly Seen[]): string[] => seen.map(({ method, url }) => `${method} ${url}`);
const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

/** Every call, with the request that the server expects. */
const CALLS: readonly (readonly [request: string, call: (client: Signalbox) => Promise<unknown>])[] = [
  ["POST /v1/endpoints", (client) => client.endpoints.create({ url: "https://a.example/x" })],
  ["GET /v1/endpoints/ep_1", (client) => client.endpoints.get("ep_1")],
  ["PATCH /v1/endpoints/ep_1", (client) => client.endpoints.update("ep_1", { status: "PAUSED" })],
  ["POST /v1/endpoints/ep_1/rotate-secret", (client) => client.endpoints.rotateSecret("ep_1", { overlap_seconds: 0 })],
  ["POST /v1/endpoints/ep_1/test", (client) => client.endpoints.test("ep_1")],
  ["POST /v1/endpoints/ep_1/recover", (client) => client.endpoints.recover("ep_1", { since: new Date(0) })],
  ["POST /v1/events", (client) => client.events.publish({ type: "a.b", payload: { n: 1 } }, { idempotencyKey: "k1" })],
  [
    "POST /v1/events/batch",
    (client) => client.events.publishBatch([{ type: "a.b", payload: '{"n":1.0}', idempotency_key: "k2" }]),
  ],
  ["GET /v1/events/evt_1", (client) => client.events.get("evt_1")],
  ["GET /v1/events/evt_1/payload", (client) => client.events.getPayload("evt_1")],
  [
    "GET /v1/events?type=order.*&undelivered=true&payload_contains=4711",
    (client) => client.events.list({ type: "order.*", undelivered: true, payload_contains: "4711" }),
  ],
  ["GET /v1/events?limit=1", (client) => collect(client.events.iterate({ limit: 1 }))],
  ["GET /v1/event-types?search=order.", (client) => client.events.listTypes({ search: "order." })],
  [
    "GET /v1/events/evt_1/explain?endpoint_id=ep_1",
    (client) => client.events.explain("evt_1", { endpoint_id: "ep_1" }),
  ],
  ["POST /v1/explain", (client) => client.events.suppose({ type: "a" })],
  ["POST /v1/endpoints/ep_1/test", (client) => client.endpoints.test("ep_1", { input: { event_id: "evt_1" } })],
  ["GET /v1/deliveries/del_1/explain", (client) => client.deliveries.explain("del_1")],
  [
    "GET /v1/deliveries/del_1/attempts/2?signed=now",
    (client) => client.deliveries.getAttempt("del_1", 2, { signed: "now" }),
  ],
  ["GET /v1/deliveries?status=FAILED&limit=5", (client) => client.deliveries.list({ status: "FAILED", limit: 5 })],
  ["GET /v1/deliveries/del_1", (client) => client.deliveries.get("del_1")],
  ["POST /v1/deliveries/del_1/cancel", (client) => client.deliveries.cancel("del_1")],
  ["POST /v1/deliveries/del_1/retry", (client) => client.deliveries.retry("del_1")],
  ["GET /v1/exports/a-token%2F1", (client) => client.deliveries.getExport("a-token/1")],
  ["POST /v1/replays", (client) => client.replays.create({ delivery_ids: ["del_1"], dry_run: true })],
  ["GET /v1/analytics/delivery-volume?hours=48", (client) => client.analytics.deliveryVolume({ hours: 48 })],
  ["GET /v1/analytics/success-rate", (client) => client.analytics.successRate()],
  ["GET /v1/analytics/latency-distribution", (client) => client.analytics.latencyDistribution()],
  ["GET /v1/analytics/endpoint-health", (client) => client.analytics.endpointHealth()],
  ["GET /v1/jobs/job_1", (client) => client.jobs.get("job_1")],
  [
    "GET /v1/deliveries?status=FAILED&status=EXPIRED&count=true",
    (client) => client.deliveries.list({ status: ["FAILED", "EXPIRED"], count: true }),
  ],
  [
    "POST /v1/deliveries/bulk",
    (client) => client.deliveries.countBulk({ action: "retry", filter: { status: "FAILED" } }),
  ],
  [
    "POST /v1/deliveries/bulk",
    (client) => client.deliveries.bulk({ action: "cancel", filter: { endpoint_id: ["ep_1"] }, per_second: 5 }),
  ],
  ["GET /v1/jobs?state=running", (client) => client.jobs.list({ state: "running" })],
  ["POST /v1/jobs/job_1/cancel", (client) => client.jobs.cancel("job_1")],
  ["POST /v1/auth/keys", (client) => client.keys.create({ name: "ci" })],
  ["GET /v1/auth/keys", (client) => client.keys.list()],
  ["POST /v1/tenants", (client) => client.tenants.create({ name: "t" })],
  ["GET /v1/tenants", (client) => collect(client.tenants.list())],
  ["GET /v1/tenants/dev_1", (client) => client.tenants.get("dev_1")],
  ["PATCH /v1/tenants/dev_1", (client) => client.tenants.update("dev_1", { name: "t", quotas: { keys: null } })],
  [
    "POST /v1/webhooks",
    (client) =>
      client.webhooks.create({ url: "https://a.example", events: ["pause.responded"], secret: "s".repeat(16) }),
  ],
  ["GET /v1/webhooks", (client) => client.webhooks.list()],
];

describe("the client", () => {
  it("sends each call in the form that the server expects", async (test) => {
    const { client, seen } = await connect(test, (seen, response) =>
      json(200, seen.url === "/v1/tenants" ? [] : { results: [], keys: [], webhooks: [] })(seen, response),
    );
    for (const [, call] of CALLS) await call(client);
    assert.deepEqual(
      requests(seen),
      CALLS.map(([request]) => request),
    );
    assert.ok(seen.every(({ headers }) => headers.authorization === `Bearer ${KEY}`));
    assert.ok(seen.every(({ headers, body }) => (body !== "") === (headers["content-type"] === "application/json")));
    assert.equal(seen[6]?.headers["idempotency-key"], "k1");
    assert.deepEqual(JSON.parse(seen[5]?.body ?? ""), { since: "1970-01-01T00:00:00.000Z" });
    assert.match(await client.events.getPayload("evt_1"), /^\{"results":/);
    assert.deepEqual(await client.keys.list(), []);
    assert.deepEqual(await client.webhooks.list(), []);
  });

  it("sends a text payload byte for byte, and refuses text that is not a single JSON value", async (test) => {
    const { client, seen } = await connect(test, json(202, { event_id: "evt_1", deliveries: [], results: [] }));
    const payload = '{ "n": 1.0, "big": 12345678901234567890 }';
    await client.events.publish({ type: "a.b", payload });
    await client.events.publishBatch([{ type: "a.b", payload, endpoint_ids: ["ep_1"] }]);
    assert.equal(seen[0]?.body, `{"type":"a.b","payload":${payload}}`);
    assert.equal(seen[1]?.body, `{"events":[{"type":"a.b","endpoint_ids":["ep_1"],"payload":${payload}}]}`);
    await client.endpoints.test("ep_1", { input: { event_type: "a.b", payload } });
    assert.equal(seen[2]?.body, `{"event_type":"a.b","payload":${payload}}`);
    await assert.rejects(client.events.publish({ type: "a.b", payload: '{},"type":"c"' }), SyntaxError);
  });

  it("fetches all pages of keys into one array", async (test) => {
    const page = (id: string, next: string | null) =>
      json(200, { keys: [{ id }], has_more: next !== null, next_cursor: next });
    const { client, seen } = await connect(test, page("key_1", "c1"), page("key_2", null));
    assert.deepEqual(await client.keys.list({ limit: 1 }), [{ id: "key_1" }, { id: "key_2" }]);
    assert.deepEqual(requests(seen), ["GET /v1/auth/keys?limit=1", "GET /v1/auth/keys?limit=1&cursor=c1"]);
  });

  it("encodes ids, and sends the tenant with every call if there is one", async (test) => {
    const { url, seen } = await serve(test, json(200, {}));
    const client = new Signalbox({ url: `${url}/base`, apiKey: KEY, tenant: "dev_1" });
    await client.endpoints.get("../keys?x");
    await client.deliveries.list({ limit: 1 });
    assert.deepEqual(requests(seen), [
      "GET /base/v1/endpoints/..%2Fkeys%3Fx?tenant=dev_1",
      "GET /base/v1/deliveries?limit=1&tenant=dev_1",
    ]);
  });

  it("refuses a URL that is not http or https, and an empty key", () => {
    assert.throws(() => new Signalbox({ url: "localhost:8080", apiKey: KEY }), TypeError);
    assert.throws(() => new Signalbox({ url: "nonsense here", apiKey: KEY }), TypeError);
    const meant: readonly (readonly [string, string])[] = [
      ["127.0.0.1:8080", "http://127.0.0.1:8080"],
      ["localhost:8080", "http://localhost:8080"],
      ["[::1]:8080", "http://[::1]:8080"],
      ["signalbox:8080/base", "http://signalbox:8080/base"],
      ["hooks.example.com", "https://hooks.example.com"],
      ["http:localhost:8080", "http://localhost:8080"],
      ["https:///hooks.example.com/", "https://hooks.example.com/"],
      ["//hooks.example.com", "https://hooks.example.com"],
    ];
    for (const [url, right] of meant) {
      assert.throws(() => new Signalbox({ url, apiKey: KEY }), {
        name: "TypeError",
        message: `url must begin with http:// or https://; did you mean "${right}"?`,
      });
    }
    assert.throws(() => new Signalbox({ url: "http://user:hush@localhost", apiKey: KEY }), {
      message: "url must not contain a user name or password",
    });
    const versioned = { name: "TypeError", message: "url must be the server's address without /v1" };
    for (const end of ["/v1", "/v1/"])
      assert.throws(() => new Signalbox({ url: `https://a.example${end}`, apiKey: KEY }), versioned);
    assert.throws(() => new Signalbox({ url: "http://localhost", apiKey: "" }), TypeError);
  });

  it("refuses options of the wrong type from plain JavaScript", () => {
    const right = { url: "http://localhost", apiKey: KEY };
    const wrong = [
      { apiKey: undefined },
      { apiKey: null },
      { tenant: "" },
      { tenant: null },
      { url: undefined },
      { url: new URL("http://localhost") },
      { url: "http://localhost/?a=1" },
      { url: "http://localhost/#a" },
      { fetch: "fetch" },
      { wait: 5 },
    ];
    for (const more of wrong) {
      const [name = ""] = Object.keys(more);
      const options = { ...right, ...more } as unknown as SignalboxOptions;
      assert.throws(() => new Signalbox(options), { name: "TypeError", message: new RegExp(`^${name} must `) });
    }
  });

  it("sends nothing for an id that is invalid or would change the path", async (test) => {
    const { client, seen } = await connect(test, json(200, {}));
    for (const wrong of [undefined, null, "", ".", "..", 5]) {
      const id = wrong as string;
      await assert.rejects(client.endpoints.delete(id), TypeError);
      await assert.rejects(client.endpoints.test(id), TypeError);
      await assert.rejects(client.deliveries.cancel(id), TypeError);
      await assert.rejects(client.events.get(id), TypeError);
      await assert.rejects(client.jobs.get(id), TypeError);
      await assert.rejects(client.keys.revoke(id), TypeError);
      await assert.rejects(client.webhooks.delete(id), TypeError);
      await assert.rejects(client.cancelPause(id), TypeError);
    }
    assert.equal(seen.length, 0);
  });

  it("sends nothing for an invalid idempotency key, payload or date", async (test) => {
    const { client, seen } = await connect(test, json(202, {}));
    for (const wrong of [null, "", 5]) {
      const idempotencyKey = wrong as string;
      const expected = { name: "TypeError", message: /^idempotencyKey must be a non-empty string/ };
      await assert.rejects(client.events.publish({ type: "a.b", payload: {} }, { idempotencyKey }), expected);
      await assert.rejects(client.pause({ message: "?", options: ["a", "b"] }, { idempotencyKey }), expected);
    }
    for (const wrong of [undefined, () => 1]) {
      const event = { type: "a.b", payload: wrong as unknown as object };
      await assert.rejects(client.events.publish(event), { name: "TypeError", message: /^payload must be/ });
    }
    for (const since of [new Date("x"), undefined, null, 5]) {
      const expected = { name: "TypeError", message: /^since must be/ };
      await assert.rejects(client.endpoints.recover("ep_1", { since: since as Date }), expected);
    }
    assert.equal(seen.length, 0);
  });

  it("uses the new key after a rotation", async (test) => {
    const { client, seen } = await connect(test, json(200, { api_key: "sb_test_new" }), json(200, {}));
    assert.deepEqual(await client.keys.rotate(), { api_key: "sb_test_new" });
    await client.jobs.get("job_1");
    assert.equal(seen[1]?.headers.authorization, "Bearer sb_test_new");
  });
});

describe("paging", () => {
  it("follows the Link header of endpoints, and never to another host", async (test) => {
    const link = (cursor: string) => ({
      link: `<https://evil.example/v1/endpoints?cursor=${cursor}&limit=2>; rel="next"`,
    });
    const { client, seen } = await connect(
      test,
      json(200, [{ id: "ep_1" }, { id: "ep_2" }], link("c1")),
      json(200, [{ id: "ep_3" }], { link: '</v1/endpoints?cursor=c2>; rel="next"' }),
      json(200, []),
    );
    const ids = (await collect(client.endpoints.list({ limit: 2 }))).map(({ id }) => id);
    assert.deepEqual(ids, ["ep_1", "ep_2", "ep_3"]);
    assert.deepEqual(requests(seen), [
      "GET /v1/endpoints?limit=2",
      "GET /v1/endpoints?limit=2&cursor=c1",
      "GET /v1/endpoints?limit=2&cursor=c2",
    ]);
  });

  it("follows the cursor of deliveries, even through an empty page", async (test) => {
    const { client, seen } = await connect(
      test,
      json(200, { results: [{ id: "del_1" }], has_more: true, next_cursor: "c1" }),
      json(200, { results: [], has_more: true, next_cursor: "c2" }),
      json(200, { results: [{ id: "del_2" }], has_more: false, next_cursor: null }),
    );
    const ids = (await collect(client.deliveries.iterate({ status: "FAILED" }))).map(({ id }) => id);
    assert.deepEqual(ids, ["del_1", "del_2"]);
    assert.equal(seen[2]?.url, "/v1/deliveries?status=FAILED&cursor=c2");
  });

  it("fetches only the pages that the loop reaches", async (test) => {
    const { client, seen } = await connect(test, json(200, { results: [{}, {}], has_more: true, next_cursor: "c1" }));
    for await (const _delivery of client.deliveries.iterate()) break;
    assert.equal(seen.length, 1);
  });

  it("reports an error for a page that names itself as the next one", async (test) => {
    const { client, seen } = await connect(test, json(200, { results: [], has_more: true, next_cursor: "same" }));
    await assert.rejects(collect(client.deliveries.iterate()), { code: "PROTOCOL_ERROR" });
    assert.equal(seen.length, 2);
  });
});

describe("errors", () => {
  it("contain the status, code, message and every invalid field, for all error formats", async (test) => {
    const details = [{ field: "url", rule: "must be https" }];
    const { client } = await connect(
      test,
      json(400, { error: { code: "VALIDATION_ERROR", message: "url must be https", details } }),
      json(401, { error: "INVALID_API_KEY", message: "no such key", status_code: 401 }),
      (_seen, response) => void response.writeHead(502, { "content-type": "text/html" }).end("<html>"),
    );
    const failure = async (): Promise<SignalboxError> => {
      const error = await client.jobs.get("job_1").catch((error: unknown) => error);
      assert.ok(error instanceof SignalboxError);
      return error;
    };
    const first = await failure();
    assert.deepEqual([first.status, first.code, first.message], [400, "VALIDATION_ERROR", "url must be https"]);
    assert.deepEqual(first.details, details);
    const second = await failure();
    assert.deepEqual([second.status, second.code, second.message], [401, "INVALID_API_KEY", "no such key"]);
    const third = await failure();
    assert.deepEqual([third.status, third.code, third.details], [502, "HTTP_502", []]);
  });

  it("report a server that is not Signalbox, and a redirect is not followed", async (test) => {
    const { client, seen } = await connect(
      test,
      (_seen, response) => void response.end("hello"),
      (_seen, response) => void response.writeHead(308, { location: "/elsewhere" }).end(),
    );
    await assert.rejects(client.jobs.get("job_1"), { code: "PROTOCOL_ERROR", status: 200 });
    await assert.rejects(client.jobs.get("job_1"), { code: "HTTP_308", status: 308 });
    assert.equal(seen.length, 2);
  });
});

describe("retries", () => {
  const busy = (status: number, retryAfter?: string) =>
    json(
      status,
      { error: { code: "BUSY", message: "later" } },
      retryAfter === undefined ? {} : { "retry-after": retryAfter },
    );
  const published = json(202, { event_id: "evt_1", deliveries: [] });

  it("follow 429 and 503 with Retry-After for any call, after the requested wait", async (test) => {
    const { client, seen, waits } = await connect(test, busy(429, "2"), busy(503, "0"), published);
    await client.events.publish({ type: "a.b", payload: {} });
    assert.equal(seen.length, 3);
    assert.deepEqual(waits, [2000, 0]);
  });

  it("do not follow a 503 without Retry-After, a Retry-After that is too long, or any other status", async (test) => {
    for (const answer of [busy(503), busy(503, "61"), busy(500, "1"), busy(409, "1"), busy(503, "soon")]) {
      const { client, seen, waits } = await connect(test, answer);
      await assert.rejects(client.jobs.get("job_1"), { code: "BUSY" });
      assert.equal(seen.length, 1);
      assert.deepEqual(waits, []);
    }
  });

  it("stop after three, with the server's error", async (test) => {
    const { client, seen } = await connect(test, busy(503, "1"));
    await assert.rejects(client.jobs.get("job_1"), { status: 503, code: "BUSY", retryAfterSeconds: 1 });
    assert.equal(seen.length, 4);
  });

  it("follow a lost connection for calls that are safe to repeat, with growing waits", async (test) => {
    const { client, seen, waits } = await connect(test, hangUp, hangUp, published);
    await client.events.publish({ type: "a.b", payload: {} }, { idempotencyKey: "k" });
    assert.equal(seen.length, 3);
    assert.ok(waits[0] !== undefined && waits[0] >= 125 && waits[0] <= 250, String(waits));
    assert.ok(waits[1] !== undefined && waits[1] >= 250 && waits[1] <= 500, String(waits));
  });

  it("never follow a lost connection for a publish without an idempotency key", async (test) => {
    const { client, seen } = await connect(test, hangUp);
    const event = { type: "a.b", payload: {} };
    await assert.rejects(client.events.publish(event), { status: 0, code: "NETWORK_ERROR" });
    await assert.rejects(client.events.publishBatch([event, { ...event, idempotency_key: "k" }]), {
      code: "NETWORK_ERROR",
    });
    for (const none of [null, ""]) {
      const batch = [{ ...event, idempotency_key: none as string }];
      await assert.rejects(client.events.publishBatch(batch), { code: "NETWORK_ERROR" });
    }
    assert.equal(seen.length, 4);
    await assert.rejects(client.events.publishBatch([{ ...event, idempotency_key: "k" }]), { code: "NETWORK_ERROR" });
    assert.equal(seen.length, 8);
  });

  it("treat a missing record as deleted when the first response was lost", async (test) => {
    const gone = json(404, { error: { code: "NOT_FOUND", message: "gone" } });
    const lost = await connect(test, hangUp, gone);
    await lost.client.endpoints.delete("ep_1");
    const direct = await connect(test, gone);
    await assert.rejects(direct.client.endpoints.delete("ep_1"), { status: 404 });
    const plain = await connect(test, noContent);
    await plain.client.keys.revoke("key_1");
    await plain.client.webhooks.delete("webhook_1");
  });

  it("stop when the caller's signal is aborted, with its reason", async (test) => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const { client, seen } = await connect(test, () => controller.abort(reason));
    await assert.rejects(client.endpoints.get("ep_1", { signal: controller.signal }), reason);
    await assert.rejects(client.endpoints.get("ep_1", { signal: controller.signal }), reason);
    assert.equal(seen.length, 1);
  });
});
