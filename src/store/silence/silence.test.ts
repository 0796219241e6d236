import assert from "node:assert/strict";
import { test } from "node:test";
import { StoreUnavailable } from "../../domain/errors.ts";
import { POSTGRES_LOOK_MS, POSTGRES_LOOKS_COUNT_MAX } from "../../domain/limits.ts";
import { newProgress, noteAnswer, noteCommit, withdraw } from "./progress.ts";
import { Silence } from "./silence.ts";

test("a call that the thread commits is not withdrawn, and one that was withdrawn is not committed", () => {
  const progress = newProgress();
  assert.equal(noteCommit(progress, 3), 0);
  assert.equal(withdraw(progress, 5), 3, "4 and 5 are withdrawn");
  assert.equal(noteCommit(progress, 6), 5, "of 4, 5 and 6 only the last is committed");
});

/** Time passes in steps of a look. */
function stage(writesFail?: () => boolean) {
  const progress = newProgress();
  const waiting = new Map<number, { readonly reject: (error: Error) => void }>();
  const refused: number[] = [];
  const task: { run: (() => void) | null } = { run: null };
  const clock = {
    after(ms: number, run: () => void) {
      assert.equal(ms, POSTGRES_LOOK_MS);
      task.run = run;
      return { cancel: () => assert.fail() };
    },
  };
  const silence = new Silence({ progress, clock, waiting, ...(writesFail && { writesFail }) });
  return {
    progress,
    silence,
    waiting,
    refused,
    isLooking: () => task.run !== null,
    send(id: number) {
      silence.sent(id);
      waiting.set(id, { reject: () => refused.push(id) });
    },
    look(times: number) {
      for (let looks = 0; looks < times; looks += 1) {
        const { run } = task;
        task.run = null;
        run?.();
      }
    },
  };
}

test("when PostgreSQL has not answered for some looks, what the thread does not commit is refused", () => {
  const { progress, silence, refused, send, look } = stage();
  for (const id of [1, 2, 3]) send(id);
  noteCommit(progress, 1);
  look(POSTGRES_LOOKS_COUNT_MAX - 1);
  noteAnswer(progress);
  look(1);
  assert.deepEqual([silence.isBegun, refused], [false, []], "it has answered since");
  look(POSTGRES_LOOKS_COUNT_MAX);
  assert.deepEqual([silence.isBegun, refused], [true, [2, 3]]);
});

test("during a silence only a heartbeat gets through, alone, until a call succeeds", () => {
  const { progress, silence, waiting, send, look } = stage();
  send(1);
  noteCommit(progress, 1);
  look(POSTGRES_LOOKS_COUNT_MAX);
  assert.throws(() => silence.check("heartbeat"), StoreUnavailable, "another call waits");
  waiting.clear();
  assert.throws(() => silence.check("publish"), StoreUnavailable);
  silence.check("heartbeat");
  silence.replied(true);
  silence.check("publish");
});

test("reads are refused only while writes fail, too, and until the thread has ended its read", () => {
  let fails = false;
  const { silence, refused, send, look } = stage(() => fails);
  send(1);
  look(POSTGRES_LOOKS_COUNT_MAX);
  assert.deepEqual(refused, [], "a read that takes long");
  fails = true;
  look(1);
  assert.deepEqual(refused, [1]);
  assert.throws(() => silence.check("listEvents"), StoreUnavailable);
  silence.replied(false);
  silence.check("listEvents");
});

test("the reason names a COMMIT without an answer", () => {
  const { progress, silence, send, look } = stage();
  send(1);
  noteCommit(progress, 1);
  look(POSTGRES_LOOKS_COUNT_MAX);
  assert.throws(() => silence.check("publish"), /does not answer a COMMIT; with synchronous_standby_names/);
});

test("nothing is looked at while no call waits", () => {
  const { silence, waiting, send, look, isLooking } = stage();
  send(1);
  waiting.clear();
  look(1);
  assert.deepEqual([isLooking(), silence.isBegun], [false, false]);
});
