import assert from "node:assert/strict";
import { test } from "node:test";
import { TimeCheck } from "./time-check.ts";

const HOUR = 3_600_000;
const START = 1_800_000_000_000;

function clockAt(wall: number) {
  let wallMs = wall;
  let monotonicMs = 5;
  const clock = { followedMs: () => wallMs, monotonicMs: () => monotonicMs };
  return {
    clock,
    pass(ms: number) {
      wallMs += ms;
      monotonicMs += ms;
    },
    jump(ms: number) {
      wallMs += ms;
    },
  };
}

test("a steady wall clock is trusted", () => {
  const time = clockAt(START);
  const check = new TimeCheck(time.clock, START - 1000);
  for (let hour = 0; hour < 100; hour += 1) {
    assert.equal(check.doubt(), null);
    time.pass(HOUR);
  }
});

test("the wall clock is not trusted for an hour after it jumped in either direction", () => {
  for (const jump of [24 * HOUR, -24 * HOUR]) {
    const time = clockAt(START);
    const check = new TimeCheck(time.clock, null);
    time.jump(jump);
    assert.notEqual(check.doubt(), null);
    time.pass(HOUR - 1);
    assert.notEqual(check.doubt(), null);
    time.pass(1);
    assert.equal(check.doubt(), null);
  }
});

test("the wall clock is not trusted for an hour after a start long after the last recorded time", () => {
  const time = clockAt(START);
  const check = new TimeCheck(time.clock, START - 30 * 24 * HOUR);
  assert.notEqual(check.doubt(), null);
  time.pass(HOUR);
  assert.equal(check.doubt(), null);
});
