import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Client, newTenant, startServer, type Tenant } from "../harness/server.ts";

const server = await startServer({ after });
const UNKNOWN = "00000000-0000-7000-8000-000000000000";

/** Every route with a key: its method, its path and a body that it takes. */
const ROUTES: readonly (readonly [method: string, path: string, body?: object])[] = [
  ["POST", "/v1/endpoints", { url: "http://127.0.0.1:9/" }],
  ["GET", "/v1/endpoints"],
  ["GET", "/v1/endpoints/ID"],
  ["PATCH", "/v1/endpoints/ID", {}],
  ["DELETE", "/v1/endpoints/ID"],
  ["POST", "/v1/endpoints/ID/rotate-secret", {}],
  ["POST", "/v1/endpoints/ID/test", {}],
  ["POST", "/v1/endpoints/ID/recover", { since: "2024-01-01T00:00:00Z" }],
  ["POST", "/v1/events", { type: "a", payload: {} }],
  ["POST", "/v1/events/batch", { events: [] }],
  ["GET", "/v1/events/ID"],
  ["GET", "/v1/deliveries"],
  ["GET", "/v1/deliveries/ID"],
  ["POST", "/v1/deliveries/ID/cancel", {}],
  ["POST", "/v1/deliveries/ID/retry", {}],
  ["POST", "/v1/replays", { delivery_ids: [`del_${UNKNOWN}`] }],
  ["GET", "/v1/analytics/delivery-volume"],
  ["GET", "/v1/analytics/success-rate"],
  ["GET", "/v1/analytics/latency-distribution"],
  ["GET", "/v1/analytics/endpoint-health"],
  ["GET", "/v1/stream"],
  ["GET", "/v1/jobs/ID"],
  ["POST", "/v1/tenants", { name: "x" }],
  ["GET", "/v1/tenants"],
  ["POST", "/v1/webhooks", { url: "http://127.0.0.1:9/", events: ["pause.responded"], secret: "0123456789abcdef" }],
  ["GET", "/v1/webhooks"],
  ["DELETE", "/v1/webhooks/ID"],
  ["POST", "/v1/auth/keys", { name: "x" }],
  ["GET", "/v1/auth/keys"],
  ["DELETE", "/v1/auth/keys/ID"],
  ["POST", "/v1/auth/keys/rotate", {}],
];
const isPauses = (path: string): boolean => path.startsWith("/v1/webhooks") || path.startsWith("/v1/auth");

/** One thing of each kind that belongs to the tenant, by the part of the path that names it. */
async function belongings(client: Tenant): Promise<Record<string, string>> {
  const endpoint = await client.request("POST", "/v1/endpoints", { body: { url: "http://127.0.0.1:9/" } });
  const endpointId = endpoint.body.id;
  await client.request("PATCH", `/v1/endpoints/${endpointId}`, { body: { status: "PAUSED" } });
  const event = await client.request("POST", "/v1/events", { body: { type: "a", payload: {} } });
  const job = await client.request("POST", `/v1/endpoints/${endpointId}/recover`, {
    body: { since: "2024-01-01T00:00:00Z" },
  });
  const key = await client.request("POST", "/v1/auth/keys", { body: { name: "x" } });
  return {
    endpoints: endpointId,
    webhooks: endpointId.replace("ep_", "webhook_"),
    events: event.body.event_id,
    deliveries: event.body.deliveries[0]?.delivery_id ?? "",
    jobs: job.body.job_id,
    keys: key.body.id,
  };
}

const kindOf = (path: string): string => /\/([a-z]+)\/ID/.exec(path)?.[1] ?? "";

test("without a valid key every route is 401, whatever the body", async () => {
  const keys = [null, "sb_live_x", `sb_live_${"f".repeat(48)}`];
  for (const [method, path] of ROUTES) {
    for (const key of keys) {
      const body = method === "GET" ? {} : { body: "{not json", headers: { "content-type": "text/plain" } };
      const answer = await server.request(method, path, { key, ...body });
      assert.equal(answer.status, 401, `${method} ${path}`);
      assert.equal(answer.code, isPauses(path) ? "INVALID_API_KEY" : "UNAUTHORIZED");
      assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
    }
  }
});

test("another tenant's ids, unknown ids and malformed ids are the same 404 on every route, and change nothing", async () => {
  const owner = await newTenant(server);
  const stranger = await newTenant(server);
  const owned = await belongings(owner);
  for (const [method, path, body] of ROUTES.filter(([, path]) => path.includes("/ID"))) {
    const kind = kindOf(path);
    const id = owned[kind] ?? "";
    const code = `${kind === "deliveries" ? "DELIVERY" : kind.slice(0, -1).toUpperCase()}_NOT_FOUND`;
    const prefix = id.slice(0, id.indexOf("_") + 1);
    const answers = [];
    for (const asked of [id, prefix + UNKNOWN, "nonsense", "%00", `${prefix}'%20OR%201=1--`, "x".repeat(3000)]) {
      const answer = await stranger.request(method, path.replace("ID", asked), body === undefined ? {} : { body });
      assert.deepEqual([answer.status, answer.code], [404, code], `${method} ${path} with ${asked.slice(0, 60)}`);
      answers.push(answer.text);
    }
    assert.equal(new Set(answers).size, 1, `${method} ${path}`);
  }
  for (const kind of ["endpoints", "events", "deliveries", "jobs"]) {
    assert.equal((await owner.request("GET", `/v1/${kind}/${owned[kind]}`)).status, 200, kind);
  }
  assert.equal((await owner.request("GET", "/v1/auth/keys")).body.keys.length, 2);
});

test("another tenant's ids in filters and bodies find nothing", async () => {
  const owned = await belongings(await newTenant(server));
  const stranger = await newTenant(server);
  for (const query of [`endpoint_id=${owned.endpoints}`, `event_id=${owned.events}`, `search=${owned.deliveries}`]) {
    assert.deepEqual((await stranger.request("GET", `/v1/deliveries?${query}`)).body.results, [], query);
  }
  const replay = await stranger.request("POST", "/v1/replays", { body: { delivery_ids: [owned.deliveries] } });
  assert.deepEqual([replay.status, replay.faultyFields], [400, ["delivery_ids[0]"]]);
});

test("a developer may not touch keys and tenants, whatever the id", async () => {
  const tenant = await newTenant(server);
  const made = await tenant.request("POST", "/v1/auth/keys", { body: { name: "dev" } });
  assert.equal(made.body.role, "developer");
  const developer = tenant.as(made.body.api_key);
  assert.equal((await developer.request("GET", "/v1/endpoints")).status, 200);
  for (const [method, path] of ROUTES.filter(([, path]) => /tenants|auth\/keys(?!\/rotate)/.test(path))) {
    for (const id of [made.body.id, "nonsense"]) {
      const answer = await developer.request(method, path.replace("ID", id), method === "POST" ? { body: "{}" } : {});
      assert.deepEqual([answer.status, answer.code], [403, "FORBIDDEN"], `${method} ${path}`);
    }
  }
  assert.equal((await tenant.request("POST", "/v1/tenants", { body: { name: "x" } })).status, 403);
});

test("a key is accepted at once after it was made and refused at once after it was revoked", async () => {
  const tenant = await newTenant(server);
  const made = await tenant.request("POST", "/v1/auth/keys", { body: { name: "short-lived", test: true } });
  assert.deepEqual(Object.keys(made.body), ["id", "api_key", "name", "role", "created_at"]);
  assert.match(made.body.api_key, /^sb_test_[0-9a-f]{48}$/);
  const client = tenant.as(made.body.api_key);
  assert.equal((await client.request("GET", "/v1/endpoints")).status, 200);
  assert.equal((await tenant.request("DELETE", `/v1/auth/keys/${made.body.id}`)).status, 204);
  assert.equal((await client.request("GET", "/v1/endpoints")).status, 401);
  assert.equal((await tenant.request("DELETE", `/v1/auth/keys/${made.body.id}`)).code, "KEY_NOT_FOUND");
});

test("rotating replaces the own key at once", async () => {
  const tenant = await newTenant(server);
  const rotated = await tenant.request("POST", "/v1/auth/keys/rotate");
  assert.deepEqual([rotated.status, Object.keys(rotated.body)], [200, ["api_key"]]);
  assert.equal((await tenant.request("GET", "/v1/endpoints")).status, 401);
  const renewed = tenant.as(rotated.body.api_key);
  assert.equal((await renewed.request("GET", "/v1/auth/keys")).body.keys.length, 1);
});

test("keys are listed without themselves, and nobody makes or revokes one above the own role", async () => {
  const tenant = await newTenant(server);
  const above = await tenant.request("POST", "/v1/auth/keys", { body: { name: "x", role: "global_admin" } });
  assert.deepEqual([above.status, above.code], [403, "FORBIDDEN"]);
  const strong = await server.request("POST", `/v1/auth/keys?tenant=${tenant.id}`, {
    body: { name: "strong", role: "global_admin" },
  });
  assert.equal(strong.status, 201, strong.text);
  assert.equal((await tenant.request("DELETE", `/v1/auth/keys/${strong.body.id}`)).status, 403);
  const list = await tenant.request("GET", "/v1/auth/keys");
  assert.equal(list.text.includes("sb_live_"), false);
  assert.deepEqual(Object.keys(list.body.keys[0] ?? {}), ["id", "name", "role", "test", "created_at"]);
});

test("?tenant= is for a global_admin, on any route", async () => {
  const tenant = await newTenant(server);
  const owned = await belongings(tenant);
  const read = (client: Client, query: string) => client.request("GET", `/v1/endpoints/${owned.endpoints}${query}`);
  assert.equal((await read(server, `?tenant=${tenant.id}`)).status, 200);
  assert.equal((await read(server, "")).status, 404);
  assert.deepEqual((await read(tenant, `?tenant=${tenant.id}`)).code, "FORBIDDEN");
  for (const unknown of [`dev_${UNKNOWN}`, "x", `${tenant.id}&tenant=${tenant.id}`]) {
    const answer = await read(server, `?tenant=${unknown}`);
    assert.deepEqual([answer.status, answer.code], [404, "TENANT_NOT_FOUND"], unknown);
  }
});

test("tenants are made with a key and listed in creation order, in pages", async () => {
  const made = await server.request("POST", "/v1/tenants", { body: { name: "shop" } });
  assert.deepEqual(Object.keys(made.body), ["id", "name", "api_key", "created_at"]);
  assert.match(made.body.id, /^dev_/);
  const ids: string[] = [];
  let next: string | undefined = "/v1/tenants?limit=2";
  while (next !== undefined) {
    const page = await server.request("GET", next);
    ids.push(...page.rows.map(({ id }) => id));
    next = /^<([^>]+)>/.exec(page.headers.get("link") ?? "")?.[1];
  }
  assert.equal(ids.at(-1), made.body.id);
  assert.deepEqual(
    ids,
    (await server.request("GET", "/v1/tenants")).rows.map(({ id }) => id),
  );
});

test("a stream ends when a key is revoked, so that nobody goes on reading with it", async () => {
  const made = await server.request("POST", "/v1/auth/keys", { body: { name: "reader" } });
  const headers = { authorization: `Bearer ${made.body.api_key}` };
  const stream = await fetch(`${server.url}/v1/stream`, { headers });
  assert.equal(stream.status, 200);
  assert.equal((await server.request("DELETE", `/v1/auth/keys/${made.body.id}`)).status, 204);
  await stream.text(); // comes to its end
  assert.equal((await fetch(`${server.url}/v1/stream`, { headers })).status, 401);
});
