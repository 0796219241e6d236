import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { startHttpService } from "../../test/fixtures/http-service.ts";
import { aNotification, handClock } from "../../test/fixtures/notification.ts";
import { startSender } from "../../test/fixtures/receiver.ts";
import { within } from "../../test/harness/deadline.ts";
import { createSystemClock } from "../clock/system.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notified } from "../ports/notifier.ts";
import { createSlack } from "./slack.ts";
import { slackMessage } from "./slack-message.ts";

const PATH = "/services/T0/B0/hush";
const ok = (response: ServerResponse) => void response.end("ok");

async function setUp(context: TestContext, answer = ok, clock: Clock = createSystemClock()) {
  const service = await startHttpService(context, answer);
  const slack = createSlack({ sender: startSender(context), userAgent: "Signalbox/1.2.3", clock });
  context.after(() => slack.close());
  return { service, slack, notify: () => slack.notify(aNotification({ address: service.url + PATH })) };
}

/** The result of a try that Slack responds to in this way. */
async function outcomeOf(context: TestContext, status: number, body = "", headers: Record<string, string> = {}) {
  const { notify } = await setUp(context, (response) => void response.writeHead(status, headers).end(body));
  const notified = await notify();
  assert.ok(!JSON.stringify(notified).includes("hush"));
  return notified;
}

const failedFor = (reason: string): Notified => ({ kind: "failed", reason });

/** Failed without another try, because the message may have arrived. */
const UNCONFIRMED = {
  kind: "failed",
  reason: "the server stopped before the message was confirmed",
};

test("the question is sent to the webhook's URL as one JSON message", async (context) => {
  const { service, notify } = await setUp(context);
  assert.deepEqual(await notify(), { kind: "sent" });
  const [call] = service.calls;
  assert.deepEqual([call?.method, call?.path, service.calls.length], ["POST", PATH, 1]);
  assert.match(call?.headers["content-type"] ?? "", /^application\/json/);
  assert.equal(call?.headers["user-agent"], "Signalbox/1.2.3");
  assert.deepEqual(JSON.parse(call?.body ?? ""), slackMessage(aNotification()));
});

test("a message without a requester's name uses a general phrase", () => {
  const { text, blocks } = slackMessage(aNotification({ requester: null }));
  assert.match(text, /^Your answer is needed: Pay 340 EUR to Acme Corp\?\n/);
  assert.deepEqual(blocks[0], {
    type: "header",
    text: { type: "plain_text", text: "Your answer is needed", emoji: false },
  });
});

test("a message contains the question, the options, the deadline, and one button that opens the page", () => {
  assert.deepEqual(slackMessage(aNotification()), {
    text: "Acme Robots asks: Pay 340 EUR to Acme Corp?\nhttps://box.example/respond/tok3n",
    mrkdwn: false,
    blocks: [
      { type: "header", text: { type: "plain_text", text: "Acme Robots asks", emoji: false } },
      { type: "section", text: { type: "plain_text", text: "Pay 340 EUR to Acme Corp?", emoji: false } },
      { type: "section", text: { type: "plain_text", text: "• Approve\n• Not yet", emoji: false } },
      {
        type: "context",
        elements: [
          {
            type: "plain_text",
            text:
              "You can add a note on the page. Please answer by Friday, 8 May 2026, 14:23 UTC. If nobody answers, “Not yet” is used " +
              "as the answer. Opening the page does not send an answer: it asks you to confirm. Anyone with this message can answer, so do not forward it.",
            emoji: false,
          },
        ],
      },
      {
        type: "actions",
        elements: [
          {
            type: "button",
            action_id: "answer",
            style: "primary",
            text: { type: "plain_text", text: "Answer", emoji: false },
            url: "https://box.example/respond/tok3n",
          },
        ],
      },
    ],
    unfurl_links: false,
    unfurl_media: false,
  });
});

test("with people who can answer in Slack, each option is a button, and the page is one more", () => {
  const options = ["Approve", "x".repeat(100), "\u202e"];
  const { blocks } = slackMessage(aNotification({ options, slackValues: ["v1", "v2", "v3"], signInRequired: true }));
  const buttons = blocks.flatMap((block) => (block.type === "actions" ? block.elements : []));
  assert.deepEqual(
    buttons.map(({ action_id, text, value, url }) => [action_id, text.text, value ?? url]),
    [
      ["choose-1", "Approve", "v1"],
      ["choose-2", `${"x".repeat(74)}…`, "v2"],
      ["choose-3", "Option 3", "v3"],
      ["answer", "Open the page", "https://box.example/console/pauses/psr_1"],
    ],
  );
  assert.ok(JSON.stringify(blocks).includes("Press a button to answer here as yourself"));
});

test("mentions, links and formatting in untrusted text have no effect", () => {
  const { text, blocks } = slackMessage(
    aNotification({
      requester: "<!here>",
      message: "<!channel> <https://evil.example|Slack> & *bold* :fire:",
      options: ["<@U1>", "b"],
    }),
  );
  assert.match(
    text,
    /^&lt;!here&gt; asks: &lt;!channel&gt; &lt;https:\/\/evil\.example\|Slack&gt; &amp; \*bold\* :fire:\n/,
  );
  const shown = JSON.stringify(blocks);
  assert.ok(!/<[!@h]/.test(shown) && !shown.includes("mrkdwn") && !shown.includes('"emoji":true'));
});

test("the longest texts stay within Slack's limits, and the question is complete", () => {
  const message = "&🙂".repeat(666);
  const { text, blocks } = slackMessage(
    aNotification({
      requester: "<".repeat(200),
      message,
      options: Array.from({ length: 5 }, (_, index) => "&".repeat(99) + index),
    }),
  );
  const sections = blocks.flatMap((block) => (block.type === "section" ? [block.text.text] : []));
  assert.ok(sections.every((section) => section.length <= 3000 && section.isWellFormed()));
  assert.ok(sections.join("").startsWith("&amp;🙂".repeat(666)));
  assert.ok(text.length < 1000);
  const [header] = blocks;
  assert.ok(header?.type === "header" && header.text.text.length <= 150 && header.text.text.endsWith("&lt;"));
});

test("a refusal by Slack is a permanent failure with Slack's error code", async (context) => {
  assert.deepEqual(
    await outcomeOf(context, 400, "invalid_payload"),
    failedFor("Slack refused the message (HTTP 400): invalid_payload"),
  );
  assert.deepEqual(
    await outcomeOf(context, 404, "no_service\n"),
    failedFor("Slack refused the message (HTTP 404): no_service"),
  );
  assert.deepEqual(
    await outcomeOf(context, 410, "channel_is_archived"),
    failedFor("Slack refused the message (HTTP 410): channel_is_archived"),
  );
});

test("a body that is not a Slack error code is not shown", async (context) => {
  const page = await outcomeOf(context, 403, `<html>no ${PATH}</html>`);
  assert.deepEqual(page, failedFor("Slack refused the message (HTTP 403)"));
});

test("a redirect is not followed", async (context) => {
  const moved = await outcomeOf(context, 302, "", { location: "http://127.0.0.1:1/hush" });
  assert.deepEqual(moved, failedFor("Slack responded with a redirect (HTTP 302), which is not followed"));
});

test("details are lines of plain text in Slack, and none of their lines looks like another detail", () => {
  const details = [
    { label: "Amount", value: "340 EUR" },
    { label: "*Supplier*", value: "<!channel> & <https://evil.example|Acme>\nApproved by: Ana" },
  ];
  const { blocks } = slackMessage(aNotification({ details }));
  const text =
    "Amount: 340 EUR\n*Supplier*: &lt;!channel&gt; &amp; &lt;https://evil.example|Acme&gt;\n    Approved by: Ana";
  assert.deepEqual(blocks[2], { type: "section", text: { type: "plain_text", text, emoji: false } });
  const most = Array.from({ length: 20 }, () => ({ label: "&".repeat(100), value: "&".repeat(1000) }));
  const all = slackMessage(aNotification({ details: most, message: "&".repeat(2000), options: ["&".repeat(100)] }));
  assert.ok(all.blocks.length <= 50, "Slack's limit");
});

test("a busy Slack is tried again, no sooner than its Retry-After", async (context) => {
  assert.deepEqual(await outcomeOf(context, 429, "", { "retry-after": "30" }), {
    kind: "again",
    reason: "Slack limits the rate of messages (HTTP 429)",
    retryAfterMs: 30_000,
  });
  assert.deepEqual(await outcomeOf(context, 503, "rollup_error"), {
    kind: "again",
    reason: "Slack cannot accept the message at the moment (HTTP 503)",
    retryAfterMs: null,
  });
});

test("an unreachable Slack is tried again", async (context) => {
  const { slack, service, notify } = await setUp(context, (response) => void response.destroy());
  assert.deepEqual(await notify(), {
    kind: "again",
    reason: "Slack cannot be reached: the receiver closed the connection before it responded",
    retryAfterMs: null,
  });
  assert.equal(await slack.addressFault(service.url), null);
});

test("a private address is refused when the pause is created, and again at the try", async (context) => {
  const { service } = await setUp(context);
  const sender = startSender(context, { allowNetworks: [] });
  const slack = createSlack({ sender, userAgent: "Signalbox/1.2.3", clock: createSystemClock() });
  for (const address of [service.url, "http://10.0.0.1/x", "http://localhost/x", "http://169.254.169.254/latest"]) {
    assert.match((await slack.addressFault(address)) ?? "", /^must be a URL that the server is allowed to call: /);
    assert.equal((await slack.notify(aNotification({ address }))).kind, "failed");
  }
  assert.deepEqual(service.calls, []);
});

test("http is refused unless it is allowed, and an invalid URL always", async (context) => {
  const slack = createSlack({
    sender: startSender(context, { allowHttp: false }),
    userAgent: "Signalbox/1.2.3",
    clock: createSystemClock(),
  });
  assert.match((await slack.addressFault("http://127.0.0.1/x")) ?? "", /must begin with https/);
  assert.match((await slack.addressFault("#general")) ?? "", /^must be the URL of a Slack incoming webhook/);
  assert.equal(await slack.addressFault("https://127.0.0.1/x"), null);
});

test("a stop waits for Slack's response, but only for a limited time", async (context) => {
  const { clock, fire } = handClock();
  const { slack, service, notify } = await setUp(context, () => undefined, clock);
  const notified = notify();
  await service.called();
  const closed = slack.close();
  fire();
  assert.deepEqual(await notified, UNCONFIRMED);
  await within(closed, "the stop");
  assert.deepEqual(await notify(), { kind: "aborted" });
  assert.equal(service.calls.length, 1);
});

test("a message to several people says how many of them must agree", () => {
  const text = JSON.stringify(slackMessage(aNotification({ quorum: 2 })));
  assert.match(text, /2 people must choose the same option\. Please answer by .* If it is not decided by then, “/);
});
