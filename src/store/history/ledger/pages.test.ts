import assert from "node:assert/strict";
import { test } from "node:test";
import { expectations } from "../../../../test/fixtures/ledger.ts";
import { DAY, HOUR, openStore, START } from "../../../../test/fixtures/sqlite-writing.ts";
import {
  ANY_DELIVERY,
  LEDGER_DIRECTIONS,
  LEDGER_ORDERS,
  LEDGER_STATUSES,
  STATES_OF_STATUS,
} from "../../../domain/history/ledger.ts";
import type { Seq, Uuid } from "../../../domain/ids.ts";
import type { LedgerFilter, LedgerQuery } from "../../../ports/store.ts";
import { createKeeping, LEDGER_VERBS } from "./verbs.ts";

const ROWS = 15_000;

/**
 * 15,000 deliveries of two tenants over ten days, most of them delivered at once. So many rows share a key that their
 * ids decide the order, and ids are not in the order of the sequence.
 */
function bigStore() {
  const store = openStore();
  const other = store.tenant();
  const endpoints = [store.endpoint(), store.endpoint(), store.endpoint({}, { actor: other })];
  for (const type of ["some", "rare"]) {
    for (const [index, endpoint] of endpoints.entries()) {
      store.publish([endpoint], { type, actor: index === 2 ? other : store.actor });
    }
  }
  store.w.db.exec(`
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${ROWS}),
    models AS (SELECT seq, row_number() OVER (ORDER BY seq) - 1 AS place FROM deliveries),
    made AS (
      SELECT n,
        ${START} + (n * ${10 * DAY} / ${ROWS}) / 100 * 100 + (n * 7919) % 50 AS created,
        (n * 31) % 100 AS luck,
        models.seq AS model
      FROM n CROSS JOIN models ON models.place = (n * 7) % 6)
    INSERT INTO deliveries
      (id, event_seq, endpoint_seq, tenant_seq, type_seq, state, format, ordered, created_at, due_at, lease, claims,
       attempts, attempts_before_run, claims_before_run, ended_at, cancel_requested, later)
    SELECT
      unhex(printf('%012x7%03x8%03x%012x', created, (n * 13) % 4096, 0, (n * 104729) % 1000000)),
      d.event_seq, d.endpoint_seq, d.tenant_seq, d.type_seq,
      CASE WHEN luck < 90 THEN 3 WHEN luck < 94 THEN 4 WHEN luck < 95 THEN 5 WHEN luck < 96 THEN 6 ELSE luck % 3 END,
      0, 0, created, created, CASE WHEN luck >= 96 AND luck % 3 = 2 THEN n END, 1,
      CASE WHEN luck < 80 THEN 1 WHEN luck = 99 THEN 20000 + n ELSE luck % 5 END, 0, 0,
      CASE WHEN luck < 96 THEN created + (n * 101) % 3000 END, 0, 0
    FROM made CROSS JOIN deliveries d ON d.seq = made.model`);
  const connection = store.w;
  return { store, endpoints, keeping: createKeeping(connection), expected: expectations(connection) };
}

const big = bigStore();
const failed = { states: STATES_OF_STATUS.failed };
const delivered = { states: STATES_OF_STATUS.delivered };

type Changes = Partial<Omit<LedgerQuery, "filter">> & { readonly filter?: Partial<LedgerFilter> };

function query(tenantSeq: Seq, changes: Changes): LedgerQuery {
  return {
    order: { by: "createdAt", direction: "desc" },
    offset: 0,
    limit: 100,
    asOf: null,
    now: START,
    ...changes,
    filter: { tenantSeq, ...ANY_DELIVERY, ...changes.filter },
  };
}

function checkPage(asked: LedgerQuery): void {
  const page = LEDGER_VERBS.listLedger(big.keeping, asked);
  const expected = big.expected(asked);
  assert.deepEqual({ ids: page.rows.map(({ id }) => id), total: page.total }, expected, JSON.stringify(asked));
}

const idsOf = (endpoint: { readonly id: Uuid } | undefined) => [endpoint?.id ?? assert.fail()];
/** At the beginning, in the middle, across the end of some filters and of all rows, and after everything. */
const OFFSETS = [0, 60, 4_950, 9_950, 1_000_000];
const filters: readonly Partial<LedgerFilter>[] = [
  {},
  ...LEDGER_STATUSES.map((status) => ({ states: STATES_OF_STATUS[status] })),
  { endpointIds: idsOf(big.endpoints[0]) },
  { eventType: "rare" },
  { eventType: "never.published" },
  { endpointIds: idsOf(big.endpoints[2]) },
  { from: START + 2 * DAY, to: START + 3 * DAY },
  { from: START + 9 * DAY + HOUR },
  { to: START },
  {
    ...delivered,
    endpointIds: idsOf(big.endpoints[1]),
    eventType: "some",
    from: START + DAY,
    to: START + 8 * DAY,
  },
  { ...failed, eventType: "rare", to: START + 8 * DAY },
];

for (const by of LEDGER_ORDERS) {
  for (const direction of LEDGER_DIRECTIONS) {
    test(`pages by ${by}, ${direction}, are those of a complete sort, with any filter and offset`, () => {
      for (const [index, filter] of filters.entries()) {
        // The order itself, and each status, with every offset. The others begin a list, and are somewhere in it.
        const offsets = index <= LEDGER_STATUSES.length ? OFFSETS : [0, OFFSETS[1 + (index % 4)] ?? 0];
        for (const offset of offsets) {
          checkPage(query(big.store.tenantSeq, { filter, offset, order: { by, direction } }));
        }
      }
    });
  }
}

test("a page at the end of the delivered rows continues with the rows that were not delivered", () => {
  const { total } = LEDGER_VERBS.listLedger(big.keeping, query(big.store.tenantSeq, { filter: delivered }));
  for (const direction of LEDGER_DIRECTIONS) {
    for (const offset of [total - 100, total - 50, total - 1, total]) {
      checkPage(query(big.store.tenantSeq, { offset, order: { by: "deliveredAt", direction } }));
    }
  }
});

test("pages as of a time have nothing newer", () => {
  checkPage(query(big.store.tenantSeq, { asOf: START + 5 * DAY }));
  checkPage(query(big.store.tenantSeq, { asOf: START - 1 }));
});

test("an export has every row once, in order of creation, without those that were added meanwhile", () => {
  const { store, keeping, endpoints, expected: expectedOf } = big;
  const filter: LedgerFilter = { tenantSeq: store.tenantSeq, ...ANY_DELIVERY, eventType: "some" };
  const asked = query(store.tenantSeq, { filter, limit: ROWS, order: { by: "createdAt", direction: "asc" } });
  const expected = expectedOf(asked).ids;
  const [endpoint] = endpoints;
  assert.ok(endpoint);
  const found: string[] = [];
  let page = LEDGER_VERBS.readLedger(keeping, filter, null, 700);
  for (;;) {
    found.push(...page.rows.map(({ id }) => id));
    if (page.next === null) break;
    store.publish([endpoint], { type: "some", now: START + 20 * DAY });
    page = LEDGER_VERBS.readLedger(keeping, filter, page.next, 700);
  }
  assert.deepEqual(found, expected);
});

test("frozen pages lack what is committed later, even with an earlier creation time", () => {
  const { store, keeping, endpoints } = big;
  const asked = query(store.tenantSeq, { limit: 5 });
  const first = LEDGER_VERBS.listLedger(keeping, asked);
  const [endpoint] = endpoints;
  assert.ok(endpoint);
  store.publish([endpoint], { type: "some", now: first.asOf });
  store.publish([endpoint], { type: "some", now: START });
  const again = LEDGER_VERBS.listLedger(keeping, { ...asked, asOf: first.asOf });
  assert.deepEqual(again, first);

  const fresh = LEDGER_VERBS.listLedger(keeping, asked);
  assert.equal(fresh.total, first.total + 2);
  assert.notEqual(fresh.asOf, first.asOf, "another state has another name");
  assert.equal(LEDGER_VERBS.listLedger(keeping, { ...asked, asOf: fresh.asOf }).total, fresh.total);
  assert.equal(LEDGER_VERBS.listLedger(keeping, { ...asked, asOf: first.asOf }).total, first.total);
});
