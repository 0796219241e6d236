import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, MINUTE, START } from "../delivery/times.ts";
import { failed } from "../delivery/verdicts.ts";
import { type OpenStore, useWorld } from "../world.ts";

export function factCases(open: OpenStore): void {
  const world = useWorld(open);

  test("the facts of a delivery are those that decide about it", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ eventTypes: ["order.*"], name: "shop" });
    const { eventId, deliveries } = await tenant.publish([endpoint], { payload: '{"n":1.0}' });
    const delivery = deliveries[0] ?? assert.fail();
    await tenant.settle(delivery, failed(START + MINUTE));
    await tenant.patch(endpoint, { settings: { eventTypes: ["bill"] } }, START + MINUTE);
    const facts = (await world.store.findDeliveryFacts(tenant.tenantSeq, delivery.id)) ?? assert.fail();
    assert.deepEqual(facts.row, await tenant.row(delivery.id));
    assert.deepEqual(facts.attempts, (await tenant.find(delivery.id)).attempts);
    const { event } = facts;
    assert.deepEqual(
      [event.id, event.type, event.payload, event.tenantId, event.acceptedAt, event.pauseId],
      [eventId, "order.paid", '{"n":1.0}', tenant.actor.tenantId, START, null],
    );
    assert.deepEqual(
      [facts.named, facts.later, facts.format, facts.ordered, facts.cancelRequested, facts.ahead],
      [false, false, "plain", false, false, 0],
    );
    assert.deepEqual([facts.runStartedAt, facts.attemptsBeforeRun, facts.runFirstActiveMs], [null, 0, START]);
    assert.deepEqual(facts.atPublish, { status: "ACTIVE", filters: ["order.*"] });
    assert.deepEqual([facts.endpoint.eventTypes, facts.endpointDeletedAt], [["bill"], null]);
    assert.deepEqual([facts.lane.health.failureStreak, facts.lane.heldSince, facts.lane.heldMs], [1, null, 0]);
    const stranger = await world.newTenant();
    assert.equal(await world.store.findDeliveryFacts(stranger.tenantSeq, delivery.id), null);
    assert.equal(await world.store.findDeliveryFacts(tenant.tenantSeq, world.newId()), null);
  });

  test("the facts of a waiting delivery count those that are due earlier, and know its hold and its run", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    for (let index = 0; index < 3; index += 1) await tenant.waiting(endpoint, { now: START + index });
    const last = await tenant.waiting(endpoint, { now: START + HOUR });
    await tenant.patch(endpoint, { status: "PAUSED" }, START + 2 * HOUR);
    const facts = await world.store.findDeliveryFacts(tenant.tenantSeq, last.id);
    assert.deepEqual([facts?.ahead, facts?.lane.heldSince], [3, START + 2 * HOUR]);
    await world.store.cancel(tenant.ofDelivery(last.id, START + 3 * HOUR));
    await world.store.retry(tenant.ofDelivery(last.id, START + 4 * HOUR));
    const retried = await world.store.findDeliveryFacts(tenant.tenantSeq, last.id);
    assert.equal(retried?.runStartedAt, START + 4 * HOUR);
    await tenant.remove(endpoint, START + 5 * HOUR);
    const deleted = await world.store.findDeliveryFacts(tenant.tenantSeq, last.id);
    assert.deepEqual([deleted?.endpointDeletedAt, deleted?.endpoint.secrets.current], [START + 5 * HOUR, ""]);
  });

  test("the facts of an event and an endpoint have the endpoint as it was and as it is", async () => {
    const tenant = await world.newTenant();
    const [a, b] = [
      await tenant.endpoint({ eventTypes: ["order.*"] }),
      await tenant.endpoint({ eventTypes: ["bill"] }),
    ];
    const { eventId, deliveries } = await tenant.publish([a]);
    await tenant.patch(b, { settings: { eventTypes: null } }, START + MINUTE);
    const late = await tenant.endpoint();
    const find = (endpointId: typeof a.id) => world.store.findEventFacts(tenant.tenantSeq, eventId, endpointId);
    const [ofA, ofB, ofLate] = [await find(a.id), await find(b.id), await find(late.id)];
    assert.ok(typeof ofA === "object" && typeof ofB === "object" && typeof ofLate === "object");
    assert.deepEqual(ofA.deliveryIds, [deliveries[0]?.id]);
    assert.deepEqual([ofB.deliveryIds, ofB.atPublish], [[], { status: "ACTIVE", filters: ["bill"] }]);
    assert.deepEqual(ofB.endpoint.now, { status: "ACTIVE", filters: null });
    assert.equal(ofLate.atPublish, null);
    await world.store.replay({ ...tenant.owner, deliveryIds: ofA.deliveryIds, dryRun: false, now: START + MINUTE });
    const again = await find(a.id);
    assert.ok(typeof again === "object");
    assert.deepEqual([again.deliveryIds.length, again.deliveryIds[1]], [2, deliveries[0]?.id]);
    const stranger = await world.newTenant();
    assert.equal(await world.store.findEventFacts(stranger.tenantSeq, eventId, a.id), "event");
    assert.equal(await world.store.findEventFacts(tenant.tenantSeq, eventId, world.newId()), "endpoint");
  });

  test("subscribers have the filter that matches; DISABLED and deleted endpoints are none", async () => {
    const tenant = await world.newTenant();
    const all = await tenant.endpoint({ name: "all" });
    const orders = await tenant.endpoint({ name: "orders", eventTypes: ["bill", "order.*"] });
    const paused = await tenant.endpoint({ name: "paused", eventTypes: ["order.paid"] });
    await tenant.patch(paused, { status: "PAUSED" }, START);
    await tenant.patch(await tenant.endpoint(), { status: "DISABLED" }, START);
    await tenant.remove(await tenant.endpoint(), START);
    assert.deepEqual(await world.store.findSubscribers(tenant.tenantSeq, "order.paid"), {
      count: 3,
      first: [
        { endpointId: all.id, name: "all", status: "ACTIVE", filter: null },
        { endpointId: orders.id, name: "orders", status: "ACTIVE", filter: "order.*" },
        { endpointId: paused.id, name: "paused", status: "PAUSED", filter: "order.paid" },
      ],
    });
  });

  test("types are counted since a time, with and without deliveries", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.publish([endpoint], { type: "a", now: START });
    for (const targets of [[endpoint], [], [endpoint]]) {
      await tenant.publish(targets, { type: "a", now: START + HOUR });
    }
    await tenant.publish([], { type: "b", now: START + HOUR });
    const { types, complete } = await world.store.countTypes(tenant.tenantSeq, START + MINUTE);
    assert.deepEqual(
      [complete, new Map(types.map(({ name, events }) => [name, events]))],
      [
        true,
        new Map([
          ["a", 3],
          ["b", 1],
        ]),
      ],
    );
  });
}
