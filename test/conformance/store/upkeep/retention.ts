import assert from "node:assert/strict";
import { test } from "node:test";
import type { EpochMs, Uuid } from "../../../../src/domain/ids.ts";
import type { Tenancy } from "../access/tenancy.ts";
import { DAY, HOUR, START } from "../delivery/times.ts";
import { exhausted, failed, succeeded } from "../delivery/verdicts.ts";
import { type OpenStore, type World, withWorld } from "../world.ts";

/** Far enough after START for a retention of one day. */
const LATER = START + 5 * DAY;
const STEPS_MAX = 1000;

export async function sweepAll(world: World, now: EpochMs, retentionMs = DAY): Promise<number> {
  let deleted = 0;
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const swept = await world.store.sweep({ now, retentionMs });
    deleted += swept.deleted;
    if (!swept.more) return deleted;
  }
  return assert.fail("the sweep did not end");
}

const isKept = async (world: World, tenant: Tenancy, eventId: Uuid) =>
  (await world.store.getEvent(tenant.tenantSeq, eventId)) !== null;

export function retentionCases(open: OpenStore): void {
  test("a delivery that ended before the retention time is deleted with its attempts, and later ones are kept", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint();
      const send = async (now: EpochMs, endedAt: EpochMs) => {
        const sent = await tenant.publish([endpoint], { now });
        const [delivery] = sent.deliveries;
        await tenant.settle(delivery ?? assert.fail(), failed(now + HOUR), { at: now });
        const [again] = await tenant.claim(endpoint, now + HOUR);
        await tenant.settle(again ?? assert.fail(), succeeded, { at: endedAt });
        return { eventId: sent.eventId, id: delivery?.id ?? assert.fail() };
      };
      const old = await send(START, START + HOUR);
      const lateEnd = await send(START + 2 * HOUR, LATER - DAY);
      const alone = await tenant.publish([], { now: START + 3 * HOUR });
      const young = await send(LATER - HOUR, LATER);
      assert((await sweepAll(world, LATER)) > 0);
      assert.equal(await world.store.getDelivery(tenant.tenantSeq, old.id), null);
      assert.equal(await isKept(world, tenant, old.eventId), false);
      assert.equal(await isKept(world, tenant, alone.eventId), false);
      for (const { id } of [lateEnd, young]) assert.equal((await tenant.find(id)).attempts.length, 2);
      assert.deepEqual(
        (await tenant.all()).map(({ id }) => id),
        [young.id, lateEnd.id],
      );
    });
  });

  test("an event with a delivery that has not ended is kept with all its deliveries, however old it is", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const [done, paused] = [await tenant.endpoint(), await tenant.endpoint()];
      await tenant.patch(paused, { status: "PAUSED" }, START);
      const sent = await tenant.publish([done, paused]);
      const [first] = sent.deliveries;
      await tenant.settle(first ?? assert.fail(), succeeded);
      const retried = await tenant.publish([done]);
      await tenant.settle(retried.deliveries[0] ?? assert.fail(), failed(START + 90 * DAY));
      const leased = await tenant.publish([done]);
      const now = START + 80 * DAY;
      await sweepAll(world, now);
      for (const { eventId } of [sent, retried, leased]) assert(await isKept(world, tenant, eventId));
      assert.equal((await tenant.event(sent.eventId)).deliveries.length, 2);
      await tenant.patch(paused, { status: "ACTIVE" }, now);
      const [held] = await tenant.claim(paused, now);
      await tenant.settle(held ?? assert.fail(), succeeded, { at: now });
      await sweepAll(world, now + 2 * DAY);
      assert.equal(await isKept(world, tenant, sent.eventId), false);
    });
  });

  test("an event is kept at least as long as its idempotency key", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const { eventId } = await tenant.publish([], { key: { name: "k" } });
      await sweepAll(world, START + 72 * HOUR - 1);
      const repeat = await tenant.request([], { key: { name: "k" }, now: START + 72 * HOUR - 1 });
      assert.deepEqual(await world.store.publish([repeat]), [{ kind: "repeated", eventId, deliveries: [] }]);
      await sweepAll(world, START + 74 * HOUR);
      assert.equal(await isKept(world, tenant, eventId), false);
      await tenant.publish([], { key: { name: "k" }, now: START + 74 * HOUR });
    });
  });

  test("an event is kept as long as its replays", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint();
      const sent = await tenant.publish([endpoint]);
      const deliveryIds = sent.deliveries.map(({ id }) => id);
      await tenant.settle(sent.deliveries[0] ?? assert.fail(), exhausted);
      await world.store.replay({ ...tenant.owner, deliveryIds, dryRun: false, now: START });
      await sweepAll(world, LATER);
      assert.equal((await tenant.event(sent.eventId)).deliveries.length, 2);
    });
  });

  test("a disabled endpoint's backlog expires after the retention time, and a paused endpoint's does not", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const [disabled, paused] = [await tenant.endpoint(), await tenant.endpoint()];
      const lost = await tenant.waiting(disabled);
      const held = await tenant.waiting(paused);
      await tenant.patch(disabled, { status: "DISABLED" }, START + HOUR);
      await tenant.patch(paused, { status: "PAUSED" }, START + HOUR);
      await sweepAll(world, START + HOUR + DAY);
      assert.equal((await tenant.row(lost.id)).state, "HELD");
      await sweepAll(world, LATER);
      const row = await tenant.row(lost.id);
      assert.deepEqual([row.state, row.reason, row.endedAt], ["EXPIRED", "expired", LATER]);
      assert.equal((await tenant.row(held.id)).state, "HELD");
      assert.equal((await world.store.retry(tenant.ofDelivery(lost.id, LATER))).kind, "queued");
    });
  });

  test("a deleted endpoint's history keeps its name, and is kept as long as any other history", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint({ name: "Old shop" });
      const delivery = await tenant.leased(endpoint, { now: LATER });
      await tenant.settle(delivery, succeeded, { at: LATER });
      await tenant.remove(endpoint, LATER);
      await sweepAll(world, LATER + DAY);
      assert.equal((await tenant.row(delivery.id)).endpointName, "Old shop");
      await sweepAll(world, LATER + 3 * DAY);
      assert.equal(await world.store.getDelivery(tenant.tenantSeq, delivery.id), null);
      // A later settlement for the endpoint does not affect the others of its array.
      const other = await tenant.leased(await tenant.endpoint(), { now: LATER + 3 * DAY });
      const [lost, good] = await world.store.settle([
        tenant.settlement(delivery, succeeded, { at: LATER + 3 * DAY }),
        tenant.settlement(other, succeeded, { at: LATER + 3 * DAY }),
      ]);
      assert.notEqual(lost?.kind, "settled");
      assert.equal(good?.kind, "settled");
    });
  });

  test("endpoints, keys, tenants and statistics in use are kept", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint();
      await tenant.settle(await tenant.leased(endpoint), succeeded);
      const hours = await world.store.countVolume(tenant.tenantSeq, START, START + HOUR);
      const keys = await world.store.listKeys(tenant.tenantSeq, null, 10);
      const view = await tenant.view(endpoint);
      await sweepAll(world, LATER);
      assert.deepEqual(await tenant.all(), []);
      assert.deepEqual(await world.store.countVolume(tenant.tenantSeq, START, START + HOUR), hours);
      assert.deepEqual(await world.store.listKeys(tenant.tenantSeq, null, 10), keys);
      assert.deepEqual(await tenant.view(endpoint), view);
      await tenant.leased(endpoint, { now: LATER });
    });
  });

  test("a job is deleted the retention time after it is done, and never before it is done", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint();
      const request = { ...tenant.owner, endpointId: endpoint.id, jobId: world.newId(), since: START, now: START };
      await world.store.startRecover(request);
      await sweepAll(world, LATER);
      assert.equal((await world.store.getJob(tenant.tenantSeq, request.jobId))?.state, "running");
      while (!(await world.store.stepJob(LATER)).idle);
      await sweepAll(world, LATER + HOUR);
      assert.equal((await world.store.getJob(tenant.tenantSeq, request.jobId))?.state, "done");
      await sweepAll(world, LATER + 3 * DAY);
      assert.equal(await world.store.getJob(tenant.tenantSeq, request.jobId), null);
    });
  });

  test("no sequence number is used twice, even after everything was deleted and the store was reopened", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint();
      const old = await tenant.publish([endpoint]);
      const [delivery] = old.deliveries;
      const settled = await tenant.settle(delivery ?? assert.fail(), succeeded);
      const { upTo } = await world.store.tail(tenant.tenantSeq, null, 10);
      await sweepAll(world, LATER);
      await world.restart(LATER);
      const young = await tenant.publish([endpoint], { now: LATER });
      const later = await tenant.settle(young.deliveries[0] ?? assert.fail(), succeeded, { at: LATER });
      assert(young.eventSeq > old.eventSeq);
      assert((young.deliveries[0]?.seq ?? 0) > (delivery?.seq ?? 0));
      assert(later.attemptSeq > settled.attemptSeq);
      const tail = await world.store.tail(tenant.tenantSeq, upTo, 10);
      assert.deepEqual(
        tail.outcomes.map(({ attemptSeq }) => attemptSeq),
        [later.attemptSeq],
      );
      assert.equal((await tenant.event(young.eventId)).deliveries.length, 1);
    });
  });

  test("a long history is deleted in bounded steps, which continue after a restart", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint();
      const count = 300;
      const deliveries = await tenant.leasedMany(endpoint, count);
      await world.store.settle(deliveries.map((delivery) => tenant.settlement(delivery, succeeded)));
      const first = await world.store.sweep({ now: LATER, retentionMs: DAY });
      assert(first.more && first.deleted < 3 * count);
      await world.restart(LATER);
      await sweepAll(world, LATER);
      assert.deepEqual(await tenant.all(), []);
    });
  });
}
