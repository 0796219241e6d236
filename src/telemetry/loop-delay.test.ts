import assert from "node:assert/strict";
import test from "node:test";
import { DAY_MS } from "../domain/limits/units.ts";
import { followLoopDelay } from "./loop-delay.ts";

function stage() {
  let nowMs = 0;
  let busyShare = 0;
  const timers: { readonly ms: number; readonly task: () => void }[] = [];
  const clock = {
    monotonicMs: () => nowMs,
    after(ms: number, task: () => void) {
      timers.push({ ms, task });
      return { cancel: () => undefined };
    },
  };
  const newReader = followLoopDelay(clock, () => busyShare);
  const fire = (lateMs: number): number => {
    const { ms, task } = timers.shift() ?? assert.fail("no timer");
    nowMs += ms + lateMs;
    task();
    return ms;
  };
  return {
    newReader,
    fire,
    nowMs: () => nowMs,
    setBusyShare(share: number) {
      busyShare = share;
    },
  };
}

test("each reader gets how late the timers were since its own last call", () => {
  const { newReader, fire, nowMs } = stage();
  const [first, second] = [newReader(), newReader()];
  const maxOf = (reader: typeof first) => Math.round(reader().max);
  fire(80);
  assert.equal(maxOf(first), 80);
  fire(0);
  assert.equal(nowMs() % 500, 0, "the next measurement is at a multiple again");
  assert.equal(maxOf(first), 0);
  assert.equal(maxOf(second), 80);
});

test("while the loop is busy, a delay of 300 ms is always seen", () => {
  const { newReader, fire, setBusyShare } = stage();
  const reader = newReader();
  setBusyShare(0.2);
  fire(0);
  assert.equal(fire(0), 100);
  fire(200);
  assert.equal(Math.round(reader().max), 200);
  setBusyShare(0.01);
  fire(0);
  assert.equal(fire(0), 500, "at rest, it wakes the process less often");
});

test("a clock that jumps by months does not end the process", () => {
  const { newReader, fire } = stage();
  const reader = newReader();
  fire(300 * DAY_MS);
  assert.ok(reader().max > 100 * DAY_MS);
});
