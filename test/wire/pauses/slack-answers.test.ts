/** Answers in Slack: what a button leads to, who may press it, and everything that must not decide. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { SlackButtons } from "../../../src/engine/pauses/slack-buttons.ts";
import {
  BOT_TOKEN,
  formOf,
  type Message,
  member,
  pressForm,
  SIGNING_SECRET,
  send,
  startFakeSlack,
} from "../../fixtures/slack/fake-slack.ts";
import { polled } from "../../harness/deadline.ts";
import { ask, readPause, respond } from "../../harness/pauses.ts";
import { stagePeople } from "../../harness/people.ts";
import { newTenant, type Tenant } from "../../harness/server.ts";

const slack = await startFakeSlack({ after });
const settings = { signingSecret: SIGNING_SECRET, botToken: BOT_TOKEN, baseUrl: slack.service.url };
const stage = await stagePeople({ after }, { slack: settings });
const { server } = stage;
const seconds = () => Math.floor(server.clock.now() / 1000);

let questions = 0;

/** Asks in Slack, and returns the message with its buttons. */
async function asked(client: Tenant, fields: object = {}) {
  questions += 1;
  const message = `Question ${questions}?`;
  const made = await ask(client, { message, channel: "slack", recipient: slack.webhook, ...fields });
  return { ...made, question: message, message: await slack.posted(message) };
}

let persons = 0;

/** Somebody in Slack whose confirmed address is that of a new user. */
async function colleague(client: Tenant, role: "viewer" | "developer" | "org_admin" = "developer") {
  const { email } = await stage.person(role, client);
  const user = await server.store.findUser(email);
  return { email, id: `usr_${user?.id}`, slackId: inSlack(member(email)) };
}

function inSlack(profile: Parameters<typeof slack.people.set>[1]): string {
  persons += 1;
  slack.people.set(`U${persons}`, profile);
  return `U${persons}`;
}

let clicks = 0;

/** Presses a button, and returns the first reply. */
async function press(person: string, value: string | undefined): Promise<Message & { readonly to: string }> {
  clicks += 1;
  const to = `click-${clicks}`;
  const accepted = await send(server, pressForm(slack, { person, value, to }), { seconds: seconds() });
  assert.deepEqual([accepted.status, accepted.text], [200, ""]);
  const [reply] = await slack.replies(to);
  return { ...(reply ?? assert.fail()), to };
}

const valueIn = ({ buttons }: Pick<Message, "buttons">, label: string) =>
  (buttons.find(({ text }) => text.text.includes(label)) ?? assert.fail(`no button ${label}`)).value;

/** The server writes the line after its reply. */
const logged = (line: RegExp) => polled(async () => (line.test(server.log) ? line : null), `the line ${line}`);

async function entries(client: Tenant, id: string) {
  const { body } = await client.request("GET", `/v1/audit?pause_id=${id}&limit=100`);
  return body.events as unknown as readonly {
    readonly event_type: string;
    readonly actor: string;
    readonly actor_user: { readonly email: string } | null;
    readonly data: Readonly<Record<string, string>>;
  }[];
}

test("a person presses a button, confirms the question as it is stored, and decides as the user", async () => {
  const client = await newTenant(server);
  const { email, id: userId, slackId } = await colleague(client);
  const { id, token, question, message } = await asked(client, {
    allow_text_response: true,
    details: [{ label: "Account", value: "DE89" }],
  });
  const page = `http://localhost/respond/${token}`;
  assert.deepEqual(
    message.buttons.map(({ text, url }) => [text.text, url]),
    [
      ["Approve", undefined],
      ["Reject", undefined],
      ["Open the page", page],
    ],
  );
  const confirm = await press(slackId, valueIn(message, "Approve"));
  assert.deepEqual([confirm.response_type, confirm.replace_original], ["ephemeral", false]);
  assert.match(confirm.shown, /Do you want to answer “Approve”\?[\s\S]*add a note on the page/);
  assert.ok(confirm.shown.includes(question) && confirm.shown.includes("Account: DE89"), confirm.shown);
  assert.equal((await readPause(client, id)).status, "pending");
  const waiting = readPause(client, id, 60);
  const done = await press(slackId, valueIn(confirm, "Answer “Approve”"));
  const pause = (await waiting) as unknown as Record<string, unknown>;
  assert.deepEqual(
    [pause.status, pause.response_choice, pause.decided_by, pause.decided_by_user],
    ["responded", "Approve", "human", { id: userId, email }],
  );
  assert.ok(JSON.stringify(pause.receipt).includes(userId), JSON.stringify(pause.receipt));
  const inChannel = (await slack.replies(confirm.to, 2))[1] ?? assert.fail();
  for (const told of [done, inChannel]) {
    assert.deepEqual([told.replace_original, told.response_type, told.buttons], [true, undefined, []]);
    assert.ok(told.shown.includes(question) && told.shown.includes(`${email} answered “Approve” on `), told.shown);
  }
  const [decision] = await entries(client, id);
  assert.deepEqual(
    [decision?.event_type, decision?.actor, decision?.actor_user?.email, decision?.data.choice, decision?.data.via],
    ["pause.responded", "user", email, "Approve", "slack"],
  );
  const again = await press(slackId, valueIn(confirm, "Answer “Approve”"));
  assert.doesNotMatch(again.shown, /too late/);
  await logged(/"outcome":"responded","reason":null,"msg":"slack_click"/);
  assert.ok(!server.log.includes(BOT_TOKEN) && !server.log.includes("/actions/"));
});

test("a request that Slack has not just signed learns nothing and does nothing", async () => {
  const client = await newTenant(server);
  const { slackId } = await colleague(client);
  const { message } = await asked(client);
  const body = pressForm(slack, { person: slackId, value: valueIn(message, "Approve"), to: "unsigned" });
  const now = seconds();
  const other = pressForm(slack, { person: slackId, value: "x", to: "unsigned" });
  const genuine = await send(server, other, { seconds: now });
  assert.equal(genuine.status, 200);
  const refused = [
    await send(server, body, { seconds: now, secret: "another" }),
    await send(server, body, { seconds: now - 301 }),
    await send(server, body, { seconds: now + 302 }),
    await send(server, body, { seconds: now, headers: { "x-slack-signature": "" } }),
    await send(server, body, { seconds: now, headers: { "x-slack-signature": `v0=${"0".repeat(64)}` } }),
    await send(server, body, { seconds: now, headers: { "x-slack-request-timestamp": "soon" } }),
    await send(server, other, { seconds: now }),
    await send(server, other, { seconds: now, headers: { "content-type": "text/plain" } }),
  ];
  assert.deepEqual(
    refused.map(({ status }) => status),
    refused.map(() => 401),
  );
  assert.equal(new Set(refused.map(({ text }) => text)).size, 1);
  assert.equal((await slack.replies("unsigned")).length, 1);
});

test("what is no press of a button is refused by name, or accepted and ignored", async () => {
  const at = { seconds: seconds() };
  const invalid = ["", "payload=%7B", "payload=%5B%5D", "payload=1&payload=2", formOf(null)];
  invalid.push(formOf({ type: "block_actions", actions: [{ value: "x" }] }));
  invalid.push(formOf({ type: "block_actions", actions: [{ value: "x" }], user: { id: "U1" }, response_url: 7 }));
  for (const body of invalid) {
    const { status, code } = await send(server, body, at);
    assert.deepEqual([status, code], [400, "VALIDATION_ERROR"], body);
  }
  const ignored = [{ type: "view_submission" }, { type: "block_actions" }, { type: "block_actions", actions: [null] }];
  for (const payload of ignored) assert.equal((await send(server, formOf(payload), at)).status, 200);
  const page = pressForm(slack, { person: "U0", value: undefined, to: "page" });
  assert.equal((await send(server, page, at)).status, 200);
  assert.equal((await send(server, `payload=${"x".repeat(513 * 1024)}`, at)).status, 413);
  const packed = await send(server, page, { ...at, headers: { "content-encoding": "gzip" } });
  assert.equal(packed.status, 415);
});

test("a person who is no user of the tenant gets a sentence and the page, and decides nothing", async () => {
  const client = await newTenant(server);
  const { id, token, message } = await asked(client);
  const viewer = await colleague(client, "viewer");
  const foreign = await colleague(await newTenant(server), "org_admin");
  const { email } = await stage.person("developer", client);
  const strangers = [
    inSlack(member(email, { team_id: "T2" })),
    inSlack(member(email, { is_stranger: true })),
    inSlack(member(email, { is_bot: true })),
    inSlack(member(email, { deleted: true })),
    inSlack(member(email, { is_email_confirmed: false })),
    inSlack({ team_id: "T1" }),
    "U-unknown",
  ];
  const nobodies = [viewer.slackId, foreign.slackId, inSlack(member("nobody@example.com"))];
  for (const person of [...strangers, ...nobodies]) {
    const reply = await press(person, valueIn(message, "Approve"));
    assert.match(
      reply.shown,
      strangers.includes(person) ? /no confirmed email address of yours/ : /no user who may answer/,
    );
    assert.deepEqual([reply.response_type, reply.replace_original], ["ephemeral", false]);
    assert.deepEqual(
      reply.buttons.map(({ url }) => url),
      [`http://localhost/respond/${token}`],
    );
  }
  assert.equal((await readPause(client, id)).status, "pending");
  assert.equal((await respond(client, token, { choice: "Reject" })).status, 200);
});

test("only an approver decides, and only while the approver may", async () => {
  const client = await newTenant(server);
  const [approver, other, leaver] = [await colleague(client), await colleague(client), await colleague(client)];
  const { id, message } = await asked(client, { approvers: [approver.id, leaver.id] });
  const page = `http://localhost/console/pauses/${id}`;
  assert.equal(message.buttons.at(-1)?.url, page);
  const refused = await press(other.slackId, valueIn(message, "Approve"));
  assert.ok(refused.shown.includes(`only ${approver.email}, ${leaver.email} may answer`), refused.shown);
  const confirm = await press(leaver.slackId, valueIn(message, "Approve"));
  const disabled = await client.request("PATCH", `/v1/users/${leaver.id}`, { body: { disabled: true } });
  assert.equal(disabled.status, 200, disabled.text);
  const late = await press(leaver.slackId, valueIn(confirm, "Answer"));
  assert.match(late.shown, /no user who may answer/);
  assert.equal((await readPause(client, id)).status, "pending");
  const own = await press(approver.slackId, valueIn(message, "Reject"));
  await press(approver.slackId, valueIn(own, "Answer “Reject”"));
  assert.equal((await readPause(client, id)).response_choice, "Reject");
});

test("with a quorum, a press is a vote, and the last one ends the question", async () => {
  const client = await newTenant(server);
  const people = [await colleague(client), await colleague(client), await colleague(client)] as const;
  const { id, message } = await asked(client, { approvers: people.map((person) => person.id), quorum: 2 });
  const vote = async ({ slackId }: { slackId: string }, label: string) => {
    const confirm = await press(slackId, valueIn(message, label));
    return press(slackId, valueIn(confirm, `Answer “${label}”`));
  };
  const first = await vote(people[0], "Approve");
  assert.match(first.shown, /Your vote counts.*1 of 2/);
  assert.match((await vote(people[0], "Approve")).shown, /Your vote counts/, "repeated");
  assert.match((await vote(people[0], "Reject")).shown, /already voted for something else/);
  const last = await vote(people[1], "Approve");
  assert.ok(last.shown.includes(`${people[1].email} answered “Approve”`), last.shown);
  const votes = (await entries(client, id)).filter(({ event_type }) => event_type === "pause.voted");
  assert.deepEqual(
    votes.map(({ data }) => data.via),
    ["slack", "slack"],
  );
});

test("a protected question has no buttons that answer: it leads to the console", async () => {
  const client = await newTenant(server);
  const { id, message } = await asked(client, { protected: true });
  assert.deepEqual(
    message.buttons.map(({ text, url, value }) => [text.text, url, value]),
    [["Answer", `http://localhost/console/pauses/${id}`, undefined]],
  );
});

test("a button that the server did not make, or made for somebody else, decides nothing", async () => {
  const client = await newTenant(server);
  const [ana, bob] = [await colleague(client), await colleague(client)];
  const { id, message } = await asked(client);
  const value = valueIn(message, "Approve") ?? "";
  const [content = "", signature = ""] = value.split(".");
  const claims = JSON.parse(Buffer.from(content, "base64url").toString()) as object;
  const changed = Buffer.from(JSON.stringify({ ...claims, option: 1 })).toString("base64url");
  const stolen = valueIn(await press(ana.slackId, value), "Answer") ?? "";
  const uuid = id.slice("psr_".length);
  const made = new SlackButtons("00".repeat(32)).valueOf({ step: "choose", pauseId: uuid as never, option: 0 });
  const forged = ["{}", ".", "a.b.c", `${content}.`, `${changed}.${signature}`, `${value}x.`, made, uuid];
  for (const bad of [...forged, stolen]) {
    const reply = await press(bob.slackId, bad);
    assert.match(reply.shown, /does not belong to a question that you can answer/, bad);
    assert.deepEqual(reply.buttons, [], bad);
  }
  stage.later(31 * 60_000);
  const expired = await press(ana.slackId, stolen);
  assert.match(expired.shown, /confirmation has expired/);
  assert.equal((await readPause(client, id)).status, "pending");
});

test("after any ending a press tells it, and an answer that came too late is in the audit", async () => {
  const client = await newTenant(server);
  const [ana, bob] = [await colleague(client), await colleague(client)];
  const linked = await asked(client);
  const [first, second] = [
    await press(ana.slackId, valueIn(linked.message, "Approve")),
    await press(ana.slackId, valueIn(linked.message, "Reject")),
  ];
  await respond(client, linked.token, { choice: "Approve" });
  const late = await press(ana.slackId, valueIn(second, "Answer"));
  assert.match(late.shown, /Your answer “Reject” came too late[\s\S]*A person who had the link answered “Approve” on /);
  const same = await press(ana.slackId, valueIn(first, "Answer"));
  assert.match(same.shown, /Your answer “Approve” came too late/);
  const [refusal] = await entries(client, linked.id);
  assert.deepEqual([refusal?.event_type, refusal?.data.via], ["pause.answer_refused", "slack"]);
  const cancelled = await asked(client);
  await client.request("DELETE", `/v1/pause/${cancelled.id}`);
  const told = await press("U-unknown", valueIn(cancelled.message, "Approve"));
  assert.match(told.shown, /The question was cancelled on /);
  assert.deepEqual([told.replace_original, told.buttons], [true, []]);
  const timed = await asked(client, { expires_in_seconds: 3600, timeout_default: "Reject" });
  const confirm = await press(bob.slackId, valueIn(timed.message, "Approve"));
  stage.later(3_600_000);
  assert.match((await press(bob.slackId, valueIn(confirm, "Answer"))).shown, /“Reject” is used as the answer/);
});

test("of two people at once, one decides and the other learns it", async () => {
  const client = await newTenant(server);
  const people = [await colleague(client), await colleague(client)];
  const { id, message } = await asked(client);
  const confirms = await Promise.all(
    people.map(({ slackId }, index) => press(slackId, valueIn(message, index === 0 ? "Approve" : "Reject"))),
  );
  const replies = await Promise.all(
    people.map(({ slackId }, index) => press(slackId, valueIn(confirms[index] ?? assert.fail(), "Answer"))),
  );
  const won = String((await readPause(client, id)).response_choice);
  for (const { shown } of replies) assert.ok(shown.includes(`answered “${won}”`), shown);
  assert.equal(replies.filter(({ shown }) => shown.includes("came too late")).length, 1);
});

test("while Slack does not say who a person is, presses are accepted up to a limit, and decide nothing", async () => {
  const client = await newTenant(server);
  const { id, message } = await asked(client);
  const { email } = await stage.person("developer", client);
  const held: (() => void)[] = [];
  const slow = inSlack((response) => {
    held.push(() => void response.end(JSON.stringify({ ok: true, user: member(email) })));
  });
  const value = valueIn(message, "Approve");
  const statuses: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    const body = pressForm(slack, { person: slow, value, to: `slow-${count}` });
    statuses.push((await send(server, body, { seconds: seconds() })).status);
  }
  assert.deepEqual(statuses, [200, 200, 200, 200, 429]);
  const failing = inSlack((response) => void response.end('{"ok":false,"error":"missing_scope"}'));
  const reply = await press(failing, value);
  assert.match(reply.shown, /could not find out who you are\. Press the button again, or open the page/);
  await logged(/"outcome":"unavailable","reason":"Slack refused[^"]*missing_scope"/);
  await polled(async () => (held.length === 4 ? held : null), "the requests for the person");
  for (const release of held) release();
  for (let count = 0; count < 4; count += 1) await slack.replies(`slow-${count}`);
  assert.equal((await readPause(client, id)).status, "pending");
});

test("a stop waits for the presses in progress", async () => {
  const client = await newTenant(server);
  const { message } = await asked(client);
  const held: (() => void)[] = [];
  const { email } = await stage.person("developer", client);
  const slow = inSlack((response) => {
    held.push(() => void response.end(JSON.stringify({ ok: true, user: member(email) })));
  });
  const body = pressForm(slack, { person: slow, value: valueIn(message, "Approve"), to: "stopping" });
  assert.equal((await send(server, body, { seconds: seconds() })).status, 200);
  await polled(async () => (held.length === 1 ? held : null), "the request for the person");
  const closed = server.close();
  held[0]?.();
  await closed;
  const [reply] = await slack.replies("stopping");
  assert.match(reply?.shown ?? "", /Do you want to answer “Approve”/);
});
