/**
 * What a new user tries: create a source, let its provider send, and see the event arrive. Then the common mistakes.
 */
import assert from "node:assert/strict";
import { after, type TestContext, test } from "node:test";
import { sign as octokitSign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { signJcs } from "../../../packages/sdk/src/signing/jcs.ts";
import { hmac, PROVIDERS, type Sent, seconds, stripe } from "../../fixtures/providers.ts";
import { newDataDir } from "../../harness/child.ts";
import { type Hook, type Hooks, startHooks } from "../../harness/hooks.ts";
import { RECORDS, rowsOf, signatureOf, transition } from "../../harness/inbound.ts";
import {
  type Answer,
  type AnswerBody,
  type Client,
  newTenant,
  startServer,
  type TestServer,
} from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const ENDPOINT_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

interface Stage {
  readonly client: Client;
  readonly hooks: Hooks;
}

/** A tenant with an endpoint that receives all events. */
async function stage(t: TestContext, at: TestServer = server): Promise<Stage> {
  const [client, hooks] = [await newTenant(at), await startHooks(t)];
  await createEndpoint(client, hooks);
  return { client, hooks };
}

async function createEndpoint(client: Client, hooks: Hooks): Promise<void> {
  const body = { url: hooks.url, secret: ENDPOINT_SECRET };
  assert.equal((await client.request("POST", "/v1/endpoints", { body })).status, 201);
}

let sources = 0;

async function createSource(client: Client, fields: object): Promise<AnswerBody> {
  sources += 1;
  const made = await client.request("POST", "/v1/sources", { body: { name: `source ${sources}`, ...fields } });
  assert.equal(made.status, 201, made.text);
  return made.body;
}

/** Sends as a provider does, to the path of the URL that it was given. */
function send(source: AnswerBody, { body, headers }: Sent): Promise<Answer> {
  const { pathname } = new URL(source.url);
  return server.request("POST", pathname, { key: null, body, headers });
}

/** The n-th request at the endpoint, verified with the Standard Webhooks library. */
async function arrived(hooks: Hooks, count: number): Promise<Hook> {
  const hook = await hooks.nth(count);
  new Webhook(ENDPOINT_SECRET).verify(hook.body, hook.headers as Record<string, string>);
  return hook;
}

// ── Every scheme ────────────────────────────────────────────────────────────────────────────────────────────────────

for (const provider of PROVIDERS) {
  test(`a provider's webhook to a source of scheme ${provider.scheme} arrives; event and record link to each other`, async (t) => {
    const { client, hooks } = await stage(t);
    const source = await createSource(client, { scheme: provider.scheme, ...provider.fields });
    const sent = await provider.send(source.secret, source.url);
    const answer = await send(source, sent);
    assert.equal(answer.status, 200, answer.text);
    const { inbound_event_id: inboundId, event_id: eventId } = answer.body;

    const hook = await arrived(hooks, 1);
    assert.deepEqual([hook.headers["webhook-id"], hook.headers["x-webhook-event"]], [eventId, provider.type]);
    assert.equal(hook.body, provider.payload ?? sent.body);

    const event = (await client.request("GET", `/v1/events/${eventId}`)).body;
    assert.deepEqual([event.type, event.inbound_event_id, event.source_id], [provider.type, inboundId, source.id]);
    const record = await client.request("GET", `/v1/sources/${source.id}/events/${inboundId}`);
    assert.deepEqual(record.body.event_ids, [eventId]);
    assert.equal(contentOf(record), sent.body);
    assert.ok(
      !record.text.includes(Buffer.from(`shop:${source.secret}`).toString("base64")),
      "no credentials are stored",
    );

    const forged = await provider.send("whsec_b3RoZXIgc2VjcmV0IG9mIHNvbWVib2R5IGVsc2U=", source.url);
    assert.equal((await send(source, forged)).status, provider.scheme === "none" ? 200 : 401);
  });
}

function contentOf({ text }: Answer): string {
  return (JSON.parse(text) as { body: { content: string } }).body.content;
}

test("Slack's challenge is answered and not published", async (t) => {
  const { client, hooks } = await stage(t);
  const source = await createSource(client, { scheme: "slack" });
  const signed = (body: string): Sent => {
    const time = seconds();
    const signature = `v0=${hmac(`v0:${time}:${body}`, source.secret)}`;
    return { body, headers: { "x-slack-request-timestamp": time, "x-slack-signature": signature } };
  };
  const asked = signed('{"token":"Jhj5","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY","type":"url_verification"}');
  const answer = await send(source, asked);
  assert.deepEqual([answer.status, answer.text], [200, "3eZbrw1aBm2rZgRNFdxV2595E9CY"]);
  await send(source, signed('{"type":"event_callback","event":{"type":"after"}}'));
  assert.equal((await arrived(hooks, 1)).headers["x-webhook-event"], "after");
});

// ── Mistakes ────────────────────────────────────────────────────────────────────────────────────────────────────────

test("requests with the wrong secret are stored with a reason, and arrive once the secret is fixed", async (t) => {
  const { client, hooks } = await stage(t);
  const source = await createSource(client, { scheme: "github", secret: "mistyped" });
  const bodies = [1, 2, 3].map((n) => `{"n": ${n}.0}`);
  for (const body of bodies) {
    const headers = { "x-hub-signature-256": await octokitSign("the right one", body), "x-github-event": "push" };
    const refused = await send(source, { body, headers: { ...headers, "x-github-delivery": body } });
    assert.equal(refused.status, 401);
  }
  const list = () => client.request("GET", `/v1/sources/${source.id}/events?valid=false`);
  const rows = rowsOf(await list());
  assert.equal(rows.length, 3);
  for (const row of rows) {
    assert.equal(row.rejection_reason, "signature_mismatch");
    assert.match(String(row.explanation), /secret/);
  }
  const path = `/v1/sources/${source.id}`;
  const oldest = `${path}/events/${rows[2]?.id}`;
  const still = await client.request("POST", `${oldest}/reprocess`);
  assert.deepEqual([still.status, still.code], [409, "VERIFICATION_FAILED"]);

  await client.request("PATCH", path, { body: { secret: "the right one" } });
  const one = await client.request("POST", `${oldest}/reprocess`);
  const first = await arrived(hooks, 1);
  assert.deepEqual([first.headers["webhook-id"], first.body], [one.body.event_id, bodies[0]]);
  const rest = await client.request("POST", `${path}/reprocess`);
  assert.deepEqual(JSON.parse(rest.text), { reprocessed: 2, failed: 0, more: false });
  const others = [await arrived(hooks, 2), await arrived(hooks, 3)];
  assert.deepEqual(others.map(({ body }) => body).sort(), bodies.slice(1));
  assert.deepEqual(rowsOf(await list()), []);

  // The provider repeats a request that was rejected. The server recognizes it as a duplicate by now.
  const body = bodies[1] ?? "";
  const headers = { "x-hub-signature-256": await octokitSign("the right one", body), "x-github-event": "push" };
  const again = await send(source, { body, headers: { ...headers, "x-github-delivery": body } });
  assert.deepEqual([again.status, again.body.duplicate, again.body.inbound_event_id], [200, true, rows[1]?.id]);
  assert.ok(others.some((hook) => hook.headers["webhook-id"] === again.body.event_id));
});

/** A new user's mistakes, and what the explanation of each must mention. */
const MISTAKES: readonly (readonly [
  what: string,
  reason: string,
  explanation: RegExp,
  send: (secret: string) => Sent,
])[] = [
  ["no signature at all", "header_missing", /Stripe-Signature/, () => ({ body: "{}", headers: {} })],
  [
    "an old one",
    "timestamp_too_old",
    /\b(399|40\d) s\b/,
    (secret) => {
      const timestamp = Number(seconds()) - 400;
      const signature = stripe.webhooks.generateTestHeaderString({ payload: "{}", secret, timestamp });
      return { body: "{}", headers: { "stripe-signature": signature } };
    },
  ],
  [
    "a body that a proxy re-serialized",
    "signature_mismatch",
    /a proxy re-serialized the JSON/,
    (secret) => {
      const payload = '{"b":1,"a":"é"}';
      const signature = stripe.webhooks.generateTestHeaderString({ payload, secret });
      return { body: JSON.stringify(JSON.parse(payload), null, 2), headers: { "stripe-signature": signature } };
    },
  ],
];

for (const [what, reason, explanation, mistake] of MISTAKES) {
  test(`${what} is rejected with a helpful reason`, async (t) => {
    const { client } = await stage(t);
    const source = await createSource(client, { scheme: "stripe" });
    assert.equal((await send(source, mistake(source.secret))).status, 401);
    const answer = await client.request("GET", `/v1/sources/${source.id}/events`);
    const [row = assert.fail(answer.text)] = rowsOf(answer);
    assert.equal(row.rejection_reason, reason);
    assert.match(String(row.explanation), explanation);
  });
}

test("after a rotation the previous secret stays valid for the overlap", async (t) => {
  const { client } = await stage(t);
  const source = await createSource(client, { scheme: "stripe" });
  let count = 0;
  const status = async (secret: string): Promise<number> => {
    count += 1;
    const payload = JSON.stringify({ id: `evt_${count}`, type: "a" });
    const signature = stripe.webhooks.generateTestHeaderString({ payload, secret });
    return (await send(source, { body: payload, headers: { "stripe-signature": signature } })).status;
  };
  const rotate = (body?: object) =>
    client.request("POST", `/v1/sources/${source.id}/rotate-secret`, body === undefined ? {} : { body });
  const { body: rotated } = await rotate();
  assert.deepEqual([await status(source.secret), await status(rotated.secret)], [200, 200]);
  const { body: again } = await rotate({ overlap_seconds: 0 });
  assert.deepEqual([await status(rotated.secret), await status(again.secret)], [401, 200]);
  assert.equal(await status(source.secret), 401);
});

test("a rejected password is stored encrypted, so that its request arrives once the source has that password", async (t) => {
  const { client, hooks } = await stage(t);
  const source = await createSource(client, { scheme: "basic", basic: { username: "shop" }, secret: "mistyped" });
  const headers = { authorization: `Basic ${Buffer.from("shop:right").toString("base64")}` };
  assert.equal((await send(source, { body: '{"n": 1.0}', headers })).status, 401);
  const answer = await client.request("GET", `/v1/sources/${source.id}/events`);
  const [row = assert.fail(answer.text)] = rowsOf(answer);
  assert.equal(row.rejection_reason, "credentials_mismatch");
  await client.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: "right" } });
  const again = await client.request("POST", `/v1/sources/${source.id}/events/${row.id}/reprocess`);
  assert.equal(again.status, 200, again.text);
  const hook = await arrived(hooks, 1);
  assert.deepEqual([hook.headers["webhook-id"], hook.body], [again.body.event_id, '{"n": 1.0}']);
});

// ── Pause status ────────────────────────────────────────────────────────────────────────────────────────────────────

test("a source from the settings sends a transition, and its subscribers receive the exact payload", async (t) => {
  const dataDir = await newDataDir(t);
  const settings = (secret: string) => ({
    SIGNALBOX_DATA_DIR: dataDir,
    SIGNALBOX_INBOUND_SOURCES: JSON.stringify([{ source: "nhf_membership_system", secret }]),
  });
  const first = await startServer(t, settings("the secret of both"));
  const hooks = await startHooks(t);
  await createEndpoint(first, hooks);
  const fields = transition({ name: "nhf_membership_system" }, { note: "Zoë" });
  const body = await signJcs(fields, "the secret of both");
  const receive = (at: TestServer, text: string, headers = {}) =>
    at.request("POST", RECORDS, { key: null, body: text, headers });
  // A proxy re-serializes the JSON.
  const taken = await receive(first, JSON.stringify(JSON.parse(body), null, 2));
  assert.equal(taken.status, 200, taken.text);
  const { webhook_event_id: id } = taken.body;
  const hook = await arrived(hooks, 1);
  assert.equal(hook.headers["x-webhook-event"], "pause_status.activated");
  const { member_id, old_status, new_status, changed_at } = fields;
  const payload = { webhook_event_id: id, source: "nhf_membership_system", member_id, peer_mentor_id: member_id };
  const direction = { old_status, new_status, transition_direction: "PAUSE_ACTIVATED", changed_at };
  assert.equal(hook.body, JSON.stringify({ ...payload, ...direction }));
  await first.close();

  const second = await startServer(t, settings("another one"));
  const repeated = await receive(second, body);
  assert.deepEqual(
    JSON.parse(repeated.text),
    { ...JSON.parse(taken.text), duplicate: true },
    "the stored secret stays valid",
  );
  const oddly = `\r\n {"x":1.0,\t"é":"\\u00e9", ${JSON.stringify(transition({ name: "nhf_membership_system" })).slice(1)}  `;
  const odd = await receive(second, oddly, { "x-signature": signatureOf(oddly, "the secret of both") });
  assert.equal(odd.status, 200, odd.text);
  const one = await second.request("GET", `${RECORDS}/${odd.body.webhook_event_id}`);
  assert.match(one.text, /"raw_payload":\{"x":1\.0,"é":"\\u00e9",/);
  const { headers } = await arrived(hooks, 2);
  assert.deepEqual(one.body.event_ids, [headers["webhook-id"]]);

  const again = await second.request("PUT", `${RECORDS}/${id}`, { body: { reprocess: true, notes: "was missed" } });
  assert.equal(again.body.status, "reprocessed");
  const third = await arrived(hooks, 3);
  assert.equal(third.body, hook.body);
  const { event_ids: eventIds, notes } = (await second.request("GET", `${RECORDS}/${id}`)).body;
  assert.deepEqual([eventIds, notes], [[hook.headers["webhook-id"], third.headers["webhook-id"]], "was missed"]);
});
