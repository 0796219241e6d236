import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, HOUR, openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import type { Seq } from "../../domain/ids.ts";
import { updateLane } from "../delivery/lane-rows.ts";
import { deleteEndpoint } from "../endpoints/endpoints.ts";
import { STATE } from "../stored-enums.ts";
import { enter, heartbeat, leases } from "./nodes.ts";

const TOKENS = 2 ** 32;

function open() {
  const store = openStore();
  return {
    ...store,
    enter: (now = START) => store.run(() => enter(store.w, now)),
    /** A delivery that a node that is gone has leased. */
    leased(endpoint: Parameters<typeof store.publish>[0][number], columns: Record<string, number> = {}): Seq {
      const seq = store.publish([endpoint]).deliverySeqs[0] as Seq;
      store.set(seq, { state: STATE.leased, lease: 9 * TOKENS + seq, claims: 1, ...columns });
      store.run((w) => w.db.exec("INSERT OR IGNORE INTO nodes (node, entered_at, seen_at) VALUES (9, 0, 0)"));
      store.run(() => updateLane(store.w.lanes.get(endpoint.seq), { readyAt: null, owner: 9 }));
      return seq;
    },
  };
}

test("each node gets a number that no node had before", () => {
  const { w, run, enter } = open();
  const first = enter();
  assert.equal(w.self.node, first.node);
  run(() => w.db.exec("DELETE FROM nodes"));
  assert.ok(enter().node > first.node);
});

test("what a node that is gone had leased waits again, and its lanes are ready and have no owner", () => {
  const { endpoint, leased, enter, delivery, lane } = open();
  const made = endpoint();
  const fresh = leased(made);
  const retried = leased(made, { attempts: 3, attempts_before_run: 2 });
  enter();
  assert.deepEqual([delivery(fresh).state, delivery(retried).state], [STATE.waitingNew, STATE.waitingRetry]);
  for (const seq of [fresh, retried]) {
    const { lease, claims, due_at } = delivery(seq);
    assert.deepEqual({ lease, claims, due_at }, { lease: null, claims: 1, due_at: START });
  }
  const { owner, ready_at } = lane(made);
  assert.deepEqual({ owner, ready_at }, { owner: null, ready_at: START });
});

test("an owned lane without leases has no owner after a new start", () => {
  const { w, run, endpoint, enter, lane } = open();
  const made = endpoint();
  const { node } = enter();
  run(() => updateLane(w.lanes.get(made.seq), { owner: node }));
  enter();
  assert.equal(lane(made).owner, null);
});

test("after a restart, a leased delivery with a requested cancel or a deleted endpoint ends instead of waiting", () => {
  const { w, run, endpoint, leased, enter, delivery, actor, tenantSeq } = open();
  const [deleted, kept] = [endpoint(), endpoint()];
  const [a, b] = [leased(deleted), leased(kept, { cancel_requested: 1 })];
  run(() => deleteEndpoint(w, { actor, tenantSeq, id: deleted.id, now: START }));
  enter(START + 5);
  const ending = (seq: Seq) => [delivery(seq).state, delivery(seq).reason, delivery(seq).ended_at];
  assert.deepEqual(ending(a), [STATE.cancelled, "endpoint_deleted", START + 5]);
  assert.deepEqual(ending(b), [STATE.cancelled, "cancelled", START + 5]);
});

test("a node enters no earlier than any time that the store has seen", () => {
  const { w, run, endpoint, publish, enter } = open();
  publish([endpoint()], { now: START + HOUR });
  assert.equal(enter(START).now, START + HOUR);
  enter(START + 2 * HOUR);
  run(() => heartbeat(w, START + DAY, true));
  run(() => heartbeat(w, START, true)); // a clock that went back changes nothing
  assert.equal(enter(START).now, START + DAY);
});

test("a node's leases are those of its own number", () => {
  const { w, run, endpoint, publish, set, enter, tenantSeq } = open();
  const seqs = publish([endpoint(), endpoint(), endpoint()]).deliverySeqs;
  const { node } = enter();
  for (const [index, seq] of seqs.entries()) set(seq, { state: STATE.leased, lease: (node - 1 + index) * TOKENS + 1 });
  assert.deepEqual(
    run(() => leases(w)),
    [{ tenantSeq, deliverySeq: seqs[1], token: node * TOKENS + 1 }],
  );
});
