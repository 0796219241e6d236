import assert from "node:assert/strict";
import { test } from "node:test";
import { createTimeCheck } from "./time-check.ts";

const HOUR = 3_600_000;
const START = 1_800_000_000_000;

function clockAt(wall: number) {
  let wallMs = wall;
  let monotonicMs = 5;
  const clock = { wallMs: () => wallMs, monotonicMs: () => monotonicMs };
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

test("while the wall clock goes as it should, there is no doubt", () => {
  const time = clockAt(START);
  const check = createTimeCheck(time.clock, START - 1000);
  for (let hour = 0; hour < 100; hour += 1) {
    assert.equal(check.doubt(), null);
    time.pass(HOUR);
  }
});

test("after a jump either way nothing is deleted by age for an hour", () => {
  for (const jump of [24 * HOUR, -24 * HOUR]) {
    const time = clockAt(START);
    const check = createTimeCheck(time.clock, null);
    time.jump(jump);
    assert.notEqual(check.doubt(), null);
    time.pass(HOUR - 1);
    assert.notEqual(check.doubt(), null);
    time.pass(1);
    assert.equal(check.doubt(), null);
  }
});

test("a start long after the last trusted time is doubted for an hour", () => {
  const time = clockAt(START);
  const check = createTimeCheck(time.clock, START - 30 * 24 * HOUR);
  assert.notEqual(check.doubt(), null);
  time.pass(HOUR);
  assert.equal(check.doubt(), null);
});
