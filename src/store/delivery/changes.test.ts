import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import type { EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import { changeStatus, deleteEndpoint } from "../endpoints/endpoints.ts";
import { STATE } from "../stored-enums.ts";
import { cancel, replay, retry } from "./changes.ts";
import { updateLane } from "./lane-rows.ts";

function open() {
  const store = openStore();
  const { w, actor, tenantSeq } = store;
  const of = (id: Uuid, now: number) => ({ actor, tenantSeq, id, now });
  return {
    ...store,
    /** One event with one delivery to the endpoint. */
    deliver(endpoint: Parameters<typeof store.publish>[0][number], options: Parameters<typeof store.publish>[1] = {}) {
      const { deliverySeqs, deliveryIds, eventSeq } = store.publish([endpoint], options);
      return { seq: deliverySeqs[0] as Seq, id: deliveryIds[0] as Uuid, eventSeq };
    },
    cancel: (id: Uuid, now = START) => store.run(() => cancel(w, of(id, now))),
    retry: (id: Uuid, now = START) => store.run(() => retry(w, of(id, now))),
    replay: (deliveryIds: readonly Uuid[], dryRun = false, now = START) =>
      store.run(() => replay(w, { actor, tenantSeq, deliveryIds, dryRun, now })),
    remove: (id: Uuid) => store.run(() => deleteEndpoint(w, of(id, START))),
    become: (seq: Seq, status: EndpointStatus) => store.run(() => changeStatus(w, seq, status, "manual", START)),
    failed: () => Number(store.row("SELECT sum(failed) AS n FROM counters WHERE endpoint_seq <> 0")?.n ?? 0),
  };
}

// ── Cancel ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test("cancelling a waiting delivery ends it, and counts it as failed", () => {
  const { endpoint, deliver, cancel, delivery, failed } = open();
  const made = endpoint();
  const { id, seq } = deliver(made);
  assert.deepEqual(cancel(id, START + 5), { kind: "cancelled", endpointSeq: made.seq, deliverySeq: seq });
  const { state, ended_at, reason } = delivery(seq);
  assert.deepEqual({ state, ended_at, reason }, { state: STATE.cancelled, ended_at: START + 5, reason: "cancelled" });
  assert.equal(failed(), 1);
  assert.deepEqual(cancel(id), { kind: "ended" });
});

test("cancelling a held delivery ends it too", () => {
  const { endpoint, deliver, become, cancel, delivery } = open();
  const made = endpoint();
  const { id, seq } = deliver(made);
  become(made.seq, "PAUSED");
  assert.equal(cancel(id).kind, "cancelled");
  assert.equal(delivery(seq).state, STATE.cancelled);
});

test("cancelling a leased delivery requests the cancel, and leaves it leased", () => {
  const { endpoint, deliver, set, cancel, delivery } = open();
  const { id, seq } = deliver(endpoint());
  set(seq, { state: STATE.leased, lease: 77 });
  assert.equal(cancel(id).kind, "requested");
  const { state, lease, cancel_requested } = delivery(seq);
  assert.deepEqual({ state, lease, cancel_requested }, { state: STATE.leased, lease: 77, cancel_requested: 1 });
});

test("a delivery that waits for a deleted endpoint has ended, so it cannot be cancelled", () => {
  const { endpoint, deliver, remove, cancel } = open();
  const made = endpoint();
  const { id } = deliver(made);
  remove(made.id);
  assert.deepEqual(cancel(id), { kind: "ended" });
});

test("another tenant's deliveries are unknown to cancel, retry and replay", () => {
  const { w, run, endpoint, deliver, tenant } = open();
  const { id } = deliver(endpoint());
  const actor = tenant();
  const request = { actor, tenantSeq: actor.tenantSeq, id, now: START };
  assert.deepEqual(
    run(() => cancel(w, request)),
    { kind: "unknown" },
  );
  assert.deepEqual(
    run(() => retry(w, request)),
    { kind: "unknown" },
  );
  const answer = run(() => replay(w, { ...request, deliveryIds: [id], dryRun: false }));
  assert.deepEqual(answer, { kind: "unknown", deliveryIds: [id] });
});

// ── Retry ───────────────────────────────────────────────────────────────────────────────────────────────────────────

for (const state of [STATE.failed, STATE.cancelled, STATE.expired]) {
  test(`retrying a delivery in state ${state} starts a new run at the lane's tail, attempts going on`, () => {
    const { w, run, endpoint, deliver, set, retry, delivery } = open();
    const made = endpoint();
    const { id, seq } = deliver(made);
    set(seq, {
      state,
      attempts: 4,
      claims: 5,
      run_first_active_ms: START,
      ended_at: START + 9,
      reason: "x",
      cancel_requested: 1,
    });
    run(() => updateLane(w.lanes.get(made.seq), { readyAt: null }));
    const answer = retry(id, START + HOUR);
    assert.ok(answer.kind === "queued");
    assert.equal(answer.row.state, "PENDING");
    assert.equal(answer.row.attempts, 4);
    assert.deepEqual(answer.wake, { endpointSeq: made.seq, readyAt: START + HOUR });
    const after = delivery(seq);
    assert.deepEqual(
      [after.state, after.due_at, after.attempts_before_run, after.claims_before_run, after.run_started_at],
      [STATE.waitingNew, START + HOUR, 4, 5, START + HOUR],
    );
    assert.deepEqual(
      [after.run_first_active_ms, after.ended_at, after.reason, after.cancel_requested],
      [null, null, null, 0],
    );
  });
}

test("a failed delivery that waits again no longer counts as failed", () => {
  const { endpoint, deliver, cancel, retry, failed } = open();
  const { id } = deliver(endpoint());
  cancel(id, START + 5);
  retry(id, START + 2 * HOUR);
  assert.equal(failed(), 0);
});

test("a retry for a paused endpoint is held, and wakes no lane", () => {
  const { endpoint, deliver, set, become, retry } = open();
  const made = endpoint();
  const { id, seq } = deliver(made);
  set(seq, { state: STATE.failed, ended_at: START });
  become(made.seq, "PAUSED");
  const answer = retry(id);
  assert.ok(answer.kind === "queued");
  assert.deepEqual([answer.row.state, answer.wake], ["HELD", null]);
});

test("a delivery that waits, is leased, was delivered, is a test, or has a deleted endpoint is not retried", () => {
  const { endpoint, deliver, set, retry, remove } = open();
  const made = endpoint();
  const { id, seq } = deliver(made);
  const reasonIn = (state: number) => {
    set(seq, { state });
    const answer = retry(id);
    return answer.kind === "invalid" ? answer.reason : answer.kind;
  };
  assert.match(reasonIn(STATE.waitingNew), /PENDING/);
  assert.match(reasonIn(STATE.waitingRetry), /SCHEDULED/);
  assert.match(reasonIn(STATE.leased), /IN_PROGRESS/);
  assert.match(reasonIn(STATE.delivered), /DELIVERED/);
  const tried = deliver(made, { type: "test" });
  set(tried.seq, { state: STATE.failed, ended_at: START });
  const answer = retry(tried.id);
  assert.match(answer.kind === "invalid" ? answer.reason : "", /test/);
  set(seq, { state: STATE.failed, ended_at: START });
  remove(made.id);
  assert.deepEqual(retry(id), {
    kind: "invalid",
    why: "endpointDeleted",
    reason: "The delivery's endpoint is deleted.",
  });
});

// ── Replay ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test("a replay makes new deliveries of the same events in their first order, each in its first format", () => {
  const { w, run, endpoint, deliver, rows, replay } = open();
  const made = endpoint({ format: "standard" });
  const first = deliver(made);
  const second = deliver(made);
  run(() => w.db.exec("UPDATE endpoints SET format = 'plain', ordered = 1"));
  const answer = replay([second.id, first.id, second.id], false, START + 5);
  assert.deepEqual(answer, {
    kind: "created",
    count: 2,
    skipped: 0,
    woken: [{ endpointSeq: made.seq, readyAt: START }],
  });
  const again = rows(
    "SELECT event_seq, format, ordered, created_at, state FROM deliveries WHERE later = 1 ORDER BY seq",
  );
  assert.deepEqual(
    again.map((row) => ({ ...row })),
    [first, second].map(({ eventSeq }) => ({
      event_seq: eventSeq,
      format: 3,
      ordered: 1,
      created_at: START + 5,
      state: STATE.waitingNew,
    })),
  );
});

test("with one unknown id, nothing is replayed", () => {
  const { endpoint, deliver, replay, newId, count } = open();
  const { id } = deliver(endpoint());
  const missing = newId();
  assert.deepEqual(replay([id, missing]), { kind: "unknown", deliveryIds: [missing] });
  assert.equal(count("deliveries"), 1);
});

test("a replay skips deleted and DISABLED endpoints, and is held by PAUSED ones", () => {
  const { endpoint, deliver, become, remove, replay, count } = open();
  const [deleted, disabled, paused] = [endpoint(), endpoint(), endpoint()];
  const ids = [deleted, disabled, paused].map((made) => deliver(made).id);
  remove(deleted.id);
  become(disabled.seq, "DISABLED");
  become(paused.seq, "PAUSED");
  assert.deepEqual(replay(ids), { kind: "created", count: 1, skipped: 2, woken: [] });
  assert.equal(count("deliveries", `later = 1 AND endpoint_seq = ${paused.seq}`), 1);
});

test("a dry run counts what a replay would create, and creates nothing", () => {
  const { endpoint, deliver, replay, count } = open();
  const { id } = deliver(endpoint());
  assert.deepEqual(replay([id], true), { kind: "created", count: 1, skipped: 0, woken: [] });
  assert.equal(count("deliveries"), 1);
});
