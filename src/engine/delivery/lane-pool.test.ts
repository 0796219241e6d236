import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptMade, destination, leased, NOW } from "../../../test/fixtures/lanes.ts";
import {
  LANE_BYTES_MAX,
  LANE_POOL_BYTES_MAX,
  LANE_POOL_DELIVERIES_MAX,
  LANE_UNPROVEN_DELIVERIES_MAX,
} from "../../domain/limits.ts";
import { LanePool } from "./lane-pool.ts";

const SUCCESS = attemptMade("success");
const poolAt = (now = NOW) => new LanePool({ now: () => now });

test("an open lane follows a newer endpoint and never an older one", () => {
  const pool = poolAt();
  const first = destination();
  const renamed = { ...first, name: "Renamed", updatedAt: first.updatedAt + 1 };
  const moved = { ...renamed, url: "https://example.com/moved", generation: first.generation + 1 };
  const lane = pool.open(first);
  for (const [given, kept] of [
    [renamed, renamed],
    [first, renamed],
    [moved, moved],
    [renamed, moved],
    [first, moved],
  ] as const) {
    assert.equal(pool.open(given), lane);
    assert.equal(lane.endpoint, kept);
  }
});

test("a lane reserves slots up to its own bounds", () => {
  const pool = poolAt();
  const lane = pool.open(destination());
  let reserved = 0;
  while (pool.reserve(lane, 10)) reserved += 1;
  assert.equal(reserved, LANE_UNPROVEN_DELIVERIES_MAX);
  assert.deepEqual([lane.deliveryCount, pool.bytes], [reserved, 10 * reserved]);
  pool.unreserve(lane, 10);
  assert.equal(pool.reserve(lane, LANE_BYTES_MAX), false);
  assert.equal(pool.reserve(lane, 10), true);
});

test("one tenant's lanes hold at most half of the pool, and leave the rest to the others", () => {
  const pool = poolAt();
  for (let seq = 1; pool.hasCapacity(1); seq += 1) {
    const lane = pool.open(destination({ seq, tenantSeq: 1 }));
    while (pool.reserve(lane, 1)) if (!pool.hasCapacity(1)) break;
  }
  const held = [...pool.lanes()].reduce((sum, lane) => sum + lane.deliveryCount, 0);
  assert.equal(held, LANE_POOL_DELIVERIES_MAX / 2);
  assert.deepEqual(pool.fullTenants(), [1]);
  assert.equal(pool.hasCapacity(2), true);
  const quiet = pool.open(destination({ seq: 1_000_000, tenantSeq: 2 }));
  assert.equal(pool.reserve(quiet, 1), true);
});

test("a tenant is full when its payloads take its share of the bytes", () => {
  const pool = poolAt();
  for (let seq = 1; pool.hasCapacity(1); seq += 1) {
    assert.ok(pool.reserve(pool.open(destination({ seq })), LANE_BYTES_MAX / 4));
  }
  assert.ok(pool.bytes >= LANE_POOL_BYTES_MAX / 2 && pool.bytes < LANE_POOL_BYTES_MAX);
  assert.deepEqual(pool.fullTenants(), [1]);
});

test("a lease is in the pool from its enqueueing until it is removed, and is removed only once", () => {
  const pool = poolAt();
  const lane = pool.open(destination());
  const delivery = leased(7, { payload: "12345" });
  pool.enqueue(lane, delivery);
  assert.equal(pool.leases.get(7)?.deliverySeq, 7);
  lane.start(NOW);
  lane.land(SUCCESS);
  for (let times = 0; times < 2; times += 1) pool.remove(lane, delivery);
  lane.settle(delivery, SUCCESS);
  assert.deepEqual([pool.leases.size, pool.bytes, lane.bytes, lane.isIdle], [0, 0, 0, true]);
});

test("evicted and withdrawn deliveries leave the pool", () => {
  const pool = poolAt();
  const lane = pool.open(destination());
  for (const number of [1, 2, 3]) pool.enqueue(lane, leased(number));
  assert.equal(pool.withdraw(lane, 2)?.seq, 2);
  assert.equal(pool.withdraw(lane, 2), null);
  assert.deepEqual([...pool.leases.keys()], [1, 3]);
  assert.deepEqual(
    pool.evict(lane).map(({ seq }) => seq),
    [1, 3],
  );
  assert.deepEqual([pool.leases.size, pool.bytes, lane.deliveryCount], [0, 0, 0]);
});

test("idle lanes are closed after a while, and busy ones stay", () => {
  const pool = poolAt();
  const idle = pool.open(destination({ seq: 1 }));
  const busy = pool.open(destination({ seq: 2 }));
  pool.enqueue(busy, leased(1));
  assert.deepEqual(pool.closeIdle(NOW + 1999), []);
  assert.deepEqual(pool.closeIdle(NOW + 2000), [idle]);
  assert.deepEqual([pool.size, pool.get(1), pool.get(2)], [1, undefined, busy]);
});
