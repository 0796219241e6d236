/** Pauses that several people decide: quorum, veto, escalation and a later deadline, by every route. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Jar, signedIn } from "../../harness/jar.ts";
import { ask, auditOf, QUESTION, readPause } from "../../harness/pauses.ts";
import { PASSWORD, stagePeople } from "../../harness/people.ts";
import { stage as stageHooks } from "../../harness/scene.ts";
import { type Answer, newTenant, type Tenant } from "../../harness/server.ts";

const HOUR = 3_600_000;
const stage = await stagePeople({ after });
const { server, later } = stage;

interface Somebody {
  readonly jar: Jar;
  readonly id: string;
  readonly email: string;
}

async function somebody(tenant: Tenant, role: "developer" | "org_admin" = "developer"): Promise<Somebody> {
  const { email } = await stage.person(role, tenant);
  const jar = await signedIn(server.url, email, PASSWORD);
  const me = (await jar.request("GET", "/dashboard/auth/me")).body as unknown as { data: { id: string } };
  return { jar, id: me.data.id, email };
}

const client = await newTenant(server);
const [ann, bob, cyd] = [await somebody(client), await somebody(client), await somebody(client)] as const;
const APPROVERS = [ann.id, bob.id, cyd.id];

const decide = ({ jar }: Somebody, id: string, choice: string, text?: string) =>
  jar.request("POST", `/v1/pause/${id}/decide`, { body: { choice, ...(text !== undefined && { text }) } });
const fieldsOf = (answer: Answer) => answer.body as unknown as Record<string, unknown>;
const outcomeOf = ({ status, code }: Answer) => [status, code];
const faultsOf = ({ body }: Answer) =>
  (body as unknown as { details: readonly { field: string; rule: string }[] }).details.map(
    ({ field, rule }) => `${field} ${rule}`,
  );

test("two of three decide: votes are shown, a waiting request waits for the ending, and the webhook has the votes", async (context) => {
  const scene = await stageHooks(context, server, { event_types: ["pause.*"], format: "pausepoint" });
  const people = [await somebody(scene.client), await somebody(scene.client), await somebody(scene.client)] as const;
  const approvers = people.map(({ id }) => id);
  const { id, token } = await ask(scene.client, { approvers, quorum: 2, allow_text_response: true });
  const waiting = readPause(scene.client, id, 60);
  const first = await decide(people[0], id, "Approve", "fine");
  assert.equal(first.status, 200, first.text);
  const user = { id: people[0].id, email: people[0].email };
  const { status, quorum, veto, votes, quorum_reachable, response_choice, respond_url } = fieldsOf(first);
  const [vote] = votes as readonly { at: string }[];
  assert.deepEqual(
    [status, quorum, veto, quorum_reachable, response_choice, respond_url],
    ["pending", 2, null, true, null, null],
  );
  assert.deepEqual(votes, [{ user, choice: "Approve", text: "fine", at: vote?.at }]);
  assert.equal((await decide(people[0], id, "Approve", "fine")).status, 200, "repeated");
  const other = await decide(people[0], id, "Reject");
  assert.deepEqual(outcomeOf(other), [409, "ALREADY_VOTED"]);
  assert.deepEqual(other.body.outcome, { status: "pending", response_choice: null, response_at: null });
  const page = await scene.client.request("GET", `/respond/${token}`, { key: null });
  assert.match(page.text, /1 of 2/);
  const read = () => scene.client.request("GET", `/v1/respond/${token}`, { key: null });
  const link = await read();
  const counts = [
    { choice: "Approve", count: 1 },
    { choice: "Reject", count: 0 },
  ];
  assert.deepEqual(fieldsOf(link).tally, { quorum: 2, veto: null, counts, quorum_reachable: true });
  for (const { id: user, email } of people) {
    assert.ok(![page, link].some(({ text }) => text.includes(email) || text.includes(user)));
    assert.ok(!link.text.includes("fine"), "no note of a vote");
  }
  const last = await decide(people[1], id, "Approve", "me too");
  assert.deepEqual([fieldsOf(last).status, fieldsOf(last).response_text], ["responded", "me too"]);
  assert.equal((await waiting).status, "responded");
  assert.equal(fieldsOf(await read()).tally, null);
  assert.equal((await decide(people[0], id, "Approve", "fine")).status, 200, "the vote counted");
  const late = await decide(people[2], id, "Reject");
  assert.deepEqual(outcomeOf(late), [410, "TOKEN_USED"]);
  const hook = JSON.parse((await scene.hooks.nth(1)).body) as Record<string, unknown>;
  assert.deepEqual(hook.votes, fieldsOf(last).votes);
  assert.deepEqual((hook.decided_by_user as { id: string }).id, people[1].id);
  const event = await scene.client.request("GET", `/v1/events/${String(fieldsOf(last).event_id)}`);
  assert.deepEqual(fieldsOf(event).votes, hook.votes);
  assert.deepEqual(await auditOf(scene.client, id), [
    "pause.created",
    "pause.voted",
    "pause.answer_refused",
    "pause.opened",
    "pause.opened",
    "pause.voted",
    "pause.responded",
    "pause.opened",
    "pause.answer_refused",
  ]);
});

test("a pause without the new fields is as before, but for fields that are null", async () => {
  const { id } = await ask(client, { approvers: APPROVERS, quorum: 1 });
  const shown = fieldsOf(await client.request("GET", `/v1/pause/${id}`));
  for (const name of ["quorum", "veto", "votes", "quorum_reachable", "reminders", "escalate_to", "escalated_at"]) {
    assert.equal(shown[name], null, name);
  }
  assert.equal(fieldsOf(await decide(ann, id, "Approve")).status, "responded");
});

test("who asks has no vote, and is not counted; a veto ends with one vote", async () => {
  const fields = { ...QUESTION, approvers: APPROVERS, quorum: 3 };
  const tooFew = await ann.jar.request("POST", "/v1/pause", { body: fields });
  assert.deepEqual(outcomeOf(tooFew), [422, "VALIDATION_ERROR"]);
  assert.deepEqual(faultsOf(tooFew), [
    "quorum must be at most 2: the user who asks, or who created the key that asks, has no vote",
  ]);
  const made = await ann.jar.request("POST", "/v1/pause", { body: { ...fields, quorum: 2, veto: "Reject" } });
  const { pause_id: id } = made.body;
  assert.deepEqual(outcomeOf(await decide(ann, id, "Approve")), [403, "REQUESTER_CANNOT_DECIDE"]);
  assert.equal((await decide(bob, id, "Reject")).body.status, "responded");
  const single = await ann.jar.request("POST", "/v1/pause", { body: { ...QUESTION, approvers: [ann.id] } });
  assert.equal((await decide(ann, single.body.pause_id, "Approve")).status, 200, "without a quorum, as before");
});

test("an escalation lets others decide after its share of the time, and a split vote is shown", async () => {
  const escalate_to = { share: 0.5, approvers: [cyd.id] };
  const { id } = await ask(client, { approvers: [ann.id, bob.id], quorum: 2, escalate_to, timeout_hours: 2 });
  const shown = fieldsOf(await client.request("GET", `/v1/pause/${id}`));
  assert.deepEqual([shown.escalate_to, shown.escalated_at], [{ ...escalate_to, approver_emails: [cyd.email] }, null]);
  assert.deepEqual(outcomeOf(await decide(cyd, id, "Approve")), [403, "NOT_AN_APPROVER"]);
  await decide(ann, id, "Approve");
  later(HOUR);
  const voted = fieldsOf(await decide(cyd, id, "Reject"));
  assert.deepEqual([typeof voted.escalated_at, voted.quorum_reachable], ["string", true]);
  const refused = await decide(await somebody(client), id, "Reject");
  assert.ok(refused.body.message.includes(cyd.email), refused.body.message);
  assert.equal((await decide(bob, id, "Reject")).body.status, "responded");
  const split = await ask(client, { approvers: [ann.id, bob.id], quorum: 2 });
  await decide(ann, split.id, "Approve");
  assert.equal(fieldsOf(await decide(bob, split.id, "Reject")).quorum_reachable, false);
});

test("bad fields are named one by one, and nothing is asked", async () => {
  const base = { ...QUESTION, approvers: APPROVERS, quorum: 2 };
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ quorum: 4 }, ["quorum must be at most 3, the number of approvers"]],
    [{ quorum: 2, approvers: null }, ["quorum must be 1 without approvers"]],
    [{ quorum: 0 }, ["quorum must be an integer from 1 to 20"]],
    [{ quorum: 1.5 }, ["quorum must be an integer from 1 to 20"]],
    [{ veto: "Never" }, ["veto must be one of the options"]],
    [{ quorum: 1, veto: "Reject" }, ["veto must be left out unless quorum is above 1"]],
    [{ reminders: [0.5] }, ["reminders must be left out without a channel: there is no message"]],
    [
      { reminders: [0.5, 0.5], channel: "email", recipient: "a@example.com" },
      ["reminders must increase from one to the next"],
    ],
    [{ escalate_to: { share: 0.5, approvers: [ann.id] } }, ["escalate_to.approvers must not be approvers already"]],
    [
      { quorum: 1, approvers: null, escalate_to: { share: 0.5, approvers: [ann.id] } },
      ["escalate_to must be left out without approvers: any user may decide"],
    ],
  ];
  for (const [fields, faults] of cases) {
    const answer = await client.request("POST", "/v1/pause", { body: { ...base, ...fields } });
    assert.deepEqual([answer.status, faultsOf(answer)], [422, faults], answer.text);
  }
  const shapes: readonly (readonly [object, string])[] = [
    [{ reminders: [], channel: "email", recipient: "a@example.com" }, "reminders"],
    [{ reminders: [0], channel: "email", recipient: "a@example.com" }, "reminders[0]"],
    [{ reminders: [1], channel: "email", recipient: "a@example.com" }, "reminders[0]"],
    [{ reminders: ["x", 0.1], channel: "email", recipient: "a@example.com" }, "reminders[0]"],
    [{ escalate_to: { share: 1, approvers: [cyd.id] }, approvers: [ann.id, bob.id] }, "escalate_to.share"],
    [{ escalate_to: { share: 0.5, approvers: [] } }, "escalate_to.approvers"],
    [{ escalate_to: { share: 0.5, approvers: ["x"] } }, "escalate_to.approvers[0]"],
    [{ escalate_to: { share: 0.5 } }, "escalate_to.approvers"],
    [{ escalate_to: [] }, "escalate_to"],
    [{ channel: "slack" }, "recipient"],
    [{ channel: "email", approvers: null, quorum: 1 }, "recipient"],
  ];
  for (const [fields, field] of shapes) {
    const answer = await client.request("POST", "/v1/pause", { body: { ...base, ...fields } });
    assert.equal(answer.status, 422, answer.text);
    assert.deepEqual(
      faultsOf(answer).map((fault) => fault.split(" ")[0]),
      [field],
      answer.text,
    );
  }
  const unknown = `usr_${"0190e0c4-5b1a-7cc0-8f00-0123456789ab"}`;
  const escalate_to = { share: 0.5, approvers: [unknown] };
  const answer = await client.request("POST", "/v1/pause", { body: { ...base, escalate_to } });
  assert.deepEqual(
    faultsOf(answer).map((fault) => fault.split(" ")[0]),
    ["escalate_to.approvers[0]"],
  );
});

test("the same question with another quorum is another question to an idempotency key", async () => {
  const create = (quorum: number) =>
    client.request("POST", "/v1/pause", {
      body: { ...QUESTION, approvers: APPROVERS, quorum },
      headers: { "idempotency-key": "k" },
    });
  assert.equal((await create(2)).status, 201);
  assert.equal((await create(2)).status, 201);
  assert.deepEqual(outcomeOf(await create(3)), [409, "IDEMPOTENCY_KEY_CONFLICT"]);
});

test("an org_admin extends a pending pause, whose old link goes on working; others and bad times are refused", async () => {
  const admin = await somebody(client, "org_admin");
  const { id, token, created } = await ask(client, { expires_in_seconds: 3600 });
  const extend = (body: unknown, by: { request: Jar["request"] } = admin.jar) =>
    by.request("POST", `/v1/pause/${id}/extend`, { body });
  assert.equal((await extend({ expires_in_seconds: 7200 }, ann.jar)).code, "FORBIDDEN");
  const refusals: readonly (readonly [unknown, string])[] = [
    [{}, "expires_in_seconds"],
    [{ expires_in_seconds: 0 }, "expires_in_seconds"],
    [{ expires_in_seconds: 31_536_001 }, "expires_in_seconds"],
    [{ expires_in_seconds: 60 }, "expires_in_seconds"],
    [{ expires_at: "tomorrow" }, "expires_at"],
    [{ expires_at: "2099-01-01T00:00:00Z" }, "expires_at"],
    [{ expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    [{ expires_at: "2026-12-01T00:00:00.5Z" }, "expires_at"],
    [{ expires_at: "2026-12-01T00:00:00Z", expires_in_seconds: 60 }, "expires_at"],
    [{ hours: 1 }, "hours"],
  ];
  for (const [body, field] of refusals) {
    const answer = await extend(body);
    assert.deepEqual([answer.status, faultsOf(answer)[0]?.split(" ")[0]], [422, field], answer.text);
  }
  const extended = await extend({ expires_in_seconds: 10_800 });
  assert.equal(extended.status, 200, extended.text);
  const expires_at = extended.body.expires_at;
  assert.ok(Date.parse(expires_at) > Date.parse(created.expires_at));
  assert.equal((await extend({ expires_at })).status, 200, "repeated");
  later(2 * HOUR);
  const answer = await client.request("POST", `/v1/respond/${token}`, { key: null, body: { choice: "Approve" } });
  assert.equal(answer.status, 200, "the old link, after the old deadline");
  const late = await extend({ expires_in_seconds: 10_800 });
  assert.deepEqual(outcomeOf(late), [409, "ALREADY_RESPONDED"]);
  assert.equal(late.body.outcome.response_choice, "Approve");
  const timed = await ask(client, { expires_in_seconds: 60, timeout_default: "Reject" });
  later(HOUR);
  const after = await admin.jar.request("POST", `/v1/pause/${timed.id}/extend`, { body: { expires_in_seconds: 60 } });
  assert.deepEqual([...outcomeOf(after), after.body.outcome.response_choice], [409, "ALREADY_TIMED_OUT", "Reject"]);
  const audit = await auditOf(client, id);
  assert.equal(audit.filter((type) => type === "pause.extended").length, 1);
});
