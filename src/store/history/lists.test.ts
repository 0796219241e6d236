import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openRows, type Rows, START, STORED } from "../../../test/fixtures/sqlite-rows.ts";
import { DELIVERY_STATES, type DeliveryState } from "../../domain/delivery/delivery.ts";
import { matchesFilters } from "../../domain/delivery/event.ts";
import type { EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import { LIST_ROWS_PER_REQUEST, LIST_SOURCES_MAX } from "../../domain/limits.ts";
import type { Cursor, DeliveryFilter, DeliveryPage, DeliveryRow } from "../../ports/store.ts";
import { cursorOf, seqBefore } from "../cursors.ts";
import { findConditions, spanOf } from "./delivery-conditions.ts";
import { listDeliveries } from "./lists.ts";

const EVERYTHING = {
  state: null,
  endpointId: null,
  eventId: null,
  eventType: null,
  search: null,
  from: null,
  to: null,
};

/** The rows of all pages of a list. */
function listAll(rows: Rows, filter: DeliveryFilter, limit: number): DeliveryRow[] {
  const found: DeliveryRow[] = [];
  for (let cursor: Cursor | null = null; ; ) {
    const page: DeliveryPage = listDeliveries(rows.connection, filter, cursor, limit);
    assert.ok(page.rows.length <= limit);
    found.push(...page.rows);
    if (page.next === null) return found;
    assert.ok(seqBefore(page.next) < seqBefore(cursor), "a page goes on below the one before it");
    cursor = page.next;
  }
}

interface Made {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly eventId: Uuid;
  readonly endpointId: Uuid;
  readonly tenantSeq: Seq;
  readonly type: string;
  readonly state: DeliveryState;
  readonly createdAt: number;
}

const TYPES = ["order.paid", "order.paid.late", "order_paid", "order%", "user.made", "user"];
const STATUSES: readonly (EndpointStatus | "DELETED")[] = ["ACTIVE", "PAUSED", "DISABLED", "DELETED"];

const storeArbitrary = fc.record({
  endpoints: fc.array(fc.record({ status: fc.constantFrom(...STATUSES), tenant: fc.nat(1) }), {
    minLength: 1,
    maxLength: 8,
  }),
  deliveries: fc.array(
    fc.record({ endpoint: fc.nat(7), type: fc.nat(TYPES.length - 1), stored: fc.nat(6), later: fc.boolean() }),
    { maxLength: 60 },
  ),
});

function makeStore({ endpoints, deliveries }: typeof storeArbitrary extends fc.Arbitrary<infer T> ? T : never) {
  const rows = openRows();
  const tenants = [rows.tenant(), rows.tenant()];
  const targets = endpoints.map(({ status, tenant }) => {
    const tenantSeq = tenants[tenant] ?? 0;
    const deleted = status === "DELETED";
    const columns = { status: deleted ? "ACTIVE" : status, deleted_at: deleted ? START + 5 : null } as const;
    return { ...rows.endpoint({ tenant_seq: tenantSeq, ...columns }), tenantSeq, status };
  });
  const events = new Map<string, { seq: Seq; id: Uuid }>();
  const made = deliveries.map((choice, index): Made => {
    const target = targets[choice.endpoint % targets.length];
    const type = TYPES[choice.type] ?? "";
    assert.ok(target !== undefined);
    // Some events have several deliveries. All are later ones, since the original deliveries of an event are
    // consecutive.
    const known = choice.later ? events.get(`${target.tenantSeq} ${type}`) : undefined;
    const event =
      known ?? rows.event({ tenant_seq: target.tenantSeq, type, first_delivery_seq: index + 1, delivery_count: 1 });
    events.set(`${target.tenantSeq} ${type}`, event);
    const createdAt = START + Math.floor(index / 3) * 10;
    const delivery = rows.delivery({
      event_seq: event.seq,
      endpoint_seq: target.seq,
      state: choice.stored,
      lease: choice.stored === STORED.IN_PROGRESS ? 1000 - index : null,
      created_at: createdAt,
      due_at: createdAt,
      later: known === undefined ? 0 : 1,
    });
    assert.equal(delivery.seq, index + 1);
    const { tenantSeq, id: endpointId, status } = target;
    return {
      ...delivery,
      eventId: event.id,
      endpointId,
      tenantSeq,
      type,
      state: shown(choice.stored, status),
      createdAt,
    };
  });
  return { rows, tenants, targets, made };
}

function shown(stored: number, status: EndpointStatus | "DELETED"): DeliveryState {
  if (stored < STORED.IN_PROGRESS && status === "DELETED") return "CANCELLED";
  if (stored < STORED.IN_PROGRESS && status !== "ACTIVE") return "HELD";
  return DELIVERY_STATES.find((state) => state !== "HELD" && STORED[state] === stored) ?? "FAILED";
}

const choiceArbitrary = fc.record({
  tenant: fc.nat(1),
  state: fc.option(fc.constantFrom(...DELIVERY_STATES)),
  endpoint: fc.option(fc.nat(7), { freq: 1 }),
  event: fc.option(fc.nat(59), { freq: 1 }),
  search: fc.constantFrom("event", "delivery", "endpoint", "typePrefix", null, null),
  searched: fc.nat(59),
  type: fc.option(fc.constantFrom("order", "order.paid", "order.*", "order.paid.*", "user.*", "zebra"), { freq: 1 }),
  prefix: fc.constantFrom("", "o", "order", "order.", "order_", "order%", "order.paid", "user", "zebra"),
  from: fc.option(fc.nat(220)),
  to: fc.option(fc.nat(220)),
  limit: fc.integer({ min: 1, max: 20 }),
});

test("a list holds exactly the deliveries that match its filter, newest first, on pages of any size", () => {
  fc.assert(
    fc.property(storeArbitrary, choiceArbitrary, (storeChoice, choice) => {
      const { rows, tenants, targets, made } = makeStore(storeChoice);
      const one = made[choice.searched % Math.max(1, made.length)];
      const search = one === undefined ? null : searchFor(choice.search, one, choice.prefix);
      const filter: DeliveryFilter = {
        tenantSeq: tenants[choice.tenant] ?? 0,
        state: choice.state,
        endpointId: choice.endpoint === null ? null : (targets[choice.endpoint % targets.length]?.id ?? null),
        eventId: choice.event === null ? null : (made[choice.event % Math.max(1, made.length)]?.eventId ?? null),
        eventType: choice.type,
        search,
        from: choice.from === null ? null : START + choice.from,
        to: choice.to === null ? null : START + choice.to,
      };
      const expected = made.filter((delivery) => matches(delivery, filter)).reverse();
      const found = listAll(rows, filter, choice.limit);
      assert.deepEqual(
        found.map(({ seq, id, eventId, endpointId, eventType, state }) => [
          seq,
          id,
          eventId,
          endpointId,
          eventType,
          state,
        ]),
        expected.map(({ seq, id, eventId, endpointId, type, state }) => [seq, id, eventId, endpointId, type, state]),
      );
      rows.connection.db.close();
    }),
    { numRuns: 80 },
  );
});

function searchFor(kind: string | null, one: Made, prefix: string): DeliveryFilter["search"] {
  switch (kind) {
    case "event":
      return { kind, id: one.eventId };
    case "delivery":
      return { kind, id: one.id };
    case "endpoint":
      return { kind, id: one.endpointId };
    case "typePrefix":
      return { kind, prefix };
    default:
      return null;
  }
}

function matches(delivery: Made, filter: DeliveryFilter): boolean {
  const { tenantSeq, state, endpointId, eventId, eventType, search, from, to } = filter;
  const found =
    search === null ||
    (search.kind === "event" && search.id === delivery.eventId) ||
    (search.kind === "delivery" && search.id === delivery.id) ||
    (search.kind === "endpoint" && search.id === delivery.endpointId) ||
    (search.kind === "typePrefix" && delivery.type.startsWith(search.prefix));
  return (
    found &&
    matchesFilters(eventType === null ? null : [eventType], delivery.type) &&
    delivery.tenantSeq === tenantSeq &&
    (state === null || state === delivery.state) &&
    (endpointId === null || endpointId === delivery.endpointId) &&
    (eventId === null || eventId === delivery.eventId) &&
    (from === null || delivery.createdAt >= from) &&
    (to === null || delivery.createdAt < to)
  );
}

/** Insert a run of deliveries of one event and endpoint. */
function insertMany(rows: Rows, count: number, columns: { event: Seq; endpoint: Seq; state: number }): void {
  rows.connection.db.exec("BEGIN");
  for (let index = 0; index < count; index += 1) {
    rows.delivery({ event_seq: columns.event, endpoint_seq: columns.endpoint, state: columns.state });
  }
  rows.connection.db.exec("COMMIT");
}

test("a list that would visit too many rows returns short pages, and still reaches the end", () => {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  const endpoint = rows.endpoint({ tenant_seq: tenantSeq, status: "PAUSED" });
  const event = rows.event({ tenant_seq: tenantSeq, type: "order.paid" });
  insertMany(rows, 2, { event: event.seq, endpoint: endpoint.seq, state: STORED.DELIVERED });
  insertMany(rows, LIST_ROWS_PER_REQUEST + 5000, { event: event.seq, endpoint: endpoint.seq, state: STORED.PENDING });
  const filter: DeliveryFilter = { ...EVERYTHING, tenantSeq, state: "DELIVERED" };
  const first = listDeliveries(rows.connection, filter, null, 20);
  assert.deepEqual(first.rows, []);
  assert.equal(first.next, cursorOf(5003));
  const second = listDeliveries(rows.connection, filter, first.next, 20);
  assert.deepEqual(
    second.rows.map((row) => row.seq),
    [2, 1],
  );
  assert.equal(second.next, null);
});

test("three pending deliveries are found on the first page behind any number of held ones", () => {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  const active = rows.endpoint({ tenant_seq: tenantSeq });
  const paused = rows.endpoint({ tenant_seq: tenantSeq, status: "PAUSED" });
  const event = rows.event({ tenant_seq: tenantSeq, type: "order.paid" });
  insertMany(rows, 3, { event: event.seq, endpoint: active.seq, state: STORED.PENDING });
  insertMany(rows, LIST_ROWS_PER_REQUEST + 1000, { event: event.seq, endpoint: paused.seq, state: STORED.PENDING });
  const page = listDeliveries(rows.connection, { ...EVERYTHING, tenantSeq, state: "PENDING" }, null, 20);
  assert.deepEqual(
    page.rows.map((row) => row.seq),
    [3, 2, 1],
  );
  assert.equal(page.next, null);
});

test("a list over more endpoints and types than can be merged is still complete", () => {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  const count = LIST_SOURCES_MAX + 10;
  for (let index = 0; index < count; index += 1) {
    const event = rows.event({ tenant_seq: tenantSeq, type: `order.${index}` });
    for (const columns of [
      { status: "ACTIVE" },
      { status: "PAUSED" },
      { status: "ACTIVE", deleted_at: START },
    ] as const) {
      const endpoint = rows.endpoint({ tenant_seq: tenantSeq, ...columns });
      rows.delivery({ event_seq: event.seq, endpoint_seq: endpoint.seq, state: STORED.PENDING });
      rows.delivery({ event_seq: event.seq, endpoint_seq: endpoint.seq, state: STORED.SCHEDULED });
    }
  }
  const list = (change: Partial<DeliveryFilter>) => listAll(rows, { ...EVERYTHING, tenantSeq, ...change }, 50);
  assert.equal(list({ search: { kind: "typePrefix", prefix: "order." } }).length, 6 * count);
  const expected = [
    ["PENDING", count],
    ["SCHEDULED", count],
    ["HELD", 2 * count],
    ["CANCELLED", 2 * count],
  ] as const;
  for (const [state, howMany] of expected) {
    assert.deepEqual(
      list({ state }).map((row) => row.state),
      Array(howMany).fill(state),
    );
  }
});

test("a time span holds exactly its deliveries though times and commit order disagree a little", () => {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  const endpoint = rows.endpoint({ tenant_seq: tenantSeq });
  const event = rows.event({ tenant_seq: tenantSeq, type: "order.paid" });
  const times = Array.from({ length: 60 }, (_, index) => START + index * 20_000 + ((index * 7) % 3) * 19_000);
  for (const created_at of times) {
    rows.delivery({ event_seq: event.seq, endpoint_seq: endpoint.seq, state: STORED.DELIVERED, created_at });
  }
  for (let from = START - 50_000; from < START + 1_300_000; from += 33_000) {
    for (const to of [from, from + 1, from + 40_000, from + 500_000]) {
      const found = listAll(rows, { ...EVERYTHING, tenantSeq, from, to }, 7).map((row) => row.createdAt);
      assert.deepEqual(found, times.filter((time) => time >= from && time < to).reverse());
    }
  }
  const conditions = findConditions(rows.connection, {
    ...EVERYTHING,
    tenantSeq,
    from: times[30] ?? 0,
    to: times[32] ?? 0,
  });
  assert.ok(conditions !== null);
  const { low, high } = spanOf(rows.connection, conditions, seqBefore(null));
  assert.ok(low > 20 && high < 45, `only the rows around it are looked at, not ${low} to ${high}`);
});
