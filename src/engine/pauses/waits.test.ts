import assert from "node:assert/strict";
import { test } from "node:test";
import { createSystemClock } from "../../clock/system.ts";
import type { Uuid } from "../../domain/ids.ts";
import { PAUSE_WAITS_COUNT_MAX } from "../../domain/limits.ts";
import { createWaits } from "./waits.ts";

const A = "0190e0c4-5b1a-7cc0-8f00-00000000000a" as Uuid;
const B = "0190e0c4-5b1a-7cc0-8f00-00000000000b" as Uuid;
const PATIENT = { waitMs: 60_000, signal: new AbortController().signal };

test("a reader is told of its own pause, also of what happened since it began to watch", async () => {
  const waits = createWaits(createSystemClock());
  const watch = waits.watch(1, A);
  waits.tell(A);
  assert.equal(await watch?.told(PATIENT), "told");
  const other = waits.watch(1, A);
  let told = false;
  const waiting = other?.told(PATIENT).then(() => {
    told = true;
  });
  waits.tell(B);
  await Promise.resolve();
  assert.equal(told, false);
  waits.tell(A);
  await waiting;
});

test("a reader that went away, or whose patience is used up, waits no longer", async () => {
  const waits = createWaits(createSystemClock());
  const gone = new AbortController();
  const waiting = waits.watch(1, A)?.told({ waitMs: 60_000, signal: gone.signal });
  gone.abort();
  assert.equal(await waiting, "enough");
  assert.equal(await waits.watch(1, A)?.told({ waitMs: 60_000, signal: gone.signal }), "enough");
  assert.equal(await waits.watch(1, A)?.told({ waitMs: 1, signal: PATIENT.signal }), "enough");
});

test("a tenant has so many readers and not one more, and others are not affected", () => {
  const waits = createWaits(createSystemClock());
  const watches = Array.from({ length: PAUSE_WAITS_COUNT_MAX }, (_, n) => waits.watch(1, n % 2 === 0 ? A : B));
  assert.ok(watches.every((watch) => watch !== null));
  assert.equal(waits.watch(1, A), null);
  assert.notEqual(waits.watch(2, A), null);
  watches[0]?.end();
  watches[0]?.end();
  assert.notEqual(waits.watch(1, A), null);
  assert.equal(waits.watch(1, A), null);
});

test("once the server stops nobody waits, whenever they began", async () => {
  const waits = createWaits(createSystemClock());
  const before = waits.watch(1, A)?.told(PATIENT);
  waits.close();
  assert.equal(await before, "enough");
  assert.equal(await waits.watch(1, A)?.told(PATIENT), "enough");
});
