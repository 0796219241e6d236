import assert from "node:assert/strict";
import { test } from "node:test";
import { NODE_UNSURE_MS } from "../../domain/limits.ts";
import { Membership } from "./membership.ts";

const ALONE = { at: null, nodes: 1, isLeader: true, woken: [], gone: [] };

test("a node that was not heard for too long is not alive, although it has never seen another node", () => {
  let nowMs = 0;
  const membership = new Membership({ monotonicMs: () => nowMs }, true);
  membership.heard(ALONE, nowMs);
  nowMs = NODE_UNSURE_MS - 1;
  assert.equal(membership.isAlive(), true);
  nowMs = NODE_UNSURE_MS; // frozen meanwhile: another node may have entered and taken over
  assert.equal(membership.isAlive(), false);
  membership.heard(ALONE, nowMs);
  assert.equal(membership.isAlive(), true);
});

test("a node is the leader only once the store has said so, and the only process of an embedded store always", () => {
  const clock = { monotonicMs: () => 0 };
  const node = new Membership(clock, true);
  assert.equal(node.isLeader, false);
  node.heard(ALONE, 0);
  assert.equal(node.isLeader, true);
  assert.equal(new Membership(clock, false).isLeader, true);
});

test("the only process of an embedded store is always alive", () => {
  let nowMs = 0;
  const membership = new Membership({ monotonicMs: () => nowMs }, false);
  nowMs = 10 * NODE_UNSURE_MS;
  assert.equal(membership.isAlive(), true);
});
