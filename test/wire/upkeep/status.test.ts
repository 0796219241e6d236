import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ServerStatus } from "../../../packages/sdk/src/index.ts";
import { startMailServer } from "../../fixtures/mail-server.ts";
import { type Client, newTenant } from "../../harness/server.ts";
import { followOutcomes } from "../../harness/stream.ts";
import { ON_POSTGRES } from "../../postgres/store-of-server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const mail = await startMailServer({ after });
const SECRET = "not-to-be-shown";
const server = await sharedServer(
  { after },
  {
    SMTP_URL: mail.url.replace("://", `://box:${SECRET}@`),
    SIGNALBOX_MAIL_FROM: "box@example.com",
    SIGNALBOX_MASTER_KEY: Buffer.alloc(32, 1).toString("base64"),
  },
);

async function status(client: Client): Promise<ServerStatus> {
  const answer = await client.request("GET", "/v1/status");
  assert.equal(answer.status, 200, answer.text);
  assert.ok(!answer.text.includes(SECRET));
  return JSON.parse(answer.text);
}

test("an org_admin sees the tenant's part, and a global_admin the process too", async (t) => {
  const tenant = await newTenant(server);
  await followOutcomes(t, server.url, tenant.apiKey);
  const part = await status(tenant);
  assert.deepEqual([part.ready, part.reason, part.store, part.process], [true, null, null, null]);
  assert.deepEqual(part.streams, { open: 1, max: 100 });
  assert.deepEqual(part.channels, [
    { name: "email", configured: true, setting: null },
    { name: "slack", configured: true, setting: null },
    { name: "sms", configured: false, setting: "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM" },
  ]);
  const whole = await status(server);
  assert(whole.store !== null && whole.process !== null);
  assert.ok(whole.store.writable && whole.store.file_bytes > 0);
  assert.equal((whole.store.disk_free_bytes ?? 0) > 0, !ON_POSTGRES, "a database's disk is that of another machine");
  assert.deepEqual(whole.process.clock, { trusted: true, reason: null });
  assert.equal(whole.process.streams, 1);
  assert.ok(whole.process.memory_bytes > 0 && whole.process.loop_delay_ms.max >= 0);
  const settings = new Map(whole.process.settings.map(({ name, value }) => [name, value]));
  assert.deepEqual(
    [settings.get("SMTP_URL"), settings.get("SIGNALBOX_MASTER_KEY"), settings.get("SIGNALBOX_PUBLIC_URL")],
    ["set", "set", null],
  );
});

test("a channel's test says what is wrong with it", async () => {
  for (const [channel, body, expected] of [
    ["fax", {}, [404, "CHANNEL_NOT_FOUND"]],
    ["sms", { address: "+15550100123" }, [409, "CHANNEL_NOT_CONFIGURED"]],
    ["email", {}, [400, "VALIDATION_ERROR"]],
    ["email", { address: "nobody" }, [400, "VALIDATION_ERROR"]],
    ["email", { address: "" }, [400, "VALIDATION_ERROR"]],
    ["email", { to: "a@example.com" }, [400, "VALIDATION_ERROR"]],
    ["slack", { address: "http://10.0.0.1/hook" }, [400, "VALIDATION_ERROR"]],
  ] as const) {
    const answer = await server.request("POST", `/v1/status/channels/${channel}/test`, { body });
    assert.deepEqual([answer.status, answer.code], expected, `${channel} ${JSON.stringify(body)}`);
  }
  // The mail server of the tests accepts no passwords, so the channel reports its refusal.
  const body = { address: "ana@example.com" };
  const answer = await server.request("POST", "/v1/status/channels/email/test", { body });
  assert.equal(answer.status, 200, answer.text);
  const result = JSON.parse(answer.text);
  assert.equal(result.sent, result.reason === null);
  assert.ok(!answer.text.includes(SECRET));
});
