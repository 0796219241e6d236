import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { startHttpService } from "../../test/fixtures/http-service.ts";
import { aNotification } from "../../test/fixtures/notification.ts";
import { startSender } from "../../test/fixtures/receiver.ts";
import { createSystemClock } from "../clock/system.ts";
import type { Notified } from "../ports/notifier.ts";
import { createSms, smsText } from "./sms.ts";

const ACCOUNT = { accountSid: "AC0123456789abcdef", authToken: "t0p-secret", from: "+15550001111" };
const TO = "+15551234567";
const created = (response: ServerResponse) => void response.writeHead(201).end('{"sid":"SM1","status":"queued"}');

async function setUp(context: TestContext, answer = created, more: { from?: string } = {}) {
  const service = await startHttpService(context, answer);
  const sms = createSms({
    ...ACCOUNT,
    ...more,
    baseUrl: service.url,
    sender: startSender(context),
    userAgent: "Signalbox/1.2.3",
    clock: createSystemClock(),
  });
  context.after(() => sms.close());
  return { service, sms, notify: () => sms.notify(aNotification({ address: TO })) };
}

/** The result of a try that Twilio responds to in this way. */
async function outcomeOf(context: TestContext, status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { notify } = await setUp(context, (response) => void response.writeHead(status, headers).end(text));
  const notified = await notify();
  for (const secret of [ACCOUNT.authToken, ACCOUNT.accountSid, TO.slice(1), "respond"]) {
    assert.ok(!JSON.stringify(notified).includes(secret), secret);
  }
  return notified;
}

const failedFor = (reason: string): Notified => ({ kind: "failed", reason });

test("a message is sent as a form with the account's credentials", async (context) => {
  const { service, notify } = await setUp(context);
  assert.deepEqual(await notify(), { kind: "sent" });
  const [call] = service.calls;
  assert.deepEqual([call?.method, call?.path], ["POST", "/2010-04-01/Accounts/AC0123456789abcdef/Messages.json"]);
  assert.equal(call?.headers["content-type"], "application/x-www-form-urlencoded");
  assert.equal(call?.headers.authorization, `Basic ${btoa("AC0123456789abcdef:t0p-secret")}`);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(call?.body)), {
    To: TO,
    From: "+15550001111",
    Body: "Acme Robots asks: Pay 340 EUR to Acme Corp?\nAnswer: https://box.example/respond/tok3n\nby Friday, 8 May 2026, 14:23 UTC",
  });
});

test("a messaging service is sent in its own field", async (context) => {
  const from = `MG${"0a".repeat(16)}`;
  const { service, notify } = await setUp(context, created, { from });
  await notify();
  const form = new URLSearchParams(service.calls[0]?.body);
  assert.deepEqual([form.get("MessagingServiceSid"), form.get("From")], [from, null]);
});

test("a message without a requester's name uses a general phrase", () => {
  const text = smsText(aNotification({ requester: null })) ?? "";
  assert.match(text, /^Your answer is needed: Pay 340 EUR to Acme Corp\?\nAnswer: /);
});

test("a long question is truncated, and the link never is", () => {
  const long = smsText(aNotification({ requester: "R".repeat(200), message: "🙂".repeat(1000) })) ?? "";
  assert.match(long, /^R+\.\.\. asks: (🙂)+\.\.\.\nAnswer: https:\/\/box\.example\/respond\/tok3n\nby /u);
  assert.ok(long.length < 500 && long.isWellFormed());
  for (const length of [1400, 1530, 1540, 1545, 1550]) {
    const respondUrl = `https://box.example/${"x".repeat(length - 20)}`;
    const text = smsText(aNotification({ respondUrl })) ?? "";
    assert.ok(text.length <= 1600 && text.includes(`\nAnswer: ${respondUrl}\n`));
  }
});

test("a link that does not fit into a text message is a permanent failure", async (context) => {
  const { sms, service } = await setUp(context);
  const notified = await sms.notify(
    aNotification({ address: TO, respondUrl: `https://box.example/${"x".repeat(1600)}` }),
  );
  assert.deepEqual(
    notified,
    failedFor("the link to the page does not fit into a text message; see SIGNALBOX_PUBLIC_URL"),
  );
  assert.deepEqual(service.calls, []);
});

test("line breaks and control characters in the question cannot fake another line with a link", () => {
  const text = smsText(aNotification({ message: "ok?\r\nAnswer: https://evil.example\u0007" })) ?? "";
  assert.equal(text.split("\n").length, 3);
});

test("a refusal by Twilio is a failure with Twilio's code and message, without numbers, secrets and links", async (context) => {
  const error = {
    code: 21211,
    message: `The 'To' number ${TO} is not valid for ${ACCOUNT.accountSid}, ${ACCOUNT.authToken}`,
    more_info: "https://www.twilio.com/docs/errors/21211",
    status: 400,
  };
  assert.deepEqual(
    await outcomeOf(context, 400, error),
    failedFor("Twilio refused the message (HTTP 400, code 21211): The 'To' number … is not valid for …, …"),
  );
  const written = { code: 1, message: "not +1 (555) 123-4567, see https://box.example/respond/tok3n" };
  assert.deepEqual(
    await outcomeOf(context, 400, written),
    failedFor("Twilio refused the message (HTTP 400, code 1): not …, see …"),
  );
});

test("a refusal in another format is reported by its status", async (context) => {
  for (const body of ["<html>", "", "null", '{"message":7}', '{"code":2']) {
    assert.deepEqual(await outcomeOf(context, 404, body), failedFor("Twilio refused the message (HTTP 404)"));
  }
});

test("rejected credentials are reported as a configuration error", async (context) => {
  const refused = await outcomeOf(context, 401, { code: 20003, message: "Authenticate", status: 401 });
  assert.match(
    "reason" in refused ? refused.reason : "",
    /credentials.*TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is wrong$/,
  );
  assert.equal(refused.kind, "failed");
});

test("a busy Twilio is tried again", async (context) => {
  assert.deepEqual(
    await outcomeOf(context, 429, { code: 20429, message: "Too Many Requests" }, { "retry-after": "7" }),
    {
      kind: "again",
      reason: "Twilio limits the rate of messages (HTTP 429)",
      retryAfterMs: 7000,
    },
  );
  assert.equal((await outcomeOf(context, 500, "")).kind, "again");
});

test("only an E.164 number is a valid address", async (context) => {
  const { sms } = await setUp(context);
  assert.equal(await sms.addressFault(TO), null);
  assert.equal(await sms.addressFault("555-1234"), "must be an E.164 number such as +15551234567");
});
