/** Pause statuses received before their source existed. They are unattributed until the source verifies them. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sourceName } from "../../fixtures/routes.ts";
import {
  createSource,
  RECORDS,
  recordOf,
  rowsOf,
  SOURCE_SECRET,
  sendSigned,
  signatureOf,
  transition,
} from "../../harness/inbound.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after }, { SIGNALBOX_TRUST_PROXY: "127.0.0.0/8" });

/** A pause status of a source that does not exist yet, and its record. */
async function early(more: object = {}, secret = SOURCE_SECRET) {
  const name = sourceName();
  const body = JSON.stringify(transition({ name }, more as Record<string, unknown>));
  assert.equal((await sendSigned(server, body, secret)).status, 401);
  const list = () => server.request("GET", `${RECORDS}?source=${encodeURIComponent(name)}`);
  const [row = assert.fail()] = rowsOf(await list());
  const path = `${RECORDS}/${row.id}`;
  return {
    name,
    body,
    path,
    list,
    show: () => server.request("GET", path),
    put: (client: Pick<Client, "request"> = server, query = "") =>
      client.request("PUT", path + query, { body: { reprocess: true } }),
  };
}

test("it belongs to the tenant of its source once the source exists and has the right secret", async () => {
  const { name, body, path, list, show, put } = await early();
  assert.equal(recordOf(await show()).explanation, "There is no source with this name.");
  const none = await put();
  assert.deepEqual([none.status, none.code], [409, "VERIFICATION_FAILED"]);
  assert.match(none.body.error.message, /There is no source of scheme jcs with the name in the body/);

  const client = await newTenant(server);
  const source = await createSource(client, { scheme: "jcs", name, secret: "mistyped" });
  assert.match(
    String(recordOf(await show()).explanation),
    /X-Signature does not match.* Most likely the sender has another/,
  );
  const wrong = await put();
  assert.deepEqual([wrong.status, wrong.body.error.details?.[0]?.rule], [409, "signature_mismatch"]);

  await client.request("PATCH", `/v1/sources/${source.id}`, { body: { secret: SOURCE_SECRET } });
  for (const explanation of [recordOf(await show()).explanation, rowsOf(await list())[0]?.explanation]) {
    assert.match(String(explanation), /Process it again/);
  }
  for (const answer of [await put(client), await put(server, `?tenant=${client.id}`)]) {
    assert.equal(answer.status, 404, "it is nobody's still");
  }
  const done = await put();
  assert.deepEqual([done.status, done.body.status], [200, "reprocessed"], done.text);
  assert.equal((await show()).status, 404, "it is its tenant's now");
  const shown = await client.request("GET", path);
  const theirs = shown.body;
  assert.deepEqual(
    [recordOf(shown).source, theirs.payload_valid, theirs.transition_direction, theirs.rejection_reason],
    [name, true, "PAUSE_ACTIVATED", null],
  );
  const event = await client.request("GET", `/v1/events/${theirs.event_ids[0]}`);
  assert.deepEqual([event.body.inbound_event_id, event.body.source_id], [theirs.id, source.id]);
  assert.equal((await client.request("GET", `/v1/sources/${source.id}/events`)).body.pagination.total, 1);
  assert.equal((await sendSigned(server, body)).body.duplicate, true);
});

test("it is published once, however many calls process it at the same time", async () => {
  const { name, path, put } = await early();
  const client = await newTenant(server);
  await createSource(client, { scheme: "jcs", name });
  const statuses = (await Promise.all(Array.from({ length: 6 }, () => put()))).map(({ status }) => status);
  // After the first call, the record belongs to another tenant.
  assert.ok(statuses.includes(200) && statuses.every((status) => status === 200 || status === 404), statuses.join());
  assert.equal((await client.request("GET", path)).body.event_ids.length, 1);
});

test("a source with another scheme does not make it valid, even with the scheme none", async () => {
  const client = await newTenant(server);
  const body = { name: "", scheme: "" };
  for (const more of [
    { scheme: "none" },
    { scheme: "basic", basic: { username: "u" } },
    { scheme: "hmac", hmac: { header: "X-Signature", prefix: "sha256=" } },
    { scheme: "github" },
  ]) {
    const { name, show, put, list } = await early();
    await createSource(client, { ...body, ...more, name });
    const refused = await put();
    assert.deepEqual([refused.status, refused.code], [409, "VERIFICATION_FAILED"], more.scheme);
    assert.match(refused.body.error.message, /no source of scheme jcs with the name/);
    const one = recordOf(await show());
    assert.deepEqual([one.payload_valid, one.explanation], [false, "There is no source with this name."]);
    assert.equal(rowsOf(await list())[0]?.explanation, one.explanation);
  }
});

test("neither does a source whose name is a prefix of the named one", async () => {
  const name = sourceName().padEnd(200, "x");
  const body = JSON.stringify(transition({ name: `${name}y` }));
  assert.equal((await sendSigned(server, body)).status, 401);
  const [row = assert.fail()] = rowsOf(await server.request("GET", `${RECORDS}?source=${encodeURIComponent(name)}`));
  await createSource(await newTenant(server), { scheme: "jcs", name });
  const refused = await server.request("PUT", `${RECORDS}/${row.id}`, { body: { reprocess: true } });
  assert.deepEqual([refused.status, refused.code], [409, "VERIFICATION_FAILED"]);
});

test("a large one is kept only in part, and has to be sent again", async () => {
  const { name, show, put } = await early({ padding: "x".repeat(20_000) });
  const client = await newTenant(server);
  await createSource(client, { scheme: "jcs", name });
  const refused = await put();
  assert.deepEqual([refused.status, refused.code], [409, "VERIFICATION_FAILED"]);
  assert.match(refused.body.error.message, /Only a part of the body was kept/);
  assert.equal(recordOf(await show()).explanation, "Only a part of the body was kept.");
});

test("one with invalid fields is refused with the reason, and stays unattributed", async () => {
  const { name, show, put } = await early({ member_id: 3 });
  await createSource(await newTenant(server), { scheme: "jcs", name });
  assert.match(String(recordOf(await show()).explanation), /^member_id must be a string/);
  const refused = await put();
  assert.deepEqual([refused.status, refused.body.error.details?.[0]?.rule], [409, "fields_invalid"]);
  assert.equal(recordOf(await show()).payload_valid, false);
});

test("one that is signed in its body is verified as well", async () => {
  const name = sourceName();
  const fields = transition({ name });
  const canonical = JSON.stringify(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))));
  const body = JSON.stringify({ ...fields, signature: signatureOf(canonical) });
  assert.equal((await server.request("POST", RECORDS, { key: null, body })).status, 401);
  const [row = assert.fail()] = rowsOf(await server.request("GET", `${RECORDS}?source=${encodeURIComponent(name)}`));
  await createSource(await newTenant(server), { scheme: "jcs", name });
  const done = await server.request("PUT", `${RECORDS}/${row.id}`, { body: { reprocess: true } });
  assert.equal(done.status, 200, done.text);
});
