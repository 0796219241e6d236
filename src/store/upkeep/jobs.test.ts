import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HOUR, openStore, type Published, START } from "../../../test/fixtures/sqlite-writing.ts";
import { matchesFilters } from "../../domain/delivery/event.ts";
import type { Endpoint, EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import { JOB_STEP_ROWS } from "../../domain/limits.ts";
import { deleteEndpoint, patchEndpoint } from "../endpoints/endpoints.ts";
import { STATE } from "../stored-enums.ts";
import { startRecover, stepJob } from "./jobs.ts";

function open() {
  const store = openStore();
  const { w, actor, tenantSeq } = store;
  const step = (now: number) => store.run(() => stepJob(w, now));
  const start = (endpoint: Endpoint, since: number, jobId: Uuid = store.newId()) =>
    store.run(() => startRecover(w, { actor, tenantSeq, endpointId: endpoint.id, jobId, since, now: START }));
  return {
    ...store,
    step,
    start,
    /** Run steps until no job is left; returns how many it took. */
    finish(now = START + HOUR): number {
      for (let steps = 0; steps < 1000; steps += 1) if (step(now).idle) return steps;
      throw new Error("the jobs never end");
    },
    end(published: Published, state: number) {
      for (const seq of published.deliverySeqs) store.set(seq, { state, ended_at: START, attempts: 3, claims: 3 });
    },
    become: (endpoint: Endpoint, status: EndpointStatus) =>
      store.run(() => patchEndpoint(w, { actor, tenantSeq, id: endpoint.id, status, now: START })),
    remove: (endpoint: Endpoint) =>
      store.run(() => deleteEndpoint(w, { actor, tenantSeq, id: endpoint.id, now: START + 7 })),
    states: () => store.rows("SELECT state FROM deliveries ORDER BY seq").map((row) => row.state),
    madeLater: () => store.rows("SELECT event_seq FROM deliveries WHERE later = 1").map((row) => row.event_seq),
  };
}

// ── Recover ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test("recover re-queues what FAILED or EXPIRED since then, never a test nor what was cancelled", () => {
  const { endpoint, publish, end, start, finish, states, delivery, row } = open();
  const made = endpoint();
  const old = publish([made], { now: START - HOUR });
  const [failed, expired] = [publish([made]), publish([made])];
  const [cancelled, delivered, tested] = [publish([made]), publish([made]), publish([made], { type: "test" })];
  for (const one of [old, failed, tested]) end(one, STATE.failed);
  end(expired, STATE.expired);
  end(cancelled, STATE.cancelled);
  end(delivered, STATE.delivered);
  const jobId = start(made, START);
  assert.ok(jobId);
  finish(START + HOUR);
  assert.deepEqual(states(), [STATE.failed, 0, 0, STATE.cancelled, STATE.delivered, STATE.failed]);
  const again = delivery(failed.deliverySeqs[0] as Seq);
  assert.deepEqual([again.due_at, again.attempts_before_run, again.ended_at], [START + HOUR, 3, null]);
  const job = row("SELECT done, finished_at FROM jobs");
  assert.deepEqual({ ...job }, { done: 2, finished_at: START + HOUR });
});

test("each step wakes the lane that got something to claim, until nothing is left", () => {
  const { endpoint, publish, end, start, step, lane } = open();
  const made = endpoint();
  end(publish([made]), STATE.failed);
  start(made, START);
  const { idle, woken, failed } = step(START + 5);
  assert.deepEqual([idle, woken, failed], [false, [{ endpointSeq: made.seq, readyAt: START }], null]);
  assert.equal(lane(made).ready_at, START);
  const last = step(START + 6);
  assert.deepEqual([last.idle, last.woken, last.progress?.state], [false, [], "done"]);
  assert.equal(step(START + 7).idle, true);
});

test("a recover of more than one step's rows re-queues each once, in their order", () => {
  const { endpoint, publish, end, start, finish, w, rows, run } = open();
  const made = endpoint();
  const many = publish(Array.from({ length: 2 * JOB_STEP_ROWS + 10 }, () => made));
  end({ ...many, deliverySeqs: [] }, STATE.failed);
  run(() => w.db.exec("UPDATE deliveries SET state = CASE WHEN seq % 3 = 0 THEN 6 ELSE 4 END, ended_at = 0"));
  start(made, START);
  assert.ok(finish() >= 3);
  const order = rows("SELECT seq FROM deliveries WHERE state = 0 ORDER BY due_at, seq").map((row) => row.seq);
  assert.deepEqual(order, many.deliverySeqs);
});

test("recover makes deliveries for kept events that the endpoint missed while it was DISABLED", () => {
  const { endpoint, publish, become, start, finish, madeLater, tenant } = open();
  const made = endpoint({ eventTypes: ["order.*"] });
  const other = endpoint();
  publish([made], { type: "order.paid" });
  publish([], { type: "order.paid" }); // the endpoint was ACTIVE then, so this event was not for it
  become(made, "DISABLED");
  const missed = publish([other], { type: "order.paid" });
  publish([other], { type: "user.made" });
  publish([], { type: "test" });
  publish([], { type: "order.paid", actor: tenant() });
  publish([other], { type: "order.paid", named: true });
  const named = publish([], { type: "user.made", named: true, namedDisabled: [made.seq] });
  become(made, "ACTIVE");
  publish([made], { type: "order.paid" });
  start(made, START);
  finish();
  assert.deepEqual(madeLater(), [missed.eventSeq, named.eventSeq]);
});

test("a second recover creates no second delivery", () => {
  const { endpoint, publish, become, start, finish, madeLater } = open();
  const made = endpoint();
  become(made, "DISABLED");
  publish([]);
  become(made, "ACTIVE");
  start(made, START);
  start(made, START);
  finish();
  assert.equal(madeLater().length, 1);
});

test("a recover ignores what was created after its start", () => {
  const { endpoint, publish, end, become, start, finish, states, madeLater } = open();
  const made = endpoint();
  start(made, START);
  end(publish([made]), STATE.failed);
  become(made, "DISABLED");
  publish([]);
  finish();
  assert.deepEqual([states(), madeLater()], [[STATE.failed], []]);
});

test("a recover whose start is repeated is one job", () => {
  const { endpoint, start, newId, count } = open();
  const made = endpoint();
  const id = newId();
  assert.deepEqual([start(made, START, id), start(made, START, id)], [id, id]);
  assert.equal(count("jobs"), 1);
});

test("recover of an endpoint that is unknown or deleted is refused; deleted meanwhile, it ends", () => {
  const { endpoint, publish, end, start, finish, remove, states } = open();
  const made = endpoint();
  end(publish([made]), STATE.failed);
  start(made, START);
  remove(made);
  assert.equal(start(made, START), null);
  finish();
  assert.deepEqual(states(), [STATE.failed]);
});

test("recover creates exactly what the endpoint missed while DISABLED, once, after any sequence of changes", () => {
  const filters = fc.constantFrom<readonly string[] | null>(null, ["a"], ["b", "c"]);
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("publish" as const), type: fc.constantFrom("a", "b", "c") }),
    },
    fc.record({ kind: fc.constant("status" as const), status: fc.constantFrom("ACTIVE", "PAUSED", "DISABLED") }),
    fc.record({ kind: fc.constant("filter" as const), eventTypes: filters }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const { w, run, actor, tenantSeq, endpoint, publish, start, finish, madeLater } = open();
      let made = endpoint();
      const missed: Seq[] = [];
      const patch = (change: object) =>
        run(() => patchEndpoint(w, { actor, tenantSeq, id: made.id, now: START, ...change }))?.endpoint ?? made;
      for (const action of steps) {
        if (action.kind === "status") made = patch({ status: action.status as EndpointStatus });
        if (action.kind === "filter") made = patch({ settings: { eventTypes: action.eventTypes } });
        if (action.kind !== "publish") continue;
        const matches = matchesFilters(made.eventTypes, action.type);
        const { eventSeq } = publish(matches && made.status !== "DISABLED" ? [made] : [], { type: action.type });
        if (matches && made.status === "DISABLED") missed.push(eventSeq);
      }
      start(made, START);
      finish();
      start(made, START);
      finish();
      assert.deepEqual(madeLater(), missed);
    }),
    { numRuns: 50 },
  );
});

// ── The backlog of a deleted endpoint ───────────────────────────────────────────────────────────────────────────────

test("a deleted endpoint's backlog ends as CANCELLED at its deletion, in steps; other endpoints' stays", () => {
  const { endpoint, publish, remove, finish, count, row } = open();
  const [made, other] = [endpoint(), endpoint()];
  publish(Array.from({ length: JOB_STEP_ROWS + 1 }, () => made));
  publish([other]);
  remove(made);
  assert.equal(finish(), 2);
  const ended = `state = ${STATE.cancelled} AND reason = 'endpoint_deleted' AND ended_at = ${START + 7}`;
  assert.equal(count("deliveries", ended), JOB_STEP_ROWS + 1);
  assert.equal(count("deliveries", "state = 0"), 1);
  assert.equal(row("SELECT sum(failed) AS n FROM counters WHERE endpoint_seq = 0")?.n, JOB_STEP_ROWS + 1);
});

test("the job leaves what is leased to settle, and does not wait for it", () => {
  const { endpoint, publish, set, remove, finish, states } = open();
  const made = endpoint();
  const [leased] = publish([made, made]).deliverySeqs;
  set(leased as Seq, { state: STATE.leased, lease: 5 });
  remove(made);
  assert.equal(finish(), 1);
  assert.deepEqual(states(), [STATE.leased, STATE.cancelled]);
});

// ── A job that breaks ───────────────────────────────────────────────────────────────────────────────────────────────

test("a failing job is rolled back and named, and while it is skipped it does not delay the others", () => {
  const { w, endpoint, publish, end, start, run, row, rows } = open();
  const made = endpoint();
  end(publish([made]), STATE.failed);
  const broken = start(made, START) as Uuid;
  const sound = start(made, START) as Uuid;
  run(() => w.prepare("UPDATE jobs SET cursor = 'no JSON' WHERE seq = 1").run());
  const step = (...passOver: Uuid[]) => run(() => stepJob(w, START + HOUR, passOver));
  for (let tries = 0; tries < 2; tries += 1) {
    const { idle, failed } = step();
    assert.deepEqual([idle, failed?.jobId], [false, broken]);
    assert.match(failed?.message ?? "", /no JSON/);
  }
  assert.deepEqual({ ...row("SELECT done, finished_at FROM jobs WHERE seq = 1") }, { done: 0, finished_at: null });
  while (!step(broken).idle);
  const finished = rows("SELECT seq FROM jobs WHERE finished_at IS NOT NULL").map(({ seq }) => seq);
  assert.deepEqual([finished, row("SELECT done FROM jobs WHERE seq = 2")?.done], [[2], 1]);
  assert.equal(step(broken, sound).idle, true);
});
