import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { DELIVERY_STATES, type DeliveryState } from "../../../../src/domain/delivery/delivery.ts";
import { matchesFilters } from "../../../../src/domain/delivery/event.ts";
import type { Endpoint } from "../../../../src/domain/endpoints/endpoint.ts";
import type { Uuid } from "../../../../src/domain/ids.ts";
import type { Cursor, DeliveryFilter, DeliveryPage, DeliveryRow } from "../../../../src/ports/store.ts";
import { ANY_DELIVERY, type Tenancy } from "../access/tenancy.ts";
import { HOUR, MINUTE, START } from "../delivery/times.ts";
import { exhausted, failed, outlived, succeeded } from "../delivery/verdicts.ts";
import { type OpenStore, useWorld, type World } from "../world.ts";

const TYPES = ["order.paid", "order.sent", "order", "orderly", "invoice_paid", "invoice-paid", "Order.paid"];
const PREFIXES = [...TYPES, "", "o", "ord", "order.", "invoice_", "invoice", "I", "z", "order.paid.more", "%", "_"];
const EVENTS_COUNT = 60;

interface History {
  readonly tenant: Tenancy;
  readonly endpoints: readonly Endpoint[];
  /** Every delivery as the store shows it by its id, newest first. */
  readonly rows: readonly DeliveryRow[];
}

/** What happens to the deliveries, in turn, so that every fate meets every endpoint and type. */
const FATES = ["PENDING", "IN_PROGRESS", "DELIVERED", "SCHEDULED", "FAILED", "CANCELLED", "EXPIRED"] as const;

async function makeHistory(world: World): Promise<History> {
  const tenant = await world.newTenant();
  const endpoints = [];
  for (const name of ["active", "paused", "disabled", "deleted"]) endpoints.push(await tenant.endpoint({ name }));
  const [active, paused, disabled, deleted] = endpoints;
  assert(active !== undefined && paused !== undefined && disabled !== undefined && deleted !== undefined);
  const expected = new Map<Uuid, DeliveryState>();
  for (let index = 0; index < EVENTS_COUNT; index += 1) {
    const targets = endpoints.filter((_, place) => (index + place) % 3 !== 0);
    await publishFate(world, tenant, { targets, index, expected });
  }
  await tenant.patch(paused, { status: "PAUSED" }, START + HOUR);
  await tenant.patch(disabled, { status: "DISABLED" }, START + HOUR);
  await tenant.remove(deleted, START + HOUR);
  await tenant.waiting((await tenant.patch(paused, {}, START)).endpoint, { now: START + HOUR });
  const replayed = [...expected.keys()].slice(0, 5);
  await world.store.replay({ ...tenant.owner, deliveryIds: replayed, dryRun: false, now: START + HOUR });

  const rows = await tenant.all();
  for (const row of rows) assert.deepEqual(row, await tenant.row(row.id));
  const derived = (row: DeliveryRow): DeliveryState | undefined => {
    const state = expected.get(row.id);
    if (state !== "PENDING" && state !== "SCHEDULED") return state;
    return row.endpointId === active.id ? state : row.endpointId === deleted.id ? "CANCELLED" : "HELD";
  };
  for (const row of rows) if (expected.has(row.id)) assert.equal(row.state, derived(row));
  assert.deepEqual(new Set(rows.map(({ state }) => state)), new Set(DELIVERY_STATES));
  return { tenant, endpoints, rows };
}

interface Fated {
  readonly targets: readonly Endpoint[];
  readonly index: number;
  readonly expected: Map<Uuid, DeliveryState>;
}

async function publishFate(world: World, tenant: Tenancy, { targets, index, expected }: Fated): Promise<void> {
  const now = START + index * MINUTE;
  const fate = FATES[index % FATES.length] ?? "PENDING";
  const type = TYPES[index % TYPES.length] ?? "order";
  // A lane with a due delivery grants no leases to publishes, so its deliveries are claimed.
  const { deliveries } = await tenant.publish(targets, { now, type, lease: fate !== "PENDING" });
  for (const { id } of deliveries) expected.set(id, fate);
  if (fate === "PENDING") {
    for (const { id } of deliveries) expected.set(id, "PENDING");
    return;
  }
  for (const target of targets) {
    const { deliveries: due } = await tenant.claimLane(target, now, { count: 1000 });
    const published = deliveries.filter(({ endpointSeq, leased }) => endpointSeq === target.seq && leased);
    for (const delivery of [...due, ...published]) {
      expected.set(delivery.id, fate);
      if (fate === "DELIVERED") await tenant.settle(delivery, succeeded, { at: now });
      if (fate === "SCHEDULED") await tenant.settle(delivery, failed(START + 9 * HOUR), { at: now });
      if (fate === "FAILED") await tenant.settle(delivery, exhausted, { at: now });
      if (fate === "EXPIRED") await tenant.settle(delivery, outlived, { at: now });
      if (fate !== "CANCELLED") continue;
      await tenant.release([delivery], now);
      await world.store.cancel(tenant.ofDelivery(delivery.id, now));
    }
  }
}

function matches(row: DeliveryRow, filter: DeliveryFilter): boolean {
  const { search } = filter;
  return (
    (filter.state === null || row.state === filter.state) &&
    (filter.endpointId === null || row.endpointId === filter.endpointId) &&
    (filter.eventId === null || row.eventId === filter.eventId) &&
    matchesFilters(filter.eventType === null ? null : [filter.eventType], row.eventType) &&
    (filter.from === null || row.createdAt >= filter.from) &&
    (filter.to === null || row.createdAt < filter.to) &&
    (search === null || found(row, search))
  );
}

function found(row: DeliveryRow, search: NonNullable<DeliveryFilter["search"]>): boolean {
  switch (search.kind) {
    case "event":
      return row.eventId === search.id;
    case "delivery":
      return row.id === search.id;
    case "endpoint":
      return row.endpointId === search.id;
    case "typePrefix":
      return row.eventType.startsWith(search.prefix);
  }
}

/** A cursor of this form can be sealed in one block. */
const CURSOR_FORM = /^[0-9a-z]{1,15}$/;

async function walk(world: World, filter: DeliveryFilter, limit: number): Promise<DeliveryRow[]> {
  const rows: DeliveryRow[] = [];
  const cursors = new Set<Cursor>();
  let cursor: Cursor | null = null;
  do {
    const page: DeliveryPage = await world.store.listDeliveries(filter, cursor, limit);
    assert(page.rows.length <= limit);
    rows.push(...page.rows);
    cursor = page.next;
    if (cursor === null) break;
    assert.match(cursor, CURSOR_FORM);
    assert(!cursors.has(cursor), "each page must have a new cursor");
    cursors.add(cursor);
  } while (cursor !== null);
  return rows;
}

function filters({ tenant, endpoints, rows }: History): fc.Arbitrary<DeliveryFilter> {
  const idOf = (pick: (row: DeliveryRow) => Uuid) => fc.constantFrom(...rows.map(pick), tenant.actor.id);
  const endpointId = fc.constantFrom(...endpoints.map(({ id }) => id), tenant.actor.id);
  const time = fc.integer({ min: -1, max: EVENTS_COUNT + 1 }).map((minute) => START + minute * MINUTE);
  const search = fc.oneof(
    fc.record({ kind: fc.constant("event" as const), id: idOf(({ eventId }) => eventId) }),
    fc.record({ kind: fc.constant("delivery" as const), id: idOf(({ id }) => id) }),
    fc.record({ kind: fc.constant("endpoint" as const), id: endpointId }),
    fc.record({ kind: fc.constant("typePrefix" as const), prefix: fc.constantFrom(...PREFIXES) }),
  );
  const maybe = <T>(some: fc.Arbitrary<T>, freq: number) => fc.option(some, { nil: null, freq });
  return fc.record({
    tenantSeq: fc.constant(tenant.tenantSeq),
    state: maybe(fc.constantFrom(...DELIVERY_STATES), 2),
    endpointId: maybe(endpointId, 1),
    eventId: fc.option(
      idOf(({ eventId }) => eventId),
      { nil: null, freq: 1 },
    ),
    eventType: maybe(fc.constantFrom(...TYPES, "order.*", "order.paid.*", "o.*", "zebra"), 1),
    search: maybe(search, 1),
    from: maybe(time, 1),
    to: maybe(time, 1),
  });
}

export function listCases(open: OpenStore): void {
  const world = useWorld(open);
  let made: History | null = null;
  const history = () => made ?? assert.fail();
  before(async () => {
    // Two tenants at once, so that another tenant's deliveries lie in between.
    const [, own] = await Promise.all([makeHistory(world), makeHistory(world)]);
    made = own;
  });

  test("a filter returns exactly the matching deliveries, each once, newest first, for every page size", async () => {
    await fc.assert(
      fc.asyncProperty(filters(history()), fc.integer({ min: 1, max: 30 }), async (filter, limit) => {
        const expected = history().rows.filter((row) => matches(row, filter));
        assert.deepEqual(await walk(world, filter, limit), expected);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test("lists filter by each state, and by each state of each endpoint", async () => {
    const { tenant, endpoints, rows } = history();
    for (const state of DELIVERY_STATES) {
      for (const endpointId of [null, ...endpoints.map(({ id }) => id)]) {
        const filter = { ...ANY_DELIVERY, tenantSeq: tenant.tenantSeq, state, endpointId };
        const expected = rows.filter((row) => matches(row, filter));
        assert.deepEqual(await walk(world, filter, 7), expected);
      }
    }
  });

  test("the next page continues where the last one ended, although newer deliveries arrived", async () => {
    const { tenant, endpoints, rows } = history();
    const filter = { ...ANY_DELIVERY, tenantSeq: tenant.tenantSeq };
    const first = await world.store.listDeliveries(filter, null, 10);
    const { endpoint } = await tenant.patch(endpoints[0] ?? assert.fail(), {}, START);
    const newer = await tenant.waiting(endpoint, { now: START + 2 * HOUR });
    const second = await world.store.listDeliveries(filter, first.next, 10);
    assert.deepEqual([...first.rows, ...second.rows], rows.slice(0, 20));
    made = { ...history(), rows: [await tenant.row(newer.id), ...rows] };
  });

  test("no filter shows another tenant's deliveries", async () => {
    const { rows } = history();
    const { tenantSeq } = await world.newTenant();
    const [row] = rows;
    assert(row !== undefined);
    for (const some of [
      {},
      { state: row.state },
      { endpointId: row.endpointId },
      { eventId: row.eventId },
      { search: { kind: "delivery", id: row.id } as const },
      { search: { kind: "typePrefix", prefix: "order" } as const },
    ]) {
      const page = await world.store.listDeliveries({ ...ANY_DELIVERY, ...some, tenantSeq }, null, 10);
      assert.deepEqual(page, { rows: [], next: null });
    }
  });

  test("lists show a deleted endpoint's backlog as CANCELLED, both before and after the job has written it", async () => {
    const { tenant } = history();
    const filter = { ...ANY_DELIVERY, tenantSeq: tenant.tenantSeq, state: "CANCELLED" } as const;
    const derived = await walk(world, filter, 100);
    while (!(await world.store.stepJob(START + 3 * HOUR)).idle);
    assert.deepEqual(await walk(world, filter, 100), derived);
  });
}
