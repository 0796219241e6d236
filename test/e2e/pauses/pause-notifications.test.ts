/** Notifications of a pause by email, Slack and SMS, and how the pause reports them. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startMailServer } from "../../fixtures/mail-server.ts";
import { BOT_TOKEN, member, pressForm, SIGNING_SECRET, send, startFakeSlack } from "../../fixtures/slack/fake-slack.ts";
import { newDataDir, startChild } from "../../harness/child.ts";
import { polled } from "../../harness/deadline.ts";
import { startHooks } from "../../harness/hooks.ts";
import { startHere } from "../../harness/in-process.ts";
import { ask, auditOf, readPause, respond } from "../../harness/pauses.ts";
import { type AnswerBody, type Client, newTenant, startServer } from "../../harness/server.ts";

let defer = false;
const mail = await startMailServer(
  { after },
  {
    onRcptTo(_address, _session, done) {
      const refusal = Object.assign(new Error("greylisted, try again later"), { responseCode: 451 });
      done(defer ? refusal : null);
      defer = false;
    },
  },
);
const twilio = await startHooks({ after });
const fakeSlack = await startFakeSlack({ after });
const server = await startServer(
  { after },
  {
    SMTP_URL: mail.url,
    SIGNALBOX_MAIL_FROM: "Signalbox <box@example.com>",
    TWILIO_ACCOUNT_SID: "AC0123",
    TWILIO_AUTH_TOKEN: "t0ken",
    TWILIO_FROM: "+15550001111",
    TWILIO_BASE_URL: new URL(twilio.url).origin,
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
    SLACK_BOT_TOKEN: BOT_TOKEN,
    SLACK_BASE_URL: fakeSlack.service.url,
    SIGNALBOX_PUBLIC_URL: "https://ask.example.com/box",
  },
);

/**
 * Polls until the notification has the status. A long poll would wait for the pause to end, not for the notification.
 */
function notified(client: Client, id: string, status: string): Promise<AnswerBody> {
  return polled(async () => {
    const pause = await readPause(client, id);
    return pause.notification.status === status ? pause : null;
  }, `the notification of ${id} is ${status}`);
}

test("a person gets an email with a link to answer, and the pause reports the email as sent", async () => {
  const client = await newTenant(server);
  const { id, token, created } = await ask(client, { channel: "email", recipient: "boss@example.com" });
  assert.equal(created.respond_url, `https://ask.example.com/box/respond/${token}`);
  const { text, html } = await mail.next();
  for (const part of [text, html]) assert.ok(part.includes(`https://ask.example.com/box/respond/${token}`));
  const pause = await notified(client, id, "sent");
  assert.deepEqual(pause.notification, { status: "sent", reason: null });
  assert.deepEqual([pause.recipient], ["boss@example.com"]);
  assert.equal((await respond(client, token, { choice: "Approve" })).status, 200);
  assert.deepEqual(await auditOf(client, id), ["pause.created", "pause.notified", "pause.responded"]);
});

test("an SMS is posted to Twilio with the account's credentials and contains the link", async () => {
  const client = await newTenant(server);
  twilio.react((hook) => hook.answer(201, { "content-type": "application/json" }, '{"sid":"SM1"}'));
  const { id, token } = await ask(client, { channel: "sms", recipient: "+491701234567" });
  const hook = await twilio.nth(1);
  assert.equal(hook.path, "/2010-04-01/Accounts/AC0123/Messages.json");
  assert.equal(hook.headers.authorization, `Basic ${Buffer.from("AC0123:t0ken").toString("base64")}`);
  const form = new URLSearchParams(hook.body);
  assert.deepEqual([form.get("To"), form.get("From")], ["+491701234567", "+15550001111"]);
  assert.ok(form.get("Body")?.includes(`/respond/${token}`));
  await notified(client, id, "sent");
});

test("Slack gets the question and a button; a permanent failure is reported and not retried", async (context) => {
  const client = await newTenant(server);
  const slack = await startHooks(context);
  slack.react((hook) => hook.answer(200, {}, "ok"));
  const sent = await ask(client, { channel: "slack", recipient: slack.url });
  const { body } = await slack.nth(1);
  assert.ok(body.includes(`/respond/${sent.token}`) && body.includes("Pay 340 EUR to Acme Corp?"));
  await notified(client, sent.id, "sent");
  slack.react((hook) => hook.answer(404, {}, "no_service"));
  const refused = await ask(client, { channel: "slack", recipient: slack.url });
  const pause = await notified(client, refused.id, "failed");
  assert.match(pause.notification.reason ?? "", /no_service/);
  assert.equal(pause.status, "pending");
  assert.equal((await respond(client, refused.token, { choice: "Approve" })).status, 200);
  assert.equal(slack.all.length, 2);
});

test("a user answers in Slack", async () => {
  const client = await newTenant(server);
  const email = "ana@example.com";
  await client.request("POST", "/v1/users", { body: { email, role: "developer" } });
  fakeSlack.people.set("U1", member(email));
  const { id } = await ask(client, { channel: "slack", recipient: fakeSlack.webhook });
  const message = await fakeSlack.posted("Pay 340 EUR");
  const press = { person: "U1", to: "ask", value: message.buttons[0]?.value };
  assert.equal((await send(client, pressForm(fakeSlack, press))).status, 200);
  const [confirm] = await fakeSlack.replies("ask");
  await send(client, pressForm(fakeSlack, { ...press, to: "done", value: confirm?.buttons[0]?.value }));
  const pause = (await readPause(client, id, 60)) as unknown as { decided_by_user: { email: string } };
  assert.equal(pause.decided_by_user.email, email);
  await fakeSlack.replies("done");
});

test("a message is sent again on request, and one for a signed-in user has no link that answers", async () => {
  const client = await newTenant(server);
  const fields = { channel: "email", recipient: "boss@example.com", protected: true, options: ["Go", "Stop"] };
  const { id, token } = await ask(client, fields);
  for (const send of [() => undefined, () => client.request("POST", `/v1/pause/${id}/resend`)]) {
    await send();
    const { text, html } = await mail.next();
    for (const part of [text, html]) {
      assert.ok(part.includes(`https://ask.example.com/box/respond/${token}`) && !part.includes(`${token}?choice=`));
      assert.ok(part.includes(`https://ask.example.com/box/console/pauses/${id}?choice=Stop`));
      assert.match(part, /sign in to the console/);
    }
    await notified(client, id, "sent");
  }
  const page = await client.request("GET", `/respond/${token}`, { key: null });
  assert.ok(page.text.includes(`href="https://ask.example.com/box/console/pauses/${id}"`), page.text);
  assert.deepEqual(
    (await auditOf(client, id)).filter((type) => type !== "pause.opened"),
    ["pause.created", "pause.notified", "pause.resent", "pause.notified"],
  );
});

test("a deferred email is retried, and the pause reports the reason meanwhile", async () => {
  const client = await newTenant(server);
  defer = true;
  const { id } = await ask(client, { channel: "email", recipient: "slow@example.com" });
  const second = mail.next();
  const reasons = new Set<string | null>();
  let mailed = false;
  void second.then(() => {
    mailed = true;
  });
  while (!mailed) {
    const { notification } = await readPause(client, id, 1);
    reasons.add(notification.reason);
  }
  assert.ok(
    [...reasons].some((reason) => reason?.includes("451")),
    [...reasons].join(),
  );
  await notified(client, id, "sent");
});

test("a pause that ends before its notification was sent sends none", async (context) => {
  const client = await newTenant(server);
  const slack = await startHooks(context);
  slack.react((hook) => hook.answer(503));
  const { id } = await ask(client, { channel: "slack", recipient: slack.url });
  await slack.nth(1);
  await client.request("DELETE", `/v1/pause/${id}`);
  const pause = await notified(client, id, "failed");
  assert.equal(pause.status, "cancelled");
});

test("a tenant whose receivers never answer does not delay other tenants", async (context) => {
  const [slow, other] = [await newTenant(server), await newTenant(server)];
  const silent = await startHooks(context);
  silent.react(() => undefined);
  const asked = await Promise.all(
    Array.from({ length: 30 }, () => ask(slow, { channel: "slack", recipient: silent.url })),
  );
  await silent.nth(4);
  const prompt = await startHooks(context);
  prompt.react((hook) => hook.answer(200, {}, "ok"));
  const { id } = await ask(other, { channel: "slack", recipient: prompt.url });
  await notified(other, id, "sent");
  assert.equal(silent.all.length, 4);
  await Promise.all(asked.map((one) => slow.request("DELETE", `/v1/pause/${one.id}`)));
  for (const hook of silent.all) hook.answer(200, {}, "ok");
});

test("a repeated request gets the first response even if its channel is no longer configured", async (context) => {
  const dataDir = await newDataDir(context);
  const first = await startHere(context, dataDir, { SMTP_URL: mail.url, SIGNALBOX_MAIL_FROM: "box@example.com" });
  const fields = { channel: "email", recipient: "boss@example.com" };
  const made = await ask(first, fields, { "idempotency-key": "em" });
  await mail.next();
  await first.close();
  const second = await startHere(context, dataDir);
  const again = await ask(second, fields, { "idempotency-key": "em" });
  assert.equal(again.id, made.id);
  const fresh = await second.request("POST", "/v1/pause", { body: { message: "?", options: ["a", "b"], ...fields } });
  assert.equal(fresh.code, "CHANNEL_NOT_CONFIGURED");
});

test("a normal restart sends no notification twice, and sends the pending ones afterwards", async (context) => {
  const slack = await startHooks(context);
  slack.react(() => undefined);
  const dataDir = await newDataDir(context);
  const first = await startChild(context, dataDir);
  const recipient = slack.url;
  const asked = await Promise.all(Array.from({ length: 8 }, () => ask(first, { channel: "slack", recipient })));
  await slack.nth(4);
  first.signal("SIGTERM");
  // The server waits for the notifications in flight.
  for (const hook of slack.all) hook.answer(200, {}, "ok");
  slack.react((hook) => hook.answer(200, {}, "ok"));
  assert.deepEqual(await first.exited, { code: 0, signal: null });
  const second = await startHere(context, dataDir);
  for (const { id } of asked) await notified(second, id, "sent");
  const tokens = slack.all.map(({ body }) => /respond\/([\w-]{72})/.exec(body)?.[1]);
  assert.equal(new Set(tokens).size, 8);
  assert.equal(tokens.length, 8);
});
