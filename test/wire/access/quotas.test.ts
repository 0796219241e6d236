/** Quotas: shown, set, and enforced on every surface. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { QUOTA_BOUNDS, QUOTA_NAMES, type QuotaName } from "../../../src/domain/access/quota.ts";
import { createSource } from "../../harness/inbound.ts";
import { ask, QUESTION } from "../../harness/pauses.ts";
import { type Answer, type Client, newTenant, type Tenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

interface Quota {
  readonly limit: number;
  readonly default: number;
  readonly used?: number;
}

async function quotasOf(tenant: Tenant): Promise<Record<QuotaName, Quota>> {
  const answer = await server.request("GET", `/v1/tenants/${tenant.id}`);
  assert.equal(answer.status, 200, answer.text);
  return (answer.body as unknown as { quotas: Record<QuotaName, Quota> }).quotas;
}

async function patch(tenant: Tenant, body: object): Promise<Answer> {
  const answer = await server.request("PATCH", `/v1/tenants/${tenant.id}`, { body });
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

const URL = "http://127.0.0.1:9/";
const publish = (client: Client, payload: object = {}) =>
  client.request("POST", "/v1/events", { body: { type: "order.paid", payload } });

test("a tenant is shown with its quotas, their defaults and its usage", async () => {
  const tenant = await newTenant(server);
  await tenant.request("POST", "/v1/endpoints", { body: { url: URL } });
  await createSource(tenant, { scheme: "none" });
  await ask(tenant);
  assert.equal((await publish(tenant, { n: 1 })).status, 202);
  const answer = await server.request("GET", `/v1/tenants/${tenant.id}`);
  assert.deepEqual(Object.keys(answer.body), ["id", "name", "created_at", "portal_origins", "links", "quotas"]);
  const quotas = await quotasOf(tenant);
  assert.deepEqual(Object.keys(quotas), QUOTA_NAMES);
  for (const name of QUOTA_NAMES) assert.equal(quotas[name].limit, quotas[name].default, name);
  const { endpoints, keys, sources, open_pauses, stored_bytes, events_per_second } = quotas;
  assert.deepEqual(
    [endpoints, keys, sources, open_pauses].map(({ used }) => used),
    [1, 1, 1, 1],
  );
  assert((stored_bytes.used ?? 0) > 0);
  assert.deepEqual(Object.keys(events_per_second), ["limit", "default"]);
});

test("a patch changes only the given fields, null restores a default, and every fault is listed", async () => {
  const tenant = await newTenant(server);
  const renamed = await patch(tenant, { name: " Acme ", quotas: { keys: 5, endpoints: 0 } });
  assert.equal((renamed.body as unknown as { name: string }).name, "Acme");
  await patch(tenant, { quotas: { endpoints: null } });
  await patch(tenant, {});
  const quotas = await quotasOf(tenant);
  assert.deepEqual([quotas.keys.limit, quotas.endpoints.limit], [5, quotas.endpoints.default]);
  const wrong = { name: "\u0007", quotas: { keys: -1, endpoints: "many", events_per_second: 0, key: 1 }, colour: 1 };
  const refused = await server.request("PATCH", `/v1/tenants/${tenant.id}`, { body: wrong });
  assert.deepEqual([refused.status, refused.code], [400, "VALIDATION_ERROR"]);
  assert.deepEqual(refused.faultyFields.toSorted(), [
    "colour",
    "name",
    "quotas.endpoints",
    "quotas.events_per_second",
    "quotas.key",
    "quotas.keys",
  ]);
  for (const name of QUOTA_NAMES) {
    const { min, max } = QUOTA_BOUNDS[name];
    await patch(tenant, { quotas: { [name]: min } });
    await patch(tenant, { quotas: { [name]: max } });
    const beyond = await server.request("PATCH", `/v1/tenants/${tenant.id}`, { body: { quotas: { [name]: max + 1 } } });
    assert.equal(beyond.status, 400, name);
  }
  for (const name of ["", "  ", "\u200b", "x".repeat(201), 7]) {
    for (const [method, path] of [
      ["PATCH", `/v1/tenants/${tenant.id}`],
      ["POST", "/v1/tenants"],
    ] as const) {
      assert.equal((await server.request(method, path, { body: { name } })).status, 400, JSON.stringify(name));
    }
  }
});

test("each surface refuses one more than the quota, and says which quota it is, its limit, and who can raise it", async () => {
  const tenant = await newTenant(server);
  await patch(tenant, { quotas: { endpoints: 0, keys: 1, sources: 0, open_pauses: 0 } });
  const secret = "0123456789abcdef";
  const attempts: readonly (readonly [QuotaName, string, object])[] = [
    ["endpoints", "/v1/endpoints", { url: URL }],
    ["endpoints", "/v1/webhooks", { url: URL, events: ["pause.responded"], secret }],
    ["endpoints", "/dashboard/webhooks", { url: URL }],
    ["keys", "/v1/auth/keys", { name: "x" }],
    ["sources", "/v1/sources", { name: "no more", scheme: "none" }],
    ["open_pauses", "/v1/pause", QUESTION],
  ];
  for (const [quota, path, body] of attempts) {
    const refused = await tenant.request("POST", path, { body });
    assert.deepEqual([refused.status, refused.code], [409, "QUOTA_EXCEEDED"], refused.text);
    assert.match(
      refused.text,
      new RegExp(`global_admin can raise the quota: PATCH /v1/tenants/\\{id\\} with quotas\\.${quota}`),
    );
  }
  assert.equal((await quotasOf(tenant)).keys.used, 1);
});

test("the storage quota is enforced: 507 for an event, an event of a batch, and a pause", async () => {
  const tenant = await newTenant(server);
  const { used = 0 } = (await quotasOf(tenant)).stored_bytes;
  await patch(tenant, { quotas: { stored_bytes: used + 1000 } });
  assert.equal((await publish(tenant)).status, 202);
  const refused = await publish(tenant, { text: "x".repeat(1000) });
  assert.deepEqual([refused.status, refused.code], [507, "QUOTA_EXCEEDED"]);
  const events = [
    { type: "a", payload: {} },
    { type: "a", payload: { text: "x".repeat(1000) } },
  ];
  const batch = await tenant.request("POST", "/v1/events/batch", { body: { events } });
  assert.equal(batch.status, 202);
  assert.equal(batch.body.results[1]?.error.code, "QUOTA_EXCEEDED");
  assert.equal(typeof batch.body.results[0]?.event_id, "string");
  const pause = await tenant.request("POST", "/v1/pause", { body: { ...QUESTION, message: "x".repeat(1000) } });
  assert.deepEqual([pause.status, pause.code], [507, "QUOTA_EXCEEDED"]);
});

test("a source whose tenant is over its storage quota gets a 507 without the quota", async () => {
  const tenant = await newTenant(server);
  const source = await createSource(tenant, { scheme: "none" });
  await patch(tenant, { quotas: { stored_bytes: 0 } });
  const refused = await server.request("POST", `/in/${source.id}`, { key: null, body: { n: 1 } });
  assert.deepEqual([refused.status, refused.code], [507, "QUOTA_EXCEEDED"]);
  assert.doesNotMatch(refused.text, /quotas|tenant/);
  await patch(tenant, { quotas: { stored_bytes: null } });
  assert.equal((await server.request("POST", `/in/${source.id}`, { key: null, body: { n: 1 } })).status, 200);
});

test("publishing faster than the quota gets 429 with Retry-After, and a changed quota applies immediately", async () => {
  const [tenant, other] = [await newTenant(server), await newTenant(server)];
  await patch(tenant, { quotas: { events_per_second: 1 } });
  const events = Array.from({ length: 1000 }, () => ({ type: "a", payload: {} }));
  // The whole batch is accepted, and the next events have to wait for about a thousand seconds.
  assert.equal((await tenant.request("POST", "/v1/events/batch", { body: { events } })).status, 202);
  for (const refused of [
    await publish(tenant),
    await tenant.request("POST", "/v1/events/batch", { body: { events: events.slice(0, 2) } }),
  ]) {
    assert.deepEqual([refused.status, refused.code], [429, "QUOTA_EXCEEDED"], refused.text);
    const seconds = Number(refused.headers.get("retry-after"));
    assert(seconds > 0 && seconds <= 1000, String(seconds));
  }
  assert.equal((await publish(other)).status, 202);
  await patch(tenant, { quotas: { events_per_second: null } });
  assert.equal((await publish(tenant)).status, 202);
});

test("keys are listed in pages of at most 100, and a cursor of another list is refused", async () => {
  const tenant = await newTenant(server);
  const made: string[] = [];
  for (let count = 0; count < 4; count += 1) {
    made.push((await tenant.request("POST", "/v1/auth/keys", { body: { name: `key ${count}` } })).body.id);
  }
  const ids: string[] = [];
  const sizes: number[] = [];
  let cursor: string | null = null;
  do {
    const page: Answer = await tenant.request(
      "GET",
      `/v1/auth/keys?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`,
    );
    assert.equal(page.status, 200, page.text);
    sizes.push(page.body.keys.length);
    ids.push(...page.body.keys.map(({ id }) => id));
    assert.equal(page.body.has_more, page.body.next_cursor !== null);
    cursor = page.body.next_cursor;
  } while (cursor !== null);
  assert.deepEqual(sizes, [2, 2, 1]);
  assert.deepEqual(ids.slice(1), made);
  const whole = await tenant.request("GET", "/v1/auth/keys");
  assert.deepEqual([whole.body.keys.length, whole.body.has_more, whole.body.next_cursor], [5, false, null]);
  for (const query of ["limit=0", "limit=101", "cursor=nonsense", "offset=1"]) {
    assert.equal((await tenant.request("GET", `/v1/auth/keys?${query}`)).status, 422, query);
  }
});

test("only a global_admin can read or change a tenant, even its own", async () => {
  const tenant = await newTenant(server);
  for (const id of [tenant.id, "dev_00000000-0000-7000-8000-000000000000", "nonsense"]) {
    assert.equal((await tenant.request("GET", `/v1/tenants/${id}`)).status, 403);
    assert.equal((await tenant.request("PATCH", `/v1/tenants/${id}`, { body: { name: "x" } })).status, 403);
  }
});
