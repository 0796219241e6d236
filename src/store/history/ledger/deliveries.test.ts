/** The list over any filter: compared with a reading of all deliveries. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { expectedDeliveries } from "../../../../test/fixtures/ledger.ts";
import { HOUR, openStore, START } from "../../../../test/fixtures/sqlite-writing.ts";
import { CLASSIFICATIONS, DELIVERY_STATES, TERMINAL_REASONS } from "../../../domain/delivery/delivery.ts";
import { ANY_DELIVERY, LEDGER_DIRECTIONS } from "../../../domain/history/ledger.ts";
import type { Cursor, DeliveriesQuery, LedgerFilter } from "../../../ports/store.ts";
import { all } from "../../read-connection.ts";
import { uuidText } from "../../rows.ts";
import { createKeeping, LEDGER_VERBS } from "./verbs.ts";

/** More than one segment. */
const ROWS = 5000;

/** Deliveries in every state to an endpoint that is active, one that is paused, and one that was just deleted. */
function variedStore() {
  const store = openStore();
  const endpoints = [store.endpoint(), store.endpoint(), store.endpoint()];
  for (const type of ["order.paid", "order.sent", "orders"])
    for (const each of endpoints) store.publish([each], { type });
  store.w.db.exec(`
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${ROWS}),
    models AS (SELECT seq, row_number() OVER (ORDER BY seq) - 1 AS place FROM deliveries)
    INSERT INTO deliveries
      (id, event_seq, endpoint_seq, tenant_seq, type_seq, state, format, ordered, created_at, due_at, lease, claims,
       attempts, attempts_before_run, claims_before_run, ended_at, reason, cancel_requested, later, last_attempt_seq)
    SELECT unhex(printf('%012x7%03x8%03x%012x', ${START} + n, 0, 0, n)), d.event_seq, d.endpoint_seq, d.tenant_seq,
      d.type_seq, n % 7, 0, 0, ${START} + n * 1000, 0, CASE WHEN n % 7 = 2 THEN n END, 1, n % 11,
      CASE WHEN n % 7 = 0 THEN n % 11 ELSE 0 END, 0, CASE WHEN n % 7 > 2 THEN ${START} END,
      CASE WHEN n % 7 > 3 THEN iif(n % 2, 'attempts_exhausted', 'cancelled') END, 0, 1, iif(n % 11, n, NULL)
    FROM n CROSS JOIN models ON models.place = n % 9 CROSS JOIN deliveries d ON d.seq = models.seq;
    INSERT INTO attempts (seq, delivery_seq, id, number, started_at, latency_ms, outcome, classification, http_status, url_seq)
    SELECT last_attempt_seq, seq, randomblob(16), 1, 0, 0, 0, iif(seq % 3, 'http_status', 'reset'),
      iif(seq % 3, 200 + 100 * (seq % 4) + seq % 5, NULL), 0
    FROM deliveries
    WHERE last_attempt_seq IS NOT NULL`);
  const [, paused, gone] = endpoints;
  assert.ok(paused && gone);
  store.w.db.exec(`
    UPDATE endpoints SET status = 'PAUSED' WHERE seq = ${paused.seq};
    UPDATE endpoints SET deleted_at = ${START} WHERE seq = ${gone.seq};
    UPDATE tenants SET endpoint_version = endpoint_version + 1;
    INSERT INTO jobs (id, tenant_seq, kind, cursor, created_at)
    VALUES (randomblob(16), ${store.tenantSeq}, 'cancel_backlog', '{"endpointSeq":${gone.seq}}', 0)`);
  return { store, endpoints, keeping: createKeeping(store.w) };
}

const { store, endpoints, keeping } = variedStore();
const expected = expectedDeliveries(store.w, store.tenantSeq);
const some = all<{ id: Uint8Array; event: Uint8Array }>(
  store.w,
  "SELECT d.id, v.id AS event FROM deliveries d JOIN events v ON v.seq = d.event_seq WHERE d.seq % 900 = 1",
).map(({ id, event }) => ({ delivery: uuidText(id), event: uuidText(event) }));

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 1 });
const endpointId = fc.constantFrom(...endpoints.map(({ id }) => id));
const filters: fc.Arbitrary<LedgerFilter> = fc.record({
  tenantSeq: fc.constant(store.tenantSeq),
  states: orNull(fc.subarray([...DELIVERY_STATES], { minLength: 1 })),
  endpointIds: orNull(
    fc.subarray(
      endpoints.map(({ id }) => id),
      { minLength: 1 },
    ),
  ),
  deliveryIds: fc.option(fc.subarray(some.map(({ delivery }) => delivery)), { freq: 4 }),
  eventId: fc.option(fc.constantFrom(...some.map(({ event }) => event)), { freq: 4 }),
  eventType: orNull(fc.constantFrom("order.paid", "order.*", "orders", "none")),
  search: fc.option(
    fc.oneof(
      endpointId.map((id) => ({ kind: "endpoint", id }) as const),
      fc.constantFrom(...some).map(({ event }) => ({ kind: "event", id: event }) as const),
      fc.constantFrom(...some).map(({ delivery }) => ({ kind: "delivery", id: delivery }) as const),
      fc.constantFrom("", "order.s", "order").map((prefix) => ({ kind: "typePrefix", prefix }) as const),
    ),
    { freq: 4 },
  ),
  from: orNull(fc.integer({ min: START, max: START + 2 * HOUR })),
  to: orNull(fc.integer({ min: START, max: START + 3 * HOUR })),
  httpStatus: orNull(fc.constantFrom({ min: 200, max: 299 }, { min: 404, max: 404 }, { min: 500, max: 599 })),
  classification: orNull(fc.constantFrom(...CLASSIFICATIONS)),
  reason: orNull(fc.constantFrom(...TERMINAL_REASONS)),
  attemptsMin: orNull(fc.integer({ min: 0, max: 12 })),
});
/** Most of the conditions at once match nothing, so most filters have a few. */
const sparse = fc
  .tuple(filters, fc.subarray(Object.keys(ANY_DELIVERY) as (keyof typeof ANY_DELIVERY)[], { maxLength: 3 }))
  .map(([filter, kept]) => ({
    ...ANY_DELIVERY,
    tenantSeq: filter.tenantSeq,
    ...Object.fromEntries(kept.map((name) => [name, filter[name]])),
  }));

function query(changes: Partial<DeliveriesQuery>): DeliveriesQuery {
  return {
    filter: { ...ANY_DELIVERY, tenantSeq: store.tenantSeq },
    order: { by: "createdAt", direction: "desc" },
    cursor: null,
    limit: 100,
    count: true,
    asOf: null,
    now: START,
    ...changes,
  };
}

test("the pages of any filter and order together are all deliveries that match, and the count is exact", () => {
  const order = fc.record({
    by: fc.constantFrom("createdAt", "attempts"),
    direction: fc.constantFrom(...LEDGER_DIRECTIONS),
  });
  const asOf = fc.option(fc.integer({ min: START, max: START + 3 * HOUR }), { freq: 2 });
  let found = 0;
  fc.assert(
    fc.property(fc.oneof(sparse, filters), order, asOf, (filter, chosen, until) => {
      const asked = query({ filter, order: chosen, asOf: until, limit: 700 });
      const should = expected(asked);
      const ids: string[] = [];
      let cursor: Cursor | null = null;
      do {
        const page = LEDGER_VERBS.queryDeliveries(keeping, { ...asked, cursor });
        assert.equal(page.total, should.length);
        ids.push(...page.rows.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== null);
      assert.deepEqual(ids, should);
      found += should.length > 0 ? 1 : 0;
    }),
    { numRuns: 20 },
  );
  assert.ok(found > 5, String(found));
});

test("a row has the state that it was found by", () => {
  for (const state of DELIVERY_STATES) {
    const { rows, total } = LEDGER_VERBS.queryDeliveries(
      keeping,
      query({ filter: { ...ANY_DELIVERY, tenantSeq: store.tenantSeq, states: [state] } }),
    );
    assert.ok((total ?? 0) > 100, state);
    assert.deepEqual(new Set(rows.map((row) => row.state)), new Set([state]));
  }
});

test("without a count, a page freezes nothing", () => {
  const page = LEDGER_VERBS.queryDeliveries(
    keeping,
    query({ count: false, order: { by: "attempts", direction: "asc" } }),
  );
  assert.deepEqual([page.total, page.asOf, page.rows.length], [null, null, 100]);
  const none = { ...ANY_DELIVERY, tenantSeq: store.tenantSeq, eventType: "none" };
  assert.deepEqual(LEDGER_VERBS.queryDeliveries(keeping, query({ count: false, filter: none })), {
    rows: [],
    next: null,
    total: null,
    asOf: null,
  });
});
