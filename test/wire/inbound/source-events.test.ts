/** What a source sent: listed, annotated, deleted and processed again, and the audit log of it. */
import assert from "node:assert/strict";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { assembleServer } from "../../harness/assembled.ts";
import { newDataDir } from "../../harness/child.ts";
import {
  createSource,
  fromNewAddress,
  type MadeSource,
  RECORDS,
  recordOf,
  rowsOf,
  sendPauseStatus,
  sendSigned,
  signatureOf,
  transition,
} from "../../harness/inbound.ts";
import { type Answer, type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after }, { SIGNALBOX_TRUST_PROXY: "127.0.0.0/8" });
const UNKNOWN = "00000000-0000-7000-8000-000000000000";

/** Sends to a source's own URL, signed for the schemes `jcs` and `github`. */
async function send(to: Client, { id }: MadeSource, fields: object, secret?: string): Promise<Answer> {
  const body = JSON.stringify(fields);
  const signature = signatureOf(body, secret);
  const headers = { ...fromNewAddress(), "x-signature": signature, "x-hub-signature-256": signature };
  return to.request("POST", `/in/${id}`, { key: null, body, headers });
}

/** One request of each kind, and the paths of their records. */
async function newPair() {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "jcs" });
  const webhook = (await send(server, source, { n: 1 })).body.inbound_event_id ?? assert.fail();
  const status = (await sendPauseStatus(server, source)).body.webhook_event_id;
  const pathOf = (id: string) => `/v1/sources/${source.id}/events/${id}`;
  return { client, source, webhook, status, ids: [webhook, status], pathOf };
}

interface Entry {
  readonly event_type: string;
  readonly actor: string;
  readonly data: Readonly<Record<string, string | null>>;
}

/** The entries of the audit log about received requests, oldest first. */
async function audited(client: Client, query = ""): Promise<readonly (readonly [string, Entry["data"]])[]> {
  const answer = await client.request("GET", `/v1/audit?limit=100${query}`);
  const { events } = JSON.parse(answer.text) as { events: readonly Entry[] };
  return events
    .filter(({ event_type: type }) => type.startsWith("inbound."))
    .map(({ event_type: type, data: { key_id: _key, ...data } }) => [type, data] as const)
    .toReversed();
}

// ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test("a list has both kinds, newest first, or only the requested kind", async () => {
  const { client, source } = await newPair();
  await send(server, source, { n: 2 });
  await sendSigned(server, JSON.stringify(transition(source)), "another secret");
  const list = async (query: string) => {
    const answer = await client.request("GET", `/v1/sources/${source.id}/events?${query}`);
    assert.equal(answer.status, 200, answer.text);
    return [rowsOf(answer).map(({ kind, valid }) => `${kind} ${valid}`), answer.body.pagination.total];
  };
  const [mine, theirs] = ["webhook true", "pause_status true"];
  assert.deepEqual(await list(""), [["pause_status false", mine, theirs, mine], 4]);
  assert.deepEqual(await list("limit=2&page=2"), [[theirs, mine], 4]);
  assert.deepEqual(await list("valid=true"), [[mine, theirs, mine], 3]);
  assert.deepEqual(await list("kind=webhook"), [[mine, mine], 2]);
  assert.deepEqual(await list("kind=pause_status&valid=true"), [[theirs], 1]);
  assert.equal((await client.request("GET", RECORDS)).body.pagination.total, 2, "pause statuses alone");
});

test("what a deleted source sent can still be listed, read and published again, except for rejected requests", async () => {
  const { client, source, webhook, ids, pathOf } = await newPair();
  await sendSigned(server, JSON.stringify(transition(source)), "another secret");
  const list = `/v1/sources/${source.id}/events`;
  const before = rowsOf(await client.request("GET", list));
  assert.equal((await client.request("DELETE", `/v1/sources/${source.id}`)).status, 204);
  const after = rowsOf(await client.request("GET", list));
  const briefly = (rows: typeof before) => rows.map(({ explanation: _, ...row }) => row);
  assert.deepEqual(briefly(after), briefly(before));
  const reprocess = (id: unknown) => client.request("POST", `${pathOf(String(id))}/reprocess`);
  for (const { id, valid, explanation } of after) {
    const one = await client.request("GET", pathOf(String(id)));
    assert.deepEqual([one.status, recordOf(one).explanation], [200, explanation]);
    if (valid === false) {
      assert.match(String(explanation), /^The signature in X-Signature does not match [^.]*\.$/, "as it was kept");
      const refused = await reprocess(id);
      assert.deepEqual([refused.status, refused.code], [409, "VERIFICATION_FAILED"]);
      assert.match(refused.body.error.message, / The source is deleted\.$/);
    } else {
      const again = await reprocess(id);
      assert.equal(again.status, 200, again.text);
      const event = await client.request("GET", `/v1/events/${again.body.event_id}`);
      assert.deepEqual([event.body.inbound_event_id, event.body.source_id], [id, source.id]);
      if (id === webhook) assert.match(event.text, /"payload":\{"n":1\}/);
      else assert.match(event.text, new RegExp(`"source":"${source.name}"`));
    }
  }
  const put = await client.request("PUT", `${RECORDS}/${ids[1]}`, { body: { reprocess: true } });
  assert.equal(put.status, 200);
  const all = await client.request("POST", `/v1/sources/${source.id}/reprocess`);
  assert.deepEqual([all.status, all.code], [404, "SOURCE_NOT_FOUND"]);
  const noted = await client.request("PATCH", pathOf(ids[0] ?? ""), { body: { notes: "kept" } });
  assert.equal(noted.body.notes, "kept");
  const stranger = await newTenant(server);
  for (const [asker, id] of [
    [stranger, source.id],
    [client, `src_${UNKNOWN}`],
  ] as const) {
    const answer = await asker.request("GET", `/v1/sources/${id}/events`);
    assert.deepEqual([answer.status, answer.code], [404, "SOURCE_NOT_FOUND"]);
  }
});

test("reprocessing uses the event type of the source's current settings, and the record shows it", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "github", event_type: { pointer: "/kind", prefix: "shop." } });
  const sent = await send(server, source, { kind: "made", topic: "sold" });
  const where = `/v1/sources/${source.id}/events`;
  const one = `${where}/${sent.body.inbound_event_id}`;
  const settings = { event_type: { pointer: "/topic", prefix: "store." } };
  assert.equal((await client.request("PATCH", `/v1/sources/${source.id}`, { body: settings })).status, 200);
  assert.equal(recordOf(await client.request("GET", one)).event_type, "shop.made", "until then it is as it came");
  const again = await client.request("POST", `${one}/reprocess`);
  const event = await client.request("GET", `/v1/events/${again.body.event_id}`);
  assert.match(event.text, /"store\.sold"/);
  assert.equal(recordOf(await client.request("GET", one)).event_type, "store.sold");
  const listed = await client.request("GET", `${where}?event_type=store.sold`);
  assert.equal(listed.body.pagination.total, 1);
});

// ── Notes and deletion ──────────────────────────────────────────────────────────────────────────────────────────────

test("notes can be edited for either kind, and the response is the record", async () => {
  const { client, ids, pathOf } = await newPair();
  for (const id of ids) {
    const note = (body: unknown) => client.request("PATCH", pathOf(id), { body });
    const before = await client.request("GET", pathOf(id));
    const noted = await note({ notes: "seen\nby us" });
    assert.deepEqual(JSON.parse(noted.text), { ...JSON.parse(before.text), notes: "seen\nby us" });
    assert.equal((await client.request("GET", pathOf(id))).text, noted.text);
    assert.equal((await note({ notes: null })).text, before.text);
    const bad: readonly (readonly [unknown, readonly string[]])[] = [
      [{}, ["notes"]],
      [{ notes: 3 }, ["notes"]],
      [{ notes: "x".repeat(2001) }, ["notes"]],
      [{ notes: "x", note: "y" }, ["note"]],
    ];
    for (const [body, fields] of bad) {
      const refused = await note(body);
      assert.deepEqual([refused.status, refused.code, refused.faultyFields], [400, "VALIDATION_ERROR", fields]);
    }
  }
});

test("only a global_admin can delete either kind", async () => {
  const { client, source, ids, pathOf } = await newPair();
  for (const id of ids) {
    assert.equal((await client.request("DELETE", pathOf(id))).status, 403);
    const remove = () => server.request("DELETE", `${pathOf(id)}?tenant=${client.id}`);
    const gone = await remove();
    assert.deepEqual([gone.status, gone.text], [204, ""]);
    for (const again of [await remove(), await client.request("GET", pathOf(id))]) {
      assert.deepEqual([again.status, again.code], [404, "INBOUND_EVENT_NOT_FOUND"]);
    }
  }
  const repeat = await send(server, source, { n: 1 });
  assert.deepEqual([repeat.body.duplicate, repeat.body.inbound_event_id], [true, ids[0]]);
});

test("neither is possible for another source's or another tenant's records", async () => {
  const { client, webhook, pathOf } = await newPair();
  const beside = await createSource(client, { scheme: "none" });
  const before = await client.request("GET", pathOf(webhook));
  const ofTenant = `?tenant=${client.id}`;
  const asked = [
    ["PATCH", `/v1/sources/${beside.id}/events/${webhook}${ofTenant}`],
    ["DELETE", `/v1/sources/${beside.id}/events/${webhook}${ofTenant}`],
    ["PATCH", pathOf(webhook)],
    ["DELETE", pathOf(webhook)],
    ["PATCH", `${pathOf(`wh_${UNKNOWN}`)}${ofTenant}`],
    ["DELETE", `${pathOf("x")}${ofTenant}`],
  ] as const;
  for (const [method, where] of asked) {
    const body = method === "PATCH" ? { body: { notes: "x" } } : {};
    const answer = await server.request(method, where, body);
    assert.deepEqual([answer.status, answer.code], [404, "INBOUND_EVENT_NOT_FOUND"], `${method} ${where}`);
  }
  assert.equal((await client.request("GET", pathOf(webhook))).text, before.text);
  assert.deepEqual(await audited(client), []);
});

// ── The audit log ───────────────────────────────────────────────────────────────────────────────────────────────────

test("the audit log has one entry for each operation on a received request", async () => {
  const { client, source, webhook, status, pathOf } = await newPair();
  const body = JSON.stringify(transition(source));
  await sendSigned(server, body, "the new secret");
  const refusedList = await client.request("GET", `${RECORDS}?payload_valid=false`);
  const refused = String(rowsOf(refusedList)[0]?.id);
  const put = (id: string, fields: object) => client.request("PUT", `${RECORDS}/${id}`, { body: fields });
  assert.equal((await put(refused, { reprocess: true, notes: "not yet" })).status, 409);
  await client.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: "the new secret" } });
  const again = await client.request("POST", `${pathOf(webhook)}/reprocess`);
  await put(refused, { reprocess: true, notes: "the secret was wrong" });
  for (const notes of ["seen", "seen"]) await client.request("PATCH", pathOf(webhook), { body: { notes } });
  await put(status, { notes: null });
  for (let time = 0; time < 2; time += 1) {
    await server.request("DELETE", `${pathOf(webhook)}?tenant=${client.id}`);
    await server.request("DELETE", `${RECORDS}/${status}?tenant=${client.id}`);
  }
  const { event_ids: ids } = (await client.request("GET", `${RECORDS}/${refused}`)).body;
  const of = (id: string, more: object = {}) => ({ inbound_event_id: id, ...more });
  assert.deepEqual(await audited(client), [
    ["inbound.reprocessed", of(webhook, { event_id: again.body.event_id, rejection_reason: null })],
    ["inbound.reprocessed", of(refused, { event_id: ids[0], rejection_reason: "signature_mismatch" })],
    ["inbound.noted", of(refused)],
    ["inbound.noted", of(webhook)],
    ["inbound.deleted", of(webhook, { source: source.name })],
    ["inbound.deleted", of(status, { source: source.name })],
  ]);
  assert.equal((await audited(client, "&event_type=inbound.noted")).length, 2);
});

test("the audit log has the same source ids as the source routes", async () => {
  const { client, source } = await newPair();
  const answer = await client.request("GET", "/v1/audit?event_type=source.created");
  const { events } = JSON.parse(answer.text) as { events: readonly Entry[] };
  assert.deepEqual(events[0]?.data, { source_id: source.id, name: source.name });
});

// ── All of a source ─────────────────────────────────────────────────────────────────────────────────────────────────

// Simulates a bug in the server: SQLite fails whatever makes this record valid.
const BREAK = (id: string) => `
  CREATE TRIGGER broken BEFORE UPDATE ON inbound WHEN hex(old.id) = '${id.slice(3).replaceAll("-", "").toUpperCase()}'
  BEGIN SELECT RAISE(ABORT, 'a mistake of ours'); END`;

test("a request that fails with an error does not stop the others from being processed, and is logged", async (t) => {
  const dataDir = await newDataDir(t);
  const alone = await assembleServer(t, { dataDir });
  const source = await createSource(alone, { scheme: "github" });
  for (let n = 0; n < 5; n += 1) await send(alone, source, { n }, "the right one");
  const list = () => alone.request("GET", `/v1/sources/${source.id}/events?valid=false`);
  const broken = String(rowsOf(await list())[2]?.id);
  const db = new DatabaseSync(path.join(dataDir, "signalbox.db"), { timeout: 5000 });
  db.exec(BREAK(broken));
  db.close();
  await alone.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: "the right one" } });
  const reprocess = () => alone.request("POST", `/v1/sources/${source.id}/reprocess`);
  assert.deepEqual(JSON.parse((await reprocess()).text), { reprocessed: 4, failed: 1, more: false });
  assert.deepEqual(
    rowsOf(await list()).map(({ id }) => id),
    [broken],
  );
  assert.match(alone.log, new RegExp(`inbound event ${broken.slice(3)}: .*a mistake of ours`));
  assert.deepEqual(JSON.parse((await reprocess()).text), { reprocessed: 0, failed: 1, more: false });
});
