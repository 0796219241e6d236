import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Shares } from "./shares.ts";

/** Every tenant takes one at a time, in turn, until none of them may. */
function fill(shares: Shares, tenants: readonly number[]): void {
  for (let took = true; took; ) {
    took = false;
    for (const tenantSeq of tenants) {
      if (shares.allowance(tenantSeq) < 1) continue;
      shares.take(tenantSeq, 1);
      took = true;
    }
  }
}

const tenantsOf = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test("greedy tenants get equal shares, and an equal amount stays free", () => {
  const shares = new Shares(1200);
  fill(shares, [1]);
  assert.deepEqual([shares.of(1), shares.taken], [600, 600]);
  for (const count of [2, 3, 5]) {
    const among = new Shares(1200);
    fill(among, tenantsOf(count));
    for (const tenantSeq of tenantsOf(count)) assert.equal(among.of(tenantSeq), 1200 / (count + 1));
  }
});

test("another tenant may take the free amount, no matter how many tenants are greedy", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 40 }), (max, count) => {
      const shares = new Shares(max);
      fill(shares, tenantsOf(count));
      const free = max - shares.taken;
      assert.ok(free >= Math.floor(max / (count + 1)), `${free} of ${max} free of ${count} tenants`);
      assert.equal(shares.allowance(count + 1), free);
    }),
  );
});

test("a tenant that was there first gives way as it frees its amount", () => {
  const shares = new Shares(900);
  fill(shares, [1]);
  fill(shares, [2]);
  assert.deepEqual([shares.of(1), shares.of(2)], [450, 225]);
  for (let round = 0; round < 300; round += 1) {
    shares.free(1, 1);
    fill(shares, [2, 1]);
  }
  for (const tenantSeq of [1, 2]) assert.ok(Math.abs(shares.of(tenantSeq) - 300) <= 1, `${shares.of(tenantSeq)}`);
});

test("the amount that a part of a tenant holds counts twice, so greedy parts leave some of the share to the others", () => {
  const shares = new Shares(900);
  const lanes = [0, 0];
  for (let took = true; took; ) {
    took = false;
    for (const [index, held] of lanes.entries()) {
      if (shares.allowance(1, held) < 1) continue;
      shares.take(1, 1);
      lanes[index] = held + 1;
      took = true;
    }
  }
  assert.deepEqual(lanes, [180, 180]);
  assert.equal(shares.allowance(1), 180);
  assert.equal(shares.allowance(2), 540);
});

test("the full tenants are those that hold something and may take no more", () => {
  const shares = new Shares(100);
  fill(shares, [1]);
  shares.take(2, 10);
  assert.deepEqual(shares.full(), [1]);
  shares.free(1, 20);
  assert.deepEqual(shares.full(), []);
  shares.free(1, 30);
  shares.free(2, 10);
  assert.deepEqual([shares.taken, shares.of(1), shares.of(2)], [0, 0, 0]);
});
