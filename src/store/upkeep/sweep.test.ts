import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DAY, HOUR, openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import type { Endpoint, EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { Seq } from "../../domain/ids.ts";
import {
  ANALYTICS_HOURS_MAX,
  IDEMPOTENCY_TTL_MS,
  RETENTION_PASS_MS,
  RETENTION_STEP_KEYS,
  RETENTION_STEP_ROWS,
  RETENTION_STEP_VISITS,
} from "../../domain/limits.ts";
import { revokeKey } from "../access/access.ts";
import { rememberKey } from "../delivery/idempotency.ts";
import { updateLane } from "../delivery/lane-rows.ts";
import { deleteEndpoint, patchEndpoint } from "../endpoints/endpoints.ts";
import { STATE } from "../stored-enums.ts";
import { readAgain } from "../writing.ts";
import { startRecover, stepJob } from "./jobs.ts";
import { enter } from "./nodes.ts";
import { sweep } from "./sweep.ts";

const KEPT_MS = 30 * DAY;
/** A time at which everything of START is too old. */
const LATER = START + KEPT_MS + 1;

function open() {
  const store = openStore();
  const { w, actor, tenantSeq } = store;
  const step = (now: number, retentionMs = KEPT_MS) => store.run(() => sweep(w, { now, retentionMs }));
  return {
    ...store,
    step,
    /** Run one pass; returns how many steps it took. */
    pass(now = LATER, retentionMs = KEPT_MS) {
      const steps = [step(now, retentionMs)];
      while (steps.at(-1)?.more) {
        if (steps.length > 1000) throw new Error("the pass never ends");
        steps.push(step(now, retentionMs));
      }
      return steps;
    },
    end(seq: Seq, endedAt = START, state: number = STATE.delivered) {
      store.set(seq, { state, ended_at: endedAt });
    },
    /** The attempts of a delivery, each with a reference to the one before it. */
    attempts(deliverySeq: Seq, count: number, url = 1) {
      let previous: Seq | null = null;
      for (let number = 1; number <= count; number += 1) {
        const seq: Seq = w.sequences.attempt++;
        store.run(() =>
          w
            .prepare(
              "INSERT INTO attempts VALUES (?, ?, ?, zeroblob(16), ?, 0, 0, 0, 'success', 200, '', NULL, ?, NULL, NULL)",
            )
            .run(seq, deliverySeq, previous, number, url),
        );
        previous = seq;
      }
      store.set(deliverySeq, { last_attempt_seq: previous });
    },
    patch: (endpoint: Endpoint, change: object, now = START) =>
      store.run(() => patchEndpoint(w, { actor, tenantSeq, id: endpoint.id, now, ...change })),
    remove: (endpoint: Endpoint, now = START) =>
      store.run(() => deleteEndpoint(w, { actor, tenantSeq, id: endpoint.id, now })),
  };
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test("an old event is deleted with its deliveries, attempts and type once all of them ended long enough ago", () => {
  const { endpoint, publish, end, attempts, pass, count } = open();
  const { deliverySeqs } = publish([endpoint(), endpoint()]);
  const [a, b] = deliverySeqs as [Seq, Seq];
  end(a);
  end(b, LATER - KEPT_MS + HOUR);
  attempts(a, 3);
  pass(LATER);
  assert.deepEqual([count("events"), count("deliveries"), count("attempts"), count("event_types")], [1, 2, 3, 1]);
  pass(LATER + 2 * HOUR);
  assert.deepEqual([count("events"), count("deliveries"), count("attempts"), count("event_types")], [0, 0, 0, 0]);
});

test("an event without deliveries is deleted by its own age", () => {
  const { publish, pass, count } = open();
  publish([], { now: START });
  publish([], { now: START + HOUR });
  pass(START + KEPT_MS + 1);
  assert.equal(count("events"), 1);
});

for (const [what, columns] of Object.entries({
  waits: { state: STATE.waitingNew },
  "waits for a retry": { state: STATE.waitingRetry },
  "is in flight": { state: STATE.leased, lease: 5 },
})) {
  test(`an event stays, however old, while a delivery of it ${what}`, () => {
    const { endpoint, publish, set, pass, count } = open();
    set(publish([endpoint()]).deliverySeqs[0] as Seq, columns);
    pass();
    assert.deepEqual([count("events"), count("deliveries")], [1, 1]);
  });
}

test("a later delivery keeps its event, and is deleted with it", () => {
  const { w, run, endpoint, publish, end, pass, count, set } = open();
  const made = endpoint();
  const first = publish([made]);
  const second = publish([made]);
  for (const seq of [...first.deliverySeqs, ...second.deliverySeqs]) end(seq);
  // The second event's delivery becomes a replay of the first.
  set(second.deliverySeqs[0] as Seq, { event_seq: first.eventSeq, later: 1, state: STATE.waitingNew });
  run(() => w.db.exec(`DELETE FROM events WHERE seq = ${second.eventSeq}`));
  pass();
  assert.equal(count("deliveries"), 2);
  end(second.deliverySeqs[0] as Seq);
  pass(LATER + RETENTION_PASS_MS);
  assert.deepEqual([count("events"), count("deliveries")], [0, 0]);
});

test("an event lives at least as long as its idempotency key", () => {
  const { publish, pass, count } = open();
  publish([], { keyed: true });
  const retentionMs = DAY;
  pass(START + IDEMPOTENCY_TTL_MS, retentionMs);
  assert.equal(count("events"), 1);
  pass(START + IDEMPOTENCY_TTL_MS + RETENTION_PASS_MS, retentionMs);
  assert.equal(count("events"), 0);
});

test("a step deletes a limited number of rows, even of one event, and the next step continues there", () => {
  const { w, run, endpoint, publish, step, pass, count } = open();
  const made = endpoint();
  publish(Array.from({ length: 3 * RETENTION_STEP_ROWS }, () => made));
  run(() => w.db.exec(`UPDATE deliveries SET state = 3, ended_at = ${START}`));
  const first = step(LATER);
  assert.ok(first.more && first.deleted <= RETENTION_STEP_ROWS);
  assert.equal(count("events"), 1);
  const rest = pass();
  assert.ok(rest.every(({ deleted }) => deleted <= RETENTION_STEP_ROWS + 1));
  assert.deepEqual([count("events"), count("deliveries")], [0, 0]);
});

test("old rows that may not be deleted yet are looked at once per pass, even across a restart", () => {
  const { w, run, endpoint, publish, step, pass, count } = open();
  const made = endpoint();
  for (let index = 0; index < 2 * RETENTION_STEP_VISITS; index += 1) publish([made]);
  publish([]);
  assert.deepEqual([step(LATER).more, count("events")], [true, 2 * RETENTION_STEP_VISITS + 1]);
  run(() => readAgain(w)());
  pass();
  assert.equal(count("events"), 2 * RETENTION_STEP_VISITS);
  // No row is looked at before the next pass is due.
  run(() => w.db.exec("UPDATE deliveries SET state = 3, ended_at = 0"));
  assert.deepEqual(step(LATER + RETENTION_PASS_MS - 1), { more: false, deleted: 0, woken: [] });
  pass(LATER + RETENTION_PASS_MS);
  assert.equal(count("events"), 0);
});

test("no sequence is used again after the newest rows are gone", () => {
  const { w, run, endpoint, publish, end, attempts, pass } = open();
  const { deliverySeqs } = publish([endpoint()]);
  end(deliverySeqs[0] as Seq);
  attempts(deliverySeqs[0] as Seq, 2);
  const before = { ...w.sequences };
  pass();
  run(() => readAgain(w)());
  assert.deepEqual(w.sequences, before);
});

test("retention deletes exactly what is old, ended and unneeded, for any content", () => {
  const delivery = fc.record({
    state: fc.constantFrom(...Object.values(STATE)),
    endedDay: fc.integer({ min: 0, max: 40 }),
    attempts: fc.integer({ min: 0, max: 3 }),
  });
  const event = fc.record({ day: fc.integer({ min: 0, max: 2 }), deliveries: fc.array(delivery, { maxLength: 3 }) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (events, days) => {
      const { endpoint, publish, set, attempts, pass, rows, count } = open();
      const made = endpoint();
      const now = START + 40 * DAY + 1;
      const cutoff = now - days * DAY;
      const kept: Seq[] = [];
      let keptAttempts = 0;
      let at = START;
      for (const { day, deliveries } of events) {
        at += day * DAY;
        const published = publish(
          deliveries.map(() => made),
          { now: at },
        );
        for (const [index, { state, endedDay, attempts: tries }] of deliveries.entries()) {
          const seq = published.deliverySeqs[index] as Seq;
          const ended = state > STATE.leased ? START + endedDay * DAY : null;
          set(seq, { state, lease: state === STATE.leased ? seq : null, ended_at: ended });
          attempts(seq, tries);
        }
        const goes =
          at < cutoff &&
          deliveries.every(({ state, endedDay }) => state > STATE.leased && START + endedDay * DAY < cutoff);
        if (goes) continue;
        kept.push(published.eventSeq);
        keptAttempts += deliveries.reduce((sum, { attempts: tries }) => sum + tries, 0);
      }
      pass(now, days * DAY);
      assert.deepEqual(
        rows("SELECT seq FROM events ORDER BY seq").map((row) => row.seq),
        kept,
      );
      assert.equal(count("attempts"), keptAttempts);
      assert.equal(count("deliveries", "event_seq NOT IN (SELECT seq FROM events)"), 0);
      assert.equal(count("event_types"), kept.length === 0 ? 0 : 1);
    }),
    { numRuns: 40 },
  );
});

// ── Endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────

test("a tombstone is deleted with its lane, history and URLs once no delivery shows it", () => {
  const { w, run, endpoint, publish, end, remove, pass, count } = open();
  const made = endpoint();
  const [seq] = publish([made]).deliverySeqs;
  end(seq as Seq, START + DAY);
  run(() => w.db.exec(`INSERT INTO urls (endpoint_seq, url) VALUES (${made.seq}, 'https://example.com/hook')`));
  remove(made);
  pass(LATER);
  assert.equal(count("endpoints"), 1);
  pass(LATER + 2 * DAY);
  assert.deepEqual(
    ["endpoints", "lanes", "endpoint_history", "urls"].map((table) => count(table)),
    [0, 0, 0, 0],
  );
  assert.ok(endpoint().seq > made.seq, "its number names no other endpoint");
});

test("a DISABLED endpoint's backlog expires visibly after the retention time, in steps; a PAUSED one's never", () => {
  const { w, run, endpoint, publish, patch, pass, count, lane } = open();
  const [disabled, paused] = [endpoint(), endpoint()];
  publish(Array.from({ length: RETENTION_STEP_ROWS + 5 }, () => disabled));
  publish([paused]);
  patch(disabled, { status: "DISABLED" }, START + DAY);
  patch(paused, { status: "PAUSED" }, START + DAY);
  run(() => updateLane(w.lanes.get(disabled.seq), { heldBytes: 99 }));
  pass(LATER);
  assert.equal(count("deliveries", "state = 0"), RETENTION_STEP_ROWS + 6);
  const now = LATER + DAY;
  const steps = pass(now);
  assert.ok(steps.every(({ deleted }) => deleted <= RETENTION_STEP_ROWS));
  const expired = `state = ${STATE.expired} AND reason = 'expired' AND ended_at = ${now}`;
  assert.equal(count("deliveries", expired), RETENTION_STEP_ROWS + 5);
  assert.equal(count("deliveries", "state = 0"), 1);
  assert.equal(lane(disabled).held_bytes, 0);
  pass(now + RETENTION_PASS_MS);
  assert.equal(count("deliveries"), RETENTION_STEP_ROWS + 6, "they stay in the history for a retention time more");
});

test("a delivery that was retried recently for a DISABLED endpoint does not expire with the rest", () => {
  const { endpoint, publish, patch, set, pass, delivery } = open();
  const made = endpoint();
  const seq = publish([made]).deliverySeqs[0] as Seq;
  patch(made, { status: "DISABLED" });
  set(seq, { due_at: LATER - DAY, run_started_at: LATER - DAY });
  pass();
  assert.equal(delivery(seq).state, STATE.waitingNew);
});

test("statuses and filters that no kept event was matched with are deleted", () => {
  const { endpoint, publish, patch, pass, rows } = open();
  const made = endpoint();
  for (const status of ["PAUSED", "ACTIVE", "DISABLED"] satisfies EndpointStatus[]) {
    publish([]);
    patch(made, { status });
  }
  publish([], { now: LATER });
  patch(made, { status: "ACTIVE" });
  const statuses = () => rows("SELECT status FROM endpoint_history ORDER BY after_event_seq").map((row) => row.status);
  assert.deepEqual(statuses(), ["ACTIVE", "PAUSED", "ACTIVE", "DISABLED", "ACTIVE"]);
  pass(LATER);
  assert.deepEqual(statuses(), ["DISABLED", "ACTIVE"]);
});

test("an endpoint's former URL is deleted once no kept delivery can have used it", () => {
  const { w, run, endpoint, publish, end, patch, pass, rows } = open();
  const made = endpoint();
  const url = (text: string) =>
    run(() => w.prepare("INSERT INTO urls (endpoint_seq, url) VALUES (?, ?)").run(made.seq, text));
  const [seq] = publish([made]).deliverySeqs;
  end(seq as Seq, START + DAY);
  url(made.url);
  url("https://example.org/new");
  patch(made, { settings: { url: "https://example.org/new" } });
  publish([made], { now: START + HOUR });
  const urls = () => rows("SELECT url FROM urls").map((row) => row.url);
  pass(LATER);
  assert.equal(urls().length, 2);
  pass(LATER + 2 * DAY);
  pass(LATER + 2 * DAY + RETENTION_PASS_MS);
  assert.deepEqual(urls(), ["https://example.org/new"]);
});

// ── The rest of the table ───────────────────────────────────────────────────────────────────────────────────────────

test("old audit entries, finished jobs and revoked keys are deleted; what is recent, running or valid stays", () => {
  const { w, run, endpoint, actor, tenantSeq, newId, pass, rows, count } = open();
  const made = endpoint();
  const startJob = () =>
    run(() => startRecover(w, { actor, tenantSeq, endpointId: made.id, jobId: newId(), since: START, now: START }));
  startJob();
  while (!run(() => stepJob(w, START)).idle);
  startJob();
  const spare = newId();
  run(() => {
    const insert = w.prepare(
      "INSERT INTO keys (id, tenant_seq, hash, name, role, test, created_at) VALUES (?, ?, ?, ?, ?, 0, 0)",
    );
    insert.run(Buffer.from(spare.replaceAll("-", ""), "hex"), tenantSeq, Buffer.alloc(32), "spare", "developer");
    assert.equal(revokeKey(w, { actor, tenantSeq, id: spare, now: START }), "revoked");
  });
  endpoint({}, { now: LATER });
  pass();
  assert.equal(count("audit"), 1);
  assert.equal(count("jobs", "finished_at IS NULL"), 1);
  assert.equal(count("jobs"), 1);
  assert.deepEqual(
    rows("SELECT name FROM keys").map((row) => row.name),
    ["first"],
  );
});

test("statistics stay as long as they can be requested, or for the retention time if that is longer", () => {
  const { endpoint, publish, pass, count, end } = open();
  const made = endpoint();
  for (const now of [START, START + 10 * DAY]) end(publish([made], { now }).deliverySeqs[0] as Seq, now);
  const analyticsMs = ANALYTICS_HOURS_MAX * HOUR;
  pass(START + analyticsMs, DAY);
  assert.equal(count("counters"), 4);
  pass(START + analyticsMs + HOUR, 40 * DAY);
  assert.equal(count("counters"), 4);
  pass(START + analyticsMs + 2 * HOUR, DAY);
  assert.equal(count("counters"), 2);
});

test("the rows of nodes that are gone are deleted, and this node's stays", () => {
  const { w, run, pass, rows } = open();
  run(() => enter(w, START));
  const { node } = run(() => enter(w, START));
  pass();
  assert.deepEqual(
    rows("SELECT node FROM nodes").map((row) => row.node),
    [node],
  );
});

test("a day's idempotency keys are deleted once none of them is valid", () => {
  const { w, run, tenantSeq, pass, count } = open();
  const claim = { surface: "events" as const, keyHash: "ab".repeat(32), fingerprint: "cd".repeat(32) };
  run(() => rememberKey(w, tenantSeq, claim, 1, START + DAY - 1));
  const tables = () => count("sqlite_master", "name GLOB 'idempotency_*'");
  pass(START + DAY - 1 + IDEMPOTENCY_TTL_MS);
  assert.equal(tables(), 1);
  pass(START + DAY + IDEMPOTENCY_TTL_MS + RETENTION_PASS_MS);
  assert.equal(tables(), 0);
});

test("a step deletes no more than its share of a day's keys, and the last step drops the table", () => {
  const { w, run, tenantSeq, pass, count } = open();
  const keyed = (index: number) => ({
    surface: "events" as const,
    keyHash: index.toString(16).padStart(64, "0"),
    fingerprint: "cd".repeat(32),
  });
  const all = 2 * RETENTION_STEP_KEYS + 1;
  run(() => {
    for (let index = 0; index < all; index += 1) rememberKey(w, tenantSeq, keyed(index), index, START);
    rememberKey(w, tenantSeq, keyed(0), 1, START + DAY);
  });
  const steps = pass(START + DAY + IDEMPOTENCY_TTL_MS);
  assert.deepEqual(
    steps.map(({ deleted, more }) => [deleted, more]),
    [
      [RETENTION_STEP_KEYS, true],
      [RETENTION_STEP_KEYS, true],
      [1, false],
    ],
  );
  assert.equal(count("sqlite_master", "name GLOB 'idempotency_*'"), 1);
  assert.equal(count(`idempotency_${START / DAY + 1}`), 1);
});

test("sweeping an empty store is done at once", () => {
  const { step } = open();
  assert.deepEqual(step(START), { more: false, deleted: 0, woken: [] });
});
