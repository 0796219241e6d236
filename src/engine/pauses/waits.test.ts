import assert from "node:assert/strict";
import { test } from "node:test";
import { createSystemClock } from "../../clock/system.ts";
import type { Uuid } from "../../domain/ids.ts";
import { PAUSE_WAITS_COUNT_MAX } from "../../domain/limits.ts";
import { Waits } from "./waits.ts";

const A = "0190e0c4-5b1a-7cc0-8f00-00000000000a" as Uuid;
const B = "0190e0c4-5b1a-7cc0-8f00-00000000000b" as Uuid;
const POLL = { waitMs: 60_000, signal: new AbortController().signal };

test("a signal between two waits is not lost", async () => {
  const waits = new Waits(createSystemClock());
  const watch = waits.watch(1, A);
  waits.signal(A);
  assert.equal(await watch?.changed(POLL), true);
});

test("a signal wakes only the watches of its pause", async () => {
  const waits = new Waits(createSystemClock());
  let changed = false;
  const waiting = waits
    .watch(1, A)
    ?.changed(POLL)
    .then(() => {
      changed = true;
    });
  waits.signal(B);
  await Promise.resolve();
  assert.equal(changed, false);
  waits.signal(A);
  await waiting;
});

test("a wait ends when the client disconnects and when its time is up", async () => {
  const waits = new Waits(createSystemClock());
  const disconnect = new AbortController();
  const waiting = waits.watch(1, A)?.changed({ waitMs: 60_000, signal: disconnect.signal });
  disconnect.abort();
  assert.equal(await waiting, false);
  assert.equal(await waits.watch(1, A)?.changed({ waitMs: 60_000, signal: disconnect.signal }), false);
  assert.equal(await waits.watch(1, A)?.changed({ waitMs: 1, signal: POLL.signal }), false);
});

test("the limit on watches applies per tenant, and ending a watch twice frees one place", () => {
  const waits = new Waits(createSystemClock());
  const watches = Array.from({ length: PAUSE_WAITS_COUNT_MAX }, (_, n) => waits.watch(1, n % 2 === 0 ? A : B));
  assert.ok(watches.every((watch) => watch !== null));
  assert.equal(waits.watch(1, A), null);
  assert.notEqual(waits.watch(2, A), null);
  watches[0]?.end();
  watches[0]?.end();
  assert.notEqual(waits.watch(1, A), null);
  assert.equal(waits.watch(1, A), null);
});

test("the limit on watches of one pause leaves the tenant's other pauses alone", () => {
  const waits = new Waits(createSystemClock());
  assert.ok([waits.watch(1, A, 2), waits.watch(1, A, 2)].every((watch) => watch !== null));
  assert.equal(waits.watch(1, A, 2), null);
  assert.notEqual(waits.watch(1, A), null);
  assert.notEqual(waits.watch(1, B, 2), null);
});

test("closing ends the waits that have begun and those that begin later", async () => {
  const waits = new Waits(createSystemClock());
  const before = waits.watch(1, A)?.changed(POLL);
  waits.close();
  assert.equal(await before, false);
  assert.equal(await waits.watch(1, A)?.changed(POLL), false);
});
