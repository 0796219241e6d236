/** Pauses for people who are signed in: deciding by name, approvers, protected pauses, and what a session is shown. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Jar, signedIn } from "../../harness/jar.ts";
import { ask, auditOf, QUESTION, readPause, respond } from "../../harness/pauses.ts";
import { PASSWORD, stagePeople } from "../../harness/people.ts";
import { stage as stageHooks } from "../../harness/scene.ts";
import { type AnswerBody, newTenant } from "../../harness/server.ts";

const MINUTE = 60_000;
const stage = await stagePeople({ after });
const { server, later } = stage;

interface Somebody {
  readonly jar: Jar;
  readonly id: string;
  readonly email: string;
}

interface UserRef {
  readonly id: string;
  readonly email: string;
}

async function somebody(
  tenant: { id: string; apiKey: string },
  role: "developer" | "org_admin" | "global_admin" = "developer",
): Promise<Somebody> {
  const { email } = await stage.person(role, tenant);
  const jar = await signedIn(server.url, email, PASSWORD);
  const me = (await jar.request("GET", "/dashboard/auth/me")).body as unknown as { data: { id: string } };
  return { jar, id: me.data.id, email };
}

const decide = ({ jar }: Pick<Somebody, "jar">, id: string, body: unknown) =>
  jar.request("POST", `/v1/pause/${id}/decide`, { body });

test("a signed-in user decides; the pause, the audit, the event and the webhook name the user", async (context) => {
  const { client, hooks } = await stageHooks(context, server, { event_types: ["pause.*"], format: "pausepoint" });
  const user = await somebody(client);
  const { id } = await ask(client, { allow_text_response: true, metadata: { order: 4711 } });
  const waiting = readPause(client, id, 60);
  const answer = await decide(user, id, { choice: "Approve", text: "checked\r\n" });
  assert.equal(answer.status, 200, answer.text);
  const ref = { id: user.id, email: user.email };
  const pause = answer.body as unknown as AnswerBody & { decided_by_user: UserRef };
  assert.deepEqual(
    [pause.status, pause.response_choice, pause.response_text, pause.decided_by, pause.decided_by_user],
    ["responded", "Approve", "checked", "human", ref],
  );
  assert.equal((await waiting).status, "responded");
  const hook = JSON.parse((await hooks.nth(1)).body) as Record<string, unknown>;
  assert.deepEqual(Object.keys(hook), ["event", "pause_id", "developer_id", "decided_by_user", "timestamp", "data"]);
  assert.deepEqual(hook.decided_by_user, ref);
  assert.deepEqual(hook.data, {
    choice: "Approve",
    text: "checked",
    response_at: pause.response_at,
    metadata: { order: 4711 },
  });
  const [delivery] = (await client.request("GET", "/v1/deliveries")).body.results;
  const event = await client.request("GET", `/v1/events/${(delivery as unknown as { event_id: string }).event_id}`);
  const { pause_id, decided_by_user } = event.body as unknown as { pause_id: string; decided_by_user: UserRef };
  assert.deepEqual([pause_id, decided_by_user], [id, ref]);
  assert.equal((pause as unknown as { event_id: string }).event_id, event.body.id);
  const entries = (await client.request("GET", `/v1/audit?pause_id=${id}`)).body.events as unknown as readonly {
    event_type: string;
    actor: string;
    actor_user: UserRef | null;
  }[];
  assert.deepEqual(
    entries.map(({ event_type, actor, actor_user }) => [event_type, actor, actor_user]),
    [
      ["pause.responded", "user", ref],
      ["pause.created", "developer", null],
    ],
  );
});

test("the live stream tells of a question, its answer and its timeout", async () => {
  const client = await newTenant(server);
  const stream = await fetch(`${server.url}/v1/stream?topics=pause`, {
    headers: { authorization: `Bearer ${client.apiKey}` },
  });
  const { id, token } = await ask(client);
  await respond(client, token, { choice: "Approve" });
  const timed = await ask(client, { expires_in_seconds: 1 });
  await readPause(client, timed.id, 60);
  const expected = [`"pause_id":"${id}","status":"pending"`, `"pause_id":"${id}","status":"responded"`];
  expected.push(`"pause_id":"${timed.id}","status":"timed_out"`);
  let text = "";
  for await (const chunk of stream.body ?? assert.fail()) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (expected.every((part) => text.includes(part))) break;
  }
});

test("a key cannot decide, nor see a link through this route", async () => {
  const client = await newTenant(server);
  const { id } = await ask(client);
  for (const act of ["decide", "reveal-link"]) {
    const answer = await client.request("POST", `/v1/pause/${id}/${act}`, { body: {} });
    assert.deepEqual([answer.status, answer.code], [403, "SESSION_REQUIRED"], act);
  }
  assert.equal((await readPause(client, id)).status, "pending");
});

test("the slower of two people learns the outcome; repeating a decision is 200", async () => {
  const client = await newTenant(server);
  const [first, second] = [await somebody(client), await somebody(client)];
  const { id } = await ask(client);
  const answers = await Promise.all([
    decide(first, id, { choice: "Approve" }),
    decide(second, id, { choice: "Reject" }),
  ]);
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 410]);
  const [winner, loser] = answers[0]?.status === 200 ? [first, second] : [second, first];
  const { response_choice: choice, response_at } = await readPause(client, id);
  const outcome = { status: "responded", response_choice: choice, response_at };
  const same = await decide(loser, id, { choice });
  assert.deepEqual([same.status, same.code, same.body.outcome], [410, "TOKEN_USED", outcome], "not this user's");
  assert.equal((await decide(winner, id, { choice })).status, 200);
  const cancelled = await ask(client);
  assert.equal((await first.jar.request("DELETE", `/v1/pause/${cancelled.id}`)).status, 200);
  const late = await decide(first, cancelled.id, { choice: "Approve" });
  assert.deepEqual([late.status, late.code, late.body.outcome.status], [409, "ALREADY_CANCELLED", "cancelled"]);
  const timed = await ask(client, { expires_in_seconds: 60, timeout_default: "Reject" });
  later(MINUTE);
  const expired = await decide(first, timed.id, { choice: "Approve" });
  assert.deepEqual(
    [expired.status, expired.code, expired.body.outcome.response_choice],
    [410, "TOKEN_EXPIRED", "Reject"],
  );
  const byLink = await ask(client);
  await respond(client, byLink.token, { choice: "Approve" });
  assert.equal((await decide(first, byLink.id, { choice: "Approve" })).status, 410, "it was decided by link");
});

test("bad decisions name every bad field and decide nothing", async () => {
  const client = await newTenant(server);
  const user = await somebody(client);
  const { id } = await ask(client);
  const refusals: readonly (readonly [unknown, number, string, readonly string[]])[] = [
    [{}, 422, "VALIDATION_ERROR", ["choice"]],
    [{ choice: "Maybe" }, 400, "INVALID_CHOICE", ["choice"]],
    [{ choice: "Approve", text: "x" }, 422, "VALIDATION_ERROR", ["text"]],
    [{ choice: 1, text: "x".repeat(2001), pasword: "x" }, 422, "VALIDATION_ERROR", ["choice", "text", "pasword"]],
    [{ choice: "Approve", password: "" }, 422, "VALIDATION_ERROR", ["password"]],
    ["{", 400, "VALIDATION_ERROR", ["body"]],
  ];
  for (const [body, status, code, fields] of refusals) {
    const answer = await decide(user, id, body);
    assert.deepEqual([answer.status, answer.code], [status, code], answer.text);
    const { details } = answer.body as unknown as { details: readonly { field: string; rule: string }[] };
    assert.deepEqual(
      details.map(({ field }) => field),
      fields,
      answer.text,
    );
  }
  for (const other of ["psr_x", "ep_1", `psr_${"0190e0c4-5b1a-7cc0-8f00-0123456789ab"}`]) {
    const answer = await decide(user, other, { choice: "Approve" });
    assert.deepEqual([answer.status, answer.code], [404, "PAUSE_NOT_FOUND"], other);
  }
  assert.equal((await readPause(client, id)).status, "pending");
});

test("a pause with approvers is decided by them only, and its link only shows it", async () => {
  const client = await newTenant(server);
  const [approver, other] = [await somebody(client), await somebody(client, "org_admin")];
  const { id, token } = await ask(client, { approvers: [approver.id] });
  const pause = (await readPause(client, id)) as unknown as Record<string, unknown>;
  assert.deepEqual([pause.protected, pause.approvers, pause.approver_emails], [false, [approver.id], [approver.email]]);
  const refused = await decide(other, id, { choice: "Approve" });
  assert.deepEqual([refused.status, refused.code], [403, "NOT_AN_APPROVER"]);
  assert.ok(refused.body.message.includes(approver.email), refused.body.message);
  const linked = await respond(client, token, { choice: "Approve" });
  assert.deepEqual([linked.status, linked.code], [403, "SIGN_IN_REQUIRED"]);
  const shown = await client.request("GET", `/v1/respond/${token}`, { key: null });
  assert.equal(shown.body.status, "pending");
  assert.equal((shown.body as unknown as { sign_in_url: string }).sign_in_url, `http://localhost/console/pauses/${id}`);
  const page = await client.request("GET", `/respond/${token}?choice=Approve`, { key: null });
  assert.deepEqual([page.status, page.text.includes("<form"), page.text.includes("<button")], [200, false, false]);
  const console = `http://localhost/console/pauses/${id}`;
  assert.ok(page.text.includes(`href="${console}?choice=Approve"`) && page.text.includes("Reject"));
  for (const query of ["", "?choice=Perhaps", "?choice=Approve&choice=Reject"]) {
    const unmarked = await client.request("GET", `/respond/${token}${query}`, { key: null });
    assert.ok(unmarked.text.includes(`href="${console}"`), query);
  }
  const posted = await client.request("POST", `/respond/${token}`, {
    key: null,
    body: "choice=Approve",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  assert.deepEqual([posted.status, posted.text.includes("Your answer was not accepted.")], [403, true]);
  assert.equal((await readPause(client, id)).status, "pending");
  assert.equal((await decide(approver, id, { choice: "Reject" })).status, 200);
  const ended = await client.request("GET", `/v1/respond/${token}`, { key: null });
  assert.equal((ended.body as unknown as { sign_in_url: string | null }).sign_in_url, null);
  assert.match((await client.request("GET", `/respond/${token}`, { key: null })).text, /The answer is “<bdi>Reject/);
  assert.equal((await respond(client, token, { choice: "Reject" })).code, "SIGN_IN_REQUIRED");
});

test("approvers must be users of the tenant who can sign in", async () => {
  const client = await newTenant(server);
  const [own, foreign] = [await somebody(client), await somebody(await newTenant(server))];
  const unknown = `usr_${"0190e0c4-5b1a-7cc0-8f00-0123456789ab"}`;
  const create = (approvers: unknown) => client.request("POST", "/v1/pause", { body: { ...QUESTION, approvers } });
  const cases: readonly (readonly [unknown, readonly string[]])[] = [
    [
      [own.id, foreign.id, unknown],
      ["approvers[1]", "approvers[2]"],
    ],
    [
      ["usr_x", "ann@example.com"],
      ["approvers[0]", "approvers[1]"],
    ],
    [[own.id, own.id], ["approvers"]],
    [[], ["approvers"]],
    [Array(21).fill(own.id), ["approvers"]],
    ["me", ["approvers"]],
  ];
  for (const [approvers, fields] of cases) {
    const answer = await create(approvers);
    assert.deepEqual([answer.status, answer.code], [422, "VALIDATION_ERROR"], answer.text);
    const { details } = answer.body as unknown as { details: readonly { field: string; rule: string }[] };
    for (const { rule } of details) assert.match(rule, /^must (differ|be .*the id of a user)/);
    assert.deepEqual(
      details.map(({ field }) => field),
      fields,
    );
  }
  assert.equal((await create(null)).status, 201);
  assert.equal((await client.request("POST", "/v1/pause", { body: { ...QUESTION, protected: "yes" } })).status, 422);
});

test("a protected pause needs a password that was typed within five minutes", async () => {
  const client = await newTenant(server);
  const user = await somebody(client);
  const open = async () => (await ask(client, { protected: true })).id;
  const answerOf = async (id: string, password?: string) => {
    const answer = await decide(user, id, { choice: "Approve", ...(password !== undefined && { password }) });
    return [answer.status, answer.code];
  };
  assert.deepEqual(await answerOf(await open()), [200, undefined], "the sign-in counts");
  later(5 * MINUTE + 1);
  const id = await open();
  assert.deepEqual(await answerOf(id), [403, "PASSWORD_REQUIRED"]);
  assert.deepEqual(await answerOf(id, "not my password"), [403, "INVALID_CREDENTIALS"]);
  assert.equal((await readPause(client, id)).status, "pending");
  assert.deepEqual(await answerOf(id, PASSWORD), [200, undefined]);
  assert.deepEqual(await answerOf(await open()), [200, undefined], "typed for the last decision");
  const another = await open();
  for (let tries = 0; tries < 4; tries += 1) await answerOf(another, "not my password");
  assert.deepEqual(await answerOf(another, PASSWORD), [429, "RATE_LIMITED"]);
});

test("a session never sees a link, except an org_admin who asks for it, which the audit records", async () => {
  const client = await newTenant(server);
  const [developer, admin] = [await somebody(client), await somebody(client, "org_admin")];
  const made = await developer.jar.request("POST", "/v1/pause", { body: QUESTION });
  assert.deepEqual([made.status, made.body.respond_url], [201, null]);
  const { pause_id: id } = made.body;
  for (const { jar } of [developer, admin]) {
    for (const path of [`/v1/pause/${id}`, "/v1/pause", "/v1/pause?order=deadline", `/v1/audit?pause_id=${id}`]) {
      assert.doesNotMatch((await jar.request("GET", path)).text, /\/respond\//, path);
    }
  }
  const link = (await readPause(client, id)).respond_url;
  assert.match(link, /\/respond\//);
  const revealed = await admin.jar.request("POST", `/v1/pause/${id}/reveal-link`);
  assert.deepEqual([revealed.status, revealed.body], [200, { respond_url: link }]);
  assert.equal((await developer.jar.request("POST", `/v1/pause/${id}/reveal-link`)).code, "FORBIDDEN");
  assert.deepEqual(await auditOf(client, id), ["pause.created", "pause.link_revealed"]);
  await client.request("DELETE", `/v1/pause/${id}`);
  const ended = await admin.jar.request("POST", `/v1/pause/${id}/reveal-link`);
  assert.deepEqual([ended.status, ended.code], [409, "ALREADY_CANCELLED"]);
  const resent = await admin.jar.request("POST", `/v1/pause/${id}/resend`);
  assert.deepEqual([resent.status, resent.code], [409, "ALREADY_CANCELLED"]);
  const silent = await ask(client);
  const nobody = await client.request("POST", `/v1/pause/${silent.id}/resend`);
  assert.deepEqual([nobody.status, nobody.code], [409, "NOTIFIES_NOBODY"]);
});

test("pauses are listed by deadline, by text and by channel, and counted", async () => {
  const client = await newTenant(server);
  const ids: string[] = [];
  for (const [message, hours] of [
    ["Refund order 4711?", 5],
    ["Ship?", 1],
    ["Delete?", 3],
  ] as const) {
    ids.push((await ask(client, { message, timeout_hours: hours })).id);
  }
  const [refund, ship, remove] = ids;
  const list = async (query: string) =>
    (await client.request("GET", `/v1/pause?${query}`)).body.pauses.map(({ pause_id }) => pause_id);
  assert.deepEqual(await list("order=deadline"), [ship, remove, refund]);
  const first = (await client.request("GET", "/v1/pause?order=deadline&limit=1")).body;
  assert.deepEqual(await list(`order=deadline&limit=2&cursor=${first.next_cursor}`), [remove, refund]);
  const misplaced = await client.request("GET", `/v1/pause?cursor=${first.next_cursor}`);
  assert.deepEqual([misplaced.status, misplaced.code], [422, "VALIDATION_ERROR"]);
  const later = { body: { expires_in_seconds: 9 * 3600 } };
  assert.equal((await client.request("POST", `/v1/pause/${ship}/extend`, later)).status, 200);
  const rest = await list(`order=deadline&limit=3&cursor=${first.next_cursor}`);
  assert.deepEqual(rest, [remove, refund, ship], "none is left out when the last one of a page gets a later deadline");
  assert.deepEqual(await list("q=ORDER%204711"), [refund]);
  assert.deepEqual(await list(`q=${ship}`), [ship]);
  assert.deepEqual(await list("channel=none&order=newest"), [remove, ship, refund]);
  assert.deepEqual(await list("channel=email"), []);
  await client.request("DELETE", `/v1/pause/${ship}`);
  const counts = (await client.request("GET", "/v1/pause/counts")).body as unknown as Record<string, unknown>;
  assert.deepEqual(Object.keys(counts), ["pending", "responded", "timed_out", "cancelled", "next_expires_at"]);
  assert.deepEqual(
    [counts.pending, counts.cancelled],
    [
      { count: 2, more: false },
      { count: 1, more: false },
    ],
  );
  assert.equal(counts.next_expires_at, (await readPause(client, remove ?? "")).expires_at);
  const bad = ["order=oldest", "order=deadline&status=responded", "channel=fax", "q=", `q=${"x".repeat(201)}`];
  for (const query of bad) {
    const answer = await client.request("GET", `/v1/pause?${query}`);
    assert.deepEqual([answer.status, answer.code], [422, "VALIDATION_ERROR"], query);
  }
  assert.equal((await client.request("GET", "/v1/pause/counts?x=1")).status, 422);
});

test("every error of the pauses and of the dashboard has its details", async () => {
  const client = await newTenant(server);
  for (const [path, body, fields] of [
    ["/v1/pause", { message: "", options: ["a"] }, ["message", "options"]],
    ["/v1/webhooks", {}, ["url", "events", "secret"]],
    ["/v1/auth/keys", { nam: "x" }, ["name", "nam"]],
    ["/dashboard/webhooks", { url: "ftp://x" }, ["url"]],
    ["/dashboard/auth/login", {}, ["email", "password"]],
  ] as const) {
    const { body: answer } = await client.request("POST", path, { body });
    const { details, message } = answer as unknown as {
      details: readonly { field: string; rule: string }[];
      message: string;
    };
    assert.deepEqual(
      details.map(({ field }) => field),
      fields,
      path,
    );
    assert.equal(message, details.map(({ field, rule }) => `${field} ${rule}`).join("; "), path);
  }
  assert.equal("details" in (await client.request("GET", "/v1/pause/psr_x")).body, false);
});
