import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startHttpService } from "../../test/fixtures/http-service.ts";
import { handClock } from "../../test/fixtures/notification.ts";
import { startSender } from "../../test/fixtures/receiver.ts";
import { SLACK_API_BODY_BYTES_MAX, SLACK_BUTTON_CHARS_MAX, SLACK_SECTION_CHARS_MAX } from "../domain/limits.ts";
import type { SlackReply } from "../ports/slack.ts";
import { createSlackApp } from "./slack-app.ts";
import { slackReply } from "./slack-replies.ts";

const OWN = { ok: true, team_id: "T1", enterprise_id: "E1" };
const ANA = { team_id: "T1", is_email_confirmed: true, profile: { email: "ana@example.com" } };

/** An app whose API answers each method with the next of these texts; null never answers. */
async function setUp(context: TestContext, ...users: readonly (string | null)[]) {
  const left = [...users];
  const service = await startHttpService(context, (response, { path }) => {
    if (path === "/api/auth.test") return void response.end(JSON.stringify(OWN));
    const text = left.shift() ?? null;
    if (text !== null) response.end(text);
  });
  const { clock, fire } = handClock();
  const settings = { signingSecret: "s", botToken: "xoxb-hush", baseUrl: service.url };
  const app = createSlackApp({ ...settings, sender: startSender(context), userAgent: "Signalbox/1.2.3", clock });
  context.after(() => app.close());
  return { app, service, fire };
}

const found = (user: object) => JSON.stringify({ ok: true, user });

test("Slack is asked with the bot's token who a person is, and once whose app it is", async (context) => {
  const { app, service } = await setUp(context, found(ANA), found(ANA));
  for (const person of ["U1", "U2"]) {
    assert.deepEqual(await app.memberOf(person), { kind: "member", email: "ana@example.com" });
  }
  assert.deepEqual(
    service.calls.map(({ method, path, body }) => [method, path, body]),
    [
      ["POST", "/api/auth.test", ""],
      ["POST", "/api/users.info", "user=U1"],
      ["POST", "/api/users.info", "user=U2"],
    ],
  );
  assert.ok(service.calls.every(({ headers }) => headers.authorization === "Bearer xoxb-hush"));
});

test("a person of another workspace counts only in the own organization", async (context) => {
  const inOrganization = { ...ANA, team_id: "T2", enterprise_user: { enterprise_id: "E1" } };
  const others = [{ ...inOrganization, enterprise_user: { enterprise_id: "E2" } }, { ...ANA, team_id: "T2" }, {}];
  const { app } = await setUp(context, found(inOrganization), ...others.map(found));
  assert.equal((await app.memberOf("U1")).kind, "member");
  for (const _ of others) assert.deepEqual(await app.memberOf("U2"), { kind: "stranger" });
});

test("who is not certainly a person with a confirmed address in the own workspace is a stranger", async (context) => {
  const others = [
    { deleted: "true" },
    { is_bot: 1 },
    { is_stranger: "true" },
    { is_email_confirmed: null },
    { is_email_confirmed: "false" },
    { profile: { email: ["ana@example.com"] } },
    { team_id: null, enterprise_user: { enterprise_id: null } },
  ];
  const { app } = await setUp(context, ...others.map((other) => found({ ...ANA, ...other })));
  for (const other of others) assert.deepEqual(await app.memberOf("U1"), { kind: "stranger" }, JSON.stringify(other));
});

test("what is not an answer of Slack's API says nothing about the person, and reveals nothing", async (context) => {
  const texts = [
    '{"ok":false,"error":"invalid_auth"}',
    '{"ok":false,"error":"<xoxb-hush>"}',
    "<html>",
    "7",
    `"${"x".repeat(SLACK_API_BODY_BYTES_MAX)}"`,
  ];
  const { app } = await setUp(context, ...texts);
  const reasons = [];
  for (const _ of texts) {
    const member = await app.memberOf("U1");
    reasons.push(member.kind === "unavailable" ? member.reason : member.kind);
  }
  assert.deepEqual(reasons, [
    "Slack refused to say who a person is: invalid_auth",
    "Slack refused to say who a person is: it gave no reason",
    "the response to users.info is not Slack's",
    "the response to users.info is not Slack's",
    "Slack's response is too large",
  ]);
});

test("a Slack that does not answer is given up after a time, and at a stop", async (context) => {
  for (const act of ["time", "stop"] as const) {
    const { app, service, fire } = await setUp(context, found(ANA));
    await app.memberOf("U1");
    const asked = app.memberOf("U2");
    while (service.calls.length < 3) await new Promise(setImmediate);
    if (act === "time") fire();
    else await app.close();
    assert.deepEqual(await asked, {
      kind: "unavailable",
      reason: "Slack cannot be reached, or did not respond in time",
    });
  }
});

test("a reply that Slack refuses is reported without its URL, and a private address is not called", async (context) => {
  const { app, service } = await setUp(context, "ok");
  const reply = { kind: "gone", page: null } as const;
  assert.equal(await app.reply(`${service.url}/actions/hush`, reply, false), null);
  const unreachable = await app.reply("http://127.0.0.1:1/hush", reply, false);
  assert.match(unreachable ?? "", /^Slack cannot be reached/);
  const guarded = createSlackApp({
    signingSecret: "s",
    botToken: "t",
    baseUrl: service.url,
    sender: startSender(context, { allowNetworks: [] }),
    userAgent: "x",
    clock: handClock().clock,
  });
  const refused = await guarded.reply(`${service.url}/actions/hush`, reply, false);
  assert.ok(refused !== null && !refused.includes("hush"), String(refused));
  assert.equal(service.calls.length, 1);
});

test("untrusted text in a reply stays text, within Slack's limits", () => {
  const hostile = `<!channel> <https://evil.example|Slack> *b* \u202e${"&".repeat(1900)}`;
  const question = {
    requester: hostile,
    message: hostile,
    details: [{ label: hostile, value: hostile }],
    page: "https://box.example/respond/t",
  };
  const by = { id: "u" as never, email: "<!here>@example.com" };
  const replies: readonly SlackReply[] = [
    { kind: "confirm", question, option: "&".repeat(100), value: "v", allowTextResponse: true },
    {
      kind: "ended",
      question,
      ending: { status: "responded", choice: hostile, text: null, at: 0, by },
      lateChoice: "<",
    },
    { kind: "ended", question, ending: { status: "timed_out", choice: null, at: 0 }, lateChoice: null },
    { kind: "notAnApprover", approvers: ["<!here>@example.com"] },
    { kind: "stranger", page: question.page },
  ];
  for (const reply of replies) {
    const { blocks, ...others } = slackReply(reply, false) as { blocks: readonly Block[] };
    const shown = JSON.stringify(blocks);
    assert.ok(!/<[!h]|\u202e|mrkdwn|"emoji":true/.test(shown), shown);
    assert.ok(!JSON.stringify(others).includes("evil"));
    for (const { type, text, elements = [] } of blocks) {
      assert.ok((text?.text.length ?? 0) <= (type === "header" ? 150 : SLACK_SECTION_CHARS_MAX));
      if (type !== "actions") continue;
      for (const button of elements) assert.ok(button.text.text.length <= SLACK_BUTTON_CHARS_MAX, button.text.text);
    }
  }
});

interface Block {
  readonly type: string;
  readonly text?: { readonly text: string };
  readonly elements?: readonly { readonly text: { readonly text: string } }[];
}
