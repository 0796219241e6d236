import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../config.ts";
import { shownSettings } from "./shown-settings.ts";

test("the shown settings contain no secret", () => {
  const env = {
    SIGNALBOX_MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
    SIGNALBOX_INBOUND_SOURCES: '[{"source": "crm", "secret": "inbound-secret"}]',
    SMTP_URL: "smtp://user:mail-secret@mail.example.com:25",
    SIGNALBOX_MAIL_FROM: "Signalbox <box@example.com>",
    TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
    TWILIO_AUTH_TOKEN: "token-secret-0123456789abcdef012345",
    TWILIO_FROM: "+15550100",
    SLACK_SIGNING_SECRET: "signing-secret-0123",
    SLACK_BOT_TOKEN: "xoxb-bot-secret",
    SIGNALBOX_API_KEY: `sb_live_${"ab".repeat(24)}`,
    SIGNALBOX_ADMIN_PASSWORD: "admin-secret-0123",
    SIGNALBOX_ADMIN_EMAIL: "a@example.com",
  };
  const shown = new Map(shownSettings(loadConfig(env)).map(({ name, value }) => [name, value]));
  const text = JSON.stringify([...shown]);
  for (const secret of ["-secret", env.SIGNALBOX_MASTER_KEY, env.SIGNALBOX_API_KEY]) assert.ok(!text.includes(secret));
  assert.equal(shown.get("SMTP_URL"), "set");
  assert.equal(shown.get("SIGNALBOX_MASTER_KEY"), "set");
  assert.deepEqual(
    ["SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "SLACK_BASE_URL"].map((name) => shown.get(name)),
    ["set", "set", "https://slack.com"],
  );
  assert.equal(shown.get("SIGNALBOX_PUBLIC_URL"), null);
  assert.equal(shown.get("SIGNALBOX_RETENTION_DAYS"), "30");
  assert.equal(shown.get("SIGNALBOX_HISTORY_CACHE_MB"), "64");
});
