import assert from "node:assert/strict";
import { test } from "node:test";
import { TIMER_MS_MAX } from "../domain/limits.ts";
import { createSystemClock } from "./system.ts";

test("now follows the wall clock forward and never goes back", (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const clock = createSystemClock();
  assert.equal(clock.now(), 1_000_000);
  context.mock.timers.setTime(1_000_500);
  assert.equal(clock.now(), 1_000_500);
  context.mock.timers.reset();
  context.mock.timers.enable({ apis: ["Date"], now: 999_000 });
  assert.equal(clock.now(), 1_000_500);
  assert.equal(clock.wallMs(), 999_000);
});

test("a task runs once after its delay, unless it was cancelled", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const clock = createSystemClock();
  let runs = 0;
  clock.after(50, () => runs++);
  clock.after(50, () => assert.fail("it was cancelled")).cancel();
  context.mock.timers.tick(49);
  assert.equal(runs, 0);
  context.mock.timers.tick(1000);
  assert.equal(runs, 1);
});

test("a delay above the limit is cut to the limit, where setTimeout would fire immediately", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let runs = 0;
  createSystemClock().after(2 ** 40, () => runs++);
  context.mock.timers.tick(TIMER_MS_MAX - 1);
  assert.equal(runs, 0);
  context.mock.timers.tick(1);
  assert.equal(runs, 1);
});

test("ids are UUIDv7 and strictly ascending, across refills of the random pool", () => {
  const clock = createSystemClock();
  let last = "";
  for (let i = 0; i < 5000; i++) {
    const id = clock.uuid();
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.ok(id > last);
    last = id;
  }
});

test("random text has the requested number of bytes", () => {
  const clock = createSystemClock();
  assert.match(clock.randomHex(24), /^[0-9a-f]{48}$/);
  assert.equal(Buffer.from(clock.randomBase64(32), "base64").length, 32);
  assert.notEqual(clock.randomHex(16), clock.randomHex(16));
});
