/** What a viewer gets on the routes that it shares with a developer: nothing with which it could act. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ask } from "../../harness/pauses.ts";
import { createResource, snapshot } from "../../harness/resources.ts";
import { createEndpoint } from "../../harness/scene.ts";
import { newTenant, type Tenant } from "../../harness/server.ts";
import { type Credentials, newMember } from "../../harness/team.ts";
import { sharedPeople } from "../../processes/one-server.ts";

const stage = await sharedPeople({ after });
const { server } = stage;

async function viewerOf(tenant: Tenant) {
  const { by, email } = await newMember(stage, tenant, "viewer");
  const request = (method: string, path: string, body?: object, credentials: Credentials = by.key) =>
    server.request(method, path, { key: null, headers: credentials, ...(body !== undefined && { body }) });
  return { by, email, request };
}

test("a viewer counts what a bulk action or a replay would change, and starts neither", async () => {
  const tenant = await newTenant(server);
  const delivery = await createResource("failedDelivery", tenant);
  const { request } = await viewerOf(tenant);
  const before = await snapshot(tenant);
  const bulk = { action: "retry", filter: { delivery_id: [delivery] } };
  const counted = await request("POST", "/v1/deliveries/bulk", { ...bulk, dry_run: true });
  assert.deepEqual([counted.status, (counted.body as unknown as { total: number }).total], [200, 1]);
  const replay = { delivery_ids: [delivery] };
  assert.equal((await request("POST", "/v1/replays", { ...replay, dry_run: true })).status, 202);
  for (const [path, body] of [
    ["/v1/deliveries/bulk", bulk],
    ["/v1/deliveries/bulk", { ...bulk, dry_run: false }],
    ["/v1/replays", replay],
    ["/v1/replays", { ...replay, dry_run: false }],
  ] as const) {
    const refused = await request("POST", path, body);
    assert.deepEqual([refused.status, refused.code], [403, "FORBIDDEN"]);
    assert.match(refused.text, /This request requires the role developer\./);
  }
  assert.deepEqual(await snapshot(tenant), before);
});

test("a viewer sees the names of an endpoint's headers, and no request that a receiver accepts now", async () => {
  const tenant = await newTenant(server);
  const headers = { Authorization: "Bearer of-the-receiver", "X-Shop": "1" };
  const endpoint = await createEndpoint(tenant, { url: "http://127.0.0.1:9/", headers_json: headers });
  const { delivery_id: tested } = (await tenant.request("POST", `/v1/endpoints/${endpoint}/test`)).body
    .data as unknown as { delivery_id: string };
  const { request, by } = await viewerOf(tenant);
  const attempt = `/v1/deliveries/${tested}/attempts/1`;
  for (const credentials of [by.key, by.session]) {
    for (const path of ["/v1/endpoints", `/v1/endpoints/${endpoint}`, attempt]) {
      const { status, text } = await request("GET", path, undefined, credentials);
      assert.equal(status, 200, path);
      assert.match(text, /Authorization/);
      assert.match(text, /\[redacted\]/);
      assert.doesNotMatch(text, /of-the-receiver/);
    }
    assert.match((await request("GET", attempt, undefined, credentials)).text, /"The values of the custom headers/);
    assert.equal((await request("GET", `${attempt}?signed=now`, undefined, credentials)).status, 403);
  }
  const shown = await tenant.request("GET", `${attempt}?signed=now`);
  assert.match(shown.text, /of-the-receiver/);
  assert.doesNotMatch(shown.text, /"The values of the custom headers/);
});

test("a viewer sees no link of a pause, cannot decide it, and cannot be its approver", async () => {
  const tenant = await newTenant(server);
  const { id, token } = await ask(tenant);
  const { request, by } = await viewerOf(tenant);
  for (const path of [`/v1/pause/${id}`, "/v1/pause"]) {
    const { text } = await request("GET", path);
    assert.equal(text.includes('"respond_url":null'), true, path);
    assert.equal((await tenant.request("GET", path)).text.includes(token), true, path);
  }
  const decided = await request("POST", `/v1/pause/${id}/decide`, { choice: "Approve" }, by.session);
  assert.deepEqual([decided.status, decided.code], [403, "FORBIDDEN"]);
  const me = (await request("GET", "/dashboard/auth/me", undefined, by.session)).body.data as unknown as { id: string };
  const asked = { message: "Pay?", options: ["Yes", "No"], approvers: [me.id] };
  const refused = await tenant.request("POST", "/v1/pause", { body: asked });
  assert.equal(refused.status, 422, refused.text);
  assert.match(refused.text, /"approvers\[0\]".*has at least the role developer/);
});

test("a person who is made a viewer loses the higher role at once", async () => {
  const tenant = await newTenant(server);
  const { by, email } = await newMember(stage, tenant, "developer");
  const create = () =>
    server.request("POST", "/v1/events", { key: null, headers: by.session, body: { type: "a", payload: {} } });
  assert.equal((await create()).status, 202);
  const { users } = (await tenant.request("GET", "/v1/users")).body as unknown as {
    users: { id: string; email: string }[];
  };
  const { id } = users.find((user) => user.email === email) ?? assert.fail();
  assert.equal((await tenant.request("PATCH", `/v1/users/${id}`, { body: { role: "viewer" } })).status, 200);
  assert.equal((await create()).status, 403);
});
