import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import { createSource, fromNewAddress, rowsOf, SOURCE_SECRET } from "../../harness/inbound.ts";
import { startRunningReceiver } from "../../harness/receiver.ts";
import { newTenant } from "../../harness/server.ts";
import { followOutcomes } from "../../harness/stream.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after }, { SIGNALBOX_TRUST_PROXY: "127.0.0.0/8" });
const BYTES = 256 * 1024;

function send(id: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  return server.request("POST", `/in/${id}`, { key: null, body, headers: { ...fromNewAddress(), ...headers } });
}

test("an event can be larger than the body that it was published from, and is stored, delivered and replayed", async (t) => {
  const client = await newTenant(server);
  const receiver = await startRunningReceiver(t);
  const made = await client.request("POST", "/v1/endpoints", { body: { url: receiver.url } });
  assert.equal(made.status, 201, made.text);
  const outcomes = await followOutcomes(t, server.url, client.apiKey);
  const source = await createSource(client, { scheme: "none" });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const control = "\u0001";
  for (const [body, payload, headers] of [
    [Buffer.alloc(BYTES, 0xff), { body_base64: Buffer.alloc(BYTES, 0xff).toString("base64") }, {}],
    [Buffer.alloc(BYTES, control), { body: control.repeat(BYTES) }, {}],
    [`a=${control.repeat(BYTES - 2)}`, { a: control.repeat(BYTES - 2) }, form],
  ] as const) {
    const sent = await send(source.id, body, headers);
    assert.equal(sent.status, 200, sent.text);
    const delivered = await receiver.next();
    assert.ok(delivered.body.length > 1.3 * BYTES);
    assert.deepEqual(JSON.parse(delivered.body), payload);
    const event = await client.request("GET", `/v1/events/${sent.body.event_id}`);
    const [{ id: deliveryId } = assert.fail(event.text)] = event.body.deliveries;
    await outcomes.until(deliveryId, "DELIVERED");
    const replay = await client.request("POST", "/v1/replays", { body: { delivery_ids: [deliveryId] } });
    assert.equal(replay.status, 202, replay.text);
    assert.equal((await receiver.next()).body, delivered.body);
  }
});

test("a signature after a word in Authorization is verified, and verified again once the secret is right", async () => {
  const client = await newTenant(server);
  const hmac = { header: "Authorization", encoding: "base64", prefix: "HMAC " };
  const source = await createSource(client, { scheme: "hmac", hmac });
  const signed = (body: string, secret: string) => ({
    authorization: `HMAC ${createHmac("sha256", secret).update(body).digest("base64")}`,
  });
  assert.equal((await send(source.id, "{}", signed("{}", SOURCE_SECRET))).status, 200);
  assert.equal((await send(source.id, '{"a":1}', signed('{"a":1}', "the next secret"))).status, 401);
  assert.equal((await send(source.id, "{}", { authorization: "Bearer of-somebody" })).status, 401);
  const path = `/v1/sources/${source.id}`;
  const rows = rowsOf(await client.request("GET", `${path}/events?valid=false`));
  const [bearer = assert.fail(), wrong = assert.fail()] = rows;
  assert.equal(wrong.rejection_reason, "signature_mismatch");
  assert.doesNotMatch((await client.request("GET", `${path}/events/${bearer.id}`)).text, /of-somebody/);
  await client.request("PATCH", path, { body: { secret: "the next secret" } });
  const again = await client.request("POST", `${path}/events/${wrong.id}/reprocess`);
  assert.equal(again.status, 200, again.text);
});

test("settings that could never work are refused on creation and on change", async () => {
  const client = await newTenant(server);
  const hmac = { header: "X-Sig", timestamp_header: "x-sig", prefix: " a", template: "{{timestamp}}.{{body}}" };
  const fields = ["hmac.timestamp_header", "hmac.prefix", "hmac.template"];
  const made = await client.request("POST", "/v1/sources", { body: { name: "unusable", scheme: "hmac", hmac } });
  assert.deepEqual([made.status, made.faultyFields], [400, fields]);
  const { id } = await createSource(client, { scheme: "hmac", hmac: { header: "X-Sig" } });
  const changed = await client.request("PATCH", `/v1/sources/${id}`, { body: { name: "  ", hmac } });
  assert.deepEqual([changed.status, changed.faultyFields], [400, ["name", ...fields]]);
});

test("a signature after many other headers is kept, and a token next to it is not", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "github" });
  const junk = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`x-junk-${at}`, "j".repeat(1000)]));
  const signature = `sha256=${createHmac("sha256", "the next secret").update("{}").digest("hex")}`;
  const headers = {
    ...junk,
    "x-gitlab-token": "glptt-0123",
    "x-hub-signature-256": signature,
    "x-github-event": "push",
  };
  assert.equal((await send(source.id, "{}", headers)).status, 401);
  const path = `/v1/sources/${source.id}`;
  const [row = assert.fail()] = rowsOf(await client.request("GET", `${path}/events?valid=false`));
  const shown = await client.request("GET", `${path}/events/${row.id}`);
  assert.match(shown.text, /"x-hub-signature-256"/);
  assert.doesNotMatch(shown.text, /gitlab|glptt/);
  await client.request("PATCH", path, { body: { secret: "the next secret" } });
  const again = await client.request("POST", `${path}/events/${row.id}/reprocess`);
  assert.equal(again.status, 200, again.text);
  const event = await client.request("GET", `/v1/events/${again.body.event_id}`);
  assert.equal(event.body.type, "push");
});
