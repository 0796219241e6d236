import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../../test/fixtures/sqlite-writing.ts";
import { createSystemClock } from "../../clock/system.ts";
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import { IN_FLIGHT_MAX, WINDOW_START } from "../../domain/limits.ts";
import { nextTurn } from "../scheduling/turns.ts";
import { createDispatch } from "./dispatch.ts";
import { createLane, type Lane } from "./lane.ts";

const clock = createSystemClock();
const endpoint = openStore().endpoint();
const [NOISY, NOISIER, QUIET] = [1, 2, 3];
/** So many lanes fill a third of the places before each has as many attempts as its window allows. */
const MANY = Math.ceil(IN_FLIGHT_MAX / 3 / WINDOW_START);

/** Attempts started before the rest of a burst of landings is known. */
const TOLERANCE = 16;

interface Stage {
  /** Lanes that have so many deliveries each; they are nudged. */
  lanes(tenantSeq: number, count: number, deliveriesEach: number, isProven: boolean): readonly Lane[];
  land(lane: Lane): void;
  /** The tenant of each attempt, in the order in which they started. */
  readonly started: number[];
  startedBy(tenantSeq: number): number;
  /** Resolves after the first turn of the event loop in which nothing starts. */
  quiet(): Promise<void>;
  pause(): void;
  resume(): void;
}

function stage(): Stage {
  const started: number[] = [];
  const dispatch = createDispatch({
    clock,
    attempt: (lane) => started.push(lane.tenantSeq),
    onRoom: () => undefined,
    settleQueueSize: () => 0,
  });
  let lastSeq = 0;

  function lane(tenantSeq: number, deliveries: number, isProven: boolean): Lane {
    lastSeq += 1;
    const made = createLane({ ...endpoint, seq: lastSeq, tenantSeq, maxInFlight: 256 }, clock.now());
    made.queue = Array.from({ length: deliveries }, () => ({ ordered: false }) as LeasedDelivery);
    made.proven = isProven;
    if (isProven) made.window = made.endpoint.maxInFlight;
    dispatch.nudge(made);
    return made;
  }

  return {
    lanes: (tenantSeq, count, deliveriesEach, isProven) =>
      Array.from({ length: count }, () => lane(tenantSeq, deliveriesEach, isProven)),
    land(landed) {
      dispatch.landed(landed);
      dispatch.nudge(landed);
    },
    started,
    async quiet() {
      for (let before = -1; before < started.length; ) {
        before = started.length;
        await nextTurn();
      }
    },
    startedBy: (tenantSeq) => started.filter((other) => other === tenantSeq).length,
    pause() {
      dispatch.halted = true;
    },
    resume() {
      dispatch.halted = false;
    },
  };
}

test("tenants start in turn, however many lanes and deliveries each has", async () => {
  const { lanes, started, quiet, pause, resume } = stage();
  pause();
  lanes(NOISY, 20, 10, true);
  lanes(QUIET, 1, 5, true);
  resume();
  await quiet();
  assert.deepEqual(started.slice(0, 10), Array.from({ length: 5 }, () => [NOISY, QUIET]).flat());
  assert.equal(started.length, 205);
});

test("one tenant alone has at most half of the places, and leaves the rest to tenants that have fewer", async () => {
  const { lanes, startedBy, quiet } = stage();
  lanes(NOISY, 100, 256, true);
  await quiet();
  assert.equal(startedBy(NOISY), IN_FLIGHT_MAX / 2);
  lanes(QUIET, 1, 250, true);
  await quiet();
  assert.equal(startedBy(QUIET), 250);
});

test("lanes without a success leave a part of their tenant's places to those that had one", async () => {
  const { lanes, startedBy, quiet } = stage();
  lanes(NOISY, MANY, 10, false);
  await quiet();
  const unproven = startedBy(NOISY);
  assert.equal(unproven, Math.ceil(IN_FLIGHT_MAX / 3));
  lanes(NOISY, 2, 256, true);
  await quiet();
  assert.equal(startedBy(NOISY) - unproven, 512);
});

test("every lane may make its first attempt while its tenant has places left", async () => {
  const { lanes, startedBy, quiet } = stage();
  lanes(NOISY, MANY, 10, false);
  await quiet();
  const before = startedBy(NOISY);
  lanes(NOISY, 100, 10, false);
  await quiet();
  assert.equal(startedBy(NOISY) - before, 100);
});

test("places that get free go to the tenants that wait for them in turn", async () => {
  const { lanes, land, started, startedBy, quiet } = stage();
  const noisy = lanes(NOISY, 40, 256, true);
  await quiet();
  lanes(NOISIER, 40, 256, true);
  await quiet();
  // The one that came first gives way until both have the same.
  for (const lane of noisy) for (let landed = 0; landed < 26; landed += 1) land(lane);
  await quiet();
  const inFlight = (tenantSeq: number, landed: number) => startedBy(tenantSeq) - landed;
  assert.ok(Math.abs(inFlight(NOISY, 40 * 26) - IN_FLIGHT_MAX / 3) <= TOLERANCE, `${inFlight(NOISY, 40 * 26)}`);
  assert.ok(Math.abs(inFlight(NOISIER, 0) - IN_FLIGHT_MAX / 3) <= TOLERANCE, `${inFlight(NOISIER, 0)}`);
  lanes(QUIET, 1, 100, true);
  await quiet();
  assert.equal(started.slice(-100).filter((tenantSeq) => tenantSeq === QUIET).length, 100);
});
