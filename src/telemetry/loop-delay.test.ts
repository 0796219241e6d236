import assert from "node:assert/strict";
import test from "node:test";
import { followLoopDelay } from "./loop-delay.ts";

test("each reader gets how late the timers were since its own last call", () => {
  let nowMs = 0;
  const timers: { readonly ms: number; readonly task: () => void }[] = [];
  const clock = {
    monotonicMs: () => nowMs,
    after(ms: number, task: () => void) {
      timers.push({ ms, task });
      return { cancel: () => undefined };
    },
  };
  const newReader = followLoopDelay(clock);
  const [first, second] = [newReader(), newReader()];
  const fire = (lateMs: number): void => {
    const { ms, task } = timers.shift() ?? assert.fail("no timer");
    nowMs += ms + lateMs;
    task();
  };
  const maxOf = (reader: typeof first) => Math.round(reader().max);
  fire(80);
  assert.equal(maxOf(first), 80);
  fire(0);
  assert.equal(nowMs % 500, 0, "the next measurement is at a multiple again");
  assert.equal(maxOf(first), 0);
  assert.equal(maxOf(second), 80);
});
