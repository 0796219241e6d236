/** The sending thread: which requests it gets, and what happens when it dies, hangs, or has nothing to do. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { createSystemClock } from "../../../src/clock/system.ts";
import type { Outcome } from "../../../src/domain/delivery/delivery.ts";
import {
  HANDED_OVER_BODY_CHARS_MAX,
  HANDED_OVER_CHARS_MAX,
  HANDED_OVER_COUNT,
  SENDING_THREAD_PAUSE_FIRST_MS,
  SENDING_THREAD_QUIET_TICKS_COUNT,
  SENDING_THREAD_SILENT_TICKS_COUNT,
  SENDING_THREAD_TICK_MS,
  UNHANDLED_COUNT_MAX,
} from "../../../src/domain/limits.ts";
import type { Sender } from "../../../src/ports/sender.ts";
import { prepare } from "../../../src/sender/request.ts";
import { createSender } from "../../../src/sender/sender.ts";
import { createSharingSender } from "../../../src/sender/thread/sharing.ts";
import { startWorker } from "../../../src/sender/thread/thread.ts";
import { answer, OK, post, type Receiver, startReceiver } from "../../fixtures/receiver.ts";

const GROUP = HANDED_OVER_COUNT;

/** A sender whose thread and time the test controls. */
function startSharing(context: TestContext, start: typeof startWorker = startWorker) {
  const system = createSystemClock();
  const workers: Worker[] = [];
  const notices: unknown[] = [];
  const ticks: (() => void)[] = [];
  let aheadMs = 0;
  const sender = createSharingSender({
    clock: {
      ...system,
      monotonicMs: () => system.monotonicMs() + aheadMs,
      after(ms, task) {
        if (ms !== SENDING_THREAD_TICK_MS) return system.after(ms, task);
        ticks.push(task);
        return { cancel: () => void ticks.splice(ticks.indexOf(task), 1) };
      },
    },
    allowHttp: true,
    allowNetworks: ["127.0.0.0/8"],
    onNotice: ({ what, fields }) => void notices.push([what, fields]),
    start(data) {
      const worker = start(data);
      workers.push(worker);
      return worker;
    },
  });
  context.after(() => sender.close());
  return {
    sender,
    workers,
    notices,
    later(ms: number) {
      aheadMs += ms;
    },
    /** The main thread's timer that looks after the thread fires this many times. */
    tick(times: number) {
      for (let i = 0; i < times; i++) ticks.shift()?.();
    },
    /** Starts the thread with a group of requests, and waits until it takes the next one. */
    async begin(receiver: Receiver) {
      const outcomes = Promise.all(several(sender, receiver, GROUP));
      await once(workers.at(-1) ?? assert.fail(), "message");
      await outcomes;
    },
  };
}

const several = (sender: Sender, receiver: Receiver, count: number, body = "{}"): Promise<Outcome>[] =>
  Array.from({ length: count }, () => post(sender, receiver, { body }));

/** A receiver that answers until it is told to be silent. */
async function startPausable(context: TestContext) {
  let isSilent = false;
  let count = 0;
  let reached = () => {};
  const receiver = await startReceiver(context, (socket) => {
    if (!isSilent) return void socket.write(OK);
    count -= 1;
    if (count === 0) reached();
  });
  return {
    receiver,
    /** From now on it is silent. Resolves when so many more requests have arrived. */
    silent(more: number): Promise<void> {
      isSilent = true;
      count = more;
      return new Promise((resolve) => {
        reached = resolve;
      });
    },
    speak() {
      isSilent = false;
    },
  };
}

/** How many of these attempts have ended because the thread did. */
function lost(outcomes: readonly (Outcome | "pending")[]): number {
  const detail = "the thread that sends requests ended; the receiver may have got this one";
  return outcomes.filter((each) => each !== "pending" && each.kind === "internal_error" && each.detail === detail)
    .length;
}

/** The outcomes of these attempts, as far as they have ended. */
const soFar = (attempts: readonly Promise<Outcome>[]) =>
  Promise.all(attempts.map((attempt) => Promise.race([attempt, Promise.resolve("pending" as const)])));

test("the thread gets requests in groups; the main thread sends the rest, long ones, and those of an endpoint that takes one at a time", async (context) => {
  const { receiver, silent } = await startPausable(context);
  const sharing = startSharing(context);
  const { sender, workers, notices } = sharing;
  await Promise.all(several(sender, receiver, GROUP - 1));
  assert.equal(workers.length, 0);
  await sharing.begin(receiver);
  const arrived = silent(2 * GROUP + 5);
  const grouped = several(sender, receiver, 2 * GROUP + 3);
  const url = `http://127.0.0.1:${receiver.port}/`;
  const oneByOne = sender.send({ url, headers: [], body: "{}", timeoutMs: 60_000, oneByOne: true });
  const long = post(sender, receiver, { body: "x".repeat(HANDED_OVER_BODY_CHARS_MAX + 1) });
  await arrived;
  await workers[0]?.terminate();
  const ended = await soFar([...grouped, oneByOne, long]);
  assert.equal(lost(ended), 2 * GROUP);
  assert.deepEqual(ended.slice(2 * GROUP), Array(5).fill("pending"));
  assert.deepEqual(notices, [["sending_thread_ended", { error: "it ended by itself", attempts: 2 * GROUP }]]);
  sender.abortAll();
  const rest = await Promise.all([...grouped.slice(2 * GROUP), oneByOne, long]);
  assert.deepEqual(rest, Array(5).fill({ kind: "aborted" }));
});

test("when the thread has died, the main thread sends until another one starts, after a pause", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const sharing = startSharing(context);
  const { sender, workers } = sharing;
  await sharing.begin(receiver);
  await workers[0]?.terminate();
  for (const each of await Promise.all(several(sender, receiver, GROUP))) assert.equal(each.kind, "answered");
  assert.equal(workers.length, 1);
  sharing.later(SENDING_THREAD_PAUSE_FIRST_MS);
  await sharing.begin(receiver);
  assert.equal(workers.length, 2);
  for (const each of await Promise.all(several(sender, receiver, GROUP))) assert.equal(each.kind, "answered");
});

const EATS_MEMORY = "const eaten = []; for (;;) eaten.push(new Array(10_000).fill({}));";

test("a thread that cannot start costs no attempt, and is tried more and more rarely", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const starts = [
    () => new Worker("throw new Error('broken')", { eval: true }),
    () => new Worker(EATS_MEMORY, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } }),
    () => {
      throw new Error("EMFILE");
    },
  ];
  const sharing = startSharing(context, () => (starts.shift() ?? assert.fail())());
  const { sender, notices } = sharing;
  for (let tries = 1; tries <= 3; tries++) {
    const outcomes = await Promise.all(several(sender, receiver, GROUP));
    assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["answered"]));
    while (notices.length < tries) await new Promise(setImmediate);
    sharing.later(SENDING_THREAD_PAUSE_FIRST_MS * 2 ** (tries - 1) - 500);
    await Promise.all(several(sender, receiver, GROUP));
    assert.equal(notices.length, tries);
    sharing.later(500);
  }
  assert.deepEqual(
    notices.map((notice) => JSON.stringify(notice).match(/broken|memory|EMFILE/)?.[0]),
    ["broken", "memory", "EMFILE"],
  );
});

const HANGS = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", () => { for (;;); });
  parentPort.postMessage([]);`;

test("a thread that hangs is ended", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const sharing = startSharing(context, () => new Worker(HANGS, { eval: true }));
  const { sender, workers, notices } = sharing;
  await sharing.begin(receiver);
  const attempts = several(sender, receiver, GROUP);
  await new Promise(setImmediate);
  sharing.tick(SENDING_THREAD_SILENT_TICKS_COUNT);
  assert.deepEqual(await soFar(attempts), Array(GROUP).fill("pending"));
  sharing.tick(1);
  assert.equal(lost(await Promise.all(attempts)), GROUP);
  await once(workers[0] ?? assert.fail(), "exit");
  assert.deepEqual(notices, [["sending_thread_ended", { error: "it did not respond", attempts: GROUP }]]);
});

test("a stop does not wait for a thread that hangs", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const sharing = startSharing(context, () => new Worker(HANGS, { eval: true }));
  const { sender, workers, notices } = sharing;
  await sharing.begin(receiver);
  const attempts = several(sender, receiver, GROUP);
  sender.abortAll();
  assert.deepEqual(await Promise.all(attempts), Array(GROUP).fill({ kind: "aborted" }));
  const ended = once(workers[0] ?? assert.fail(), "exit");
  const later = several(sender, receiver, GROUP);
  await sender.close();
  await ended;
  assert.deepEqual(await Promise.all(later), Array(GROUP).fill({ kind: "aborted" }));
  assert.deepEqual(await Promise.all(several(sender, receiver, GROUP)), Array(GROUP).fill({ kind: "aborted" }));
  assert.deepEqual([workers.length, notices], [1, []]);
});

test("a thread without attempts ends after a while, and starts again with the next group", async (context) => {
  const receiver = await startReceiver(context, answer(OK));
  const sharing = startSharing(context);
  const { workers, notices } = sharing;
  await sharing.begin(receiver);
  const ended = once(workers[0] ?? assert.fail(), "exit");
  sharing.tick(SENDING_THREAD_QUIET_TICKS_COUNT + 1);
  await ended;
  await sharing.begin(receiver);
  assert.deepEqual([workers.length, notices], [2, []]);
});

test("a burst leaves some groups to the main thread, which would otherwise be ahead of later requests", async (context) => {
  const { receiver, silent } = await startPausable(context);
  const sharing = startSharing(context);
  const { sender, workers } = sharing;
  await sharing.begin(receiver);
  const count = (UNHANDLED_COUNT_MAX + 200) * GROUP;
  const arrived = silent(count);
  const attempts = several(sender, receiver, count);
  await arrived;
  await workers[0]?.terminate();
  const byThread = lost(await soFar(attempts));
  assert.ok(byThread >= UNHANDLED_COUNT_MAX * GROUP && byThread < count, String(byThread));
});

test("the bodies that the thread has are limited", async (context) => {
  const { receiver, silent } = await startPausable(context);
  const sharing = startSharing(context);
  const { sender, workers } = sharing;
  await sharing.begin(receiver);
  const body = "é".repeat(HANDED_OVER_BODY_CHARS_MAX);
  const groupsMax = HANDED_OVER_CHARS_MAX / (GROUP * body.length) + 1;
  const attempts: Promise<Outcome>[] = [];
  for (let groups = 0; groups <= groupsMax; groups++) {
    const arrived = silent(GROUP);
    attempts.push(...several(sender, receiver, GROUP, body));
    await arrived;
  }
  await workers[0]?.terminate();
  assert.equal(lost(await soFar(attempts)), groupsMax * GROUP);
});

test("the time before the thread got a request counts as a part of its timeout", async (context) => {
  const receiver = await startReceiver(context, () => undefined);
  const sender = createSender({ clock: createSystemClock(), allowHttp: true, allowNetworks: ["127.0.0.0/8"] });
  context.after(() => sender.close());
  const url = `http://127.0.0.1:${receiver.port}/`;
  const request = prepare({ url, headers: [], body: "{}", timeoutMs: 3_600_000 });
  const ended = (waitedMs: number) => new Promise<Outcome>((end) => sender.make({ ...request, waitedMs }, end));
  for (const waitedMs of [3_599_900, 3_600_000, 9_999_999]) {
    const outcome = await ended(waitedMs);
    assert.ok(outcome.kind === "unreachable" && outcome.reason === "response_timeout");
    assert.match(outcome.detail, /within 3600000 ms/);
  }
});
