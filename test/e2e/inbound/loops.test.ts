/** Endpoints that send a source's events back to it. Each pass is counted, and the loop ends by itself. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { within } from "../../harness/deadline.ts";
import { RECORDS, recordOf, rowsOf, signatureOf, transition } from "../../harness/inbound.ts";
import { createEndpoint, publish, type Scene, stage } from "../../harness/scene.ts";
import { newTenant, startServer, type TestServer } from "../../harness/server.ts";
import { followOutcomes, type OutcomeReader } from "../../harness/stream.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
// Of its own: how many refused requests of an address are recorded in a second is limited.
const server = await startServer({ after });
const elsewhere = await startServer({ after });
let sources = 0;

/** Creates a source with the standard-webhooks scheme. Returns it with its URL at the test's server. */
async function createSource(client: Scene["client"], at: TestServer) {
  sources += 1;
  const body = { name: `loop ${sources}`, scheme: "standard-webhooks", secret: SECRET };
  const made = await client.request("POST", "/v1/sources", { body });
  assert.equal(made.status, 201, made.text);
  return { id: made.body.id, url: at.url + new URL(made.body.url).pathname };
}

const loopEndpoint = (url: string) => ({ url, secret: SECRET, format: "standard", retry_schedule_seconds: [] });

/** Waits for `count` events of the loop at the scene's own endpoint, and returns their `CDN-Loop` headers. */
async function loopHeaders({ hooks }: Scene, count: number) {
  await hooks.nth(count);
  return hooks.all.map(({ headers }) => headers["cdn-loop"]).toSorted();
}

async function failedDelivery(outcomes: OutcomeReader) {
  for (;;) {
    const { row } = await within(outcomes.next(), "a delivery that fails");
    if (row.status === "FAILED") return row;
  }
}

async function refusals({ client }: Scene, sourceId: string) {
  const list = await client.request("GET", `/v1/sources/${sourceId}/events?valid=false`);
  return rowsOf(list);
}

const ALL = [1, 2, 3, 4].map((hops) => Array(hops).fill("signalbox").join(", "));

test("a loop through a source on the same server ends after three passes, and the record says why", async (t) => {
  const scene = await stage(t, server);
  const source = await createSource(scene.client, server);
  await createEndpoint(scene.client, loopEndpoint(source.url));
  await publish(scene.client);
  const delivery = await failedDelivery(scene.outcomes);
  assert.deepEqual(await loopHeaders(scene, 4), ALL);
  const [refused, ...others] = await refusals(scene, source.id);
  assert.deepEqual([refused?.rejection_reason, others.length], ["loop_detected", 0]);
  assert.match(String(refused?.explanation), /came through 4 Signalbox servers.*Delete that endpoint/s);
  const { attempts } = (await scene.client.request("GET", `/v1/deliveries/${delivery.id}`)).body;
  assert.equal(recordOf(await oneOf(scene, source.id, refused?.id)).rejection_reason, "loop_detected");
  const [attempt] = attempts as unknown as readonly Record<string, unknown>[];
  assert.equal(attempt?.http_status, 508);
  assert.match(JSON.stringify(attempt), /LOOP_DETECTED/);
  // The loop still exists, so reprocessing all rejected requests must not start it again.
  const all = await scene.client.request("POST", `/v1/sources/${source.id}/reprocess`);
  assert.deepEqual([all.status, JSON.parse(all.text).failed], [200, 1]);
  assert.equal(scene.hooks.all.length, 4);
});

function oneOf({ client }: Scene, sourceId: string, id: unknown) {
  return client.request("GET", `/v1/sources/${sourceId}/events/${id}`);
}

test("a loop through another Signalbox ends as well", async (t) => {
  const scene = await stage(t, server);
  const other = await newTenant(elsewhere);
  const [here, there] = [await createSource(scene.client, server), await createSource(other, elsewhere)];
  await createEndpoint(scene.client, loopEndpoint(there.url));
  await createEndpoint(other, loopEndpoint(here.url));
  const outcomes = await followOutcomes(t, elsewhere.url, other.apiKey);
  await publish(scene.client);
  // The other server receives hops 1 and 3, this server hop 2. The fourth hop, back to this server, is rejected.
  assert.deepEqual(await loopHeaders(scene, 2), ["signalbox", "signalbox, signalbox, signalbox"]);
  await failedDelivery(outcomes);
  const [refused] = await refusals(scene, here.id);
  assert.equal(refused?.rejection_reason, "loop_detected");
  assert.equal(scene.hooks.all.length, 2);
});

test("replays and reprocessed events keep the count", async (t) => {
  const scene = await stage(t, server);
  const { client, hooks } = scene;
  const source = await client.request("POST", "/v1/sources", { body: { name: "kept count", scheme: "none" } });
  const { pathname } = new URL(source.body.url);
  const headers = { "cdn-loop": "Signalbox; x=1, cloudflare; loops=1, SIGNALBOX" };
  const sent = await server.request("POST", pathname, { key: null, body: "{}", headers });
  assert.equal(sent.status, 200, sent.text);
  const first = await hooks.nth(1);
  const replayed = await client.request("POST", "/v1/replays", {
    body: { delivery_ids: [first.headers["x-webhook-delivery"]] },
  });
  assert.equal(replayed.status, 202, replayed.text);
  await hooks.nth(2);
  const id = sent.body.inbound_event_id;
  await client.request("POST", `/v1/sources/${source.body.id}/events/${id}/reprocess`);
  await hooks.nth(3);
  for (const hook of hooks.all) assert.equal(hook.headers["cdn-loop"], "signalbox, signalbox, signalbox");
});

test("a pause status keeps the count, and so does a refused request that is reprocessed", async (t) => {
  const scene = await stage(t, server);
  const { client, hooks } = scene;
  const { body: source } = await client.request("POST", "/v1/sources", {
    body: { name: "kept by status", scheme: "jcs", secret: SECRET },
  });
  const post = (path: string, secret: string) => {
    const body = JSON.stringify(transition({ name: "kept by status" }));
    const headers = { "x-signature": signatureOf(body, secret), "cdn-loop": "signalbox, signalbox" };
    return server.request("POST", path, { key: null, body, headers });
  };
  const accepted = await post(RECORDS, SECRET);
  assert.equal(accepted.status, 200, accepted.text);
  await hooks.nth(1);
  await client.request("PUT", `${RECORDS}/${accepted.body.webhook_event_id}`, { body: { reprocess: true } });
  await hooks.nth(2);
  for (const path of [RECORDS, new URL(source.url).pathname]) assert.equal((await post(path, "other")).status, 401);
  await client.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: "other" } });
  const reprocessed = await client.request("POST", `/v1/sources/${source.id}/reprocess`);
  assert.deepEqual(JSON.parse(reprocessed.text), { reprocessed: 2, failed: 0, more: false });
  await hooks.nth(4);
  for (const hook of hooks.all) assert.equal(hook.headers["cdn-loop"], "signalbox, signalbox, signalbox");
});

test("a pause status in a loop is rejected, but only after its signature is verified", async (t) => {
  const scene = await stage(t, server);
  const source = await scene.client.request("POST", "/v1/sources", {
    body: { name: "status loop", scheme: "jcs", secret: SECRET },
  });
  const body = JSON.stringify({ source: "status loop", event_type: "x" });
  const post = (signature: string, hops: number) =>
    server.request("POST", RECORDS, {
      key: null,
      body,
      headers: { "x-signature": signature, "cdn-loop": Array(hops).fill("signalbox").join(",") },
    });
  assert.equal((await post(signatureOf("other"), 4)).status, 401);
  assert.equal((await post(signatureOf(body, SECRET), 3)).status, 422);
  const looped = await post(signatureOf(body, SECRET), 4);
  assert.deepEqual([looped.status, looped.code], [508, "LOOP_DETECTED"]);
  const reasons = (await refusals(scene, source.body.id)).map(({ rejection_reason: reason }) => reason);
  assert.deepEqual(reasons, ["loop_detected", "fields_invalid", "signature_mismatch"]);
});
