import assert from "node:assert/strict";
import { test } from "node:test";
import { type OpenStore, useWorld, type World, withWorld } from "../world.ts";
import { HOUR, SECOND, START } from "./times.ts";
import { failed, succeeded } from "./verdicts.ts";

export function orderCases(open: OpenStore): void {
  const world = useWorld(open);
  const soon = START + 10 * SECOND;
  /** For cases that no times of other cases may precede: a node's clock is never far behind what is stored. */
  const inNewWorld = (run: (world: World) => Promise<void>) => withWorld(open, run);

  test("a failed delivery keeps its place, and the lane waits for it", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ ordered: true });
    const first = await tenant.leased(endpoint);
    const second = await tenant.waiting(endpoint, { now: START + 1 });
    const { lane } = await tenant.settle(first, failed(soon), { at: START + 2 });
    assert.equal(lane.waitUntil, soon);
    assert.equal((await tenant.row(first.id)).nextAttemptAt, soon);
    assert.deepEqual(await tenant.claim(endpoint, soon - 1, 10), []);
    assert.deepEqual(
      (await tenant.claim(endpoint, soon, 10)).map(({ id }) => id),
      [first.id, second.id],
    );
  });

  test("while a delivery waits in the store, due or not, no later delivery is leased", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ ordered: true });
    const first = await tenant.leased(endpoint);
    await tenant.settle(first, failed(START + HOUR));
    const { deliveries } = await tenant.publish([endpoint], { now: START + 1 });
    assert.equal(deliveries[0]?.leased, false);
    const [one, two] = await tenant.claim(endpoint, START + HOUR, 10);
    assert.deepEqual([one?.id, two?.id], [first.id, deliveries[0]?.id]);
    for (const delivery of [one, two]) {
      await tenant.settle(delivery ?? assert.fail(), succeeded, { at: START + HOUR });
    }
    await tenant.leased(endpoint, { now: START + HOUR + 1 });
  });

  test("a returned delivery takes its old place", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ ordered: true });
    const sent = [
      await tenant.leased(endpoint, { now: START }),
      await tenant.leased(endpoint, { now: START }),
      await tenant.leased(endpoint, { now: START + 1 }),
    ];
    await tenant.release(sent.slice(1).toReversed(), START + 2);
    const last = await tenant.publish([endpoint], { now: START + 2 });
    await tenant.settle(sent[0] ?? assert.fail(), failed(soon), { at: START + 3 });
    assert.deepEqual(
      (await tenant.claim(endpoint, soon, 10)).map(({ id }) => id),
      [...sent, ...last.deliveries].map(({ id }) => id),
    );
  });

  test("a manual retry goes to the end of the lane", async () => {
    await inNewWorld(async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint({ ordered: true });
      const first = await tenant.waiting(endpoint, { now: START });
      const second = await tenant.waiting(endpoint, { now: START + 1 });
      await world.store.cancel(tenant.ofDelivery(first.id, START + 2));
      await world.store.retry(tenant.ofDelivery(first.id, START + 3));
      const third = await tenant.waiting(endpoint, { now: START + 4 });
      assert.deepEqual(
        (await tenant.claim(endpoint, START + SECOND, 10)).map(({ id }) => id),
        [second.id, first.id, third.id],
      );
    });
  });

  test("a replay of several deliveries keeps their order of creation", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ ordered: true });
    const sent = [await tenant.publish([endpoint]), await tenant.publish([endpoint]), await tenant.publish([endpoint])];
    const ids = sent.map(({ deliveries }) => deliveries[0]?.id ?? assert.fail());
    const deliveryIds = [ids[2], ids[0], ids[1]].map((id) => id ?? assert.fail());
    await world.store.replay({ ...tenant.owner, deliveryIds, dryRun: false, now: START + HOUR });
    assert.deepEqual(
      (await tenant.claim(endpoint, START + HOUR + SECOND, 10)).map(({ event }) => event.id),
      sent.map(({ eventId }) => eventId),
    );
  });

  test("the order and the lane's wait survive a restart", async () => {
    await inNewWorld(async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint({ ordered: true });
      const sent = [await tenant.leased(endpoint), await tenant.leased(endpoint), await tenant.leased(endpoint)];
      await tenant.settle(sent[0] ?? assert.fail(), failed(soon));
      await world.restart(START + 1);
      const { deliveries } = await tenant.publish([endpoint], { now: START + 1 });
      assert.equal(deliveries[0]?.leased, false);
      assert.deepEqual(await tenant.claim(endpoint, soon - 1, 10), []);
      assert.deepEqual(
        (await tenant.claim(endpoint, soon, 10)).map(({ id }) => id),
        [...sent, ...deliveries].map(({ id }) => id),
      );
    });
  });

  test("deliveries keep the order of their commits when a node's clock is behind that of the node before", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ ordered: true });
    const now = START + 2 * HOUR;
    const first = await tenant.waiting(endpoint, { now: now + 100 });
    const second = await tenant.waiting(endpoint, { now });
    assert.deepEqual(
      (await tenant.claim(endpoint, now + SECOND, 10)).map(({ id }) => id),
      [first.id, second.id],
    );
  });

  test("no delivery is leased past a retry that was waiting before the endpoint became ordered", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.settle(await tenant.leased(endpoint), failed(START + HOUR));
    const { endpoint: ordered } = await tenant.patch(endpoint, { settings: { ordered: true } }, START);
    const { deliveries } = await tenant.publish([ordered], { now: START + 1 });
    assert.equal(deliveries[0]?.leased, false);
  });

  test("a change of `ordered` affects only later deliveries", async () => {
    await inNewWorld(async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint();
      await tenant.waiting(endpoint);
      const { endpoint: switched } = await tenant.patch(endpoint, { settings: { ordered: true } }, START);
      await tenant.waiting(switched);
      assert.deepEqual(
        (await tenant.claim(endpoint, START + SECOND, 10)).map(({ ordered }) => ordered),
        [false, true],
      );
    });
  });
}
