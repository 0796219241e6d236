import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptMade } from "../../../test/fixtures/lanes.ts";
import { openStore } from "../../../test/fixtures/sqlite-writing.ts";
import { createSystemClock } from "../../clock/system.ts";
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Endpoint, EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import { LANE_UNPROVEN_DELIVERIES_MAX, WINDOW_START } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { claim } from "../../store/delivery/claim.ts";
import { updateLane } from "../../store/delivery/lane-rows.ts";
import { release } from "../../store/delivery/release.ts";
import { patchEndpoint } from "../../store/endpoints/endpoints.ts";
import { enter } from "../../store/upkeep/nodes.ts";
import { Alarms } from "../scheduling/alarms.ts";
import { TenantActivity } from "../scheduling/tenant-activity.ts";
import { nextTurn } from "../scheduling/turns.ts";
import { Claims } from "./claims.ts";
import { Dispatcher } from "./dispatch.ts";
import type { Lane } from "./lane.ts";
import { LanePool } from "./lane-pool.ts";
import { LaneScheduler } from "./lane-scheduler.ts";
import { Tokens } from "./lease-tokens.ts";

const SUCCESS = attemptMade("success");

interface Stage {
  readonly lane: Lane;
  /** The deliveries whose attempts have started, in order. */
  readonly started: LeasedDelivery[];
  schedule(): void;
  /** Give the endpoint this status in the store, and apply to the lane the state that follows from it. */
  setStatus(status: EndpointStatus): void;
  /** A started attempt succeeds. */
  land(delivery: LeasedDelivery): void;
  /** Release everything that is not in flight. */
  releaseAll(): Promise<void>;
  /** How many deliveries are leased in the store. */
  leasedCount(): number;
  /** The next so many releases fail. */
  failReleases(count: number): void;
  /** What the scheduler does when a release fails; the default is to try again. */
  giveUp(): void;
  /** Resolves when the condition holds. The turns that it takes come from the store's answers. */
  until(condition: () => boolean): Promise<void>;
}

type OpenedStore = ReturnType<typeof openStore>;

/** A new store with one endpoint and so many deliveries, whose lane this node owns. */
function storeWith(deliveries: number, clock: Clock) {
  const store = openStore();
  const { node } = store.run((w) => enter(w, clock.now()));
  const endpoint = store.endpoint();
  for (let count = 0; count < deliveries; count += 1) store.publish([endpoint], { now: clock.now() });
  store.run((w) => updateLane(w.lanes.get(endpoint.seq), { owner: node }));
  return { store, node, endpoint };
}

function claimsFrom(
  store: OpenedStore,
  parts: Omit<ConstructorParameters<typeof Claims>[0], "store" | "onError">,
): Claims {
  return new Claims({
    ...parts,
    store: { claim: async (request) => store.run((w) => claim(w, request)) },
    onError: (error) => assert.fail(String(error)),
  });
}

function patchStatus(
  store: OpenedStore,
  { id }: Endpoint,
  change: { readonly status: EndpointStatus; readonly now: number },
) {
  const { actor, tenantSeq } = store;
  const patched = store.run((w) => patchEndpoint(w, { actor, tenantSeq, id, ...change }));
  assert.ok(patched !== null);
  return patched;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

/** One endpoint in a real store, with so many deliveries that wait there; this node owns its lane. */
function stage(deliveries: number): Stage {
  const clock = createSystemClock();
  const { store, node, endpoint } = storeWith(deliveries, clock);
  const pool = new LanePool(clock);
  const lane = pool.open(endpoint);
  const started: LeasedDelivery[] = [];
  let failing = 0;
  let onFailure: "again" | "giveUp" = "again";
  const schedule = (changed: Lane) => scheduler.schedule(changed);
  const alarms = new Alarms<Lane>(clock, schedule);
  const dispatcher = new Dispatcher({
    clock,
    alarms,
    attempt: (_lane, delivery) => started.push(delivery),
    activity: new TenantActivity(clock),
    isAlive: () => true,
    settleQueueSize: () => 0,
  });
  const claims = claimsFrom(store, { clock, pool, tokens: new Tokens(node), alarms, onClaimed: schedule });
  const scheduler = new LaneScheduler({
    clock,
    pool,
    dispatcher,
    claims,
    outage: { wait: async () => onFailure },
    store: {
      async release(request) {
        failing -= 1;
        if (failing >= 0) throw new Error("not now");
        return store.run((w) => release(w, request));
      },
    },
  });
  lane.wake(clock.now());
  return {
    lane,
    started,
    schedule: () => scheduler.schedule(lane),
    releaseAll: () => scheduler.releaseAll(),
    setStatus(status) {
      const patched = patchStatus(store, endpoint, { status, now: clock.now() });
      lane.setEndpoint(patched.endpoint);
      lane.applyState(patched.lane);
    },
    land(delivery) {
      dispatcher.land(lane, SUCCESS);
      pool.remove(lane, delivery);
      lane.settle(delivery, SUCCESS);
      scheduler.schedule(lane);
    },
    leasedCount: () => store.count("deliveries", "lease IS NOT NULL"),
    failReleases(count) {
      failing = count;
    },
    giveUp() {
      onFailure = "giveUp";
    },
    until,
  };
}

test("a lane starts what it has, and claims the rest as it gets capacity", async () => {
  const { started, schedule, land, until } = stage(30);
  schedule();
  await until(() => started.length === WINDOW_START);
  for (let landed = 0; landed < 30; landed += 1) {
    await until(() => started.length > landed);
    land(started[landed] as LeasedDelivery);
  }
  assert.deepEqual(
    started.map(({ seq }) => seq),
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
});

test("a held lane releases what has not started, and goes on with it when it is resumed", async () => {
  const { lane, started, schedule, setStatus, land, leasedCount, until } = stage(30);
  schedule();
  await until(() => started.length === WINDOW_START);
  assert.equal(leasedCount(), LANE_UNPROVEN_DELIVERIES_MAX);
  setStatus("PAUSED");
  schedule();
  await until(() => leasedCount() === WINDOW_START);
  assert.equal(lane.deliveryCount, WINDOW_START);
  for (const delivery of started.slice()) land(delivery);
  assert.equal(started.length, WINDOW_START);
  setStatus("ACTIVE");
  schedule();
  await until(() => started.length > WINDOW_START);
  assert.equal(started[WINDOW_START]?.seq, WINDOW_START + 1);
});

test("a release that fails is tried again until it is stored, and the lane is not idle meanwhile", async () => {
  const { lane, started, schedule, setStatus, land, leasedCount, failReleases, until } = stage(10);
  schedule();
  await until(() => started.length === WINDOW_START);
  failReleases(3);
  setStatus("PAUSED");
  schedule();
  for (const delivery of started.slice()) land(delivery);
  assert.deepEqual([lane.deliveryCount, lane.isIdle], [0, false]);
  // The leases of the attempts stay: nothing settles them here.
  await until(() => leasedCount() === started.length);
  await until(() => lane.isIdle);
});

test("a release that is given up leaves its leases to the reconcile", async () => {
  const { lane, started, schedule, setStatus, land, leasedCount, failReleases, giveUp, until } = stage(10);
  schedule();
  await until(() => started.length === WINDOW_START);
  failReleases(1);
  giveUp();
  setStatus("PAUSED");
  schedule();
  for (const delivery of started.slice()) land(delivery);
  await until(() => lane.isIdle);
  assert.equal(leasedCount(), 10);
});

test("what an active lane releases is claimed again", async () => {
  const { lane, started, schedule, releaseAll, until } = stage(WINDOW_START + 2);
  schedule();
  await until(() => started.length === WINDOW_START);
  await releaseAll();
  for (let turns = 0; turns < 10; turns += 1) await nextTurn();
  assert.equal(lane.deliveryCount, WINDOW_START + 2);
});
