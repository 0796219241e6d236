import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptMade, destination, laneState, leased, NOW, restingUntil } from "../../../test/fixtures/lanes.ts";
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import {
  LANE_BYTES_MAX,
  LANE_DELIVERIES_MAX,
  LANE_QUEUE_SECONDS,
  LANE_UNPROVEN_DELIVERIES_MAX,
  WINDOW_START,
} from "../../domain/limits.ts";
import { Lane } from "./lane.ts";

const SUCCESS = attemptMade("success");
const FAILURE = attemptMade("failure");

function laneOf(endpoint: Partial<Destination> = {}, ...deliveries: readonly LeasedDelivery[]): Lane {
  const lane = new Lane(destination(endpoint), NOW);
  for (const delivery of deliveries) lane.enqueue(delivery);
  return lane;
}

const many = (count: number, changes: Partial<LeasedDelivery> = {}) =>
  Array.from({ length: count }, (_, index) => leased(index + 1, changes));

/** Start as many deliveries as the lane allows. */
function startAll(lane: Lane, now = NOW): LeasedDelivery[] {
  const started: LeasedDelivery[] = [];
  while (lane.canStart(now)) started.push(lane.start(now));
  return started;
}

/** One delivery goes through the lane, from its enqueueing to its settlement. */
function pass(lane: Lane, made = SUCCESS, number = 1000): void {
  const delivery = leased(number);
  lane.enqueue(delivery);
  lane.start(NOW);
  lane.land(made);
  lane.settle(delivery, made);
  lane.remove(delivery);
}

// ── Start, land, settle ─────────────────────────────────────────────────────────────────────────────────────────────

test("deliveries start in the order in which they were enqueued, up to the window", () => {
  const lane = laneOf({}, ...many(10));
  assert.deepEqual(
    startAll(lane).map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
  assert.equal(lane.inFlight, WINDOW_START);
  assert.equal(lane.deliveryCount, 10);
});

test("each success widens the window by one, up to the endpoint's limit", () => {
  const lane = laneOf({ maxInFlight: WINDOW_START + 2 });
  for (let passed = 0; passed < 5; passed += 1) pass(lane);
  for (const delivery of many(20)) lane.enqueue(delivery);
  assert.equal(startAll(lane).length, WINDOW_START + 2);
});

test("an answer that asks for less halves the window", () => {
  const lane = laneOf();
  pass(lane, attemptMade("failure", { narrow: true }));
  for (const delivery of many(20)) lane.enqueue(delivery);
  assert.equal(startAll(lane).length, WINDOW_START / 2);
});

test("a failed attempt keeps its slot in the window until it is settled, and a successful one frees it at once", () => {
  const lane = laneOf({}, ...many(20));
  const [first, second] = startAll(lane) as [LeasedDelivery, LeasedDelivery];
  lane.land(FAILURE);
  assert.equal(lane.canStart(NOW), false);
  lane.settle(first, FAILURE);
  assert.equal(startAll(lane).length, 1);
  lane.land(SUCCESS);
  assert.equal(startAll(lane).length, 2); // its own slot, and the one that the window has grown by
  lane.settle(second, SUCCESS);
  assert.equal(lane.canStart(NOW), false);
});

test("an ordered delivery starts alone, and nothing starts until it is settled", () => {
  const lane = laneOf({}, leased(1), leased(2, { ordered: true }), leased(3));
  const first = lane.start(NOW);
  assert.equal(lane.canStart(NOW), false);
  lane.land(SUCCESS);
  assert.equal(lane.canStart(NOW), false);
  lane.settle(first, SUCCESS);
  const ordered = lane.start(NOW);
  assert.equal(lane.canStart(NOW), false);
  lane.land(SUCCESS);
  assert.equal(lane.canStart(NOW), false);
  lane.settle(ordered, SUCCESS);
  assert.equal(lane.canStart(NOW), true);
});

test("an aborted attempt frees its slot when its delivery is back in the store, and says nothing about the endpoint", () => {
  const lane = laneOf({ ordered: true }, ...many(2, { ordered: true }));
  const delivery = lane.start(NOW);
  lane.land(null);
  assert.equal(lane.isProven, false);
  assert.equal(lane.canStart(NOW), false);
  lane.settle(delivery, null);
  assert.equal(lane.canStart(NOW), true);
});

test("a rate limit spaces the starts, and says when the next one is due", () => {
  const lane = laneOf({ rateLimitPerSecond: 10 }, ...many(5));
  assert.equal(lane.rateLimitedUntil(NOW), null);
  lane.start(NOW);
  assert.equal(lane.canStart(NOW + 99), false);
  assert.equal(lane.rateLimitedUntil(NOW + 99), NOW + 100);
  assert.equal(lane.canStart(NOW + 100), true);
  lane.applyState(laneState({ held: true }));
  assert.equal(lane.rateLimitedUntil(NOW + 99), null);
});

test("as many landings end an unproven attempt as attempts started before the first success", () => {
  const lane = laneOf({}, ...many(3));
  startAll(lane);
  assert.deepEqual([lane.land(SUCCESS), lane.isProven], [true, true]);
  lane.enqueue(leased(4));
  lane.start(NOW);
  assert.deepEqual([lane.land(SUCCESS), lane.land(SUCCESS), lane.land(SUCCESS)], [true, true, false]);
});

test("nothing more starts once an attempt is about to disable the endpoint, until the store says otherwise", () => {
  const lane = laneOf({}, ...many(3));
  lane.start(NOW);
  lane.land(attemptMade("failure", { disable: "gone" }));
  assert.equal(lane.canStart(NOW), false);
  assert.equal(lane.mustRelease(NOW), true);
  lane.applyState(laneState({ held: false }));
  assert.equal(lane.canStart(NOW), true);
});

test("nothing starts before the time that an answer asks to wait until", () => {
  const lane = laneOf({}, ...many(3));
  lane.start(NOW);
  lane.land(attemptMade("failure", { throttleUntil: NOW + 5000 }));
  assert.equal(lane.canStart(NOW + 4999), false);
  assert.equal(lane.canStart(NOW + 5000), true);
});

// ── Hold, rest, probe ───────────────────────────────────────────────────────────────────────────────────────────────

test("a lane is held from its opening when its endpoint is not active", () => {
  assert.equal(laneOf({ status: "PAUSED" }, leased(1)).canStart(NOW), false);
  assert.equal(laneOf({ status: "ACTIVE" }, leased(1)).canStart(NOW), true);
});

test("a held lane starts nothing, claims nothing and releases its queue", () => {
  const lane = laneOf({}, ...many(3));
  assert.equal(lane.mustRelease(NOW), false);
  lane.applyState(laneState({ held: true, heldMs: 70, readyAt: NOW }));
  assert.equal(lane.heldMs, 70);
  assert.equal(lane.canStart(NOW), false);
  assert.equal(lane.claimableAt(), null);
  assert.equal(lane.mustRelease(NOW), true);
  assert.deepEqual(
    lane.evict().map(({ seq }) => seq),
    [1, 2, 3],
  );
  assert.equal(lane.mustRelease(NOW), false);
});

test("a resting lane waits until its rest ends, and then sends one probe at a time", () => {
  const lane = laneOf({}, leased(1));
  lane.applyState(laneState({ health: restingUntil(NOW + 1000), readyAt: NOW }));
  assert.equal(lane.canStart(NOW + 999), false);
  assert.equal(lane.claimableAt(), NOW + 1000);
  assert.equal(lane.wantsClaim(NOW + 1000), false); // the probe is here already
  assert.equal(lane.leaseCapacity(), 0);
  lane.enqueue(leased(2));
  const probe = lane.start(NOW + 1000);
  assert.equal(lane.canStart(NOW + 1000), false);
  lane.land(SUCCESS);
  lane.applyState(laneState({ revision: 2, readyAt: NOW }));
  lane.settle(probe, SUCCESS);
  assert.equal(lane.canStart(NOW + 1000), true);
});

test("an older state of the store does not replace a newer one", () => {
  const lane = laneOf({}, leased(1));
  lane.applyState(laneState({ revision: 7, held: true }));
  lane.applyState(laneState({ revision: 6, held: false }));
  assert.equal(lane.canStart(NOW), false);
  lane.applyState(laneState({ revision: 7, held: false }));
  assert.equal(lane.canStart(NOW), true);
});

test("a lane waits as its store state says, in addition to a rest", () => {
  const lane = laneOf({}, leased(1));
  lane.applyState(laneState({ waitUntil: NOW + 10 }));
  assert.equal(lane.canStart(NOW + 9), false);
  assert.equal(lane.canStart(NOW + 10), true);
});

test("a result that comes with a newer state does not hide that the endpoint's settings have changed", () => {
  const lane = laneOf();
  lane.apply(destination(), laneState({ revision: 3 }));
  lane.applyState(laneState({ revision: 5 })); // of a settlement, after another node has changed the endpoint
  assert.equal(lane.settingsRevision, 3);
  lane.apply(destination({ timeoutSeconds: 7 }), laneState({ revision: 4 }));
  assert.equal(lane.endpoint.timeoutSeconds, 7);
  lane.apply(destination(), laneState({ revision: 3 })); // was read before
  assert.deepEqual([lane.endpoint.timeoutSeconds, lane.settingsRevision], [7, 4]);
});

// ── Other nodes ─────────────────────────────────────────────────────────────────────────────────────────────────────

test("when there are more nodes than attempts allowed, only the owner of the lane sends, and the others release", () => {
  const nodes = { count: 2 };
  const lane = new Lane(destination({ maxInFlight: 2 }), NOW, nodes);
  lane.applyState(laneState({ owner: "nobody" }));
  lane.enqueue(leased(1));
  assert.deepEqual([lane.canStart(NOW), lane.mustRelease(NOW)], [true, false]);
  nodes.count = 3;
  assert.deepEqual([lane.canStart(NOW), lane.mustRelease(NOW)], [false, true]);
  lane.evict();
  lane.applyState(laneState({ revision: 2, readyAt: NOW, owner: "nobody" }));
  assert.equal(lane.wantsClaim(NOW), true); // which makes this node the owner
  lane.applyState(laneState({ revision: 3, owner: "self" }));
  lane.enqueue(leased(2));
  assert.deepEqual([lane.canStart(NOW), lane.mustRelease(NOW)], [true, false]);
  lane.applyState(laneState({ revision: 4, owner: "other" }));
  assert.deepEqual([lane.canStart(NOW), lane.mustRelease(NOW)], [false, true]);
});

test("who leases from an ordered lane when it publishes is its owner", () => {
  const lane = new Lane(destination({ ordered: true }), NOW, { count: 2 });
  lane.enqueue(leased(1));
  assert.equal(lane.canStart(NOW), true);
});

// ── The endpoint ────────────────────────────────────────────────────────────────────────────────────────────────────

test("a change of the endpoint narrows the window at once, and widens it only with successes", () => {
  const lane = laneOf({}, ...many(20));
  lane.setEndpoint(destination({ maxInFlight: 2 }));
  assert.equal(lane.endpoint.maxInFlight, 2);
  lane.setEndpoint(destination({ maxInFlight: 32 }));
  assert.equal(startAll(lane).length, 2);
});

// ── Leases ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test("a lane takes four windows before its first success, then what it can start in some seconds", () => {
  const lane = laneOf();
  assert.equal(lane.leaseCapacity(), LANE_UNPROVEN_DELIVERIES_MAX);
  for (let passed = 0; passed < 4; passed += 1) pass(lane, attemptMade("success", { tookMs: 100 }));
  assert.equal(lane.leaseCapacity(), (WINDOW_START + 4) * 10 * LANE_QUEUE_SECONDS);
  for (let passed = 0; passed < 40; passed += 1) pass(lane, attemptMade("success", { tookMs: 1 }));
  assert.equal(lane.leaseCapacity(), LANE_DELIVERIES_MAX);
});

test("a rate limit bounds what a lane holds, but never below its window", () => {
  const limited = laneOf({ rateLimitPerSecond: 2 });
  assert.equal(limited.leaseCapacity(), 2 * LANE_QUEUE_SECONDS);
  assert.equal(laneOf({ rateLimitPerSecond: 0.1 }).leaseCapacity(), WINDOW_START);
});

test("reserved slots count like deliveries until the publish is over", () => {
  const lane = laneOf();
  lane.reserve(100);
  assert.deepEqual([lane.deliveryCount, lane.bytes], [1, 100]);
  assert.equal(lane.leaseCapacity(), LANE_UNPROVEN_DELIVERIES_MAX - 1);
  assert.equal(lane.byteCapacity(), LANE_BYTES_MAX - 100);
  lane.unreserve(100);
  assert.deepEqual([lane.deliveryCount, lane.bytes, lane.isIdle], [0, 0, true]);
});

test("an empty lane takes one delivery of any size", () => {
  const lane = laneOf();
  assert.equal(lane.byteCapacity(), Number.POSITIVE_INFINITY);
  lane.enqueue(leased(1, { payload: "x".repeat(1000) }));
  assert.equal(lane.byteCapacity(), LANE_BYTES_MAX - 1000);
});

test("a delivery counts with its bytes until it leaves, through its attempt and its settlement", () => {
  const delivery = leased(1, { payload: "12345" });
  const lane = laneOf({}, delivery);
  lane.start(NOW);
  lane.land(SUCCESS);
  assert.deepEqual([lane.deliveryCount, lane.bytes], [1, 5]);
  lane.settle(delivery, SUCCESS);
  lane.remove(delivery);
  assert.deepEqual([lane.deliveryCount, lane.bytes], [0, 0]);
});

test("one queued delivery can be withdrawn, and none that is not queued", () => {
  const lane = laneOf({}, ...many(3));
  assert.equal(lane.withdraw(2)?.seq, 2);
  assert.equal(lane.withdraw(2), null);
  lane.start(NOW);
  assert.equal(lane.withdraw(1), null);
  assert.equal(lane.start(NOW).seq, 3);
});

test("an ordered delivery goes back while the store holds others of its lane, or while some are on their way there", () => {
  const lane = laneOf({ ordered: true });
  const ordered = leased(1, { ordered: true });
  assert.equal(lane.isOvertaking(ordered), false);
  lane.beginRelease();
  assert.equal(lane.isOvertaking(ordered), true);
  assert.equal(lane.isOvertaking(leased(1)), false);
  lane.endRelease();
  assert.equal(lane.isOvertaking(ordered), false);
  lane.wake(NOW + 1000);
  assert.equal(lane.isOvertaking(ordered), true);
});

// ── Claims ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test("a lane claims once the store has something due for it", () => {
  const lane = laneOf();
  assert.deepEqual([lane.claimableAt(), lane.wantsClaim(NOW)], [null, false]);
  lane.wake(NOW + 10);
  lane.wake(NOW + 20);
  assert.deepEqual([lane.claimableAt(), lane.wantsClaim(NOW + 9), lane.wantsClaim(NOW + 10)], [NOW + 10, false, true]);
  lane.wake(NOW + 5);
  assert.equal(lane.claimableAt(), NOW + 5);
});

test("a lane does not claim again while a claim is in progress, and is not idle meanwhile", () => {
  const lane = laneOf();
  lane.wake(NOW);
  lane.beginClaim();
  assert.deepEqual([lane.wantsClaim(NOW), lane.isIdle], [false, false]);
  lane.endClaim();
  assert.deepEqual([lane.wantsClaim(NOW), lane.isIdle], [true, true]);
});

test("a lane claims when half of its queue is free", () => {
  const lane = laneOf({}, ...many(LANE_UNPROVEN_DELIVERIES_MAX / 2 + 1));
  lane.wake(NOW);
  assert.equal(lane.wantsClaim(NOW), false);
  lane.start(NOW);
  assert.equal(lane.wantsClaim(NOW), true);
});

test("an ordered lane claims only when it holds nothing and nothing of it is on its way back", () => {
  const lane = laneOf({ ordered: true });
  const delivery = leased(1, { ordered: true });
  lane.enqueue(delivery);
  lane.wake(NOW);
  assert.equal(lane.wantsClaim(NOW), false);
  lane.start(NOW);
  assert.equal(lane.wantsClaim(NOW), false);
  lane.land(FAILURE);
  assert.equal(lane.wantsClaim(NOW), false);
  lane.settle(delivery, FAILURE);
  lane.beginRelease();
  assert.equal(lane.wantsClaim(NOW), false);
  lane.endRelease();
  assert.equal(lane.wantsClaim(NOW), true);
});

// ── Closing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test("a lane may be closed when it has been idle for two seconds", () => {
  const lane = laneOf();
  assert.deepEqual([lane.isUnused(NOW + 1999), lane.isUnused(NOW + 2000)], [false, true]);
  const delivery = leased(1);
  lane.enqueue(delivery);
  assert.equal(lane.isUnused(NOW + 2000), false);
  lane.start(NOW + 1500);
  lane.land(SUCCESS);
  assert.equal(lane.isUnused(NOW + 9000), false);
  lane.settle(delivery, SUCCESS);
  assert.deepEqual([lane.isUnused(NOW + 3499), lane.isUnused(NOW + 3500)], [false, true]);
});
