import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, HOUR, SECOND, START } from "../delivery/times.ts";
import { type OpenStore, useWorld, withWorld } from "../world.ts";

export function nodeCases(open: OpenStore): void {
  const world = useWorld(open);

  test("each start enters as a new node, and learns the latest time that the store has seen", async () => {
    await withWorld(open, async (alone) => {
      const first = alone.node;
      await alone.store.heartbeat(START + HOUR, true);
      const second = await alone.restart(START + 2 * HOUR);
      assert.notEqual(second.node, first);
      assert.equal(second.lastSeenAt, START + HOUR);
      assert.equal(second.now, START + 2 * HOUR);
    });
  });

  test("an embedded store's time never goes back, and nodes that share a store follow the time that they are given", async () => {
    await withWorld(open, async (alone) => {
      const isShared = alone.store.notes !== null;
      const tenant = await alone.newTenant();
      await tenant.publish([], { now: START + 3 * HOUR }); // after the last heartbeat
      assert.equal((await alone.restart(START)).now, isShared ? START : START + 3 * HOUR);
      await alone.store.heartbeat(START + DAY, true);
      const entered = await alone.restart(START);
      assert.equal(entered.now, isShared ? START : START + DAY);
      assert.equal(entered.lastSeenAt, START + DAY);
      await alone.store.heartbeat(START + HOUR, true);
      assert.equal((await alone.restart(START)).now, isShared ? START : START + DAY);
    });
  });

  test("a new process can adopt the lanes of the previous process", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const endpoint = await tenant.endpoint({ ordered: true });
      const [first] = await tenant.leasedMany(endpoint, 2);
      const before = await alone.store.leases();
      await alone.restart(START + SECOND);
      const claimed = await alone.store.claim({
        now: START + SECOND,
        lanes: [],
        adopt: { lanesMax: 10, countEach: 10, exceptTenants: [] },
        deliveriesMax: 10,
        bytesMax: 1000,
        firstToken: alone.newTokens(10),
      });
      const deliveries = claimed.lanes.flatMap((lane) => lane.deliveries);
      assert.equal(deliveries.length, 2);
      assert.equal(deliveries[0]?.id, first?.id);
      const tokens = new Set(before.map(({ token }) => token));
      assert(deliveries.every(({ token }) => !tokens.has(token)));
    });
  });

  test("the feed contains the changes of other processes, but not its own", async () => {
    const before = await world.store.changesSince(null);
    assert.deepEqual(before.changes, []);
    const tenant = await world.newTenant();
    await tenant.publish([]);
    assert.deepEqual((await world.store.changesSince(before.mark)).changes, []);
    await world.writeFromOutside();
    const after = await world.store.changesSince(before.mark);
    assert.deepEqual(after.changes, [{ kind: "anything" }]);
    assert.deepEqual((await world.store.changesSince(after.mark)).changes, []);
  });

  test("the statistics show that the store can commit, and its size", async () => {
    await withWorld(open, async (alone) => {
      const stats = await alone.store.stats();
      assert.equal(stats.writable, true);
      assert.equal(stats.leased, 0);
      assert(stats.fileBytes > 0);
      assert(stats.walBytes >= 0);
    });
  });

  test("a closed store refuses reads and changes", async () => {
    const { store, dispose } = await open();
    await store.enter(START);
    await dispose();
    await assert.rejects(store.publish([]), { code: "STORE_UNAVAILABLE" });
    await assert.rejects(store.listTenants(null, 1), { code: "STORE_UNAVAILABLE" });
  });
}
