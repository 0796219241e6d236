/** The receipts of decisions, and the keys that sign them. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  type DecisionVerificationError,
  type Receipt,
  type ReceiptKey,
  receiptKeysOf,
  verifyDecision,
} from "../../../packages/sdk/src/index.ts";
import { signedIn } from "../../harness/jar.ts";
import { type Asked, ask, QUESTION, readPause, respond } from "../../harness/pauses.ts";
import { PASSWORD } from "../../harness/people.ts";
import { newTenant, type Tenant } from "../../harness/server.ts";
import { bearer } from "../../harness/team.ts";
import { sharedPeople } from "../../processes/one-server.ts";

const stage = await sharedPeople({ after });
const { server } = stage;

async function receiptFor(tenant: Tenant, { id }: Pick<Asked, "id">): Promise<Receipt> {
  const { receipt } = (await readPause(tenant, id)) as unknown as { receipt: Receipt | null };
  assert(receipt !== null);
  return receipt;
}

async function decideAs(tenant: Tenant, { id }: Pick<Asked, "id">, choice: string, text?: string) {
  const { email } = await stage.person("developer", tenant);
  const jar = await signedIn(server.url, email, PASSWORD);
  const decided = await jar.request("POST", `/v1/pause/${id}/decide`, { body: { choice, ...(text && { text }) } });
  assert.equal(decided.status, 200, decided.text);
  return { email, pause: decided.body as unknown as { receipt: Receipt; response_at: string; created_at: string } };
}

const listed = async (): Promise<readonly ReceiptKey[]> =>
  (
    (await server.request("GET", "/.well-known/signalbox-keys", { key: null })).body as unknown as {
      keys: ReceiptKey[];
    }
  ).keys;

test("a user's decision has a receipt, which binds it to the question, the details and the metadata", async () => {
  const tenant = await newTenant(server);
  const details = [{ label: "Supplier", value: "<b>Acme</b>" }];
  const metadata = { order: "4711", amount: 340.5, "<script>": ["ä", null, true, 1e21] };
  const asked = await ask(tenant, { details, metadata, allow_text_response: true });
  assert.equal(((await readPause(tenant, asked.id)) as unknown as { receipt: null }).receipt, null);
  const { email, pause } = await decideAs(tenant, asked, "Approve", "Passt 👍");
  const { receipt } = pause;
  assert.deepEqual(await receiptFor(tenant, asked), receipt);
  const [person, ...others] = receipt.people;
  assert.deepEqual([person?.email, person?.choice, person?.at, others], [email, "Approve", pause.response_at, []]);
  assert.deepEqual(
    [receipt.via, receipt.text, receipt.asked_at, receipt.decided_at, receipt.developer_id],
    ["user", "Passt 👍", pause.created_at, pause.response_at, tenant.id],
  );
  const keys = receiptKeysOf(server.url);
  const options = { keys, pauseId: asked.id, question: { ...QUESTION, details }, metadata, choice: "Approve" };
  assert.deepEqual(await verifyDecision(receipt, { ...options, maxAgeSeconds: 3600 }), receipt);
  const codeOf = (changes: object) =>
    verifyDecision(receipt, { ...options, ...changes }).then(
      () => null,
      (error: DecisionVerificationError) => error.code,
    );
  assert.equal(await codeOf({ question: QUESTION }), "other_question");
  assert.equal(await codeOf({ metadata: { ...metadata, amount: 3405 } }), "other_metadata");
  assert.equal(await codeOf({ developerId: (await newTenant(server)).id }), "other_tenant");
});

test("metadata that doubles cannot hold is bound as it was sent", async () => {
  const tenant = await newTenant(server);
  const metadata = '{ "big":12345678901234567890, "10":1.0, "a":{"b":1,"b":2} }';
  const body = `{"message":"?","options":["a","b"],"metadata":${metadata}}`;
  const id = (await tenant.request("POST", "/v1/pause", { body })).body.pause_id;
  const { pause } = await decideAs(tenant, { id }, "a");
  const options = { keys: await listed(), pauseId: id, question: { message: "?", options: ["a", "b"] } };
  await verifyDecision(pause.receipt, { ...options, metadata });
  for (const other of [
    metadata.replace("890,", "891,"),
    metadata.replaceAll(" ", ""),
    metadata.replace('"b":1,', ""),
  ]) {
    const verified = verifyDecision(pause.receipt, { ...options, metadata: other });
    await assert.rejects(verified, { code: "other_metadata" });
  }
});

test("an answer through the link has a receipt without people; a timeout and a cancellation have none", async () => {
  const tenant = await newTenant(server);
  const [answered, timedOut, cancelled] = [
    await ask(tenant),
    await ask(tenant, { expires_in_seconds: 1, timeout_default: "Approve" }),
    await ask(tenant),
  ];
  await respond(tenant, answered.token, { choice: "Approve" });
  await tenant.request("DELETE", `/v1/pause/${cancelled.id}`);
  const receipt = await receiptFor(tenant, answered);
  assert.deepEqual([receipt.people, receipt.via], [[], "link"]);
  const options = { keys: await listed(), pauseId: answered.id, question: QUESTION };
  await assert.rejects(verifyDecision(receipt, options), { code: "too_few_people" });
  await verifyDecision(receipt, { ...options, minPeople: 0 });
  for (const { id } of [timedOut, cancelled]) {
    const pause = (await readPause(tenant, id, 60)) as unknown as { status: string; receipt: null };
    assert.notEqual(pause.status, "pending");
    assert.equal(pause.receipt, null, pause.status);
  }
});

test("the receipt of a vote names all who voted, and verifyDecision counts those who chose the same", async () => {
  const tenant = await newTenant(server);
  const people = [];
  for (let count = 0; count < 3; count += 1) {
    const { email } = await stage.person("developer", tenant);
    const jar = await signedIn(server.url, email, PASSWORD);
    const me = (await jar.request("GET", "/dashboard/auth/me")).body as unknown as { data: { id: string } };
    people.push({ jar, email, id: me.data.id });
  }
  const asked = await ask(tenant, { approvers: people.map(({ id }) => id), quorum: 2 });
  const choices = ["Approve", "Reject", "Approve"];
  for (const [index, { jar }] of people.entries()) {
    const voted = await jar.request("POST", `/v1/pause/${asked.id}/decide`, { body: { choice: choices[index] } });
    assert.equal(voted.status, 200, voted.text);
  }
  const receipt = await receiptFor(tenant, asked);
  assert.deepEqual(
    receipt.people.map(({ id, email, choice }) => [id, email, choice]),
    people.map(({ id, email }, index) => [id, email, choices[index]]),
  );
  const options = { keys: await listed(), pauseId: asked.id, question: QUESTION, choice: "Approve" };
  await verifyDecision(receipt, { ...options, minPeople: 2 });
  await assert.rejects(verifyDecision(receipt, { ...options, minPeople: 3 }), { code: "too_few_people" });
});

test("anyone reads the keys, and a global_admin rotates them: older receipts still verify", async () => {
  const tenant = await newTenant(server);
  const before = await ask(tenant);
  const old = (await decideAs(tenant, before, "Reject")).pause.receipt;
  for (const role of ["developer", "org_admin"]) {
    const made = await tenant.request("POST", "/v1/auth/keys", { body: { name: role, role } });
    const refused = await server.request("POST", "/v1/receipt-keys/rotate", {
      key: null,
      headers: bearer(made.body.api_key),
    });
    assert.equal(refused.status, 403);
  }
  const rotated = await server.request("POST", "/v1/receipt-keys/rotate");
  assert.equal(rotated.status, 200, rotated.text);
  const next = rotated.body as unknown as ReceiptKey;
  assert.deepEqual(Object.keys(next), ["key_id", "algorithm", "public_key", "created_at", "retired_at"]);
  const after = await ask(tenant);
  const fresh = (await decideAs(tenant, after, "Reject")).pause.receipt;
  assert.notEqual(old.key_id, fresh.key_id);
  assert.equal(fresh.key_id, next.key_id);
  const options = { question: QUESTION, developerId: tenant.id };
  const keys = receiptKeysOf(server.url);
  await verifyDecision(fresh, { ...options, keys });
  await verifyDecision(old, { ...options, keys });
  const answer = await server.request("GET", "/.well-known/signalbox-keys", { key: null });
  assert.equal(answer.headers.get("cache-control"), "public, max-age=60");
  const [newest, former] = (answer.body as unknown as { keys: ReceiptKey[] }).keys;
  assert.deepEqual(newest, next);
  assert.deepEqual([former?.key_id, former?.retired_at], [old.key_id, next.created_at]);
  const audit = await server.request("GET", "/v1/audit?event_type=receipt_key.rotated");
  const [entry] = audit.body.events as unknown as { data: object }[];
  assert.deepEqual([entry?.data], [{ ...entry?.data, receipt_key: next.key_id, previous_receipt_key: old.key_id }]);
});
