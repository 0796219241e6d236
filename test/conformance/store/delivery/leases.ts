import assert from "node:assert/strict";
import { test } from "node:test";
import { VOID_CLAIMS_MAX } from "../../../../src/domain/limits.ts";
import { type OpenStore, useWorld, withWorld } from "../world.ts";
import { DAY, HOUR, SECOND, START } from "./times.ts";
import { failed, succeeded } from "./verdicts.ts";

export function leaseCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a returned lease can be claimed again, and leaves no trace in its delivery", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    const woken = await tenant.release([delivery], START + 1);
    assert.deepEqual(woken, [{ endpointSeq: endpoint.seq, readyAt: START }]);
    assert.equal((await tenant.row(delivery.id)).state, "PENDING");
    const [claimed] = await tenant.claim(endpoint, START + 1);
    assert.equal(claimed?.id, delivery.id);
    assert.notEqual(claimed?.token, delivery.token);
    assert.equal(claimed?.attempts, 0);
  });

  test("a returned retry is still a retry", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.settle(delivery, failed(START + SECOND));
    await tenant.release(await tenant.claim(endpoint, START + SECOND), START);
    const row = await tenant.row(delivery.id);
    assert.equal(row.state, "SCHEDULED");
    assert.equal(row.nextAttemptAt, START + SECOND);
  });

  test("releasing an outdated lease has no effect", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const old = await tenant.leased(endpoint);
    await tenant.release([old], START);
    const [present] = await tenant.claim(endpoint, START);
    assert.deepEqual(await tenant.release([old], START), []);
    assert.deepEqual(await tenant.claim(endpoint, START), []);
    assert.equal((await tenant.settle(present ?? assert.fail(), succeeded)).kind, "settled");
  });

  test("releasing a lease twice has no further effect", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.release([delivery, delivery], START);
    await tenant.release([delivery], START);
    assert.equal((await tenant.view(endpoint)).waiting.count, 1);
    assert.equal((await tenant.claim(endpoint, START, 5)).length, 1);
  });

  test("leases returned to a held lane wake no lane", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.patch(endpoint, { status: "PAUSED" }, START);
    assert.deepEqual(await tenant.release([delivery], START, [endpoint]), []);
    assert.equal((await tenant.row(delivery.id)).state, "HELD");
    await tenant.patch(endpoint, { status: "ACTIVE" }, START + 1);
    assert.equal((await tenant.claim(endpoint, START + 1)).length, 1);
  });

  test("a delivery with a cancel request ends when its lease is returned", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    const asked = await world.store.cancel(tenant.ofDelivery(delivery.id, START + 1));
    assert.deepEqual(asked, { kind: "requested", endpointSeq: endpoint.seq, deliverySeq: delivery.seq });
    assert.deepEqual(await tenant.release([delivery], START + 2), []);
    const row = await tenant.row(delivery.id);
    assert.equal(row.state, "CANCELLED");
    assert.equal(row.reason, "cancelled");
    assert.equal(row.endedAt, START + 2);
  });

  test("a deleted endpoint's delivery ends when its lease is returned", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.remove(endpoint, START + 1);
    await tenant.release([delivery], START + 2, [endpoint]);
    const row = await tenant.row(delivery.id);
    assert.equal(row.state, "CANCELLED");
    assert.equal(row.reason, "endpoint_deleted");
  });

  test("the store lists the leases of this node", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const endpoint = await tenant.endpoint();
      const published = await tenant.leased(endpoint);
      const waiting = await tenant.waiting(endpoint);
      const [claimed] = await tenant.claim(endpoint, START);
      assert.equal(claimed?.id, waiting.id);
      const listed = await alone.store.leases();
      assert.deepEqual(
        listed.toSorted((a, b) => a.deliverySeq - b.deliverySeq),
        [published, claimed ?? assert.fail()].map(({ seq, token }) => {
          return { tenantSeq: tenant.tenantSeq, deliverySeq: seq, token };
        }),
      );
      assert.equal((await alone.store.stats()).leased, 2);
      await tenant.settle(published, succeeded);
      await tenant.release([claimed ?? assert.fail()], START);
      assert.deepEqual(await alone.store.leases(), []);
    });
  });

  test("a new process voids the leases of the previous process", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const endpoint = await tenant.endpoint();
      const delivery = await tenant.leased(endpoint);
      const cancelled = await tenant.leased(endpoint);
      await alone.store.cancel(tenant.ofDelivery(cancelled.id, START));
      const orphan = await tenant.endpoint();
      const deleted = await tenant.leased(orphan);
      await tenant.remove(orphan, START);
      await alone.restart(START + HOUR);
      assert.deepEqual(await alone.store.leases(), []);
      assert.equal((await alone.store.stats()).leased, 0);
      assert.equal((await tenant.row(cancelled.id)).state, "CANCELLED");
      assert.equal((await tenant.row(deleted.id)).reason, "endpoint_deleted");
      assert.equal((await tenant.settle(delivery, failed(START + 2 * HOUR))).kind, "stale");
      const [again] = await tenant.claim(endpoint, START + HOUR, 10);
      assert.equal(again?.id, delivery.id);
      assert.equal((await tenant.settle(again ?? assert.fail(), succeeded, { number: 2 })).kind, "settled");
    });
  });

  test("a delivery that crashes the process at every attempt fails eventually", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const endpoint = await tenant.endpoint({ retryScheduleSeconds: [5] });
      const { id } = await tenant.leased(endpoint);
      let now = START;
      let claims = 1;
      for (; claims <= 2 * VOID_CLAIMS_MAX; claims += 1) {
        now += HOUR;
        // The first one opens the store again, to show that the count is stored.
        await (claims === 1 ? alone.restart(now) : alone.enter(now));
        if ((await tenant.claim(endpoint, now)).length === 0) break;
      }
      assert.equal(claims, VOID_CLAIMS_MAX + 1);
      const { row, attempts } = await tenant.find(id);
      assert.deepEqual(attempts, []);
      assert.equal(row.state, "FAILED");
      assert.equal(row.reason, "crashed");
      assert.equal((await world.store.stats()).writable, true);
      await alone.store.retry(tenant.ofDelivery(id, now));
      assert.equal((await tenant.claim(endpoint, now)).length, 1);
    });
  });

  test("returned leases do not count as attempts", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ retryScheduleSeconds: [] });
    const delivery = await tenant.waiting(endpoint);
    for (let count = 0; count < 2 * VOID_CLAIMS_MAX; count += 1) {
      const leases = await tenant.claim(endpoint, START + DAY);
      assert.equal(leases.length, 1);
      await tenant.release(leases, START + DAY);
    }
    assert.equal((await tenant.row(delivery.id)).state, "PENDING");
  });
}
