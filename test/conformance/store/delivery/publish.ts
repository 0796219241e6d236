import assert from "node:assert/strict";
import { test } from "node:test";
import type { PublishResult } from "../../../../src/ports/store.ts";
import { type OpenStore, useWorld } from "../world.ts";
import { SECOND, START } from "./times.ts";
import { failed } from "./verdicts.ts";

const kinds = (results: readonly PublishResult[]) => results.map(({ kind }) => kind);

export function publishCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a published event can be read with its exact payload text and all its deliveries", async () => {
    const tenant = await world.newTenant();
    const endpoints = [await tenant.endpoint({ name: "A" }), await tenant.endpoint({ name: "B" })];
    const payload = '{ "z":1.0, "a":20000000000000000001, "text":"\\u00e9 é 🚂" }';
    const sent = await tenant.publish(endpoints, { type: "order.paid", payload, now: START + 7 });
    const event = await tenant.event(sent.eventId);
    assert.equal(event.type, "order.paid");
    assert.equal(event.payload, payload);
    assert.equal(event.acceptedAt, START + 7);
    assert.deepEqual(event.notDelivered, []);
    assert.deepEqual(
      event.deliveries.map(({ id, seq, endpointName, state }) => ({ id, seq, endpointName, state })),
      sent.deliveries.map(({ id, seq }, index) => ({
        id,
        seq,
        endpointName: index === 0 ? "A" : "B",
        state: "IN_PROGRESS",
      })),
    );
  });

  test("a new delivery's row describes the delivery and shows no attempt", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ name: "Shop" });
    const { eventId, deliveries } = await tenant.publish([endpoint], { lease: false, now: START + 5 });
    const id = deliveries[0]?.id;
    assert(id !== undefined);
    const { row, attempts } = await tenant.find(id);
    const { createdAt } = row;
    assert.deepEqual(attempts, []);
    assert.ok(createdAt >= START + 5, "another case may have moved the store's time forward");
    assert.deepEqual(row, {
      seq: deliveries[0]?.seq,
      id,
      eventId,
      eventType: "order.paid",
      endpointId: endpoint.id,
      endpointName: "Shop",
      endpointDeleted: false,
      state: "PENDING",
      attempts: 0,
      nextAttemptAt: START + 5,
      firstScheduledAt: createdAt,
      lastAttemptAt: null,
      lastAttempt: null,
      endedAt: null,
      reason: null,
      createdAt,
      updatedAt: createdAt,
    });
  });

  test("an event without endpoints is stored", async () => {
    const tenant = await world.newTenant();
    const { eventId } = await tenant.publish([]);
    assert.deepEqual((await tenant.event(eventId)).deliveries, []);
  });

  test("events and deliveries get sequence numbers in the order of the requests and targets", async () => {
    const tenant = await world.newTenant();
    const endpoints = [await tenant.endpoint(), await tenant.endpoint(), await tenant.endpoint()];
    const requests = [await tenant.request(endpoints), await tenant.request(endpoints)];
    const results = await world.store.publish(requests);
    const seqs = results.flatMap((result) => {
      assert(result.kind === "published");
      return result.deliveries.map(({ seq }) => seq);
    });
    assert.equal(new Set(seqs).size, 6);
    assert.deepEqual(
      seqs.toSorted((a, b) => a - b),
      seqs,
    );
    const ids = requests.flatMap(({ targets }) => targets.map(({ deliveryId }) => deliveryId));
    assert.deepEqual(
      (await tenant.all()).map(({ id }) => id),
      ids.toReversed(),
    );
  });

  test("a free lane grants exactly the requested leases", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const leased = await tenant.leased(endpoint);
    const waiting = await tenant.waiting(endpoint);
    assert.equal((await tenant.row(leased.id)).state, "IN_PROGRESS");
    assert.equal((await tenant.row(waiting.id)).state, "PENDING");
    assert.deepEqual(
      (await tenant.claim(endpoint, START, 10)).map(({ id }) => id),
      [waiting.id],
    );
  });

  test("an event waits in the store behind a delivery that is due there", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const first = await tenant.waiting(endpoint);
    const { deliveries } = await tenant.publish([endpoint], { now: START + 1 });
    assert.equal(deliveries[0]?.leased, false);
    assert.deepEqual(
      (await tenant.claim(endpoint, START + 1, 10)).map(({ id }) => id),
      [first.id, deliveries[0]?.id],
    );
    await tenant.leased(endpoint, { now: START + 2 });
  });

  test("a delivery also waits behind a waiting delivery of the same array", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const results = await world.store.publish([
      await tenant.request([endpoint], { lease: false }),
      await tenant.request([endpoint]),
    ]);
    assert.deepEqual(
      results.map((result) => result.kind === "published" && result.deliveries.map(({ leased }) => leased)),
      [[false], [false]],
    );
  });

  test("a retry that is not due yet does not keep newer events from getting leases", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.settle(await tenant.leased(endpoint), failed(START + 10 * SECOND));
    await tenant.leased(endpoint, { now: START + 10 * SECOND - 1 });
    const late = await tenant.publish([endpoint], { now: START + 10 * SECOND });
    assert.equal(late.deliveries[0]?.leased, false);
  });

  test("a held lane accepts deliveries and grants no leases", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const paused = await tenant.patch(endpoint, { status: "PAUSED" }, START);
    const { deliveries } = await tenant.publish([paused.endpoint], { now: START + 1 });
    assert.equal(deliveries[0]?.leased, false);
    assert.equal((await tenant.row(deliveries[0].id)).state, "HELD");
    assert.deepEqual(await tenant.claim(endpoint, START + 1), []);
  });

  test("a publish with an outdated endpoint version is stale, and nothing of it is stored", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const made = await tenant.request([endpoint]);
    await tenant.endpoint();
    const patched = await tenant.request([endpoint]);
    await tenant.patch(endpoint, { settings: { name: "Other" } }, START);
    const deleted = await tenant.request([endpoint]);
    await tenant.remove(endpoint, START);
    assert.deepEqual(kinds(await world.store.publish([made, patched, deleted])), ["stale", "stale", "stale"]);
    for (const { event } of [made, patched, deleted]) {
      assert.equal(await world.store.getEvent(tenant.tenantSeq, event.id), null);
    }
    assert.deepEqual(await tenant.all(), []);
  });

  test("another tenant's changes do not make a publish stale", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const request = await tenant.request([await tenant.endpoint()]);
    await other.endpoint();
    assert.deepEqual(kinds(await world.store.publish([request])), ["published"]);
  });

  test("a broken element does not affect the others of its array", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const other = await tenant.endpoint();
    const [good, bad, last] = [
      await tenant.request([endpoint]),
      await tenant.request([other, endpoint]),
      await tenant.request([endpoint]),
    ];
    const [, second] = bad.targets;
    assert(good.targets[0] !== undefined && second !== undefined && bad.targets[0] !== undefined);
    const repeatedId = { ...second, deliveryId: good.targets[0].deliveryId };
    const broken = { ...bad, targets: [bad.targets[0], repeatedId] };
    const results = await world.store.publish([good, broken, last]);
    assert.deepEqual(kinds(results), ["published", "broken", "published"]);
    assert.equal(await world.store.getEvent(tenant.tenantSeq, bad.event.id), null);
    assert.equal(await world.store.getDelivery(tenant.tenantSeq, bad.targets[0].deliveryId), null);
    for (const request of [good, last]) {
      assert.equal((await tenant.event(request.event.id)).deliveries.length, 1);
    }
    assert.equal((await tenant.view(other)).waiting.count, 0);
    const counts = await world.store.countVolume(tenant.tenantSeq, START, START + 1);
    assert.equal(counts[0]?.total, 2);
    await tenant.leased(other);
  });

  test("each of several concurrent calls gets its own answer", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const requests = await Promise.all(Array.from({ length: 50 }, () => tenant.request([endpoint], { lease: false })));
    const [first, second] = requests;
    assert(first !== undefined && second?.targets[0] !== undefined && first.targets[0] !== undefined);
    const broken = { ...second, targets: [{ ...second.targets[0], deliveryId: first.targets[0].deliveryId }] };
    const all = [first, broken, ...requests.slice(2)];
    const results = (await Promise.all(all.map((request) => world.store.publish([request])))).flat();
    assert.deepEqual(kinds(results), ["published", "broken", ...requests.slice(2).map(() => "published")]);
    assert.equal((await tenant.all()).length, 49);
    assert.equal((await tenant.claim(endpoint, START, 100)).length, 49);
  });

  test("a publish that is repeated after an ambiguous result has no further effect", async () => {
    const tenant = await world.newTenant();
    const endpoints = [await tenant.endpoint(), await tenant.endpoint()];
    await tenant.waiting(endpoints[1] ?? assert.fail());
    const request = await tenant.request(endpoints);
    const first = await world.store.publish([request]);
    assert.deepEqual(kinds(first), ["published"]);
    assert.deepEqual(await world.store.publish([request]), first);
    assert.equal((await tenant.all()).length, 3);
    const counts = await world.store.countVolume(tenant.tenantSeq, START, START + 1);
    assert.equal(counts[0]?.total, 3);
  });

  test("an event id of another tenant is an error, not a repeat", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const request = await tenant.request([]);
    await world.store.publish([request]);
    const foreign = { ...(await other.request([])), event: { ...request.event, tenantId: other.actor.tenantId } };
    assert.deepEqual(kinds(await world.store.publish([foreign])), ["broken"]);
  });

  test("published events survive a restart", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const sent = await tenant.publish([endpoint], { payload: '{"kept":true}', lease: false });
    const before = await tenant.event(sent.eventId);
    await world.restart(START);
    assert.deepEqual(await tenant.event(sent.eventId), before);
    const next = await tenant.publish([endpoint], { now: START + 1 });
    assert(next.eventSeq > sent.eventSeq);
    assert.deepEqual(
      (await tenant.claim(endpoint, START + 1, 10)).map(({ event }) => event.payload),
      ['{"kept":true}', "{}"],
    );
  });

  test("an event shows why endpoints that existed at the time got no delivery", async () => {
    const tenant = await world.newTenant();
    const takes = await tenant.endpoint();
    const filters = await tenant.endpoint({ eventTypes: ["invoice.*"] });
    const disabled = await tenant.endpoint();
    await tenant.patch(disabled, { status: "DISABLED" }, START);
    const { eventId } = await tenant.publish([takes], { type: "order.paid" });
    // Later changes do not change the reason.
    await tenant.patch(filters, { settings: { eventTypes: null } }, START + 1);
    await tenant.patch(disabled, { status: "ACTIVE" }, START + 1);
    await tenant.endpoint({}, START + 1);
    await tenant.remove(filters, START + 2);
    assert.deepEqual((await tenant.event(eventId)).notDelivered, [
      { endpointId: filters.id, endpointName: "Endpoint", endpointDeleted: true, reason: "filter" },
      { endpointId: disabled.id, endpointName: "Endpoint", endpointDeleted: false, reason: "disabled" },
    ]);
  });

  test("an event with named endpoints shows which were not named and which were DISABLED", async () => {
    const tenant = await world.newTenant();
    const [named, other, disabled] = [await tenant.endpoint(), await tenant.endpoint(), await tenant.endpoint()];
    await tenant.patch(disabled, { status: "DISABLED" }, START);
    const { eventId } = await tenant.publish([named], { named: true, namedDisabled: [disabled] });
    assert.deepEqual((await tenant.event(eventId)).notDelivered, [
      { endpointId: other.id, endpointName: "Endpoint", endpointDeleted: false, reason: "not_named" },
      { endpointId: disabled.id, endpointName: "Endpoint", endpointDeleted: false, reason: "disabled" },
    ]);
  });

  test("an event is found only by its own tenant", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const sent = await tenant.publish([await tenant.endpoint()]);
    const [delivery] = sent.deliveries;
    assert.equal(await world.store.getEvent(other.tenantSeq, sent.eventId), null);
    assert.equal(await world.store.getDelivery(other.tenantSeq, delivery?.id ?? assert.fail()), null);
    assert.equal(await world.store.getEvent(tenant.tenantSeq, world.newId()), null);
  });
}
