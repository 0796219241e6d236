import assert from "node:assert/strict";
import { test } from "node:test";
import type { Source } from "../../../../src/domain/inbound/source.ts";
import { REFUSED_KEPT_COUNT_MAX } from "../../../../src/domain/limits.ts";
import { refuseOf } from "../../../fixtures/inbound.ts";
import { DAY, HOUR, START } from "../delivery/times.ts";
import { sweepAll } from "../upkeep/retention.ts";
import { type OpenStore, type World, withWorld } from "../world.ts";
import { createReceiving } from "./receiving.ts";

/** Refuse `count` requests from one address, in one call. */
function flood(world: World, source: Source | null, address: string, count: number): Promise<void> {
  const ground = { newId: world.newId, now: START };
  return world.store.refuse(Array.from({ length: count }, () => refuseOf(ground, source, { address })));
}

export function inboundBoundCases(open: OpenStore): void {
  test("a flood displaces its own requests, and none of a known source or of another address", async () => {
    await withWorld(open, async (world) => {
      const { source, refuse, list, isThere } = createReceiving(world, await world.newTenant());
      const from = await source();
      const [known, stranger] = [await refuse(from), await refuse(null, { address: "198.51.100.7" })];
      await flood(world, null, "192.0.2.66", REFUSED_KEPT_COUNT_MAX + 50);
      const everything = await list({ includeUnattributed: true, valid: false });
      assert.equal(everything.total, REFUSED_KEPT_COUNT_MAX + 1);
      for (const { id } of [known, stranger]) assert(await isThere(id));
      await world.restart(START);
      await flood(world, null, "192.0.2.66", 10);
      const late = await refuse(null, { address: "198.51.100.8" });
      assert.equal((await list({ includeUnattributed: true, valid: false })).total, REFUSED_KEPT_COUNT_MAX + 1);
      for (const { id } of [known, stranger, late]) assert(await isThere(id));
    });
  });

  test("the limit applies to each known source, and the oldest request of its busiest address is deleted first", async () => {
    await withWorld(open, async (world) => {
      const { source, refuse, list, isThere } = createReceiving(world, await world.newTenant());
      const [one, two] = [await source(), await source()];
      const oldest = [await refuse(one, { address: "192.0.2.1" }), await refuse(one, { address: "192.0.2.2" })];
      await flood(world, one, "192.0.2.2", REFUSED_KEPT_COUNT_MAX - 2);
      const count = async (from: Source) => (await list({ sourceId: from.id })).total;
      assert.equal(await count(one), REFUSED_KEPT_COUNT_MAX);
      await refuse(one, { address: "192.0.2.3" });
      await refuse(two, { address: "192.0.2.2" });
      assert.deepEqual([await count(one), await count(two)], [REFUSED_KEPT_COUNT_MAX, 1]);
      assert.deepEqual(await Promise.all(oldest.map(({ id }) => isThere(id))), [true, false]);
    });
  });

  test("deleted and verified requests free places", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const { source, refuse, verified, list, isThere } = createReceiving(world, tenant);
      const from = await source();
      const [first, second, third] = [await refuse(from), await refuse(from), await refuse(from)];
      await flood(world, from, "192.0.2.1", REFUSED_KEPT_COUNT_MAX - 3);
      await world.store.deleteInbound({ actor: tenant.actor, tenantSeq: null, id: first.id, now: START });
      assert.equal((await world.store.reprocess(verified(from, second))).kind, "reprocessed");
      await flood(world, from, "192.0.2.1", 2);
      assert(await isThere(third.id));
      await flood(world, from, "192.0.2.1", 1);
      assert.equal(await isThere(third.id), false);
      assert(await isThere(second.id));
      assert.equal((await list({ valid: false })).total, REFUSED_KEPT_COUNT_MAX);
    });
  });

  test("retention deletes old requests, then their digests, and then their deleted source", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const { source, take, refuse, request, receive, isThere, list } = createReceiving(world, tenant);
      const [from, gone, empty] = [await source(), await source(), await source()];
      const old = [await take(from), await refuse(from), await refuse(null), await take(gone, { same: null })];
      const deleted = await take(from, { body: "{}" });
      await world.store.deleteInbound({ actor: tenant.actor, tenantSeq: null, id: deleted.id, now: START });
      for (const { id } of [gone, empty]) await world.store.deleteSource({ ...tenant.owner, id, now: START + HOUR });
      const young = [await take(from, { now: START + HOUR, same: "later" }), await refuse(null, { now: START + HOUR })];
      await sweepAll(world, START + DAY);
      for (const { id } of [...old, ...young]) assert(await isThere(id));
      await sweepAll(world, START + DAY + HOUR);
      for (const { id } of old) assert.equal(await isThere(id), false);
      for (const { id } of young) assert(await isThere(id));
      assert.equal((await list({ sourceId: from.id })).total, 1);
      const kinds = [request(from), request(from, { body: "{}" }), request(from, { same: "later" })].map(receive);
      assert.deepEqual(
        (await Promise.all(kinds)).map(({ kind }) => kind),
        ["received", "received", "repeated"],
      );
      const swept = await sweepAll(world, START + 2 * DAY + 3 * HOUR);
      assert(swept > 0);
      assert.deepEqual(
        (await world.store.listSources(tenant.tenantSeq, null, 10)).sources.map(({ id }) => id),
        [from.id],
      );
    });
  });

  test("a repeat is recognized for the retention time although its record was deleted", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const { source, take, request, receive } = createReceiving(world, tenant);
      const from = await source();
      const first = await take(from);
      await world.store.deleteInbound({ actor: tenant.actor, tenantSeq: null, id: first.id, now: START });
      await sweepAll(world, START + DAY);
      const repeat = await receive(request(from, { now: START + DAY }));
      assert(repeat.kind === "repeated" && repeat.id === first.id && repeat.triggered);
      await sweepAll(world, START + DAY + HOUR);
      assert.equal((await receive(request(from, { now: START + DAY + HOUR }))).kind, "received");
    });
  });
}
