import assert from "node:assert/strict";
import { test } from "node:test";
import { createTime } from "./followed-time.ts";

/** A machine whose clock is this far ahead of another one. */
function stage(aheadMs: number) {
  let elapsedMs = 3_600_000.25;
  let wallAheadMs = aheadMs;
  const otherMs = () => 1_800_000_000_000 + Math.round(elapsedMs);
  const time = createTime({ wallMs: () => otherMs() + wallAheadMs, monotonicMs: () => elapsedMs });
  return {
    time,
    otherMs,
    pass(ms: number) {
      elapsedMs += ms;
    },
    step(ms: number) {
      wallAheadMs += ms;
    },
    /** A call that takes this long. The other clock is read after this share of it. */
    hear(roundTripMs: number, { share = 0.5, wrongMs = 0 } = {}) {
      const beganMs = elapsedMs;
      const at = otherMs() + Math.round(roundTripMs * share) + wrongMs;
      elapsedMs += roundTripMs;
      time.follow(at, beganMs);
      return time.followedMs() - otherMs();
    },
  };
}

test("a step of the wall clock has no effect once another clock is followed", () => {
  const { time, otherMs, pass, step, hear } = stage(7_200_000);
  assert.equal(time.now(), otherMs() + 7_200_000);
  hear(0);
  assert.equal(time.now(), otherMs(), "the first call sets `now` back");
  for (const ms of [7_200_000, -14_400_000]) {
    step(ms);
    assert.equal(time.now(), otherMs());
    pass(1000);
    assert.equal(time.now(), otherMs());
    hear(0);
    assert.equal(time.now(), otherMs());
  }
});

test("what is followed changes only as far as the other clock contradicts it", () => {
  const { hear } = stage(-5000);
  assert.equal(hear(100, { share: 0.9 }), -10);
  assert.equal(hear(10), -5);
  assert.equal(hear(3000, { share: 0.1 }), -5);
  assert.equal(hear(3000, { share: 0.9 }), -5);
  const right = stage(0);
  for (const share of [0, 0.3, 1]) assert.equal(right.hear(4000, { share }), 0, "a machine whose clock is right");
});

test("when the other clock is set back, now runs at half speed until it has caught up", () => {
  const { time, otherMs, pass, hear } = stage(0);
  hear(0, { wrongMs: 60_000 });
  assert.equal(time.now(), otherMs() + 60_000);
  hear(0);
  assert.equal(time.followedMs(), otherMs());
  const before = time.now();
  pass(1000);
  assert.equal(time.now(), before + 500);
  pass(120_000);
  assert.equal(time.now(), otherMs());
});
