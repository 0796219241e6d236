import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import { TOKENS_PER_NODE } from "../../domain/delivery/lease-token.ts";
import type { Seq } from "../../domain/ids.ts";
import type { ClaimRequest } from "../../ports/store.ts";
import { claim } from "./claim.ts";

/** A lane with five due deliveries, the first of which another of two nodes has leased. Their share is two attempts. */
function stage() {
  const store = openStore();
  const endpoint = store.endpoint({ maxInFlight: 5 });
  const seqs = Array.from({ length: 5 }, () => store.publish([endpoint]).deliverySeqs[0] as Seq);
  store.set(seqs[0] as Seq, { state: 2, lease: 9 * TOKENS_PER_NODE + 1 });
  store.run((w) => {
    w.self.nodes = 2;
  });
  let tokens = 0;
  return {
    store,
    seqs,
    claimed(count: number, part: Partial<ClaimRequest["lanes"][number]> = {}) {
      const request = {
        now: START + 1000,
        lanes: [{ endpointSeq: endpoint.seq, count, bytesMax: 1_000_000, ...part }],
        adopt: { lanesMax: 0, countEach: 0, exceptTenants: [] },
        deliveriesMax: 100,
        bytesMax: 1_000_000,
        firstToken: store.w.self.node * TOKENS_PER_NODE + 1 + tokens,
      };
      tokens += count;
      const [lane] = store.run((w) => claim(w, request)).lanes;
      return { count: lane?.deliveries.length, drain: lane?.drain };
    },
  };
}

test("a claim that leaves due deliveries says how many the other nodes have leased", () => {
  const { claimed } = stage();
  assert.deepEqual(claimed(1), { count: 1, drain: { others: 1, isLast: false } });
});

test("a claim of more than the share leaves the last due delivery until the node holds less than its share", () => {
  const { store, seqs, claimed } = stage();
  assert.deepEqual(claimed(10), { count: 3, drain: { others: 1, isLast: true } });
  const drain = { others: 1, isLast: true };
  assert.deepEqual(claimed(10, { drain, held: 2 }), { count: 0, drain });
  store.set(seqs[0] as Seq, { state: 3, lease: null });
  assert.deepEqual(claimed(10, { drain, held: 2 }).drain, { others: 0, isLast: true });
  assert.deepEqual(claimed(10, { drain, held: 1 }), { count: 1, drain: null });
});

test("a claim of no more than the share takes all, unless the node drains the lane", () => {
  const { claimed } = stage();
  const drain = { others: 0, isLast: false };
  assert.deepEqual(claimed(2), { count: 2, drain: { others: 1, isLast: false } });
  assert.deepEqual(claimed(2, { drain, held: 1 }), { count: 1, drain: { others: 0, isLast: true } });
  assert.deepEqual(claimed(2), { count: 1, drain: null });
});

test("a node that is alone takes all", () => {
  const { store, claimed } = stage();
  store.run((w) => {
    w.self.nodes = 1;
  });
  assert.deepEqual(claimed(10), { count: 4, drain: null });
});
