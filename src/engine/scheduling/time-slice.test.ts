import assert from "node:assert/strict";
import { test } from "node:test";
import { TimeSlice } from "./time-slice.ts";
import { nextTurn } from "./turns.ts";

const SLICE_MS = 2;

/** Work of `steps` steps that take a millisecond each. */
function stage(steps: number) {
  let nowMs = 0;
  let left = steps;
  const slice = new TimeSlice({ monotonicMs: () => nowMs }, SLICE_MS, work);

  function work(): void {
    slice.work(() => {
      if (left === 0) return false;
      left -= 1;
      nowMs += 1;
      return true;
    });
  }

  return {
    work,
    add(more: number) {
      left += more;
    },
    slice,
    left: () => left,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

test("work stops after a slice, and goes on after each turn of the event loop until nothing is left", async () => {
  const { work, left } = stage(5);
  work();
  assert.equal(left(), 3);
  work();
  assert.equal(left(), 3, "nothing more in the same turn");
  await nextTurn();
  assert.equal(left(), 1);
  await nextTurn();
  assert.equal(left(), 0);
});

test("after a long turn of other work, this work may take as long", async () => {
  const { work, left, pass } = stage(20);
  work();
  pass(10);
  await nextTurn();
  assert.equal(left(), 8);
});

test("what the work itself caused does not extend its slice", async () => {
  const { work, left, pass, slice } = stage(400);
  for (let turns = 0; turns < 180; turns += 1) {
    work();
    await nextTurn();
  }
  assert.equal(left(), 38);
  pass(10);
  slice.leaveOut(100);
  await nextTurn();
  assert.equal(left(), 36);
  pass(10);
  await nextTurn();
  assert.equal(left(), 26, "each turn counts by itself");
});

test("calls in quick succession share a slice", async () => {
  const { work, left, add } = stage(1);
  work();
  add(5);
  work();
  assert.equal(left(), 4);
  for (let turns = 0; turns < 3; turns += 1) await nextTurn();
  assert.equal(left(), 0);
  add(5);
  work();
  assert.equal(left(), 3);
});

test("idle time is not saved for a burst", async () => {
  const { work, left, add, pass } = stage(3);
  work();
  pass(100);
  await nextTurn();
  assert.equal(left(), 0);
  pass(100);
  add(50);
  work();
  assert.equal(left(), 48);
});
