import assert from "node:assert/strict";
import { test } from "node:test";
import type { Uuid } from "../../../../src/domain/ids.ts";
import type { InboundFilter } from "../../../../src/ports/store.ts";
import { HOUR, START } from "../delivery/times.ts";
import { type OpenStore, useWorld, withWorld } from "../world.ts";
import { createReceiving } from "./receiving.ts";

export function inboundListCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a list of one kind contains the tenant's own requests, newest first, with the total, for every filter and offset", async () => {
    const tenant = await world.newTenant();
    const others = createReceiving(world, await world.newTenant());
    const { source, take, refuse, list } = createReceiving(world, tenant);
    const sources = [await source(), await source()];
    const made: Made[] = [];
    const changes = ["active>paused", "paused>active", "a>b"];
    const directions = ["PAUSE_ACTIVATED", "PAUSE_DEACTIVATED", "NONE"];
    for (let index = 0; index < 36; index += 1) {
      const from = sources[index % 2] ?? assert.fail();
      const valid = index % 4 !== 3;
      const type = `type.${index % 3}`;
      const now = START + Math.floor(index / 2);
      const given = { eventType: type, now, same: null, change: changes[index % 3] ?? "" };
      const { id } = valid ? await take(from, given) : await refuse(from, given);
      made.unshift({ id, of: from.id, type, valid, direction: valid ? (directions[index % 3] ?? "") : null, at: now });
      await take(from, { kind: "any", now, same: null });
    }
    await others.take(await others.source());
    const [one] = sources;
    assert(one !== undefined);
    for (const [filter, fits] of filtersOf(one, world.newId())) {
      const expected = made.filter(fits).map(({ id }) => id);
      const whole = await list(filter);
      assert.deepEqual(
        [whole.rows.map(({ id }) => id), whole.total],
        [expected, expected.length],
        JSON.stringify(filter),
      );
      const piece = await list(filter, 2, 3);
      assert.deepEqual([piece.rows.map(({ id }) => id), piece.total], [expected.slice(2, 5), expected.length]);
    }
    assert.deepEqual((await list({}, 100, 10)).rows, []);
    assert.equal((await list({ kind: "any" })).total, 36);
    assert.equal((await list({ kind: "any", direction: "NONE" })).total, 0);
  });

  test("a list without a kind merges both kinds in order, with one total, for every offset", async () => {
    const { source, take, refuse, list } = createReceiving(world, await world.newTenant());
    const [from, beside] = [await source(), await source()];
    const made: { id: string; kind: string; valid: boolean; type: string; at: number }[] = [];
    for (let index = 0; index < 24; index += 1) {
      const kind = index % 3 === 0 ? "any" : "pauseStatus";
      const [valid, type, now] = [index % 5 !== 4, `type.${index % 2}`, START + Math.floor(index / 4)];
      const given = { kind, eventType: type, now, same: null } as const;
      const { id } = valid ? await take(from, given) : await refuse(from, given);
      made.unshift({ id, kind, valid, type, at: now });
      await take(beside, { ...given, kind: "any" });
    }
    const asked: readonly (readonly [Partial<InboundFilter>, (row: (typeof made)[number]) => boolean])[] = [
      [{}, () => true],
      [{ valid: true }, ({ valid }) => valid],
      [{ valid: false }, ({ valid }) => !valid],
      [{ valid: false, includeUnattributed: true }, ({ valid }) => !valid],
      [{ eventType: "type.1", includeUnattributed: true }, ({ type }) => type === "type.1"],
      [{ direction: "PAUSE_ACTIVATED" }, ({ kind, valid }) => kind === "pauseStatus" && valid],
      [{ from: START + 1, to: START + 4 }, ({ at }) => at >= START + 1 && at < START + 4],
    ];
    for (const [filter, fits] of asked) {
      const expected = made.filter(fits).map(({ id }) => id);
      for (const [offset, limit] of [
        [0, 100],
        [2, 3],
        [expected.length, 1],
      ] as const) {
        const { rows, total } = await list({ kind: null, sourceId: from.id, ...filter }, offset, limit);
        const ids = rows.map(({ id }) => id);
        assert.deepEqual([ids, total], [expected.slice(offset, offset + limit), expected.length]);
      }
    }
  });

  test("a list row is the record without its request and its events", async () => {
    const { source, take, refuse, find, list } = createReceiving(world, await world.newTenant());
    const from = await source();
    await take(from);
    await refuse(from);
    const { rows } = await list();
    for (const row of rows) {
      const { raw: _, eventIds: __, ...record } = await find(row.id);
      assert.deepEqual(row, record);
    }
  });

  test("a list that includes unattributed requests merges them with the tenant's own in order of receipt", async () => {
    await withWorld(open, async (alone) => {
      const { source, take, refuse, list } = createReceiving(alone, await alone.newTenant());
      const others = createReceiving(alone, await alone.newTenant());
      const [from, foreign] = [await source(), await others.source()];
      const ids: string[] = [];
      const nobodys: string[] = [];
      for (let index = 0; index < 12; index += 1) {
        const now = START + Math.floor(index / 4);
        await others.take(foreign, { now, same: null });
        const { id } = index % 3 === 0 ? await refuse(null, { now }) : await take(from, { now, same: null });
        ids.unshift(id);
        if (index % 3 === 0) nobodys.unshift(id);
      }
      await refuse(null, { kind: "any" });
      const all = await list({ includeUnattributed: true });
      assert.deepEqual([all.rows.map(({ id }) => id), all.total], [ids, 12]);
      const piece = await list({ includeUnattributed: true }, 3, 4);
      assert.deepEqual([piece.rows.map(({ id }) => id), piece.total], [ids.slice(3, 7), 12]);
      const named = await list({ includeUnattributed: true, sourceName: "who_knows", valid: false });
      assert.deepEqual([named.rows.map(({ id }) => id), named.total], [nobodys, 4]);
      assert.equal((await list({ includeUnattributed: true, sourceId: from.id })).total, 8);
      assert.equal((await list()).total, 8);
      assert.equal((await list({ includeUnattributed: true, valid: false, to: START + 1 })).total, 2);
    });
  });

  test("a source's refused requests are listed whole, oldest first, in pages", async () => {
    const tenant = await world.newTenant();
    const other = await world.newTenant();
    const { source, take, refuse, find } = createReceiving(world, tenant);
    const [from, beside] = [await source(), await source()];
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      ids.push((await refuse(from, { kind: index % 2 === 0 ? "any" : "pauseStatus" })).id);
      await refuse(beside);
      await take(from, { same: null });
    }
    const page = await world.store.listRejected(tenant.tenantSeq, from.id, null, 3);
    assert.deepEqual(
      page.records.map(({ id }) => id),
      ids.slice(0, 3),
    );
    for (const record of page.records) assert.deepEqual(record, await find(record.id));
    const rest = await world.store.listRejected(tenant.tenantSeq, from.id, page.next, 3);
    assert.deepEqual(
      rest.records.map(({ id }) => id),
      ids.slice(3),
    );
    assert.equal(rest.next, null);
    const none = { records: [], next: null };
    assert.deepEqual(await world.store.listRejected(other.tenantSeq, from.id, null, 3), none);
    assert.deepEqual(await world.store.listRejected(tenant.tenantSeq, world.newId(), null, 3), none);
  });

  test("requests are counted by time and by source, those of unknown senders only when asked for", async () => {
    const tenant = await world.newTenant();
    const { source, take, refuse } = createReceiving(world, tenant);
    const [busy, quiet] = [await source(), await source()];
    // Far from the times of other cases, which share the unknown senders.
    const at = START + 900 * HOUR;
    for (const now of [at, at + 1, at + HOUR]) await take(busy, { now, same: null });
    await take(busy, { now: at + 2, same: null, kind: "any" });
    await refuse(busy, { now: at + HOUR + 1 });
    await refuse(quiet, { now: at + 2 * HOUR });
    await refuse(null, { now: at + 5 });
    const { tenantSeq } = tenant;
    const span = { tenantSeq, includeUnattributed: false, from: at, to: at + 2 * HOUR, stepMs: HOUR };
    const { since, buckets, sources } = await world.store.countInbound(span);
    assert.equal(since, null);
    assert.deepEqual(
      buckets.toSorted((a, b) => a.at - b.at),
      [
        { at, valid: 3, refused: 0 },
        { at: at + HOUR, valid: 1, refused: 1 },
      ],
    );
    const ofBusy = { sourceId: busy.id, sourceName: busy.name, valid: 4, refused: 1, lastAt: at + HOUR + 1 };
    assert.deepEqual(sources, [ofBusy]);
    const all = await world.store.countInbound({ ...span, includeUnattributed: true });
    const nobodys = { sourceId: null, sourceName: null, valid: 0, refused: 1, lastAt: at + 5 };
    assert.deepEqual(all.sources, [ofBusy, nobodys]);
    const later = await world.store.countInbound({ ...span, from: at + 5 * HOUR, to: at + 6 * HOUR });
    assert.deepEqual(later, { since: null, buckets: [], sources: [] });
  });

  test("records of a deleted source keep its id and its name", async () => {
    const tenant = await world.newTenant();
    const { source, take, list } = createReceiving(world, tenant);
    const from = await source();
    const { id } = await take(from);
    await world.store.deleteSource({ ...tenant.owner, id: from.id, now: START });
    for (const filter of [{}, { sourceId: from.id }, { sourceName: from.name }]) {
      const { rows } = await list(filter);
      assert.deepEqual(
        rows.map((row) => [row.id, row.sourceId, row.sourceName]),
        [[id, from.id, from.name]],
      );
    }
  });
}

interface Made {
  readonly id: string;
  readonly of: string;
  readonly type: string;
  readonly valid: boolean;
  readonly direction: string | null;
  readonly at: number;
}

/** Filters, and which requests each lets through. */
function filtersOf(
  one: { readonly id: Uuid; readonly name: string },
  unknownId: Uuid,
): readonly (readonly [Partial<InboundFilter>, (row: Made) => boolean])[] {
  return [
    [{}, () => true],
    [{ sourceId: one.id }, (row) => row.of === one.id],
    [{ sourceName: one.name }, (row) => row.of === one.id],
    [{ sourceName: "nobody" }, () => false],
    [{ sourceId: unknownId }, () => false],
    [{ eventType: "type.1" }, (row) => row.type === "type.1"],
    [{ direction: "PAUSE_DEACTIVATED" }, (row) => row.direction === "PAUSE_DEACTIVATED"],
    [{ valid: true }, (row) => row.valid],
    [{ valid: false }, (row) => !row.valid],
    [{ rejection: "signature_mismatch" }, (row) => !row.valid],
    [{ rejection: "signature_mismatch", valid: true }, () => false],
    [{ rejection: "loop_detected" }, () => false],
    [{ valid: false, direction: "NONE" }, () => false],
    [
      { valid: false, sourceId: one.id, eventType: "type.0" },
      (row) => !row.valid && row.of === one.id && row.type === "type.0",
    ],
    [{ from: START + 5, to: START + 9 }, (row) => row.at >= START + 5 && row.at < START + 9],
    [{ from: START + 9, valid: false }, (row) => row.at >= START + 9 && !row.valid],
    [
      { sourceId: one.id, valid: true, direction: "NONE", to: START + 12 },
      (row) => row.of === one.id && row.direction === "NONE" && row.at < START + 12,
    ],
  ];
}
