import assert from "node:assert/strict";
import { test } from "node:test";
import { endingEvent, isSameAnswer, maskedAddress, notificationWaitMs, responseOf } from "./pause.ts";

const AT = Date.parse("2026-05-08T14:23:00.000Z");

test("an ending's event has the documented fields in their order", () => {
  const metadata = '{ "amount": 340.0 }';
  assert.deepEqual(endingEvent({ status: "responded", choice: "Approve", text: null, at: AT + 789 }, metadata), {
    type: "pause.responded",
    payload: `{"choice":"Approve","text":null,"response_at":"2026-05-08T14:23:00Z","metadata":${metadata}}`,
  });
  assert.deepEqual(endingEvent({ status: "timed_out", choice: "Reject", at: AT }, metadata), {
    type: "pause.timed_out",
    payload: `{"choice":"Reject","response_at":"2026-05-08T14:23:00Z","metadata":${metadata}}`,
  });
  assert.equal(
    endingEvent({ status: "timed_out", choice: null, at: AT }, null).payload,
    '{"choice":null,"response_at":null,"metadata":null}',
  );
  assert.deepEqual(endingEvent({ status: "cancelled", at: AT }, null), {
    type: "pause.cancelled",
    payload: '{"choice":null,"text":null,"response_at":null,"metadata":null}',
  });
  const quoted = endingEvent({ status: "responded", choice: 'say "yes"', text: "a\nb", at: AT }, null).payload;
  assert.deepEqual(Object.values(JSON.parse(quoted) as object).slice(0, 2), ['say "yes"', "a\nb"]);
});

test("only an answer and a default produce a decision", () => {
  const decidedBy = (ending: Parameters<typeof responseOf>[0]) => responseOf(ending).decidedBy;
  assert.equal(decidedBy(null), null);
  assert.equal(decidedBy({ status: "responded", choice: "a", text: null, at: AT }), "human");
  assert.equal(decidedBy({ status: "timed_out", choice: "a", at: AT }), "timeout_default");
  assert.equal(decidedBy({ status: "timed_out", choice: null, at: AT }), null);
  assert.equal(decidedBy({ status: "cancelled", at: AT }), null);
});

test("an answer is the same if choice and text are the same, and a timeout's default is not an answer", () => {
  const ending = { status: "responded", choice: "a", text: "t", at: AT } as const;
  assert.equal(isSameAnswer(ending, "a", "t"), true);
  assert.equal(isSameAnswer(ending, "a", null), false);
  assert.equal(isSameAnswer(ending, "b", "t"), false);
  assert.equal(isSameAnswer({ status: "timed_out", choice: "a", at: AT }, "a", null), false);
});

test("only the host of a Slack URL is shown", () => {
  const slack = (address: string) => maskedAddress({ channel: "slack", address });
  assert.equal(slack("https://hooks.slack.com/services/T0/B0/secret"), "https://hooks.slack.com/…");
  assert.equal(slack("https://hooks.slack.com?secret"), "https://hooks.slack.com/…");
  assert.equal(slack("https://user:password@hooks.slack.com/secret"), "https://hooks.slack.com/…");
  assert.equal(maskedAddress({ channel: "sms", address: "+491701234567" }), "+491701234567");
});

test("the waits between notification tries grow, and the tries end", () => {
  const waits = Array.from({ length: 12 }, (_, attempts) => notificationWaitMs(attempts, 0));
  const given = waits.filter((wait) => wait !== null);
  assert.deepEqual([given.length, given[0]], [9, 5000]);
  assert.ok(given.every((wait, index) => wait >= (given[index - 1] ?? 0)));
  assert.equal(notificationWaitMs(0, 0.999), 5500);
  assert.ok(waits.slice(given.length).every((wait) => wait === null));
});
