/** Explanations of rejected requests. They are computed when a record is read, not when the request arrives. */
import assert from "node:assert/strict";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { EXPLAINED_PER_LIST_ROWS_MAX } from "../../../src/domain/limits.ts";
import { assembleServer } from "../../harness/assembled.ts";
import { newDataDir } from "../../harness/child.ts";
import {
  createSource,
  fromNewAddress,
  RECORDS,
  recordOf,
  rowsOf,
  sendSigned,
  signatureOf,
  transition,
} from "../../harness/inbound.ts";
import { type Client, startServer } from "../../harness/server.ts";

const BRIEF = /^The signature in X-Hub-Signature-256 does not match this request and the source's secret\.$/;
const FOUND = /does not match .* The signature matches the body as Python's json\.dumps writes it/;
const VERIFIES = /^With the source's current settings the request verifies\. Process it again/;

interface Settings {
  readonly scheme: string;
  readonly [field: string]: unknown;
}

async function talkTo(server: Client, settings: Settings = { scheme: "github" }) {
  const source = await createSource(server, settings);
  const where = `/v1/sources/${source.id}`;
  return {
    where,
    async send(body: string, headers: Readonly<Record<string, string>>) {
      const all = { ...fromNewAddress(), ...headers };
      const answer = await server.request("POST", `/in/${source.id}`, { key: null, body, headers: all });
      assert.equal(answer.status, 401);
    },
    async patch(body: object) {
      const answer = await server.request("PATCH", where, { body });
      assert.equal(answer.status, 200, answer.text);
    },
    /** Newest first. */
    rows: async () => rowsOf(await server.request("GET", `${where}/events?limit=100`)),
    one: async (id: unknown) => recordOf(await server.request("GET", `${where}/events/${id}`)),
  };
}

const dataDir = await newDataDir({ after });
const server = await assembleServer({ after }, { dataDir });

function inFile<Done>(work: (db: DatabaseSync) => Done): Done {
  const db = new DatabaseSync(path.join(dataDir, "signalbox.db"), { timeout: 5000 });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** The record of the latest request. */
function keptText(): string {
  return String(inFile((db) => db.prepare("SELECT explanation FROM inbound ORDER BY seq DESC").get()?.explanation));
}

const hub = (signed: string, secret?: string) => ({ "x-hub-signature-256": signatureOf(signed, secret) });

test("a record keeps the reason of verification, and reading it adds an explanation", async () => {
  const { send, rows, one, where } = await talkTo(server);
  await send('{"n":1}', hub('{"n": 1}'));
  assert.match(keptText(), BRIEF);
  const [row = assert.fail()] = await rows();
  const shown = await one(row.id);
  const noted = await server.request("PATCH", `${where}/events/${row.id}`, { body: { notes: "seen" } });
  for (const explanation of [row.explanation, shown.explanation, recordOf(noted).explanation]) {
    assert.match(String(explanation), FOUND);
  }
  assert.match(keptText(), BRIEF, "and reading changes nothing");
});

test("pause statuses have explanations too, also after a change of their notes", async () => {
  const source = await createSource(server, { scheme: "jcs" });
  const fields = transition(source);
  await sendSigned(server, JSON.stringify(fields), "another secret ");
  await server.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: "another secret" } });
  assert.doesNotMatch(keptText(), /space/);
  const list = await server.request("GET", RECORDS);
  const where = `${RECORDS}/${rowsOf(list)[0]?.id}`;
  const noted = await server.request("PUT", where, { body: { notes: "seen" } });
  const texts = [list, await server.request("GET", where), noted].map(({ text }) => text);
  for (const text of texts) assert.match(text, /has a space at its end/);
});

test("once the secret is right, the explanation says that the request can be processed again, which works", async () => {
  const { send, patch, rows, one, where } = await talkTo(server);
  await send("{}", hub("{}", "the right one"));
  await patch({ secret: "the right one" });
  const [row = assert.fail()] = await rows();
  for (const { explanation } of [row, await one(row.id)]) assert.match(String(explanation), VERIFIES);
  assert.equal((await server.request("POST", `${where}/events/${row.id}/reprocess`)).status, 200);
  assert.equal((await one(row.id)).explanation, null);
});

test("the explanation does not say so of a request that would fail again", async () => {
  const jcs = await createSource(server, { scheme: "jcs", secret: "mistyped" });
  await sendSigned(server, JSON.stringify(transition(jcs, { member_id: 3 })));
  const slack = await createSource(server, { scheme: "slack", secret: "mistyped" });
  const challenge = '{"type":"url_verification","challenge":"c"}';
  const seconds = String(
    Math.floor(Date.parse(String((await server.request("GET", "/healthz")).headers.get("date"))) / 1000),
  );
  const signature = signatureOf(`v0:${seconds}:${challenge}`).replace("sha256=", "v0=");
  const headers = { "x-slack-request-timestamp": seconds, "x-slack-signature": signature };
  await server.request("POST", `/in/${slack.id}`, { key: null, body: challenge, headers });
  for (const [{ id }, expected] of [
    [jcs, /^member_id must be a string/],
    [slack, /^The sender only checks the URL/],
  ] as const) {
    const where = `/v1/sources/${id}`;
    await server.request("PATCH", where, { body: { secret: "a secret of both sides" } });
    const [row = assert.fail()] = rowsOf(await server.request("GET", `${where}/events`));
    assert.match(String(row.explanation), expected);
    assert.equal((await server.request("POST", `${where}/events/${row.id}/reprocess`)).status, 409);
  }
});

test("what was only visible at the time of receipt is still explained, while the source is unchanged", async () => {
  const { send, rows } = await talkTo(server);
  await send("{}", { signature: "of another kind" });
  assert.match(keptText(), /These headers are present: signature\./);
  assert.equal((await rows())[0]?.explanation, keptText());
});

test("the explanation is about the source's current settings", async () => {
  const hmac = { header: "X-Old", prefix: "" };
  const { send, patch, rows } = await talkTo(server, { scheme: "hmac", hmac });
  const signature = signatureOf("{}").replace("sha256=", "");
  await send("{}", { "x-new": signature, "x-old": "nonsense" });
  assert.match(String((await rows())[0]?.explanation), /X-Old/);
  await patch({ hmac: { ...hmac, header: "X-Newer" } });
  assert.match(String((await rows())[0]?.explanation), /The X-Newer header is missing/);
  await patch({ hmac: { ...hmac, header: "X-New" } });
  assert.match(String((await rows())[0]?.explanation), VERIFIES);
});

test("the explanation does not call a header missing that the server does not keep", async () => {
  const hmac = { header: "Authorization", prefix: "HMAC" };
  const { send, patch, rows } = await talkTo(server, { scheme: "hmac", hmac });
  await send("{}", { authorization: "Bearer something else" });
  const [before = assert.fail()] = await rows();
  assert.match(String(before.explanation), /Authorization does not begin with "HMAC"/);
  await patch({ hmac: { ...hmac, prefix: "Bearer " } });
  const [after = assert.fail()] = await rows();
  assert.match(
    String(after.explanation),
    /The value of Authorization .* was not kept\. Ask the sender to send the request again\./,
  );
});

test("a list explains its first rejected rows and small bodies, and a single record is always explained", async (t) => {
  const trusting = await startServer(t, { SIGNALBOX_TRUST_PROXY: "127.0.0.0/8" });
  const { send, rows, one } = await talkTo(trusting);
  const count = EXPLAINED_PER_LIST_ROWS_MAX + 3;
  for (let n = 0; n < count; n += 1) await send(`{"n":${n}}`, hub(`{"n": ${n}}`));
  const many = await rows();
  const isFound = many.map(({ explanation }) => FOUND.test(String(explanation)));
  assert.deepEqual(
    isFound,
    Array.from({ length: count }, (_, at) => at < EXPLAINED_PER_LIST_ROWS_MAX),
  );
  assert.match(String(many.at(-1)?.explanation), BRIEF);
  assert.match(String((await one(many.at(-1)?.id)).explanation), FOUND);

  const large = (n: number) => JSON.stringify({ n, padding: "x".repeat(40_000) });
  for (const n of [1, 2]) await send(large(n), hub(large(n).replaceAll(",", ", ").replaceAll(":", ": ")));
  const [newest, before, small] = await rows();
  assert.match(String(newest?.explanation), FOUND);
  assert.match(String(before?.explanation), BRIEF, "there is no room for both");
  assert.match(String(small?.explanation), FOUND);
  assert.match(String((await one(before?.id)).explanation), FOUND);
});

test("for the scheme basic, the explanation uses the password that was kept", async () => {
  const { send, patch, rows, one } = await talkTo(server, { scheme: "basic", basic: { username: "u" } });
  await send("{}", { authorization: `Basic ${Buffer.from("u:right").toString("base64")}` });
  await patch({ secret: "right" });
  const [row = assert.fail()] = await rows();
  for (const { explanation } of [row, await one(row.id)]) assert.match(String(explanation), VERIFIES);
});

test("an explanation that fails hides no record, and is logged", async () => {
  const { send, rows, one } = await talkTo(server);
  await send('{"n":1}', hub('{"n": 1}'));
  await send('{"n":2}', hub('{"n": 2}'));
  // Simulates a bug in the server: a kept header is always text.
  const alter = `UPDATE inbound SET headers = '{"x-hub-signature-256":5}' WHERE seq = (SELECT max(seq) FROM inbound)`;
  inFile((db) => db.exec(alter));
  const [broken, other] = await rows();
  assert.match(String(broken?.explanation), BRIEF);
  assert.match(String(other?.explanation), FOUND);
  assert.match(String((await one(broken?.id)).explanation), BRIEF);
  assert.match(server.log, new RegExp(`inbound event ${String(broken?.id).slice(3)}: `));
});
