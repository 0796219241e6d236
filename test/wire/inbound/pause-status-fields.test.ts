import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createSource, RECORDS, rowsOf, sendPauseStatus, sendSigned, transition } from "../../harness/inbound.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after }, { SIGNALBOX_TRUST_PROXY: "127.0.0.0/8" });

async function newSource() {
  const client = await newTenant(server);
  return { client, source: await createSource(client, { scheme: "jcs" }) };
}

test("a repeated key anywhere in the body is 400, even if its bytes are signed", async () => {
  const { source } = await newSource();
  for (const nested of ['{"a":1,"a":2}', '[{"b":{"a":1,"\\u0061":1}}]']) {
    const body = JSON.stringify(transition(source, { more: "NESTED" })).replace('"NESTED"', nested);
    const answer = await sendSigned(server, body);
    assert.deepEqual([answer.status, answer.code, answer.faultyFields], [400, "VALIDATION_ERROR", ["body"]]);
    assert.match(answer.body.error.message, /repeats the key "a"/);
  }
});

test("a surrogate pair is one character, as everywhere", async () => {
  const { client, source } = await newSource();
  const member_id = "😀".repeat(200);
  const sent = await sendPauseStatus(server, source, { member_id, event_type: member_id });
  assert.equal(sent.status, 200, sent.text);
  const query = `?event_type=${encodeURIComponent(member_id)}`;
  const [row = assert.fail()] = rowsOf(await client.request("GET", RECORDS + query));
  assert.deepEqual([row.peer_mentor_id, row.event_type], [member_id, member_id]);
  const long = await sendPauseStatus(server, source, { member_id: `${member_id}x` });
  assert.deepEqual([long.status, long.faultyFields], [422, ["member_id"]]);
});

test("a lone surrogate is 422, since it could not be kept unchanged", async () => {
  const { source } = await newSource();
  const fields = ["event_type", "member_id", "old_status", "new_status"];
  const halves = Object.fromEntries(fields.map((field) => [field, "\ud800"]));
  const answer = await sendPauseStatus(server, source, halves);
  assert.deepEqual([answer.status, answer.faultyFields], [422, fields]);
});

test("a leap second is accepted, kept and published as it was sent", async () => {
  const { client, source } = await newSource();
  const changed_at = "2017-01-01T05:29:60+05:30";
  const sent = await sendPauseStatus(server, source, { changed_at });
  assert.equal(sent.status, 200, sent.text);
  const record = await client.request("GET", `${RECORDS}/${sent.body.webhook_event_id}`);
  const event = await client.request("GET", `/v1/events/${record.body.event_ids[0]}`);
  assert.ok(event.text.includes(`"changed_at":"${changed_at}"`), event.text);
  const none = await sendPauseStatus(server, source, { changed_at: "2026-03-19T12:00:60Z" });
  assert.deepEqual([none.status, none.faultyFields], [422, ["changed_at"]]);
});
