import assert from "node:assert/strict";
import { test } from "node:test";
import { createTime } from "../../clock/followed-time.ts";
import { DatabaseClock } from "./database-clock.ts";

/** This machine's clock is 5 s behind the database's. */
function stage() {
  let behindMs = 5000;
  const databaseMs = 1_800_000_000_000;
  let monotonicMs = 0;
  const machine = { wallMs: () => databaseMs - behindMs, monotonicMs: () => monotonicMs };
  const noticed: unknown[] = [];
  const clock = { ...machine, ...createTime(machine) };
  const database = new DatabaseClock(clock, { noticed: ({ what, fields }) => void noticed.push({ what, ...fields }) });
  return {
    database,
    noticed,
    hear(tookMs = 0) {
      const beganMs = monotonicMs;
      monotonicMs += tookMs;
      database.heard(databaseMs, beganMs);
    },
    fallBehind(ms: number) {
      behindMs = ms;
    },
  };
}

test("the difference between the clocks is reported once while they differ", () => {
  const { database, noticed, hear, fallBehind } = stage();
  for (const ms of [5000, 5000, 60_000, 0, -2000]) {
    fallBehind(ms);
    hear();
    assert.equal(database.offsetMs, ms);
  }
  const expected = [5000, -2000].map((offset_ms) => ({ what: "clock_differs", offset_ms }));
  assert.deepEqual(noticed, expected);
});

test("a long round trip blames no clock", () => {
  const { noticed, hear } = stage();
  hear(1001);
  assert.deepEqual(noticed, []);
  hear(1000);
  assert.equal(noticed.length, 1);
});

test("an embedded store has no clock to follow", () => {
  const { database, noticed } = stage();
  database.heard(null, 0);
  assert.equal(database.offsetMs, 0);
  assert.deepEqual(noticed, []);
});
