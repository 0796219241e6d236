import assert from "node:assert/strict";
import { test } from "node:test";
import { TIMER_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { RepeatingTask } from "./repeating-task.ts";

/** A task whose runs end when the test says so, and a clock with one timer at a time. */
function open(retryMs = 5) {
  const runs: PromiseWithResolvers<number | null>[] = [];
  const errors: unknown[] = [];
  let timer: { readonly ms: number; readonly fire: () => void } | null = null;
  const clock: Pick<Clock, "after"> = {
    after(ms, fire) {
      const set = { ms: Math.min(ms, TIMER_MS_MAX), fire };
      timer = set;
      return {
        cancel() {
          if (timer === set) timer = null;
        },
      };
    },
  };
  const task = new RepeatingTask({
    clock,
    run() {
      const run = Promise.withResolvers<number | null>();
      runs.push(run);
      return run.promise;
    },
    onError: (error) => errors.push(error),
    retryMs,
  });
  return {
    task,
    runs,
    errors,
    timerMs: () => timer?.ms ?? null,
    fire() {
      const { fire } = timer ?? assert.fail("no timer is set");
      timer = null;
      fire();
    },
  };
}

const microtasks = () => new Promise((resolve) => setImmediate(resolve));

test("each run sets the wait before the next one", async () => {
  const { task, runs, timerMs, fire } = open();
  task.wakeAfter(10);
  assert.deepEqual([runs.length, timerMs()], [0, 10]);
  fire();
  runs[0]?.resolve(20);
  await microtasks();
  assert.equal(timerMs(), 20);
  fire();
  runs[1]?.resolve(null);
  await microtasks();
  assert.deepEqual([runs.length, timerMs()], [2, null]);
});

test("wake-ups during a run cause exactly one more run", async () => {
  const { task, runs } = open();
  for (let count = 0; count < 3; count += 1) task.wake();
  assert.equal(runs.length, 1);
  runs[0]?.resolve(1000);
  await microtasks();
  assert.equal(runs.length, 2);
  runs[1]?.resolve(1000);
  await microtasks();
  assert.equal(runs.length, 2);
});

test("a failed run is reported and retried", async () => {
  const { task, runs, errors, timerMs, fire } = open(7);
  task.wake();
  runs[0]?.reject("disk");
  await microtasks();
  assert.deepEqual([errors, timerMs()], [["disk"], 7]);
  fire();
  assert.equal(runs.length, 2);
});

test("a wait longer than one timer takes several timers", () => {
  const { task, runs, timerMs, fire } = open();
  task.wakeAfter(2 * TIMER_MS_MAX + 10);
  fire();
  fire();
  assert.deepEqual([runs.length, timerMs()], [0, 10]);
  fire();
  assert.equal(runs.length, 1);
});

test("stop waits for the current run, and no other run starts", async () => {
  const { task, runs, timerMs } = open();
  task.wake();
  task.wake();
  let stopped = false;
  const stopping = task.stop().then(() => {
    stopped = true;
  });
  await microtasks();
  assert.equal(stopped, false);
  runs[0]?.resolve(10);
  await stopping;
  task.wake();
  task.wakeAfter(1);
  assert.deepEqual([runs.length, timerMs()], [1, null]);
});
