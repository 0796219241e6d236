import assert from "node:assert/strict";
import { test } from "node:test";
import { type OpenStore, useWorld } from "../world.ts";
import { DAY, HOUR, START } from "./times.ts";

const TTL = 72 * HOUR;

export function idempotencyCases(open: OpenStore): void {
  const world = useWorld(open);

  test("the same key and fingerprint return the first event and its deliveries", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const sent = await tenant.publish([endpoint], { key: { name: "k" } });
    const again = await tenant.request([endpoint], { key: { name: "k" }, now: START + HOUR });
    assert.deepEqual(await world.store.publish([again]), [
      {
        kind: "repeated",
        eventId: sent.eventId,
        deliveries: sent.deliveries.map(({ id }) => ({ deliveryId: id, endpointId: endpoint.id })),
      },
    ]);
    assert.equal((await tenant.all()).length, 1);
  });

  test("deliveries that were created later are not part of the repeated answer", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const sent = await tenant.publish([endpoint], { key: { name: "k" } });
    const deliveryIds = sent.deliveries.map(({ id }) => id);
    await world.store.replay({ ...tenant.owner, deliveryIds, dryRun: false, now: START });
    const [again] = await world.store.publish([await tenant.request([endpoint], { key: { name: "k" } })]);
    assert(again?.kind === "repeated");
    assert.deepEqual(
      again.deliveries.map(({ deliveryId }) => deliveryId),
      deliveryIds,
    );
  });

  test("the same key with another fingerprint is a conflict, and nothing is stored", async () => {
    const tenant = await world.newTenant();
    await tenant.publish([], { key: { name: "k", fingerprint: "one" } });
    const other = await tenant.request([], { key: { name: "k", fingerprint: "two" } });
    assert.deepEqual(await world.store.publish([other]), [{ kind: "conflict" }]);
    assert.equal(await world.store.getEvent(tenant.tenantSeq, other.event.id), null);
  });

  test("a repeat is recognized although the endpoints have changed", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.publish([endpoint], { key: { name: "k" } });
    const repeat = await tenant.request([endpoint], { key: { name: "k" } });
    await tenant.endpoint();
    const [result] = await world.store.publish([repeat]);
    assert.equal(result?.kind, "repeated");
  });

  test("two concurrent publishes with one key create one event, in one array and in two calls", async () => {
    const tenant = await world.newTenant();
    const request = () => tenant.request([], { key: { name: "k" } });
    const both = await world.store.publish([await request(), await request()]);
    assert.deepEqual(
      both.map(({ kind }) => kind),
      ["published", "repeated"],
    );
    const calls = [await tenant.request([], { key: { name: "l" } }), await tenant.request([], { key: { name: "l" } })];
    const answers = await Promise.all(calls.map((call) => world.store.publish([call])));
    assert.deepEqual(
      answers.flat().map(({ kind }) => kind),
      ["published", "repeated"],
    );
  });

  test("a key is valid for exactly 72 hours", async () => {
    for (const at of [START, START + DAY - 1]) {
      const tenant = await world.newTenant();
      await tenant.publish([], { key: { name: "k" }, now: at });
      const late = await tenant.request([], { key: { name: "k" }, now: at + TTL - 1 });
      const tooLate = await tenant.request([], { key: { name: "k", fingerprint: "new" }, now: at + TTL });
      const [repeated, fresh] = await world.store.publish([late, tooLate]);
      assert.equal(repeated?.kind, "repeated");
      assert.equal(fresh?.kind, "published");
      const again = await tenant.request([], { key: { name: "k", fingerprint: "new" }, now: at + TTL + 1 });
      assert.equal((await world.store.publish([again]))[0]?.kind, "repeated");
    }
  });

  test("a key is recognized across midnight, even if the later commit has the earlier time", async () => {
    const tenant = await world.newTenant();
    const midnight = START + DAY;
    await tenant.publish([], { key: { name: "k" }, now: midnight + 1 });
    const [result] = await world.store.publish([await tenant.request([], { key: { name: "k" }, now: midnight - 1 })]);
    assert.equal(result?.kind, "repeated");
  });

  test("keys of different tenants and surfaces are separate", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    await tenant.publish([], { key: { name: "k", fingerprint: "one" } });
    await other.publish([], { key: { name: "k", fingerprint: "two" } });
    await tenant.publish([], { key: { name: "k", fingerprint: "three", surface: "pauses" } });
  });

  test("a stale publish does not use up its key", async () => {
    const tenant = await world.newTenant();
    const stale = await tenant.request([], { key: { name: "k" } });
    await tenant.endpoint();
    assert.equal((await world.store.publish([stale]))[0]?.kind, "stale");
    await tenant.publish([], { key: { name: "k", fingerprint: "another" } });
  });

  test("a broken publish does not use up its key", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const { id } = await tenant.leased(endpoint);
    const request = await tenant.request([endpoint], { key: { name: "k" }, now: START + 40 * DAY });
    const targets = request.targets.map((target) => ({ ...target, deliveryId: id }));
    assert.equal((await world.store.publish([{ ...request, targets }]))[0]?.kind, "broken");
    await tenant.publish([], { key: { name: "k", fingerprint: "another" }, now: START + 40 * DAY });
  });

  test("keys survive a restart", async () => {
    const tenant = await world.newTenant();
    await tenant.publish([], { key: { name: "k" } });
    await world.restart(START);
    const [result] = await world.store.publish([await tenant.request([], { key: { name: "k" } })]);
    assert.equal(result?.kind, "repeated");
  });
}
