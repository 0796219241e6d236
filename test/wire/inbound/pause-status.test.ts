import assert from "node:assert/strict";
import { after, test } from "node:test";
import { signJcs } from "../../../packages/sdk/src/signing/jcs.ts";
import {
  createSource,
  fromNewAddress,
  RECORDS,
  recordOf,
  rowsOf,
  SOURCE_SECRET,
  sendPauseStatus,
  sendSigned,
  signatureOf,
  transition,
} from "../../harness/inbound.ts";
import { type Answer, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after }, { SIGNALBOX_TRUST_PROXY: "127.0.0.0/8" });
const KB = 1024;
const MS_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const INBOUND_ID = /^wh_[0-9a-f-]{36}$/;
const UNKNOWN = "wh_00000000-0000-7000-8000-000000000000";

/** A tenant with its own source. */
async function newSource() {
  const client = await newTenant(server);
  return { client, source: await createSource(client, { scheme: "jcs" }) };
}

function send(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  return server.request("POST", RECORDS, { key: null, body, headers: { ...fromNewAddress(), ...headers } });
}

const records = async (owner: Pick<typeof server, "request">, query = "") => {
  const answer = await owner.request("GET", RECORDS + query);
  assert.equal(answer.status, 200, answer.text);
  return { rows: rowsOf(answer), pagination: answer.body.pagination };
};

/** The fields of the reference come first, in its order. */
const ROW_FIELDS = [
  "id",
  "source",
  "event_type",
  "old_status",
  "new_status",
  "peer_mentor_id",
  "transition_direction",
  "payload_valid",
  "received_at",
  "processed_at",
];
const RECORD_FIELDS = [
  "id",
  "source",
  "event_type",
  "raw_payload",
  "old_status",
  "new_status",
  "transition_direction",
  "peer_mentor_id",
  "payload_valid",
  "received_at",
  "processed_at",
];

test("a transition is received, shown and published as in the reference", async () => {
  const { client, source } = await newSource();
  const fields = transition(source, { note: 1.0 });
  const body = JSON.stringify(fields).replace('"note":1', '"note":1.0');
  const received = await sendSigned(server, body);
  const { webhook_event_id: id } = received.body;
  assert.match(id, INBOUND_ID);
  assert.equal(
    received.text,
    `{"received":true,"webhook_event_id":"${id}","transition_direction":"PAUSE_ACTIVATED","notifications_triggered":true}`,
  );

  const { rows, pagination } = await records(client);
  const [row = assert.fail()] = rows;
  assert.deepEqual(pagination, { page: 1, limit: 20, total: 1 });
  assert.deepEqual(Object.keys(row).slice(0, ROW_FIELDS.length), ROW_FIELDS);
  const { member_id: member } = fields;
  assert.deepEqual(
    [row.id, row.source, row.event_type, row.old_status, row.new_status, row.peer_mentor_id],
    [id, source.name, "member.status.changed", "active", "paused", member],
  );
  assert.deepEqual([row.transition_direction, row.payload_valid], ["PAUSE_ACTIVATED", true]);
  assert.match(String(row.received_at), MS_TIME);
  assert.match(String(row.processed_at), MS_TIME);

  const one = await client.request("GET", `${RECORDS}/${id}`);
  assert.deepEqual(Object.keys(one.body).slice(0, RECORD_FIELDS.length), RECORD_FIELDS);
  const { source: _source, event_type: _type, ...payload } = fields;
  assert.deepEqual(one.body.raw_payload, payload);
  assert.match(one.text, /"note":1\.0/, "a number stands as it was sent");

  const [eventId = ""] = one.body.event_ids;
  const event = await client.request("GET", `/v1/events/${eventId}`);
  assert.deepEqual(
    [event.body.type, event.body.inbound_event_id, event.body.source_id],
    ["pause_status.activated", id, source.id],
  );
});

test("the signature is accepted in either header over the bytes, and in the body over the content", async () => {
  const { source } = await newSource();
  const body = () => JSON.stringify(transition(source, { é: "ü" }), null, 2);
  for (const name of ["x-signature", "x-hub-signature-256", "X-SIGNATURE"]) {
    const text = body();
    assert.equal((await send(text, { [name]: signatureOf(text) })).status, 200, name);
  }
  const text = body();
  const both = { "x-signature": signatureOf(text), "x-hub-signature-256": signatureOf(`${text} `) };
  assert.equal((await send(text, both)).status, 401);
  const signed = await signJcs(transition(source), SOURCE_SECRET);
  const respelled = JSON.stringify(JSON.parse(signed), null, "\t");
  assert.equal((await send(respelled)).status, 200);
  const forged = await signJcs(transition(source), "another secret");
  assert.equal((await send(forged)).status, 401);
});

test("a body is kept byte for byte, whatever its content type", async () => {
  const { client, source } = await newSource();
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "garbage",
    "",
    "application/json; charset=utf-16",
  ]) {
    const body = `  ${JSON.stringify(transition(source, { type }))}\r\n`;
    const answer = await send(body, { "content-type": type, "x-signature": signatureOf(body) });
    assert.equal(answer.status, 200, `${type}: ${answer.text}`);
  }
  assert.equal((await records(client)).pagination.total, 5);
});

test("unknown fields and query parameters are accepted and kept", async () => {
  const { client, source } = await newSource();
  const body = JSON.stringify(transition(source, { more: { a: [1e21] } }));
  const answer = await server.request("POST", `${RECORDS}?x=1`, {
    key: null,
    body,
    headers: { "x-signature": signatureOf(body) },
  });
  assert.equal(answer.status, 200, answer.text);
  const one = await client.request("GET", `${RECORDS}/${answer.body.webhook_event_id}`);
  assert.deepEqual((one.body.raw_payload as { more: unknown }).more, { a: [1e21] });
});

test("size, readability, signature and fields are checked in that order", async () => {
  const { source } = await newSource();
  const padded = (bytes: number) => Buffer.alloc(bytes, "x");
  const large = await send(padded(256 * KB + 1));
  assert.deepEqual([large.status, large.code], [413, "PAYLOAD_TOO_LARGE"]);
  assert.equal((await send(padded(256 * KB))).status, 400);
  for (const body of ["", "{", "[]", "null", '{"a":1,"a":2}', Buffer.from([0x7b, 0xff, 0x7d])]) {
    const answer = await send(body);
    assert.deepEqual(
      [answer.status, answer.code, answer.faultyFields],
      [400, "VALIDATION_ERROR", ["body"]],
      String(body),
    );
  }
  const wrong = { source: source.name, old_status: 3, new_status: "", member_id: "x".repeat(201), changed_at: "today" };
  const unsigned = await send(JSON.stringify(wrong));
  assert.equal(unsigned.status, 401);
  const invalid = await sendSigned(server, JSON.stringify(wrong));
  assert.deepEqual([invalid.status, invalid.code], [422, "VALIDATION_ERROR"]);
  assert.deepEqual(invalid.faultyFields, ["event_type", "member_id", "old_status", "new_status", "changed_at"]);
});

test("the response is the same for everything that is wrong with a signature or its source", async () => {
  const { client, source } = await newSource();
  const stripe = await createSource(client, { scheme: "stripe" });
  const body = JSON.stringify(transition(source));
  const { source: _none, ...nameless } = transition(source);
  const answers = [
    await send(body),
    await send(body, { "x-signature": "sha256=" }),
    await send(body, { "x-signature": "nonsense" }),
    await send(body, { "x-signature": signatureOf(body, "another secret") }),
    await send(body, { "x-signature": signatureOf(body).toUpperCase() }),
    await send(JSON.stringify({ ...transition(source), signature: 3 })),
    await sendSigned(server, JSON.stringify(nameless)),
    await sendSigned(server, JSON.stringify({ ...nameless, source: 3 })),
    await sendSigned(server, JSON.stringify({ ...nameless, source: "no such source" })),
    await sendPauseStatus(server, stripe),
  ];
  for (const answer of answers) {
    assert.deepEqual([answer.status, answer.code], [401, "UNAUTHORIZED"], answer.text);
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Signature /);
  }
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
});

test("other transitions are acknowledged, and publish nothing", async () => {
  const { client, source } = await newSource();
  for (const [old_status, new_status, direction] of [
    ["active", "paused", "PAUSE_ACTIVATED"],
    ["paused", "active", "PAUSE_DEACTIVATED"],
    ["active", "active", "NONE"],
    ["Active", "paused", "NONE"],
  ]) {
    const { body } = await sendPauseStatus(server, source, { old_status, new_status });
    assert.deepEqual([body.transition_direction, body.notifications_triggered], [direction, direction !== "NONE"]);
    const one = await client.request("GET", `${RECORDS}/${body.webhook_event_id}`);
    assert.equal(one.body.event_ids.length, direction === "NONE" ? 0 : 1);
  }
});

test("a repeat gets the first response, however its JSON is written, even after its record is deleted", async () => {
  const { client, source } = await newSource();
  const fields = transition(source);
  const first = await sendSigned(server, JSON.stringify(fields));
  const repeat = await send(await signJcs(fields, SOURCE_SECRET));
  assert.deepEqual(JSON.parse(repeat.text), { ...JSON.parse(first.text), duplicate: true });
  assert.equal((await records(client)).pagination.total, 1);
  const { id } = client;
  const deleted = await server.request("DELETE", `${RECORDS}/${first.body.webhook_event_id}?tenant=${id}`);
  assert.deepEqual(Object.keys(deleted.body), ["message", "deleted_id", "deleted_at"]);
  assert.deepEqual(
    [deleted.body.message, deleted.body.deleted_id],
    ["Webhook event record deleted", first.body.webhook_event_id],
  );
  assert.match(deleted.body.deleted_at, MS_TIME);
  assert.equal((await client.request("GET", `${RECORDS}/${first.body.webhook_event_id}`)).status, 404);
  assert.equal((await sendSigned(server, JSON.stringify(fields))).body.duplicate, true);
});

test("a rejected request is listed with its reason, and can be processed once the secret is right", async () => {
  const { client, source } = await newSource();
  const body = JSON.stringify(transition(source));
  assert.equal((await sendSigned(server, body, "the new secret")).status, 401);
  const [row = assert.fail()] = (await records(client, "?payload_valid=false")).rows;
  assert.deepEqual(
    [row.payload_valid, row.rejection_reason, row.transition_direction, row.processed_at],
    [false, "signature_mismatch", null, null],
  );
  assert.equal(typeof row.explanation, "string");
  const one = await client.request("GET", `${RECORDS}/${row.id}`);
  const raw = one.body as unknown as { raw_body: { encoding: string; content: string; truncated: boolean } };
  assert.deepEqual([raw.raw_body.encoding, raw.raw_body.content, raw.raw_body.truncated], ["utf-8", body, false]);

  const put = (fields: object) => client.request("PUT", `${RECORDS}/${row.id}`, { body: fields });
  const failed = await put({ reprocess: true, notes: "now?" });
  assert.deepEqual([failed.status, failed.code], [409, "VERIFICATION_FAILED"]);
  assert.deepEqual(failed.body.error.details, [{ field: "rejection_reason", rule: "signature_mismatch" }]);
  assert.equal((await client.request("GET", `${RECORDS}/${row.id}`)).text, one.text, "nothing has changed");

  await client.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: "the new secret" } });
  const done = await put({ reprocess: true, notes: "the secret was wrong" });
  assert.deepEqual(Object.keys(done.body), ["id", "reprocess_requested", "reprocessed_at", "status"]);
  assert.deepEqual([done.body.id, done.body.status], [row.id, "reprocessed"]);
  assert.match(done.body.reprocessed_at ?? "", MS_TIME);
  const now = await client.request("GET", `${RECORDS}/${row.id}`);
  assert.deepEqual(
    [now.body.payload_valid, now.body.rejection_reason, now.body.transition_direction, now.body.notes],
    [true, null, "PAUSE_ACTIVATED", "the secret was wrong"],
  );
  assert.equal(now.body.event_ids.length, 1);
  assert.equal((await sendSigned(server, body, "the new secret")).body.duplicate, true);
});

test("a valid request can be published again as another event", async () => {
  const { client, source } = await newSource();
  const { body } = await sendPauseStatus(server, source);
  const path = `${RECORDS}/${body.webhook_event_id}`;
  assert.equal((await client.request("PUT", path, { body: { reprocess: true } })).status, 200);
  const { event_ids: ids } = (await client.request("GET", path)).body;
  assert.equal(new Set(ids).size, 2);
  for (const id of ids) {
    const event = await client.request("GET", `/v1/events/${id}`);
    assert.equal(event.body.inbound_event_id, body.webhook_event_id);
  }
});

test("a valid request is published again unchanged, although its source has been renamed", async () => {
  const { client, source } = await newSource();
  const { body } = await sendPauseStatus(server, source);
  const name = `${source.name}, renamed`;
  assert.equal((await client.request("PATCH", `/v1/sources/${source.id}`, { body: { name } })).status, 200);
  const path = `${RECORDS}/${body.webhook_event_id}`;
  assert.equal((await client.request("PUT", path, { body: { reprocess: true } })).status, 200);
  const answer = await client.request("GET", path);
  const shown = recordOf(answer);
  assert.deepEqual([shown.source, shown.event_type], [source.name, "member.status.changed"]);
  const [first, second] = answer.body.event_ids;
  const payloadOf = async (id: string | undefined) => {
    const { text } = await client.request("GET", `/v1/events/${id}`);
    return JSON.parse(text).payload;
  };
  assert.equal((await payloadOf(second)).source, source.name);
  assert.deepEqual(await payloadOf(second), await payloadOf(first));
});

test("an update of the notes returns the record, and an empty or invalid update is refused", async () => {
  const { client, source } = await newSource();
  const { body } = await sendPauseStatus(server, source);
  const path = `${RECORDS}/${body.webhook_event_id}`;
  const noted = await client.request("PUT", path, { body: { notes: "seen\nby us" } });
  assert.deepEqual([noted.status, noted.body.notes], [200, "seen\nby us"]);
  assert.equal((await client.request("GET", path)).text, noted.text);
  assert.equal((await client.request("PUT", path, { body: { notes: null } })).body.notes, null);
  for (const fields of [{}, { reprocess: false }, { notes: "x", note: "y" }, { notes: 3 }]) {
    const refused = await client.request("PUT", path, { body: fields });
    assert.deepEqual([refused.status, refused.code], [400, "VALIDATION_ERROR"], JSON.stringify(fields));
  }
});

test("the list has pages, newest first, and every filter works", async () => {
  const { client, source } = await newSource();
  const other = await createSource(client, { scheme: "jcs" });
  const ids: string[] = [];
  for (const more of [{}, { event_type: "other" }, { new_status: "gone" }, {}, {}]) {
    ids.unshift((await sendPauseStatus(server, source, more)).body.webhook_event_id);
  }
  await sendPauseStatus(server, other);
  await sendSigned(server, JSON.stringify(transition(source)), "another secret");
  const idsOf = async (query: string) => (await records(client, query)).rows.map(({ id }) => id);
  const ofSource = `?source=${encodeURIComponent(source.name)}&payload_valid=true`;
  assert.deepEqual(await idsOf(ofSource), ids);
  assert.deepEqual(await idsOf(`${ofSource}&limit=2&page=2`), ids.slice(2, 4));
  assert.deepEqual((await records(client, `${ofSource}&limit=2&page=9`)).pagination, { page: 9, limit: 2, total: 5 });
  assert.deepEqual(await idsOf(`${ofSource}&event_type=other`), [ids[3]]);
  assert.deepEqual(await idsOf(`${ofSource}&transition_direction=NONE`), [ids[2]]);
  assert.equal((await idsOf(`?source=${encodeURIComponent(other.name)}`)).length, 1);
  assert.equal((await idsOf("?payload_valid=false")).length, 1);
  assert.equal((await idsOf("")).length, 7);
  const { rows } = await records(client, ofSource);
  const [from, to] = [rows.at(-1)?.received_at, rows[0]?.received_at];
  assert.equal((await idsOf(`${ofSource}&from=${from}`)).length, 5);
  assert.equal((await idsOf(`${ofSource}&to=${from}`)).length, 0);
  assert.ok((await idsOf(`${ofSource}&to=${to}`)).length < 5);
  const bad = await client.request("GET", `${RECORDS}?limit=0&page=x&from=y&sauce=z`);
  assert.deepEqual([bad.status, [...bad.faultyFields].sort()], [400, ["from", "limit", "page", "sauce"]]);
});

test("unattributed records are shown to a global_admin, except with ?tenant=", async () => {
  const { client, source } = await newSource();
  const body = JSON.stringify({ ...transition(source), source: "nobody's own" });
  assert.equal((await sendSigned(server, body)).status, 401);
  const query = `?source=${encodeURIComponent("nobody's own")}`;
  const [row = assert.fail()] = (await records(server, query)).rows;
  assert.equal(row.rejection_reason, "source_unknown");
  assert.deepEqual((await records(client, query)).rows, []);
  assert.deepEqual((await records(server, `${query}&tenant=${client.id}`)).rows, []);
  assert.equal((await client.request("GET", `${RECORDS}/${row.id}`)).status, 404);
  assert.equal((await server.request("GET", `${RECORDS}/${row.id}`)).status, 200);
  assert.equal((await server.request("DELETE", `${RECORDS}/${row.id}`)).status, 200);
});

test("an unknown id, or one of something else, is 404", async () => {
  const { client } = await newSource();
  const anySource = await createSource(client, { scheme: "none" });
  const { body } = await client.request("POST", `/in/${anySource.id}`, { key: null, body: {} });
  const endpoint = await client.request("POST", "/v1/endpoints", { body: { url: "http://127.0.0.1:9/" } });
  const names = [UNKNOWN, "x", endpoint.body.id.replace("ep_", "wh_"), body.inbound_event_id, UNKNOWN.toUpperCase()];
  for (const name of names) {
    for (const [method, fields] of [["GET"], ["PUT", { reprocess: true }], ["PUT", { notes: "x" }]] as const) {
      const answer = await client.request(method, `${RECORDS}/${name}`, fields === undefined ? {} : { body: fields });
      assert.deepEqual([answer.status, answer.code], [404, "WEBHOOK_EVENT_NOT_FOUND"], `${method} ${name}`);
    }
    assert.equal((await server.request("DELETE", `${RECORDS}/${name}?tenant=${client.id}`)).status, 404);
  }
});

test("too many failures from one address are refused unread, and other senders are not affected", async () => {
  const { source } = await newSource();
  const body = JSON.stringify(transition(source));
  const from = (address: string, more: Record<string, string> = {}) =>
    send(body, { "x-forwarded-for": address, ...more });
  const answers = await Promise.all(Array.from({ length: 100 }, () => from("192.0.2.7")));
  const limited = answers.filter(({ status }) => status === 429);
  assert.ok(limited.length > 0);
  for (const { status } of answers) assert.ok(status === 401 || status === 429);
  for (const { code, headers } of limited) assert.deepEqual([code, headers.get("retry-after")], ["RATE_LIMITED", "1"]);
  assert.equal((await from("192.0.2.8", { "x-signature": signatureOf(body) })).status, 200);
});

test("other methods are 405", async () => {
  const answer = await server.request("PATCH", RECORDS, { body: {} });
  assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "GET, HEAD, POST"]);
  const one = await server.request("POST", `${RECORDS}/${UNKNOWN}`, { body: {} });
  assert.deepEqual([one.status, one.headers.get("allow")], [405, "DELETE, GET, HEAD, PUT"]);
});
