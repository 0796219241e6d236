import assert from "node:assert/strict";
import { test } from "node:test";
import type { Uuid } from "../../../../src/domain/ids.ts";
import { PAYLOAD_SEARCH_BYTES_MAX } from "../../../../src/domain/limits.ts";
import type { Cursor, EventFilter, EventPage, EventRow, EventTypeRow } from "../../../../src/ports/store.ts";
import type { Tenancy } from "../access/tenancy.ts";
import { HOUR, MINUTE, START } from "../delivery/times.ts";
import { succeeded } from "../delivery/verdicts.ts";
import { createReceiving } from "../inbound/receiving.ts";
import { type OpenStore, useWorld } from "../world.ts";

const ANY_EVENT = { eventType: null, from: null, to: null, sourceId: null, undelivered: false, payloadText: null };

export function eventListCases(open: OpenStore): void {
  const world = useWorld(open);

  /** All pages of the list. */
  async function list(tenant: Tenancy, filter: Partial<EventFilter> = {}, limit = 3): Promise<EventRow[]> {
    const rows: EventRow[] = [];
    let cursor: Cursor | null = null;
    do {
      const page: EventPage = await world.store.listEvents(
        { ...ANY_EVENT, tenantSeq: tenant.tenantSeq, ...filter },
        cursor,
        limit,
      );
      assert.ok(page.rows.length <= limit);
      rows.push(...page.rows);
      cursor = page.next;
    } while (cursor !== null);
    return rows;
  }
  const idsOf = (rows: readonly EventRow[]): Uuid[] => rows.map(({ id }) => id);

  async function types(tenant: Tenancy, prefix = "", now = START): Promise<EventTypeRow[]> {
    const query = { tenantSeq: tenant.tenantSeq, prefix, now };
    const first = await world.store.listEventTypes(query, null, 1);
    const rows = [...first.rows];
    if (first.next !== null) rows.push(...(await world.store.listEventTypes(query, first.next, 100)).rows);
    return rows;
  }

  test("the list has every event of the tenant once, newest first, with and without deliveries", async () => {
    const tenant = await world.newTenant();
    const other = await world.newTenant();
    const [a, b] = [await tenant.endpoint(), await tenant.endpoint()];
    const theirs = await other.endpoint();
    assert.deepEqual(await list(tenant), []);
    const made: Uuid[] = [];
    for (let index = 0; index < 12; index += 1) {
      const targets = [[a], [], [a, b], [b]][index % 4] ?? [];
      const payload = `{"n":${index}}`;
      made.push((await tenant.publish(targets, { now: START + index * MINUTE, payload })).eventId);
      await other.publish([theirs], { now: START + index * MINUTE });
    }
    const rows = await list(tenant);
    assert.deepEqual(idsOf(rows), [...made].reverse());
    assert.deepEqual(idsOf(await list(tenant, {}, 100)), idsOf(rows));
    const { seq, ...newest } = rows[0] ?? assert.fail();
    assert.deepEqual(newest, {
      id: made.at(-1),
      type: "order.paid",
      acceptedAt: START + 11 * MINUTE,
      payloadBytes: '{"n":11}'.length,
      pauseId: null,
      inboundId: null,
      sourceId: null,
      deliveries: { IN_PROGRESS: 1 },
    });
    assert.ok(seq > 0);
    assert.deepEqual(rows.map(({ deliveries }) => deliveries).slice(0, 4), [
      { IN_PROGRESS: 1 },
      { IN_PROGRESS: 2 },
      {},
      { IN_PROGRESS: 1 },
    ]);
  });

  test("replays of older events neither hide an event nor repeat it, and count as deliveries", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const first = await tenant.publish([endpoint], { now: START });
    const deliveryIds = first.deliveries.map(({ id }) => id);
    const ids = [first.eventId];
    for (let round = 0; round < 4; round += 1) {
      for (let time = 0; time < 5; time += 1) {
        await world.store.replay({ ...tenant.owner, deliveryIds, dryRun: false, now: START + MINUTE });
      }
      ids.push((await tenant.publish(round % 2 === 0 ? [endpoint] : [], { now: START + MINUTE })).eventId);
    }
    await world.store.replay({ ...tenant.owner, deliveryIds, dryRun: false, now: START + MINUTE });
    const rows = await list(tenant, {}, 2);
    assert.deepEqual(idsOf(rows), ids.reverse());
    assert.equal(
      Object.values(rows.at(-1)?.deliveries ?? {}).reduce((sum, count) => sum + count, 0),
      1 + 4 * 5 + 1,
    );
  });

  test("each filter, and several together, select what they say", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const names = ["order.paid", "order.sent", "order", "orders.paid", "invoice.paid"];
    // After the events of the other cases: times rise with sequences.
    const start = START + 24 * 60 * MINUTE;
    const made: { id: Uuid; type: string; at: number; targets: number }[] = [];
    for (let index = 0; index < 30; index += 1) {
      const type = names[index % names.length] ?? assert.fail();
      const at = start + index * MINUTE;
      const targets = index % 3 === 0 ? [] : [endpoint];
      made.push({ id: (await tenant.publish(targets, { now: at, type })).eventId, type, at, targets: targets.length });
    }
    const expected = (keep: (event: (typeof made)[number]) => boolean) =>
      made
        .filter(keep)
        .map(({ id }) => id)
        .reverse();
    const at = start + 10 * MINUTE;
    const cases: readonly (readonly [Partial<EventFilter>, (event: (typeof made)[number]) => boolean])[] = [
      [{ eventType: "order.paid" }, ({ type }) => type === "order.paid"],
      [{ eventType: "order.*" }, ({ type }) => type.startsWith("order.")],
      [{ eventType: "none" }, () => false],
      [{ eventType: "%" }, () => false],
      [{ undelivered: true }, ({ targets }) => targets === 0],
      [{ from: at }, (event) => event.at >= at],
      [{ to: at }, (event) => event.at < at],
      [{ from: at, to: at }, () => false],
      [
        { eventType: "order.*", undelivered: true, from: at },
        ({ type, targets, at: when }) => type.startsWith("order.") && targets === 0 && when >= at,
      ],
      [{ sourceId: world.newId() }, () => false],
    ];
    for (const [filter, keep] of cases) {
      assert.deepEqual(idsOf(await list(tenant, filter)), expected(keep), JSON.stringify(filter));
      assert.deepEqual(idsOf(await list(tenant, filter, 100)), expected(keep), JSON.stringify(filter));
    }
  });

  test("events are found by a part of a payload's text, which is not a pattern, unless the payload is large", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const publish = async (payload: string, targets = [endpoint]) =>
      (await tenant.publish(targets, { payload })).eventId;
    const order = await publish('{"order": 4711}');
    const another = await publish('{"order": 4712, "note": "100 %"}', []);
    const large = await publish(`{"order": 4711, "more": "${"x".repeat(PAYLOAD_SEARCH_BYTES_MAX)}"}`);
    const other = await world.newTenant();
    await other.publish([], { payload: '{"order": 4711}' });
    const found = async (payloadText: string, limit?: number) => idsOf(await list(tenant, { payloadText }, limit));
    assert.deepEqual(await found("4711"), [order]);
    assert.deepEqual(await found('"order": 471', 100), [another, order]);
    assert.deepEqual(await found("%"), [another]);
    assert.deepEqual(await found("4_1"), []);
    assert.deepEqual(idsOf(await list(tenant)), [large, another, order]);
  });

  test("an event that a recovery delivered later is no longer undelivered", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.patch(endpoint, { status: "DISABLED" }, START);
    const { eventId } = await tenant.publish([], { now: START + MINUTE });
    assert.deepEqual(idsOf(await list(tenant, { undelivered: true })), [eventId]);
    await tenant.patch(endpoint, { status: "ACTIVE" }, START + 2 * MINUTE);
    const recovery = {
      ...tenant.owner,
      endpointId: endpoint.id,
      jobId: world.newId(),
      since: START,
      now: START + HOUR,
    };
    assert.notEqual(await world.store.startRecover(recovery), null);
    while (!(await world.store.stepJob(START + HOUR)).idle);
    assert.deepEqual(idsOf(await list(tenant, { undelivered: true })), []);
    const [row] = await list(tenant);
    assert.deepEqual([row?.id, row?.deliveries], [eventId, { PENDING: 1 }]);
  });

  test("a source's events are those of its inbound events, and name both", async () => {
    const tenant = await world.newTenant();
    const receiving = createReceiving(world, tenant);
    const [from, another] = [await receiving.source(), await receiving.source()];
    await tenant.publish([]);
    const received = await receiving.take(from);
    await receiving.take(another);
    const rows = await list(tenant, { sourceId: from.id });
    assert.deepEqual(
      rows.map(({ inboundId, sourceId }) => [inboundId, sourceId]),
      [[received.id, from.id]],
    );
    assert.equal((await list(tenant)).length, 3);
    const stranger = await world.newTenant();
    assert.deepEqual(await list(stranger, { sourceId: from.id }), []);
  });

  test("the types of retained events are listed by name, with their times, their rate and their endpoints", async () => {
    const tenant = await world.newTenant();
    const other = await world.newTenant();
    const all = await tenant.endpoint();
    const orders = await tenant.endpoint({ eventTypes: ["order.*"] });
    await other.publish([], { type: "other" });
    const now = START + 10 * HOUR;
    await tenant.publish([], { type: "b", now: START });
    await tenant.publish([all, orders], { type: "order.paid", now: START });
    const { deliveries } = await tenant.publish([all], { type: "order.paid", now: now - MINUTE });
    const delivery = deliveries[0] ?? assert.fail();
    await tenant.settle(delivery, succeeded, { at: now });
    await world.store.replay({ ...tenant.owner, deliveryIds: [delivery.id], dryRun: false, now });
    for (let index = 2; index >= 0; index -= 1) await tenant.publish([], { type: "a", now: now - index * MINUTE });
    assert.deepEqual(await types(tenant, "", now), [
      { name: "a", firstAt: now - 2 * MINUTE, lastAt: now, perHour: 3, endpoints: 1 },
      { name: "b", firstAt: START, lastAt: START, perHour: 0, endpoints: 1 },
      { name: "order.paid", firstAt: START, lastAt: now - MINUTE, perHour: 1, endpoints: 2 },
    ]);
    assert.deepEqual(
      (await types(tenant, "order.", now)).map(({ name }) => name),
      ["order.paid"],
    );
    assert.deepEqual(await types(tenant, "%", now), []);
  });

  test("the events of a busy type in the last hour are estimated, and a burst counts only once", async () => {
    const tenant = await world.newTenant();
    const targets = [await tenant.endpoint(), await tenant.endpoint(), await tenant.endpoint()];
    // The estimate is a share of all events of the hour, so the other cases' events must be older.
    const now = START + 20 * HOUR;
    for (let index = 0; index < 100; index += 1) {
      const at = now - (100 - index) * 10;
      await tenant.publish(targets, { now: at });
      await tenant.publish([], { type: "another", now: at });
    }
    const counts = new Map((await types(tenant, "", now)).map(({ name, perHour }) => [name, perHour]));
    const busy = [...counts].find(([name]) => name !== "another")?.[1] ?? 0;
    // The events of other tests are in the hour too.
    assert.ok(busy >= 90 && busy < 1000, String(busy));
    assert.equal(counts.get("another"), 100);
  });
}
