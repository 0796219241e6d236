/** Keys and tenants: created, listed, replaced and revoked. Authorization is in `access-*.test.ts`. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Uuid } from "../../../src/domain/ids.ts";
import { HOUR_MS } from "../../../src/domain/limits/units.ts";
import { stagePeople } from "../../harness/people.ts";
import { newTenant, startServer } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const UNKNOWN = "00000000-0000-7000-8000-000000000000" as Uuid;
const KEY_FIELDS = [
  "id",
  "name",
  "role",
  "scopes",
  "test",
  "created_at",
  "created_by",
  "expires_at",
  "idle_days",
  "last_used_at",
];

test("a key works immediately after its creation, and stops working immediately after its revocation", async () => {
  const tenant = await newTenant(server);
  const made = await tenant.request("POST", "/v1/auth/keys", { body: { name: "short-lived", test: true } });
  assert.deepEqual(Object.keys(made.body), ["id", "api_key", "name", "role", "scopes", "created_at", "expires_at"]);
  assert.match(made.body.api_key, /^sb_test_[0-9a-f]{48}$/);
  const client = tenant.as(made.body.api_key);
  assert.equal((await client.request("GET", "/v1/endpoints")).status, 200);
  assert.equal((await tenant.request("DELETE", `/v1/auth/keys/${made.body.id}`)).status, 204);
  assert.equal((await client.request("GET", "/v1/endpoints")).status, 401);
  assert.equal((await tenant.request("DELETE", `/v1/auth/keys/${made.body.id}`)).code, "KEY_NOT_FOUND");
});

test("rotating replaces the caller's key immediately", async () => {
  const tenant = await newTenant(server);
  const rotated = await tenant.request("POST", "/v1/auth/keys/rotate");
  assert.deepEqual([rotated.status, Object.keys(rotated.body)], [200, ["api_key"]]);
  assert.equal((await tenant.request("GET", "/v1/endpoints")).status, 401);
  const renewed = tenant.as(rotated.body.api_key);
  assert.equal((await renewed.request("GET", "/v1/auth/keys")).body.keys.length, 1);
});

test("keys are listed without their secrets, and nobody creates or revokes a key with a higher role", async () => {
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
  assert.deepEqual(Object.keys(list.body.keys[0] ?? {}), KEY_FIELDS);
});

test("a key shows who created it and when it was used, and stops working when it expires", async (t) => {
  const { server: people, later } = await stagePeople(t);
  const tenant = await newTenant(people);
  const expires = new Date(Date.now() + 3 * HOUR_MS).toISOString();
  const made = await tenant.request("POST", "/v1/auth/keys", { body: { name: "x", expires_at: expires } });
  assert.deepEqual([made.status, made.body.expires_at], [201, expires.replace(/\.\d+/, "")]);
  const key = made.body.api_key;
  const shown = async () => {
    const { body } = await tenant.request("GET", "/v1/auth/keys");
    return body.keys.find(({ id }) => id === made.body.id) ?? assert.fail();
  };
  const [first] = (await tenant.request("GET", "/v1/auth/keys")).body.keys;
  assert.deepEqual([(await shown()).created_by, (await shown()).last_used_at], [first?.id, null]);
  const used: (string | null)[] = [];
  for (const ms of [0, HOUR_MS / 2, HOUR_MS]) {
    later(ms);
    assert.equal((await people.request("GET", "/v1/endpoints", { key })).status, 200);
    // The request did not wait for the store, which takes writes in their order.
    await people.store.recordKeyUse(UNKNOWN, 0);
    used.push((await shown()).last_used_at);
  }
  assert.equal(used[0], used[1], "a second use in the same hour is not stored");
  assert.notEqual(used[1], used[2]);
  const stream = await fetch(`${people.url}/v1/stream`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(stream.status, 200);
  later(2 * HOUR_MS);
  assert.equal((await people.request("GET", "/v1/endpoints", { key })).status, 401);
  for (const past of ["2024-01-01T00:00:00Z", "soon", 5]) {
    const refused = await tenant.request("POST", "/v1/auth/keys", { body: { name: "x", expires_at: past } });
    assert.deepEqual([refused.status, refused.code], [422, "VALIDATION_ERROR"], refused.text);
  }
  await stream.body?.cancel();
});

test("tenants are created with a key, and listed in creation order, in pages", async () => {
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

test("a stream ends when a key is revoked", async () => {
  const made = await server.request("POST", "/v1/auth/keys", { body: { name: "reader" } });
  const headers = { authorization: `Bearer ${made.body.api_key}` };
  const stream = await fetch(`${server.url}/v1/stream`, { headers });
  assert.equal(stream.status, 200);
  assert.equal((await server.request("DELETE", `/v1/auth/keys/${made.body.id}`)).status, 204);
  await stream.text(); // comes to its end
  assert.equal((await fetch(`${server.url}/v1/stream`, { headers })).status, 401);
});

test("a request that waits for a pause ends when its key is revoked, and no other one does", async () => {
  const tenant = await newTenant(server);
  const made = await tenant.request("POST", "/v1/auth/keys", { body: { name: "waiting" } });
  const asked = { message: "Deploy?", options: ["Yes", "No"], timeout_hours: 1 };
  const { pause_id: id } = (await tenant.request("POST", "/v1/pause", { body: asked })).body as unknown as {
    pause_id: string;
  };
  const path = `/v1/pause/${id}?wait=60`;
  const [revoked, other] = [tenant.as(made.body.api_key).request("GET", path), tenant.request("GET", path)];
  await tenant.request("GET", "/v1/endpoints"); // its turn comes after theirs
  assert.equal((await tenant.request("DELETE", `/v1/auth/keys/${made.body.id}`)).status, 204);
  const ended = await revoked;
  assert.deepEqual([ended.status, ended.code], [401, "INVALID_API_KEY"]);
  assert.equal((await tenant.request("DELETE", `/v1/pause/${id}`)).status, 200);
  assert.match((await other).text, /"status":"cancelled"/);
});

test("the last key with the role global_admin cannot revoke itself, but can be rotated", async (t) => {
  const alone = await startServer(t);
  const [own] = (await alone.request("GET", "/v1/auth/keys")).body.keys;
  const refused = await alone.request("DELETE", `/v1/auth/keys/${own?.id}`);
  assert.deepEqual([refused.status, refused.code], [409, "LAST_ADMIN_KEY"], refused.text);
  assert.equal((await alone.request("GET", "/v1/tenants")).status, 200);
  const rotated = await alone.request("POST", "/v1/auth/keys/rotate");
  assert.equal(rotated.status, 200, rotated.text);
  const key = rotated.body.api_key;
  const second = await alone.request("POST", "/v1/auth/keys", { key, body: { name: "b", role: "global_admin" } });
  const [first] = (await alone.request("GET", "/v1/auth/keys", { key })).body.keys;
  assert.equal((await alone.request("DELETE", `/v1/auth/keys/${first?.id}`, { key })).status, 204);
  assert.equal((await alone.request("GET", "/v1/tenants", { key: second.body.api_key })).status, 200);
});
