import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, test } from "node:test";
import { signJcs } from "../../../packages/sdk/src/index.ts";
import {
  createSource,
  fromNewAddress,
  rowsOf,
  SOURCE_SECRET,
  sendSigned,
  signatureOf,
  transition,
} from "../../harness/inbound.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer(
  { after },
  { SIGNALBOX_PUBLIC_URL: "https://hooks.example.com", SIGNALBOX_TRUST_PROXY: "127.0.0.0/8" },
);
const KB = 1024;
const UNKNOWN = "src_00000000-0000-7000-8000-000000000000";

type Body = string | Uint8Array;

function send(id: string, body: Body, headers: Record<string, string> = {}) {
  return server.request("POST", `/in/${id}`, { key: null, body, headers: { ...fromNewAddress(), ...headers } });
}

function github(body: Body, more: Record<string, string> = {}) {
  return { "x-hub-signature-256": signatureOf(body), "x-github-event": "push", ...more };
}

async function events(owner: Client, id: string, query = "") {
  const answer = await owner.request("GET", `/v1/sources/${id}/events${query}`);
  assert.equal(answer.status, 200, answer.text);
  return { rows: rowsOf(answer), pagination: answer.body.pagination };
}

test("a signed request becomes an event, and each leads to the other", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "github", event_type: { prefix: "github." } });
  const body = '{ "ref": "main", "n": 1.0 }';
  const sent = await send(source.id, body, github(body, { "x-github-delivery": "d-1" }));
  assert.equal(sent.status, 200, sent.text);
  const { inbound_event_id: id, event_id: eventId } = sent.body;
  assert.equal(sent.text, `{"received":true,"inbound_event_id":"${id}","event_id":"${eventId}"}`);
  const event = await client.request("GET", `/v1/events/${eventId}`);
  assert.deepEqual(
    [event.body.type, event.body.inbound_event_id, event.body.source_id],
    ["github.push", id, source.id],
  );
  assert.ok(event.text.includes(`"payload":${body}`), event.text);
  const one = await client.request("GET", `/v1/sources/${source.id}/events/${id}`);
  assert.deepEqual(one.body.event_ids, [eventId]);
  const shown = JSON.parse(one.text) as { body: unknown; headers: Record<string, string>; url: string };
  assert.deepEqual(shown.body, { encoding: "utf-8", content: body, bytes: body.length, truncated: false });
  assert.equal(shown.headers["x-github-event"], "push");
  assert.equal(shown.url, `https://hooks.example.com/in/${source.id}`);
  const again = await send(source.id, body, github(body, { "x-github-delivery": "d-1" }));
  assert.deepEqual(JSON.parse(again.text), { ...JSON.parse(sent.text), duplicate: true });
  const published = await client.request("POST", "/v1/events", { body: { type: "a", payload: {} } });
  const own = await client.request("GET", `/v1/events/${published.body.event_id}`);
  assert.deepEqual([own.body.inbound_event_id, own.body.source_id], [null, null]);
});

test("ids that differ beyond the precision of a double are different deliveries", async () => {
  const client = await newTenant(server);
  const hmac = { header: "X-Sig", delivery_id: { pointer: "/id" } };
  const source = await createSource(client, { scheme: "hmac", hmac });
  const post = (id: string) => {
    const body = `{"id": ${id}}`;
    const signature = signatureOf(body).replace("sha256=", "");
    return send(source.id, body, { "x-sig": signature });
  };
  const ids = ["1142837465910283741", "1142837465910283742", "1142837465910283743", "1", "1.0", "1e400", "2e400"];
  const published = new Set<string>();
  for (const id of ids) {
    const sent = await post(id);
    assert.deepEqual([sent.status, sent.body.duplicate], [200, undefined], id);
    published.add(sent.body.event_id);
  }
  assert.equal(published.size, ids.length);
  assert.equal((await post("1142837465910283742")).body.duplicate, true);
});

test("any bytes of any content type are accepted, up to the limit", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "none" });
  const types = ["text/plain", "garbage", "", "application/x-www-form-urlencoded", "application/xml; charset=latin1"];
  for (const type of types) {
    const sent = await send(source.id, Buffer.from([0xff, 0x00, 0x7b]), { "content-type": type });
    assert.equal(sent.status, 200, `${type}: ${sent.text}`);
    const one = await client.request("GET", `/v1/sources/${source.id}/events/${sent.body.inbound_event_id}`);
    const { body } = JSON.parse(one.text) as { body: unknown };
    assert.deepEqual(body, { encoding: "base64", content: "/wB7", bytes: 3, truncated: false });
  }
  const nothing = await server.request("POST", `/in/${source.id}`, { key: null });
  assert.equal(nothing.status, 200, nothing.text);
  assert.equal((await send(source.id, Buffer.alloc(256 * KB, "x"))).status, 200);
  const large = await send(source.id, Buffer.alloc(256 * KB + 1, "x"));
  assert.deepEqual([large.status, large.code], [413, "PAYLOAD_TOO_LARGE"]);
});

test("the response to an unverified request never reveals whether the source exists", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "github" });
  const basic = await createSource(client, { scheme: "basic", basic: { username: "u" } });
  const body = "{}";
  const answers = [
    await send(source.id, body),
    await send(source.id, body, github("other")),
    await send(basic.id, body),
    await send(UNKNOWN, body),
    await send("x", body),
    await send("%00", body, github(body)),
    await send(source.id.toUpperCase(), body, github(body)),
    await send(source.id.replace("src_", ""), body, github(body)),
  ];
  for (const answer of answers) assert.deepEqual([answer.status, answer.code], [401, "UNAUTHORIZED"], answer.text);
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  assert.equal(new Set(answers.map(({ headers }) => headers.get("www-authenticate"))).size, 1);
});

test("a Slack challenge gets its response as text, and is not an event", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "slack" });
  const body = JSON.stringify({ token: "x", challenge: "3eZbrw1aBm2rZgRNFdxV", type: "url_verification" });
  const time = String(Math.floor(Date.now() / 1000));
  const signature = `v0=${createHmac("sha256", SOURCE_SECRET).update(`v0:${time}:${body}`).digest("hex")}`;
  const headers = { "x-slack-request-timestamp": time, "x-slack-signature": signature };
  const answer = await send(source.id, body, headers);
  assert.deepEqual([answer.status, answer.text], [200, "3eZbrw1aBm2rZgRNFdxV"]);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain/);
  assert.equal((await send(source.id, body)).status, 401);
  assert.equal((await events(client, source.id, "?valid=true")).pagination.total, 0);
});

test("repeated headers are joined before verification, and the query belongs to the URL", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "none" });
  const answer = await fetch(`${server.url}/in/${source.id}?a=1&b=%20`, {
    method: "POST",
    headers: [
      ["x-part", "one"],
      ["x-part", "two"],
    ],
    body: "{}",
  });
  const { inbound_event_id: id } = (await answer.json()) as { inbound_event_id: string };
  const one = await client.request("GET", `/v1/sources/${source.id}/events/${id}`);
  const shown = JSON.parse(one.text) as { headers: Record<string, string>; url: string };
  assert.equal(shown.headers["x-part"], "one, two");
  assert.equal(shown.url, `https://hooks.example.com/in/${source.id}?a=1&b=%20`);
});

test("a rejected request is kept with a reason and an explanation, and can be processed with the right secret", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "github" });
  const bodies = Array.from({ length: 5 }, (_, n) => JSON.stringify({ n }));
  const sign = (body: string) => ({
    "x-github-event": "push",
    "x-hub-signature-256": signatureOf(body, "the right one"),
  });
  for (const body of bodies) assert.equal((await send(source.id, body, sign(body))).status, 401);
  await send(source.id, "{}");
  const { rows, pagination } = await events(client, source.id, "?valid=false");
  assert.equal(pagination.total, 6);
  assert.deepEqual(
    rows.map(({ rejection_reason: reason }) => reason),
    ["header_missing", ...bodies.map(() => "signature_mismatch")],
  );
  for (const { explanation } of rows) assert.match(String(explanation), /\w+/);
  const [, newest = assert.fail()] = rows;
  const reprocess = (path: string) => client.request("POST", `/v1/sources/${source.id}${path}`);
  const failed = await reprocess(`/events/${newest.id}/reprocess`);
  assert.deepEqual([failed.status, failed.code], [409, "VERIFICATION_FAILED"]);
  assert.deepEqual(JSON.parse((await reprocess("/reprocess")).text), { reprocessed: 0, failed: 6, more: false });

  await client.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: "the right one" } });
  const one = await reprocess(`/events/${newest.id}/reprocess`);
  assert.deepEqual(Object.keys(one.body), ["id", "status", "event_id", "reprocessed_at"]);
  assert.deepEqual([one.status, one.body.id, one.body.status], [200, newest.id, "reprocessed"]);
  const event = await client.request("GET", `/v1/events/${one.body.event_id}`);
  assert.deepEqual([event.body.inbound_event_id, event.text.includes(`"payload":${bodies[4]}`)], [newest.id, true]);
  assert.deepEqual(JSON.parse((await reprocess("/reprocess")).text), { reprocessed: 4, failed: 1, more: false });
  assert.equal((await events(client, source.id, "?valid=true")).pagination.total, 5);
  assert.equal((await events(client, source.id, "?valid=false")).pagination.total, 1);
});

test("one call reprocesses more than one step", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "github" });
  const count = 120;
  for (let n = 0; n < count; n++) {
    const body = JSON.stringify({ n });
    await send(source.id, body, { "x-github-event": "a", "x-hub-signature-256": signatureOf(body, "b") });
  }
  const kept = (await events(client, source.id)).pagination.total;
  await client.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: "b" } });
  const done = await client.request("POST", `/v1/sources/${source.id}/reprocess`);
  assert.deepEqual(JSON.parse(done.text), { reprocessed: kept, failed: 0, more: false });
});

test("the list has filters, and contains only the events of its source", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "jcs", event_type: { pointer: "/type" } });
  const other = await createSource(client, { scheme: "none" });
  for (const type of ["a.b", "a.c"]) {
    const body = JSON.stringify({ type });
    const sent = await send(source.id, body, { "x-signature": signatureOf(body) });
    assert.equal(sent.status, 200, sent.text);
  }
  await sendSigned(server, JSON.stringify(transition(source)));
  assert.deepEqual(
    (await events(client, source.id, "?kind=webhook")).rows.map(({ event_type: type, kind }) => [type, kind]),
    [
      ["a.c", "webhook"],
      ["a.b", "webhook"],
    ],
  );
  const [first = assert.fail()] = (await events(client, source.id, "?event_type=a.b&valid=true&limit=1&page=1")).rows;
  assert.equal(first.event_type, "a.b");
  const [status = assert.fail()] = (await events(client, source.id, "?kind=pause_status")).rows;
  assert.equal(status.kind, "pause_status");
  assert.equal((await client.request("GET", `/v1/sources/${source.id}/events/${status.id}`)).status, 200);
  assert.deepEqual((await events(client, other.id)).rows, []);
  const wrong = await client.request("GET", `/v1/sources/${other.id}/events/${first.id}`);
  assert.deepEqual([wrong.status, wrong.code], [404, "INBOUND_EVENT_NOT_FOUND"]);
  const bad = await client.request("GET", `/v1/sources/${source.id}/events?valid=no&kind=x&limit=1000&form=x`);
  assert.deepEqual([bad.status, [...bad.faultyFields].sort()], [400, ["form", "kind", "limit", "valid"]]);
});

test("a flood of forged requests is slowed down, and a source at another address is not affected", async () => {
  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "github" });
  const flood = Array.from({ length: 100 }, () => send(source.id, "{}", { "x-forwarded-for": "198.51.100.9" }));
  const body = '{"a":1}';
  assert.equal((await send(source.id, body, github(body, { "x-forwarded-for": "198.51.100.10" }))).status, 200);
  const statuses = new Set((await Promise.all(flood)).map(({ status }) => status));
  assert.deepEqual([...statuses].sort(), [401, 429]);
});

test("when many large bodies arrive at the same time, only as many are verified as there is time for", async (t) => {
  const source = await createSource(await newTenant(server), { scheme: "jcs" });
  const objects = Array.from({ length: 8000 }, (_, index) => `"k${index}":{"z":1,"a":"é"}`).join(",");
  const body = Buffer.from(`{"source":"${source.name}","all":{${objects}},"signature":"sha256=${"0".repeat(64)}"}`);
  const head = `host: a\r\nexpect: 100-continue\r\nx-forwarded-for: 203.0.113.77\r\ncontent-length: ${body.length}`;
  const sockets = Array.from({ length: 12 }, () => connect(Number(new URL(server.url).port), "127.0.0.1"));
  t.after(() => sockets.map((socket) => socket.destroy()));
  const said = async (socket: Socket) => ((await once(socket, "data")) as [Buffer])[0].toString("latin1").slice(9, 12);
  const begun = sockets.map((socket) => {
    socket.write(`POST /api/v1/webhooks/pause-status HTTP/1.1\r\n${head}\r\n\r\n`);
    return said(socket);
  });
  assert.deepEqual(new Set(await Promise.all(begun)), new Set(["100"]));
  const statuses = await Promise.all(
    sockets.map((socket) => {
      socket.write(body);
      return said(socket);
    }),
  );
  const looked = statuses.filter((status) => status === "401").length;
  assert.ok(looked >= 1 && looked < statuses.length, statuses.join());
  assert.equal(statuses.filter((status) => status === "429").length, statuses.length - looked);
});

test("large genuine requests are all accepted, however many arrive at the same time, from any address", async () => {
  const source = await createSource(await newTenant(server), { scheme: "jcs" });
  const all = Object.fromEntries(Array.from({ length: 8000 }, (_, index) => [`k${index}`, { z: 1, a: "é" }]));
  const headers = { "x-forwarded-for": "203.0.113.78" };
  const bodies = await Promise.all(
    Array.from({ length: 6 }, (_, n) => signJcs({ ...transition(source), member_id: `pm_${n}`, all }, SOURCE_SECRET)),
  );
  const answers = await Promise.all(
    bodies.map((body) => server.request("POST", "/api/v1/webhooks/pause-status", { key: null, headers, body })),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
});
