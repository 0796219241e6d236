import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createSource, SOURCE_SECRET, sendPauseStatus, sendSigned, transition } from "../../harness/inbound.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer(
  { after },
  {
    SIGNALBOX_TRUST_PROXY: "127.0.0.0/8",
    SIGNALBOX_PUBLIC_URL: "https://hooks.example.com/box",
    SIGNALBOX_INBOUND_SOURCES: '[{"source": "nhf_membership_system", "secret": "s3cret of the settings"}]',
  },
);
const SECONDS_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

test("a source is created, and its secret is shown once and only if it was generated", async () => {
  const client = await newTenant(server);
  const made = await client.request("POST", "/v1/sources", { body: { name: "made, generated", scheme: "github" } });
  assert.equal(made.status, 201, made.text);
  assert.match(made.body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const { secret: _secret, ...shown } = JSON.parse(made.text) as Record<string, unknown>;
  const got = await client.request("GET", `/v1/sources/${made.body.id}`);
  assert.deepEqual(JSON.parse(got.text), shown);
  assert.deepEqual(Object.keys(shown), [
    "id",
    "name",
    "scheme",
    "url",
    "pause_status_url",
    "event_type",
    "hmac",
    "basic",
    "previous_expires_at",
    "created_at",
    "updated_at",
  ]);
  assert.match(made.body.id, /^src_[0-9a-f-]{36}$/);
  assert.equal(made.body.url, `https://hooks.example.com/box/in/${made.body.id}`);
  assert.equal(made.body.pause_status_url, null);
  assert.match(made.body.created_at, SECONDS_TIME);
  const given = await client.request("POST", "/v1/sources", {
    body: { name: "made, given", scheme: "jcs", secret: SOURCE_SECRET },
  });
  assert.equal(given.body.secret, undefined);
  assert.equal(given.body.pause_status_url, "https://hooks.example.com/box/api/v1/webhooks/pause-status");
  const none = await client.request("POST", "/v1/sources", { body: { name: "made, none", scheme: "none" } });
  assert.deepEqual([none.status, none.body.secret], [201, undefined]);
});

test("every option is returned as given, and can be sent back", async () => {
  const client = await newTenant(server);
  const event_type = { header: null, pointer: "/data/type", prefix: "shop.", fallback: "shop.unknown" };
  const hmac = {
    header: "X-Shop-Signature",
    algorithm: "sha512",
    encoding: "base64",
    prefix: "v1=",
    timestamp_header: "X-Shop-Time",
    tolerance_seconds: 60,
    template: "v1:{timestamp}:{body}",
    delivery_id: { header: "X-Shop-Delivery", pointer: null },
  };
  const { id } = await createSource(client, { scheme: "hmac", event_type, hmac });
  const got = await client.request("GET", `/v1/sources/${id}`);
  assert.deepEqual([JSON.parse(got.text).event_type, got.body.hmac, got.body.basic], [event_type, hmac, null]);
  const again = await client.request("PATCH", `/v1/sources/${id}`, {
    body: { event_type, hmac: { ...got.body.hmac, tolerance_seconds: 90 }, basic: null, scheme: "hmac" },
  });
  assert.deepEqual([again.status, again.body.hmac], [200, { ...hmac, tolerance_seconds: 90 }], again.text);
  const basic = await createSource(client, { scheme: "basic", basic: { username: "shop" } });
  const shown = await client.request("GET", `/v1/sources/${basic.id}`);
  assert.deepEqual([shown.body.basic, shown.body.hmac], [{ username: "shop" }, null]);
});

test("one response lists every fault of a body, and nothing is created", async () => {
  const client = await newTenant(server);
  const body = { scheme: "none", secret: "x", hmac: { header: "X Y" }, colour: "red" };
  const answer = await client.request("POST", "/v1/sources", { body });
  assert.deepEqual([answer.status, answer.code], [400, "VALIDATION_ERROR"]);
  assert.deepEqual(answer.faultyFields, ["name", "hmac.header", "colour", "secret", "hmac"]);
  assert.deepEqual((await client.request("GET", "/v1/sources")).rows, []);
});

test("a name is unique on the whole server", async () => {
  const [client, other] = [await newTenant(server), await newTenant(server)];
  const { id, name } = await createSource(client, { scheme: "none" });
  const mine = await createSource(other, { scheme: "none" });
  for (const answer of [
    await other.request("POST", "/v1/sources", { body: { name, scheme: "none" } }),
    await client.request("POST", "/v1/sources", { body: { name, scheme: "none" } }),
    await other.request("PATCH", `/v1/sources/${mine.id}`, { body: { name } }),
  ]) {
    assert.deepEqual([answer.status, answer.code, answer.faultyFields], [409, "SOURCE_NAME_TAKEN", ["name"]]);
  }
  assert.equal((await client.request("PATCH", `/v1/sources/${id}`, { body: { name } })).status, 200, "its own");
  assert.equal((await client.request("DELETE", `/v1/sources/${id}`)).status, 204);
  assert.equal((await other.request("POST", "/v1/sources", { body: { name, scheme: "none" } })).status, 201);
});

test("sources are listed in creation order, in pages", async () => {
  const client = await newTenant(server);
  const made: string[] = [];
  for (let count = 0; count < 5; count++) made.push((await createSource(client, { scheme: "none" })).id);
  const ids: string[] = [];
  let next: string | undefined = "/v1/sources?limit=2";
  while (next !== undefined) {
    const page = await client.request("GET", next);
    assert.ok(page.rows.length <= 2);
    ids.push(...page.rows.map(({ id }) => id));
    next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
  }
  assert.deepEqual(ids, made);
  const all = await client.request("GET", "/v1/sources");
  assert.deepEqual([all.rows.map(({ id }) => id), all.headers.get("link")], [made, null]);
  const bad = await client.request("GET", "/v1/sources?limit=1001&cursor=x&curser=y");
  assert.deepEqual([bad.status, bad.faultyFields], [400, ["limit", "cursor", "curser"]]);
});

test("a patch changes only the given fields, and never the scheme", async () => {
  const client = await newTenant(server);
  const { id } = await createSource(client, { scheme: "jcs", event_type: { prefix: "a." } });
  const path = `/v1/sources/${id}`;
  const before = await client.request("GET", path);
  const nothing = await client.request("PATCH", path, { body: {} });
  assert.equal(nothing.status, 200, nothing.text);
  const renamed = await client.request("PATCH", path, { body: { name: "renamed" } });
  const { updated_at: _updated, ...rest } = JSON.parse(renamed.text);
  const { updated_at: _before, ...was } = JSON.parse(before.text);
  assert.deepEqual(rest, { ...was, name: "renamed" });
  const scheme = await client.request("PATCH", path, { body: { scheme: "none", name: "x" } });
  assert.deepEqual([scheme.status, scheme.faultyFields], [400, ["scheme"]]);
  assert.match(scheme.body.error.message, /^scheme cannot change from "jcs"/);
  assert.equal((await client.request("GET", path)).body.name, "renamed");
});

test("after a rotation both secrets work for a while, and after a replacement only the new one", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "jcs" });
  const rotate = (body: object) => client.request("POST", `/v1/sources/${source.id}/rotate-secret`, { body });
  const status = async (secret: string) =>
    (await sendSigned(server, JSON.stringify(transition(source)), secret)).status;
  const given = await rotate({ secret: "second" });
  assert.deepEqual(Object.keys(given.body), ["previous_expires_at"]);
  assert.match(given.body.previous_expires_at, SECONDS_TIME);
  assert.deepEqual([await status(SOURCE_SECRET), await status("second")], [200, 200]);
  const shown = await client.request("GET", `/v1/sources/${source.id}`);
  assert.equal(shown.body.previous_expires_at, given.body.previous_expires_at);
  const made = await rotate({ overlap_seconds: 0 });
  assert.match(made.body.secret, /^whsec_/);
  assert.deepEqual([await status("second"), await status(made.body.secret)], [401, 200]);
  await rotate({ secret: "third" });
  await client.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: "fourth" } });
  assert.deepEqual([await status("third"), await status("fourth")], [401, 200]);
  const bad = await rotate({ secret: "", overlap_seconds: 1e9, overlap: 1 });
  assert.deepEqual([bad.status, bad.faultyFields], [400, ["secret", "overlap_seconds", "overlap"]]);
});

test("a source with the scheme none has no secret to rotate", async () => {
  const client = await newTenant(server);
  const { id } = await createSource(client, { scheme: "none" });
  const path = `/v1/sources/${id}/rotate-secret`;
  for (const body of [{}, { secret: "x" }]) {
    const answer = await client.request("POST", path, { body });
    assert.deepEqual([answer.status, answer.code], [409, "INVALID_STATE"]);
  }
});

test("a deleted source cannot send, and what it sent stays", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "jcs" });
  const sent = await sendPauseStatus(server, source);
  assert.equal((await client.request("DELETE", `/v1/sources/${source.id}`)).status, 204);
  assert.equal((await client.request("DELETE", `/v1/sources/${source.id}`)).status, 404);
  assert.equal((await sendPauseStatus(server, source)).status, 401);
  const path = `/api/v1/webhooks/pause-status/${sent.body.webhook_event_id}`;
  assert.equal((await client.request("GET", path)).status, 200);
});

test("a source from the settings belongs to the first tenant from the start", async () => {
  const { rows } = await server.request("GET", "/v1/sources");
  assert.deepEqual([rows[0]?.name, rows[0]?.scheme], ["nhf_membership_system", "jcs"]);
  const body = JSON.stringify(transition({ name: "nhf_membership_system" }));
  assert.equal((await sendSigned(server, body, "s3cret of the settings")).status, 200);
});
