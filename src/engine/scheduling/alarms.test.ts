import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createTimeline } from "../../../test/sim/timeline.ts";
import { TIMER_MS_MAX } from "../../domain/limits.ts";
import { Alarms } from "./alarms.ts";

function stage() {
  const timeline = createTimeline();
  const rung: [subject: string, at: number][] = [];
  let timers = 0;
  const clock = {
    now: () => timeline.nowMs,
    after(ms: number, task: () => void) {
      timers += 1;
      assert.ok(ms <= TIMER_MS_MAX);
      return timeline.after(ms, task);
    },
  };
  const alarms = new Alarms<string>(clock, (subject) => rung.push([subject, timeline.nowMs]));
  return { timeline, alarms, rung, timerCount: () => timers };
}

test("alarms ring in the order of their times, each once", async () => {
  const { timeline, alarms, rung } = stage();
  alarms.set("late", 30);
  alarms.set("early", 10);
  alarms.set("middle", 20);
  await timeline.runUntil(100);
  assert.deepEqual(rung, [
    ["early", 10],
    ["middle", 20],
    ["late", 30],
  ]);
});

test("a subject has one alarm: an earlier one replaces it, a later one does not", async () => {
  const { timeline, alarms, rung } = stage();
  alarms.set("a", 20);
  alarms.set("a", 10);
  alarms.set("a", 30);
  await timeline.runUntil(100);
  assert.deepEqual(rung, [["a", 10]]);
  alarms.set("a", 150);
  await timeline.runUntil(200);
  assert.deepEqual(rung.slice(1), [["a", 150]]);
});

test("a subject that is cancelled is not woken, and can be set again", async () => {
  const { timeline, alarms, rung } = stage();
  alarms.set("a", 10);
  alarms.set("b", 20);
  alarms.cancel("a");
  alarms.cancel("never set");
  alarms.set("b", 15);
  await timeline.runUntil(50);
  assert.deepEqual(rung, [["b", 15]]);
  alarms.set("a", 60);
  await timeline.runUntil(100);
  assert.deepEqual(rung.slice(1), [["a", 60]]);
});

test("alarms that no longer count do not pile up: those cancelled, and those replaced by earlier ones", async () => {
  const { timeline, alarms, rung } = stage();
  alarms.set("first", 10_000);
  for (let count = 0; count < 5000; count += 1) {
    alarms.set(`closed ${count}`, 1_000_000);
    alarms.cancel(`closed ${count}`);
    alarms.set("again", 900_000 - count);
    assert.ok(alarms.size < 100);
  }
  for (let count = 0; count < 5000; count += 1) alarms.set(`open ${count}`, 1_000_000);
  for (let count = 0; count < 5000; count += 1) alarms.cancel(`open ${count}`);
  assert.ok(alarms.size < 100);
  await timeline.runUntil(2_000_000);
  assert.deepEqual(rung, [
    ["first", 10_000],
    ["again", 895_001],
  ]);
});

test("an alarm beyond the longest timer rings at its time all the same", async () => {
  const { timeline, alarms, rung } = stage();
  alarms.set("a", 5 * TIMER_MS_MAX + 1);
  await timeline.runUntil(10 * TIMER_MS_MAX);
  assert.deepEqual(rung, [["a", 5 * TIMER_MS_MAX + 1]]);
});

test("alarms that are set in the order of their times share one timer", () => {
  const { alarms, timerCount } = stage();
  for (let at = 10; at < 1000; at += 1) alarms.set(`${at}`, at);
  assert.equal(timerCount(), 1);
});

test("no alarm rings after a stop", async () => {
  const { timeline, alarms, rung } = stage();
  alarms.set("a", 10);
  alarms.stop();
  alarms.set("b", 20);
  await timeline.runUntil(100);
  assert.deepEqual(rung, []);
});

test("every subject rings at the earliest time that was set for it", async () => {
  const sets = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 500 })), {
    maxLength: 200,
  });
  await fc.assert(
    fc.asyncProperty(sets, async (wanted) => {
      const { timeline, alarms, rung } = stage();
      const earliest = new Map<string, number>();
      for (const [subject, at] of wanted) {
        alarms.set(`${subject}`, at);
        earliest.set(`${subject}`, Math.min(earliest.get(`${subject}`) ?? Number.POSITIVE_INFINITY, at));
      }
      await timeline.runUntil(1000);
      assert.deepEqual(new Map(rung), earliest);
      assert.equal(rung.length, earliest.size);
      assert.deepEqual(
        rung.map(([, at]) => at),
        rung.map(([, at]) => at).toSorted((one, other) => one - other),
      );
    }),
    { numRuns: 20 },
  );
});
