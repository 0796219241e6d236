import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_TARGETS_MAX } from "../../../../src/domain/limits.ts";
import type { Cursor } from "../../../../src/ports/store.ts";
import { type OpenStore, useWorld } from "../world.ts";
import { HOUR, SECOND, START } from "./times.ts";
import { exhausted, failed, succeeded } from "./verdicts.ts";

export function changeCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a waiting delivery that is cancelled is never claimed", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.waiting(endpoint);
    assert.deepEqual(await world.store.cancel(tenant.ofDelivery(delivery.id, START + 1)), {
      kind: "cancelled",
      endpointSeq: endpoint.seq,
      deliverySeq: delivery.seq,
    });
    const row = await tenant.row(delivery.id);
    assert.deepEqual([row.state, row.reason, row.endedAt], ["CANCELLED", "cancelled", START + 1]);
    assert.deepEqual(await tenant.claim(endpoint, START + HOUR), []);
    await tenant.leased(endpoint, { now: START + HOUR });
  });

  test("held deliveries and retries can be cancelled", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const retry = await tenant.leased(endpoint);
    await tenant.settle(retry, failed(START + HOUR));
    const waiting = await tenant.waiting(endpoint);
    await tenant.patch(endpoint, { status: "PAUSED" }, START);
    for (const { id } of [retry, waiting]) {
      assert.equal((await world.store.cancel(tenant.ofDelivery(id, START + 1))).kind, "cancelled");
    }
    const { lane } = await tenant.patch(endpoint, { status: "ACTIVE" }, START + 2);
    assert.equal(lane.readyAt, null);
  });

  test("a delivery that has ended cannot be cancelled, and another tenant's delivery is unknown", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    const waiting = await tenant.waiting(endpoint);
    await tenant.settle(delivery, succeeded);
    const kind = async (of: typeof tenant, id: typeof delivery.id) =>
      (await world.store.cancel(of.ofDelivery(id, START))).kind;
    assert.equal(await kind(tenant, delivery.id), "ended");
    assert.equal(await kind(other, waiting.id), "unknown");
    assert.equal(await kind(tenant, world.newId()), "unknown");
    assert.equal(await kind(tenant, waiting.id), "cancelled");
    assert.equal(await kind(tenant, waiting.id), "ended");
    const last = await tenant.waiting(endpoint);
    await tenant.remove(endpoint, START);
    assert.equal(await kind(tenant, last.id), "ended");
  });

  test("a manual retry keeps the delivery and its attempt numbers, and starts the retry schedule anew", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.settle(delivery, exhausted);
    const retried = await world.store.retry(tenant.ofDelivery(delivery.id, START + HOUR));
    assert(retried.kind === "queued");
    assert.deepEqual(retried.wake, { endpointSeq: endpoint.seq, readyAt: START + HOUR });
    assert.deepEqual(retried.row, await tenant.row(delivery.id));
    assert.deepEqual(
      [retried.row.state, retried.row.attempts, retried.row.reason, retried.row.endedAt, retried.row.nextAttemptAt],
      ["PENDING", 1, null, null, START + HOUR],
    );
    const [claimed] = await tenant.claim(endpoint, START + HOUR);
    assert.deepEqual([claimed?.id, claimed?.attempts, claimed?.runAttempts], [delivery.id, 1, 0]);
    await tenant.settle(claimed ?? assert.fail(), succeeded, { at: START + HOUR });
    assert.deepEqual(
      (await tenant.find(delivery.id)).attempts.map(({ number }) => number),
      [1, 2],
    );
  });

  test("a retry for a held endpoint waits with its other deliveries", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.settle(delivery, exhausted);
    await tenant.patch(endpoint, { status: "PAUSED" }, START);
    const retried = await world.store.retry(tenant.ofDelivery(delivery.id, START + 1));
    assert(retried.kind === "queued");
    assert.equal(retried.wake, null);
    assert.equal(retried.row.state, "HELD");
  });

  test("an earlier cancel request does not cancel the retried delivery", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await world.store.cancel(tenant.ofDelivery(delivery.id, START));
    await tenant.settle(delivery, failed(START + SECOND));
    await world.store.retry(tenant.ofDelivery(delivery.id, START + 1));
    const [claimed] = await tenant.claim(endpoint, START + 1);
    assert.equal((await tenant.settle(claimed ?? assert.fail(), failed(START + HOUR))).state, "SCHEDULED");
  });

  test("only FAILED, EXPIRED and CANCELLED deliveries can be retried, and only if their endpoint is not deleted", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const endpoint = await tenant.endpoint();
    const kind = async (of: typeof tenant, { id }: { id: typeof endpoint.id }) =>
      (await world.store.retry(of.ofDelivery(id, START))).kind;
    const leased = await tenant.leased(endpoint);
    assert.equal(await kind(tenant, leased), "invalid");
    await tenant.settle(leased, failed(START + HOUR));
    assert.equal(await kind(tenant, leased), "invalid");
    const delivered = await tenant.leased(endpoint);
    await tenant.settle(delivered, succeeded);
    assert.equal(await kind(tenant, delivered), "invalid");
    const ended = await tenant.leased(endpoint);
    await tenant.settle(ended, exhausted);
    assert.equal(await kind(other, ended), "unknown");
    assert.equal(await kind(tenant, { id: world.newId() }), "unknown");
    assert.equal(await kind(tenant, ended), "queued");
    assert.equal(await kind(tenant, ended), "invalid");
    const orphan = await tenant.endpoint();
    const lost = await tenant.leased(orphan);
    await tenant.settle(lost, exhausted);
    await tenant.remove(orphan, START);
    assert.equal(await kind(tenant, lost), "invalid");
  });

  test("retrying an event queues all its failed deliveries, oldest first, and a second retry queues none", async () => {
    const tenant = await world.newTenant();
    const endpoints = [await tenant.endpoint(), await tenant.endpoint(), await tenant.endpoint()];
    const [first, deleted] = [endpoints[0] ?? assert.fail(), endpoints[2] ?? assert.fail()];
    const { eventId, deliveries } = await tenant.publish(endpoints);
    const [one, two, three] = deliveries;
    assert(one !== undefined && two !== undefined && three !== undefined);
    const again = { ...tenant.owner, deliveryIds: [one.id], dryRun: false, now: START };
    await world.store.replay(again);
    const [later] = await tenant.claim(first, START);
    assert(later !== undefined);
    for (const delivery of [later, one, three]) await tenant.settle(delivery, exhausted);
    await tenant.settle(two, succeeded);
    await tenant.remove(deleted, START);
    const retry = () => world.store.retryEvent({ ...tenant.owner, eventId, cursor: null, now: START + HOUR });
    assert.deepEqual(await retry(), {
      deliveryIds: [one.id, later.id],
      woken: [{ endpointSeq: first.seq, readyAt: START + HOUR }],
      next: null,
    });
    assert.deepEqual(await retry(), { deliveryIds: [], woken: [], next: null });
    const claimed = await tenant.claim(first, START + HOUR, 5);
    assert.deepEqual(
      claimed.map(({ id, attempts, runAttempts }) => [id, attempts, runAttempts]),
      [
        [one.id, 1, 0],
        [later.id, 1, 0],
      ],
    );
  });

  test("an event with more deliveries than one step reads is retried in steps", async () => {
    const tenant = await world.newTenant();
    const { eventId, deliveries } = await tenant.publish([await tenant.endpoint()]);
    const [first] = deliveries;
    assert(first !== undefined);
    await tenant.settle(first, exhausted);
    const replay = () => world.store.replay({ ...tenant.owner, deliveryIds: [first.id], dryRun: false, now: START });
    await Promise.all(Array.from({ length: EVENT_TARGETS_MAX }, replay));
    const [last] = await tenant.all();
    assert(last !== undefined);
    await world.store.cancel(tenant.ofDelivery(last.id, START));
    const retry = (cursor: Cursor | null) => world.store.retryEvent({ ...tenant.owner, eventId, cursor, now: START });
    const step = await retry(null);
    assert.deepEqual(step?.deliveryIds, [first.id]);
    assert(step.next !== null);
    const rest = await retry(step.next);
    assert.deepEqual([rest?.deliveryIds, rest?.next], [[last.id], null]);
  });

  test("another tenant's event cannot be retried, nor can a test event", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const endpoint = await tenant.endpoint();
    const lost = await tenant.publish([endpoint]);
    await tenant.settle(lost.deliveries[0] ?? assert.fail(), exhausted);
    const retry = (of: typeof tenant, eventId: typeof endpoint.id) =>
      world.store.retryEvent({ ...of.owner, eventId, cursor: null, now: START });
    assert.equal(await retry(other, lost.eventId), null);
    assert.equal(await retry(tenant, world.newId()), null);
    const tried = await tenant.publish([endpoint], { type: "test" });
    await tenant.settle(tried.deliveries[0] ?? assert.fail(), exhausted);
    assert.deepEqual((await retry(tenant, tried.eventId))?.deliveryIds, []);
  });

  test("a replay creates new deliveries of the same events, whatever the state of the old ones", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ format: "standard" });
    const delivered = await tenant.publish([endpoint], { payload: '{"n":1}' });
    await tenant.settle(delivered.deliveries[0] ?? assert.fail(), succeeded);
    const onTheWire = await tenant.publish([endpoint], { payload: '{"n":2}' });
    await tenant.patch(endpoint, { settings: { format: "plain" } }, START);
    const ids = [delivered, onTheWire].map(({ deliveries }) => deliveries[0]?.id ?? assert.fail());
    const request = { ...tenant.owner, deliveryIds: [...ids, ...ids], now: START + HOUR };
    assert.deepEqual(await world.store.replay({ ...request, dryRun: true }), {
      kind: "created",
      count: 2,
      skipped: 0,
      woken: [],
    });
    assert.equal((await tenant.all()).length, 2);
    assert.deepEqual(await world.store.replay({ ...request, dryRun: false }), {
      kind: "created",
      count: 2,
      skipped: 0,
      woken: [{ endpointSeq: endpoint.seq, readyAt: START + HOUR }],
    });
    const claimed = await tenant.claim(endpoint, START + HOUR, 10);
    assert.deepEqual(
      claimed.map(({ event, format, attempts }) => [event.id, event.payload, format, attempts]),
      [
        [delivered.eventId, '{"n":1}', "standard", 0],
        [onTheWire.eventId, '{"n":2}', "standard", 0],
      ],
    );
    assert.deepEqual(
      (await tenant.event(delivered.eventId)).deliveries.map(({ id }) => id),
      [ids[0], claimed[0]?.id],
    );
  });

  test("a replay skips deleted and DISABLED endpoints, and is held for paused ones", async () => {
    const tenant = await world.newTenant();
    const endpoints = [await tenant.endpoint(), await tenant.endpoint(), await tenant.endpoint()];
    const { deliveries } = await tenant.publish(endpoints);
    const [deleted, disabled, paused] = endpoints;
    await tenant.remove(deleted ?? assert.fail(), START);
    await tenant.patch(disabled ?? assert.fail(), { status: "DISABLED" }, START);
    await tenant.patch(paused ?? assert.fail(), { status: "PAUSED" }, START);
    const deliveryIds = deliveries.map(({ id }) => id);
    const replayed = await world.store.replay({ ...tenant.owner, deliveryIds, dryRun: false, now: START + 1 });
    assert.deepEqual(replayed, { kind: "created", count: 1, skipped: 2, woken: [] });
    assert.equal((await tenant.all())[0]?.state, "HELD");
  });

  test("a replay with an unknown id reports that id and creates nothing", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const mine = await tenant.leased(await tenant.endpoint());
    const theirs = await other.leased(await other.endpoint());
    const nobodys = world.newId();
    const deliveryIds = [mine.id, theirs.id, nobodys];
    assert.deepEqual(await world.store.replay({ ...tenant.owner, deliveryIds, dryRun: false, now: START }), {
      kind: "unknown",
      deliveryIds: [theirs.id, nobodys],
    });
    assert.equal((await tenant.all()).length, 1);
  });
}
