import assert from "node:assert/strict";
import { test } from "node:test";
import { createSystemClock } from "../../clock/system.ts";
import type { Uuid } from "../../domain/ids.ts";
import { REPORT_GRACE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { createStreamSender } from "./stream.ts";

const LISTENER = 1;
const TIMEOUT_MS = 1000;

/** A listener that makes one attempt at a time, and a clock that the test advances. */
function listening() {
  let nowMs = 1000;
  let tick = (): void => undefined;
  const clock: Clock = {
    ...createSystemClock(),
    monotonicMs: () => nowMs,
    after(_ms, task) {
      tick = task;
      return { cancel: () => undefined };
    },
  };
  const sender = createStreamSender({ clock });
  const told: string[] = [];
  sender.attach(LISTENER, {
    name: "ada@laptop",
    ahead: 10,
    make: ({ attempt }) => void told.push(attempt.token),
    over: (token) => void told.push(`${token} is over`),
    fellSilent: () => void told.push("silent"),
  });
  return {
    sender,
    told,
    send: (token: string, chars = 2) => {
      const id = token as Uuid;
      const ids = { deliveryId: id, eventId: id, eventType: "a", number: 1, isTest: false };
      const streamed = { endpointSeq: LISTENER, token, maxInFlight: 1, ...ids };
      return sender.send({ url: "", headers: [], body: "x".repeat(chars), timeoutMs: TIMEOUT_MS, streamed });
    },
    report: (token: string) =>
      sender.report(LISTENER, { kind: "answered", token, httpStatus: 200, headers: [], body: "", timings: null }),
    advance: (ms: number) => {
      nowMs += ms;
      tick();
    },
  };
}

test("the timeout of an attempt ahead runs from the end of the one before", async () => {
  const { send, report, advance, told } = listening();
  const first = send("first");
  const second = send("second");
  advance(TIMEOUT_MS);
  assert.ok(report("first"));
  assert.equal((await first).kind, "answered");
  advance(TIMEOUT_MS);
  assert.ok(report("second"));
  const outcome = await second;
  assert.equal(outcome.kind === "answered" && outcome.queuedMs, TIMEOUT_MS);
  assert.deepEqual(told, ["first", "second"]);
});

test("a reader that stops reporting is silent at the deadline of what it started last", async () => {
  const { send, report, advance, told, sender } = listening();
  void send("first");
  const second = send("second");
  const third = send("third");
  report("first");
  advance(TIMEOUT_MS + REPORT_GRACE_MS + 100);
  const outcome = await second;
  assert.equal(outcome.kind === "unreachable" && outcome.reason, "response_timeout");
  assert.deepEqual(told.slice(3), ["second is over", "silent"]);
  sender.abortAll();
  assert.deepEqual(await third, { kind: "aborted" });
});

test("a reader that has 1 MB of bodies takes nothing more before it reports", () => {
  const { send, report, sender } = listening();
  void send("small");
  assert.equal(sender.aheadOf(LISTENER), 10);
  void send("large", 2 ** 20);
  assert.equal(sender.aheadOf(LISTENER), null);
  report("large");
  assert.equal(sender.aheadOf(LISTENER), 10);
});
