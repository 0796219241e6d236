/** Secrets never appear in plain text: not in logs, errors or lists, and not in any file of the data directory. */
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, type TestContext, test } from "node:test";
import { CHILD_KEY, type ListeningChild, newDataDir, startChild } from "../harness/child.ts";
import { startHooks } from "../harness/hooks.ts";
import { signatureOf } from "../harness/inbound.ts";
import { signedIn } from "../harness/jar.ts";
import { createEndpoint, publish } from "../harness/scene.ts";
import type { RequestOptions } from "../harness/server.ts";
import { followOutcomes } from "../harness/stream.ts";

const PASSWORD = "correct-horse-battery-staple";
const SECRET = "a-signing-secret-of-ours";
const HEADER_VALUE = "Bearer-token-of-the-receiver";
const URL_TOKEN = "token-in-a-query";
const PAYLOAD = "what-only-the-receiver-may-read";
const TOO_SHORT = "too-short-one";

/** A server that logs everything, together with all its responses that must not contain a secret. */
class Observed {
  readonly answers: string[] = [];
  readonly server: ListeningChild;

  constructor(server: ListeningChild) {
    this.server = server;
  }

  async ask(method: string, path: string, options?: RequestOptions) {
    const answer = await this.server.request(method, path, options);
    this.answers.push(`${method} ${path} ${answer.status} ${answer.text}`);
    return answer;
  }
}

const SOURCE_SECRET = "s3cret-of-the-settings";
const settingsWith = (sourceSecret: string) => ({
  LOG_LEVEL: "trace",
  SIGNALBOX_ADMIN_EMAIL: "ada@example.com",
  SIGNALBOX_ADMIN_PASSWORD: PASSWORD,
  SIGNALBOX_INBOUND_SOURCES: JSON.stringify([{ source: "membership", secret: sourceSecret }]),
});
const dataDir = await newDataDir({ after });
/** The tests share a server, and the last one stops it. */
const server = await startChild({ after }, dataDir, settingsWith(SOURCE_SECRET));
/** What must not be in the server's log, and what must not be in its files. */
const neverLogged: string[] = [];
const neverStored: string[] = [];

/** All files of the directory, except the master key. */
async function filesOf(dataDir: string): Promise<{ readonly name: string; readonly bytes: Buffer }[]> {
  const names = (await readdir(dataDir)).filter((name) => name !== "master.key");
  return Promise.all(names.map(async (name) => ({ name, bytes: await readFile(path.join(dataDir, name)) })));
}

function assertNowhere(secrets: readonly string[], text: string | Buffer, where: string): void {
  for (const secret of secrets) assert.equal(text.includes(secret), false, `${secret} is in ${where}`);
}

/** Every encoding in which the secret could have been written. */
const encodings = (secret: string) => [secret, Buffer.from(secret).toString("base64").slice(0, -4)];

/** Deleting an endpoint also erases its encrypted values. */
function assertErased(t: TestContext, url: string): void {
  const db = new DatabaseSync(path.join(dataDir, "signalbox.db"), { readOnly: true });
  t.after(() => db.close());
  const erased = db.prepare("SELECT * FROM endpoints WHERE deleted_at IS NOT NULL").all();
  assert.deepEqual(
    erased.map((row) => [row.url, row.secret_sealed, row.headers_sealed, row.previous_secret_sealed]),
    [[url, null, null, null]],
  );
}

test("secrets, keys, header values and passwords appear nowhere in plain text", async (t) => {
  const observed = new Observed(server);
  const hooks = await startHooks(t);
  const outcomes = await followOutcomes(t, server.url, CHILD_KEY);
  const settings = { secret: SECRET, headers_json: { authorization: HEADER_VALUE }, retry_schedule_seconds: [] };
  const endpointId = await createEndpoint(server, { url: hooks.url, ...settings });
  const generated = await server.request("POST", "/v1/endpoints", { body: { url: `${hooks.url}/2` } });
  const rotated = await server.request("POST", `/v1/endpoints/${endpointId}/rotate-secret`, { body: {} });
  const key = await server.request("POST", "/v1/auth/keys", { body: { name: "another" } });
  const tenant = await server.request("POST", "/v1/tenants", { body: { name: "another" } });
  // Nothing listens on port 9, so the attempt fails with an error that names the address.
  const dead = { url: `http://127.0.0.1:9/hook?token=${URL_TOKEN}`, ...settings };
  const deadId = await createEndpoint(server, dead);

  // This receiver repeats what it was sent.
  hooks.react((hook) => {
    const { authorization = "nothing" } = hook.headers;
    hook.answer(500, { "x-debug": String(authorization) }, `you sent ${authorization}`);
  });
  const { deliveries } = await publish(server, 1, { payload: { text: PAYLOAD } });
  for (const _ of deliveries) await outcomes.next();
  for (const id of [endpointId, deadId]) await observed.ask("POST", `/v1/endpoints/${id}/test`);

  // Rejected requests that carry secrets. No response repeats them.
  await observed.ask("POST", "/v1/endpoints", { body: { url: "ftp://x", ...settings, secret: TOO_SHORT } });
  await observed.ask("POST", "/v1/endpoints", { body: { ...dead, headers_json: { host: HEADER_VALUE } } });
  await observed.ask("POST", "/v1/endpoints", { body: `{"secret": "${SECRET}", nonsense` });
  await observed.ask("PATCH", `/v1/endpoints/${endpointId}`, { body: { secret: TOO_SHORT, secrte: SECRET } });
  await observed.ask("GET", "/v1/endpoints", { key: `${CHILD_KEY.slice(0, -1)}z` });
  await observed.ask("GET", `/v1/endpoints?key=${CHILD_KEY}`, { key: null });
  await observed.ask("POST", "/v1/events", { body: { type: "test", payload: { text: PAYLOAD } } });

  // Lists and everything else that can be read. Only the endpoint's owner may see its headers.
  for (const place of ["deliveries", "auth/keys", "tenants", "webhooks", "analytics/endpoint-health"]) {
    await observed.ask("GET", `/v1/${place}`);
  }
  for (const { delivery_id: id } of deliveries) await observed.ask("GET", `/v1/deliveries/${id}`);
  for (const place of ["/metrics", "/healthz", "/readyz", "/openapi.json"]) await observed.ask("GET", place);
  const owners = await server.request("GET", "/v1/endpoints");

  const signing = [SECRET, generated.body.secret, rotated.body.secret];
  const keys = [CHILD_KEY, key.body.api_key, tenant.body.api_key];
  for (const made of [...signing, ...keys]) assert.ok(typeof made === "string" && made.length > 16);
  const secrets = [...signing, ...keys, PASSWORD, HEADER_VALUE];
  const answers = observed.answers.map((answer) => answer.replace(`?key=${CHILD_KEY}`, "")).join("\n");
  assertNowhere([...secrets, TOO_SHORT, PAYLOAD], answers, "an answer");
  assertNowhere([...signing, ...keys, PASSWORD], owners.text, "the list of endpoints");

  const running = await filesOf(dataDir);
  assert.ok(running.some(({ name, bytes }) => name.endsWith("-wal") && bytes.length > 0));
  for (const { name, bytes } of running) assertNowhere(secrets.flatMap(encodings), bytes, name);

  neverLogged.push(...secrets, TOO_SHORT, URL_TOKEN, PAYLOAD);
  neverStored.push(...secrets.flatMap(encodings));
  assert.equal((await stat(path.join(dataDir, "master.key"))).mode & 0o777, 0o600);

  await server.request("DELETE", `/v1/endpoints/${endpointId}`);
  assertErased(t, hooks.url);
});

test("a source's secrets and a sender's password appear in no response, log or file", async () => {
  const observed = new Observed(server);
  const given = { name: "given", scheme: "basic", basic: { username: "u" }, secret: SECRET };
  const source = await observed.ask("POST", "/v1/sources", { body: given });
  const made = await server.request("POST", "/v1/sources", { body: { name: "made", scheme: "github" } });
  const rotated = await server.request("POST", `/v1/sources/${made.body.id}/rotate-secret`, { body: {} });
  const credentials = [SECRET, TOO_SHORT].map((password) => Buffer.from(`u:${password}`).toString("base64"));
  for (const text of credentials) {
    const options = { key: null, headers: { authorization: `Basic ${text}` }, body: { text: PAYLOAD } };
    await observed.ask("POST", `/in/${source.body.id}`, options);
  }
  await observed.ask("POST", `/in/${made.body.id}`, { key: null, headers: { "x-hub-signature-256": "x" }, body: {} });
  await observed.ask("POST", "/api/v1/webhooks/pause-status", { key: null, body: { source: "membership" } });
  await observed.ask("PATCH", `/v1/sources/${source.body.id}`, { body: { secret: SECRET, secrte: SECRET } });
  for (const { id } of [source.body, made.body]) {
    const list = await observed.ask("GET", `/v1/sources/${id}/events`);
    for (const row of list.body.data as unknown as readonly { readonly id: string }[]) {
      await server.request("GET", `/v1/sources/${id}/events/${row.id}`).then(({ text }) => {
        assertNowhere([SECRET, TOO_SHORT, ...credentials], text, "a stored request");
      });
    }
  }
  for (const path of ["/v1/sources", "/api/v1/webhooks/pause-status", "/v1/audit", "/metrics"]) {
    await observed.ask("GET", path);
  }
  const secrets = [SECRET, made.body.secret, rotated.body.secret, SOURCE_SECRET];
  for (const secret of secrets) assert.ok(secret.length > 16);
  assertNowhere([...secrets, ...credentials, PAYLOAD], observed.answers.join("\n"), "an answer");
  const encoded = [...[...secrets, TOO_SHORT].flatMap(encodings), ...credentials];
  for (const { name, bytes } of await filesOf(dataDir)) assertNowhere(encoded, bytes, name);
  neverLogged.push(...secrets, TOO_SHORT, ...credentials, PAYLOAD);
  neverStored.push(...encoded);
});

test("a pause's link and its recipient appear in no log and no file", async (t) => {
  const observed = new Observed(server);
  const hooks = await startHooks(t);
  hooks.react((hook) => hook.answer(hooks.all.length === 1 ? 500 : 200));
  const recipient = `${hooks.url}/services/T0/B0/slack-secret`;
  const question = { message: PAYLOAD, options: ["Approve", "Reject"] };
  const asked = await server.request("POST", "/v1/pause", { body: { ...question, channel: "slack", recipient } });
  const token = /[\w-]{72}$/.exec(asked.body.respond_url)?.[0] ?? "";
  await hooks.nth(1);
  await observed.ask("GET", `/v1/pause/${asked.body.pause_id}?wait=1`);
  for (const path of [`/respond/${token}`, `/v1/respond/${token}`, `/respond/${token.slice(0, -1)}`]) {
    await server.request("GET", path, { key: null });
  }
  await server.request("POST", `/v1/respond/${token}`, { key: null, body: { choice: "Maybe" } });
  await server.request("POST", `/v1/respond/${token}`, { key: null, body: { choice: "Approve" } });
  await observed.ask("GET", `/v1/pause/${asked.body.pause_id}`);
  await observed.ask("GET", "/v1/audit");
  assertNowhere(["slack-secret"], observed.answers.join("\n"), "an answer");
  assert.equal(token.length, 72);
  neverLogged.push(token, "slack-secret", PAYLOAD);
  neverStored.push(...[token, "slack-secret"].flatMap(encodings));
});

test("passwords and session tokens appear in no log, file or response", async () => {
  const observed = new Observed(server);
  const email = "ada@example.com";
  const jar = await signedIn(server.url, email, PASSWORD);
  const tokens = [jar.cookie];
  await jar.signIn(email, PASSWORD); // replaces the first session
  tokens.push(jar.cookie);
  const replaced = { key: null, headers: { cookie: tokens[0] ?? "" } };
  await observed.ask("GET", "/dashboard/auth/me", replaced);
  await observed.ask("POST", "/dashboard/auth/login", { key: null, body: { email, password: `${PASSWORD}!` } });
  await observed.ask("POST", "/dashboard/auth/login", { key: null, body: `{"password": "${PASSWORD}", nonsense` });
  await observed.ask("POST", "/dashboard/auth/login", { key: null, body: { email: PASSWORD, pasword: PASSWORD } });
  const newPassword = "another-horse-another-staple";
  const change = { currentPassword: PASSWORD, newPassword };
  assert.equal((await jar.request("POST", "/dashboard/auth/password", { body: change })).status, 200);
  const secrets = [PASSWORD, newPassword, ...tokens.map((cookie) => cookie?.split("=")[1] ?? assert.fail())];
  assert.equal(new Set(secrets).size, 4);
  assertNowhere(secrets, observed.answers.join("\n"), "an answer");
  await jar.request("POST", "/dashboard/auth/logout");
  neverLogged.push(...secrets);
  neverStored.push(...secrets.flatMap(encodings));
  for (const { name, bytes } of await filesOf(dataDir)) {
    for (const token of secrets.slice(2)) assert.equal(bytes.includes(Buffer.from(token, "hex")), false, name);
  }
});

test("none of that is in the log or in a file, also when a start says that a setting differs from the stored secret", async (t) => {
  server.signal("SIGTERM");
  await server.exited;
  for (const { name, bytes } of await filesOf(dataDir)) assertNowhere(neverStored, bytes, name);
  const another = `${SOURCE_SECRET}-another`;
  const again = await startChild(t, dataDir, settingsWith(another));
  await again.says(/"source":"membership".*"msg":"inbound_source_keeps_its_stored_secret"/);
  const logged = `${server.stdout}${server.stderr}${again.stdout}${again.stderr}`;
  for (const what of ["attempt", "notification"]) assert.ok(logged.includes(`"msg":"${what}"`), what);
  assert.equal(new Set(neverLogged).size > 20, true);
  assertNowhere(neverLogged, logged, "the log");
  const body = JSON.stringify({
    source: "membership",
    event_type: "x",
    member_id: "m",
    old_status: "active",
    new_status: "paused",
    changed_at: "2026-01-01T00:00:00Z",
  });
  const sent = async (secret: string) => {
    const headers = { "x-signature": signatureOf(body, secret) };
    return (await again.request("POST", "/api/v1/webhooks/pause-status", { key: null, headers, body })).status;
  };
  assert.deepEqual([await sent(another), await sent(SOURCE_SECRET)], [401, 200]);
  assert.equal((await again.request("GET", "/v1/sources")).rows.length, 3);
});
