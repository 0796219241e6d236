import assert from "node:assert/strict";
import { test } from "node:test";
import { DatabaseClock } from "./database-clock.ts";

/** This machine's clock began an hour ago, and is 5 s behind the database's. */
function stage() {
  let elapsedMs = 3_600_000;
  let behindMs = 5000;
  const followed: number[] = [];
  const noticed: unknown[] = [];
  const clock = {
    monotonicMs: () => elapsedMs,
    wallMs: () => 1_800_000_000_000 + elapsedMs - behindMs,
    follow: (offsetMs: number) => void followed.push(offsetMs),
  };
  const database = new DatabaseClock(clock, { noticed: ({ what, fields }) => void noticed.push({ what, ...fields }) });
  return {
    database,
    followed,
    noticed,
    /** A call that takes this long. The database reads its clock after this share of it. */
    hear(roundTripMs: number, share = 0.5) {
      const beganMs = elapsedMs;
      elapsedMs += roundTripMs;
      database.heard(1_800_000_000_000 + beganMs + Math.round(roundTripMs * share), beganMs);
    },
    wait(ms: number) {
      elapsedMs += ms;
    },
    fallBehind(ms: number) {
      behindMs = ms;
    },
  };
}

test("the offset changes only as far as the database's time contradicts it", () => {
  const { database, followed, hear } = stage();
  hear(100, 0.9);
  hear(10);
  hear(3000, 0.1);
  hear(3000, 0.9);
  assert.deepEqual(followed, [4990, 4995, 4995, 4995]);
  assert.equal(database.offsetMs, 4995);
});

test("a machine whose clock is right follows it, however long the calls take", () => {
  const { database, hear, fallBehind } = stage();
  fallBehind(0);
  for (const share of [0, 0.3, 1]) hear(4000, share);
  assert.equal(database.offsetMs, 0);
});

test("a clock that was set is followed at once, and reported once while it differs", () => {
  const { followed, noticed, hear, fallBehind } = stage();
  hear(10);
  hear(20);
  fallBehind(60_000);
  hear(30);
  fallBehind(0);
  hear(30);
  fallBehind(-2000);
  hear(30);
  assert.deepEqual(followed, [4995, 4995, 59_985, 15, -1985]);
  const expected = [4995, -1985].map((offset_ms) => ({ what: "clock_differs", offset_ms }));
  assert.deepEqual(noticed, expected);
});

test("an embedded store has no clock to follow", () => {
  const { database, followed } = stage();
  database.heard(null, 0);
  assert.deepEqual(followed, []);
  assert.equal(database.offsetMs, 0);
});
