import assert from "node:assert/strict";
import { test } from "node:test";
import { createSystemClock } from "../clock/system.ts";
import { DEADLINE_TICK_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";

/** A clock that the test advances. */
function handClock() {
  let nowMs = 1_000_003;
  let tasks: Array<{ atMs: number; task: () => void }> = [];
  const clock: Clock = {
    ...createSystemClock(),
    monotonicMs: () => nowMs,
    after(ms, task) {
      const timer = { atMs: nowMs + ms, task };
      tasks.push(timer);
      const cancel = () => {
        tasks = tasks.filter((each) => each !== timer);
      };
      return { cancel };
    },
  };
  const advance = (ms: number) => {
    nowMs += ms;
    const due = tasks.filter((each) => each.atMs <= nowMs);
    tasks = tasks.filter((each) => each.atMs > nowMs);
    for (const { task } of due) task();
  };
  return { clock, advance, timers: () => tasks.length };
}

function deadline(): Deadline & { fired: number } {
  return {
    dueTick: 0,
    fired: 0,
    onDeadline() {
      this.fired += 1;
    },
  };
}

test("a deadline fires once, never early, and within two ticks", () => {
  const { clock, advance } = handClock();
  const deadlines = new Deadlines(clock);
  const one = deadline();
  deadlines.add(one, 150);
  for (let ms = 1; ms < 150; ms++) advance(1);
  assert.equal(one.fired, 0);
  for (let ms = 0; ms <= 2 * DEADLINE_TICK_MS; ms++) advance(1);
  assert.equal(one.fired, 1);
  advance(1000);
  assert.equal(one.fired, 1);
});

test("a removed deadline does not fire, and no timer runs when nothing is pending", () => {
  const { clock, advance, timers } = handClock();
  const deadlines = new Deadlines(clock);
  const one = deadline();
  deadlines.add(one, 50);
  deadlines.remove(one);
  advance(DEADLINE_TICK_MS);
  assert.equal(timers(), 0);
  advance(1000);
  assert.equal(one.fired, 0);
});

test("after the event loop was blocked, exactly the due deadlines fire", () => {
  const { clock, advance } = handClock();
  const deadlines = new Deadlines(clock);
  const [soon, later, far] = [deadline(), deadline(), deadline()] as const;
  deadlines.add(soon, 100);
  deadlines.add(later, 60_000);
  deadlines.add(far, 200_000);
  advance(100_000);
  assert.deepEqual([soon.fired, later.fired, far.fired], [1, 1, 0]);
  assert.deepEqual(deadlines.pending(), [far]);
  for (let ms = 0; ms < 100_100; ms += DEADLINE_TICK_MS) advance(DEADLINE_TICK_MS);
  assert.equal(far.fired, 1);
});

test("a deadline of 0 ms still fires", () => {
  const { clock, advance } = handClock();
  const deadlines = new Deadlines(clock);
  const one = deadline();
  deadlines.add(one, 0);
  advance(DEADLINE_TICK_MS);
  advance(DEADLINE_TICK_MS);
  assert.equal(one.fired, 1);
});
