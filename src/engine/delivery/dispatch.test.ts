import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptMade, destination, leased } from "../../../test/fixtures/lanes.ts";
import { createSystemClock } from "../../clock/system.ts";
import {
  IN_FLIGHT_MAX,
  MAX_IN_FLIGHT_MAX,
  SETTLE_QUEUE_MAX,
  STARTING_SLICE_MS,
  WINDOW_START,
} from "../../domain/limits.ts";
import { Alarms } from "../scheduling/alarms.ts";
import { TenantActivity } from "../scheduling/tenant-activity.ts";
import { nextTurn } from "../scheduling/turns.ts";
import { Dispatcher } from "./dispatch.ts";
import { Lane } from "./lane.ts";

const clock = createSystemClock();
const [NOISY, NOISIER, QUIET] = [1, 2, 3];
/** So many lanes fill a third of the tenants' shares before each has as many attempts as its window allows. */
const MANY = Math.ceil(IN_FLIGHT_MAX / 3 / WINDOW_START);

/** Attempts that start before the rest of a burst of landings is known. */
const TOLERANCE = 16;

interface Stage {
  /** Lanes that have so many deliveries each, and are queued. */
  lanes(tenantSeq: number, count: number, deliveriesEach: number, isProven: boolean): readonly Lane[];
  /** One attempt of the lane is aborted. */
  land(lane: Lane): void;
  /** The tenant of each attempt, in the order in which they started. */
  readonly started: number[];
  startedBy(tenantSeq: number): number;
  /** Resolves after the first turn of the event loop in which nothing starts. */
  quiet(): Promise<void>;
  readonly dispatcher: Dispatcher;
  setSettleQueueSize(size: number): void;
  /** The event loop is busy with something else. */
  pass(ms: number): void;
}

/** @param attemptMs how long the event loop is busy with the start of each attempt */
function stage(attemptMs = 0): Stage {
  const started: number[] = [];
  let busyMs = 0;
  let settleQueueSize = 0;
  const schedule = (lane: Lane) => {
    dispatcher.enqueue(lane, clock.now());
    dispatcher.run();
  };
  const dispatcher = new Dispatcher({
    clock: { now: () => clock.now(), monotonicMs: () => busyMs },
    alarms: new Alarms<Lane>(clock, schedule),
    attempt(lane) {
      started.push(lane.tenantSeq);
      busyMs += attemptMs;
    },
    activity: new TenantActivity({ monotonicMs: () => busyMs }),
    isAlive: () => true,
    settleQueueSize: () => settleQueueSize,
  });
  let lastSeq = 0;

  function laneOf(tenantSeq: number, deliveries: number, isProven: boolean): Lane {
    lastSeq += 1;
    const endpoint = destination({ seq: lastSeq, tenantSeq, maxInFlight: MAX_IN_FLIGHT_MAX });
    const lane = new Lane(endpoint, clock.now());
    if (isProven) prove(lane);
    for (let number = 1; number <= deliveries; number += 1) lane.enqueue(leased(number));
    schedule(lane);
    return lane;
  }

  return {
    lanes: (tenantSeq, count, deliveriesEach, isProven) =>
      Array.from({ length: count }, () => laneOf(tenantSeq, deliveriesEach, isProven)),
    land(lane) {
      dispatcher.land(lane, null);
      lane.settle(leased(1), null);
      schedule(lane);
    },
    started,
    async quiet() {
      for (let before = -1; before < started.length; ) {
        before = started.length;
        await nextTurn();
      }
    },
    startedBy: (tenantSeq) => started.filter((other) => other === tenantSeq).length,
    dispatcher,
    setSettleQueueSize(size) {
      settleQueueSize = size;
    },
    pass(ms) {
      busyMs += ms;
    },
  };
}

/** Let the lane succeed until its window is as wide as it can be. */
function prove(lane: Lane): void {
  const success = attemptMade("success");
  for (let window = WINDOW_START; window < lane.endpoint.maxInFlight; window += 1) {
    const delivery = leased(window);
    lane.enqueue(delivery);
    lane.start(clock.now());
    lane.land(success);
    lane.settle(delivery, success);
    lane.remove(delivery);
  }
}

test("tenants start in turn, however many lanes and deliveries each has", async () => {
  const { lanes, started, quiet, dispatcher } = stage();
  dispatcher.halt();
  lanes(NOISY, 20, 10, true);
  lanes(QUIET, 1, 5, true);
  dispatcher.resume();
  await quiet();
  assert.deepEqual(started.slice(0, 10), Array.from({ length: 5 }, () => [NOISY, QUIET]).flat());
  assert.equal(started.length, 205);
});

test("one tenant alone has at most half of the attempts in flight, and leaves the rest to tenants with fewer", async () => {
  const { lanes, startedBy, quiet } = stage();
  lanes(NOISY, 100, 256, true);
  await quiet();
  assert.equal(startedBy(NOISY), IN_FLIGHT_MAX / 2);
  lanes(QUIET, 1, 250, true);
  await quiet();
  assert.equal(startedBy(QUIET), 250);
});

test("lanes without a success leave a part of their tenant's share to those that had one", async () => {
  const { lanes, startedBy, quiet } = stage();
  lanes(NOISY, MANY, 10, false);
  await quiet();
  const unproven = startedBy(NOISY);
  assert.equal(unproven, Math.ceil(IN_FLIGHT_MAX / 3));
  lanes(NOISY, 2, 256, true);
  await quiet();
  assert.equal(startedBy(NOISY) - unproven, 512);
});

test("every lane may make its first attempt while its tenant's share allows one more", async () => {
  const { lanes, startedBy, quiet } = stage();
  lanes(NOISY, MANY, 10, false);
  await quiet();
  const before = startedBy(NOISY);
  lanes(NOISY, 100, 10, false);
  await quiet();
  assert.equal(startedBy(NOISY) - before, 100);
});

test("attempts that end make way for the tenants that wait, in turn", async () => {
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

test("a burst of attempts leaves turns to the event loop, and starts each tenant's in the first one", async () => {
  const { lanes, started, quiet, dispatcher } = stage(STARTING_SLICE_MS / 8);
  dispatcher.halt();
  lanes(NOISY, 20, 10, true);
  lanes(QUIET, 1, 1, true);
  dispatcher.resume();
  assert.equal(started.length, 8);
  assert.ok(started.includes(QUIET));
  await nextTurn();
  assert.equal(started.length, 16);
  await quiet();
  assert.equal(started.length, 201);
});

test("attempts that end do not lengthen the slice for the next ones while several tenants are active", async () => {
  for (const [tenants, startsAfterwards] of [
    [[NOISY], 16],
    [[NOISY, QUIET], 8],
  ] as const) {
    const { lanes, land, pass, started, dispatcher } = stage(STARTING_SLICE_MS / 8);
    dispatcher.halt();
    const [noisy] = tenants.map((tenantSeq) => lanes(tenantSeq, 40, 10, true));
    dispatcher.resume();
    for (let turns = 1; turns < 30; turns += 1) await nextTurn();
    const before = started.length;
    assert.equal(before, 30 * 8);
    for (const lane of noisy?.slice(0, 8) ?? []) land(lane);
    pass(2 * STARTING_SLICE_MS);
    await nextTurn();
    assert.equal(started.length - before, startsAfterwards, `${tenants.length} tenants`);
  }
});

test("nothing starts while as many settlements wait as the settle queue takes, counting attempts in flight", async () => {
  const { lanes, started, quiet, dispatcher, setSettleQueueSize } = stage();
  setSettleQueueSize(SETTLE_QUEUE_MAX - 3);
  lanes(NOISY, 1, 10, true);
  await quiet();
  assert.equal(started.length, 3);
  setSettleQueueSize(0);
  dispatcher.run();
  await quiet();
  assert.equal(started.length, 10);
});

test("a lane that waits for its rate limit goes on by itself", async () => {
  const { promise: secondStarted, resolve } = Promise.withResolvers<void>();
  let starts = 0;
  const dispatcher: Dispatcher = new Dispatcher({
    clock,
    alarms: new Alarms<Lane>(clock, (lane) => {
      dispatcher.enqueue(lane, clock.now());
      dispatcher.run();
    }),
    attempt() {
      starts += 1;
      if (starts === 2) resolve();
    },
    activity: new TenantActivity(clock),
    isAlive: () => true,
    settleQueueSize: () => 0,
  });
  const lane = new Lane(destination({ rateLimitPerSecond: 100 }), clock.now());
  for (const number of [1, 2]) lane.enqueue(leased(number));
  dispatcher.enqueue(lane, clock.now());
  dispatcher.run();
  assert.equal(starts, 1);
  await secondStarted;
});
