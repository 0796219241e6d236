import assert from "node:assert/strict";
import { test } from "node:test";
import { startSender } from "../../test/fixtures/receiver.ts";
import { createSystemClock } from "../clock/system.ts";
import { createNotifiers } from "./notifiers.ts";

test("a channel exists when it is configured, and Slack always exists", async (context) => {
  const sender = startSender(context);
  const common = { sender, operatorSender: sender, userAgent: "Signalbox/1.2.3", clock: createSystemClock() };
  const mail = { smtpUrl: "smtp://127.0.0.1:1", from: "ops@example.com" };
  const sms = { accountSid: "AC1", authToken: "t", from: "+15550001111", baseUrl: "https://api.twilio.example" };
  const all = await createNotifiers({ ...common, mail, sms });
  const none = await createNotifiers({ ...common, mail: null, sms: null });
  context.after(() => Promise.all([...all, ...none].map((notifier) => notifier.close())));
  assert.deepEqual(
    all.map(({ channel }) => channel),
    ["email", "slack", "sms"],
  );
  assert.deepEqual(
    none.map(({ channel }) => channel),
    ["slack"],
  );
});
