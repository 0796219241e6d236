import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../../../src/domain/endpoints/endpoint.ts";
import type { EpochMs, Uuid } from "../../../../src/domain/ids.ts";
import { JOB_STEP_ROWS } from "../../../../src/domain/limits.ts";
import type { Wake } from "../../../../src/ports/store.ts";
import type { Tenancy } from "../access/tenancy.ts";
import { HOUR, START } from "../delivery/times.ts";
import { exhausted, failed, outlived, succeeded } from "../delivery/verdicts.ts";
import { type OpenStore, useWorld, type World, withWorld } from "../world.ts";

async function stepAll(world: World, now: EpochMs): Promise<Wake[]> {
  const woken: Wake[] = [];
  for (;;) {
    const step = await world.store.stepJob(now);
    woken.push(...step.woken);
    if (step.idle) return woken;
  }
}

async function recover(world: World, tenant: Tenancy, endpoint: Endpoint, times: { since: EpochMs; now: EpochMs }) {
  const jobId = await world.store.startRecover({
    ...tenant.owner,
    endpointId: endpoint.id,
    jobId: world.newId(),
    ...times,
  });
  return jobId ?? assert.fail();
}

async function waitingMany(world: World, tenant: Tenancy, endpoint: Endpoint, count: number): Promise<Uuid[]> {
  const requests = [];
  for (let index = 0; index < count; index += 1) requests.push(await tenant.request([endpoint], { lease: false }));
  await world.store.publish(requests);
  return requests.map(({ targets }) => targets[0]?.deliveryId ?? assert.fail());
}

export function jobCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a recover requeues only the deliveries that FAILED or EXPIRED since the given time", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const other = await tenant.endpoint();
    const old = await tenant.leased(endpoint, { now: START });
    const since = START + HOUR;
    const [bad, late, good, retried, cancelled] = await tenant.leasedMany(endpoint, 5, { now: since });
    assert(bad && late && good && retried && cancelled);
    const elsewhere = await tenant.leased(other, { now: since });
    await world.store.cancel(tenant.ofDelivery(cancelled.id, since));
    for (const [delivery, verdict] of [
      [old, exhausted],
      [bad, exhausted],
      [late, outlived],
      [good, succeeded],
      [retried, failed(since + 9 * HOUR)],
      [cancelled, failed(since + 9 * HOUR)],
      [elsewhere, exhausted],
    ] as const) {
      await tenant.settle(delivery, verdict, { at: since });
    }
    const now = since + HOUR;
    const jobId = await recover(world, tenant, endpoint, { since, now });
    const running = await world.store.getJob(tenant.tenantSeq, jobId);
    assert.deepEqual(running, {
      id: jobId,
      kind: "recover",
      state: "running",
      done: 0,
      total: null,
      failures: {},
      perSecond: null,
      endpointId: endpoint.id,
      by: { kind: "key", id: tenant.actor.id, name: running?.by?.name ?? null },
      createdAt: now,
      finishedAt: null,
    });
    const woken = await stepAll(world, now);
    assert.deepEqual(woken, [{ endpointSeq: endpoint.seq, readyAt: now }]);
    assert.deepEqual(await world.store.getJob(tenant.tenantSeq, jobId), {
      ...running,
      state: "done",
      done: 2,
      finishedAt: now,
    });
    const states = await Promise.all(
      [old, bad, late, good, retried, cancelled, elsewhere].map(async ({ id }) => (await tenant.row(id)).state),
    );
    assert.deepEqual(states, ["FAILED", "PENDING", "PENDING", "DELIVERED", "SCHEDULED", "CANCELLED", "FAILED"]);
    assert.deepEqual(
      (await tenant.claim(endpoint, now, 10)).map(({ id, runAttempts }) => [id, runAttempts]),
      [
        [bad.id, 0],
        [late.id, 0],
      ],
    );
  });

  test("a recover creates each delivery that the event did not get because the endpoint was DISABLED, once", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ eventTypes: ["order.*"] });
    await tenant.publish([], { type: "invoice.paid", now: START });
    await tenant.patch(endpoint, { status: "DISABLED" }, START);
    const before = await tenant.publish([], { type: "order.paid", now: START + 1 });
    const missed = await tenant.publish([], { type: "order.paid", now: START + HOUR });
    await tenant.publish([], { type: "invoice.paid", now: START + HOUR });
    await tenant.publish([], { type: "order.paid", now: START + HOUR, named: true });
    const named = await tenant.publish([], {
      type: "invoice.paid",
      now: START + HOUR,
      named: true,
      namedDisabled: [endpoint],
    });
    await tenant.patch(endpoint, { status: "ACTIVE" }, START + 2 * HOUR);
    const now = START + 3 * HOUR;
    const times = { since: START + HOUR, now };
    const jobId = await recover(world, tenant, endpoint, times);
    await stepAll(world, now);
    assert.equal((await world.store.getJob(tenant.tenantSeq, jobId))?.done, 2);
    assert.deepEqual(
      (await tenant.claim(endpoint, now, 10)).map(({ event }) => event.id),
      [missed.eventId, named.eventId],
    );
    assert.deepEqual((await tenant.event(before.eventId)).deliveries, []);
    assert.deepEqual((await tenant.event(missed.eventId)).notDelivered, []);
    await recover(world, tenant, endpoint, times);
    await stepAll(world, now);
    assert.equal((await tenant.all()).length, 2);
  });

  test("a recover of an endpoint that is still DISABLED wakes no lane, and its deliveries wait", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.settle(delivery, exhausted);
    await tenant.patch(endpoint, { status: "DISABLED" }, START);
    await recover(world, tenant, endpoint, { since: START, now: START + 1 });
    assert.deepEqual(await stepAll(world, START + 1), []);
    assert.equal((await tenant.row(delivery.id)).state, "HELD");
  });

  test("a recover that is repeated after an ambiguous result is one job", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const request = { ...tenant.owner, endpointId: endpoint.id, jobId: world.newId(), since: START, now: START };
    assert.equal(await world.store.startRecover(request), request.jobId);
    assert.equal(await world.store.startRecover(request), request.jobId);
    await stepAll(world, START);
  });

  test("a tenant cannot recover another tenant's endpoint, nor see another tenant's job", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const endpoint = await tenant.endpoint();
    const request = { ...other.owner, endpointId: endpoint.id, jobId: world.newId(), since: START, now: START };
    assert.equal(await world.store.startRecover(request), null);
    const jobId = await recover(world, tenant, endpoint, { since: START, now: START });
    assert.equal(await world.store.getJob(other.tenantSeq, jobId), null);
    assert.equal(await world.store.getJob(tenant.tenantSeq, world.newId()), null);
    await stepAll(world, START);
    await tenant.remove(endpoint, START);
    assert.equal(await world.store.startRecover({ ...request, ...tenant.owner }), null);
  });

  test("a job continues after a restart where it stopped", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const endpoint = await tenant.endpoint();
      const count = JOB_STEP_ROWS + 20;
      const deliveries = await tenant.leasedMany(endpoint, count);
      await alone.store.settle(deliveries.map((delivery) => tenant.settlement(delivery, exhausted)));
      // The failures have put the lane to rest; a new secret clears the rest.
      await tenant.patch(endpoint, { secret: { value: "whsec_abcdefghijklmnop", previousUntil: null } }, START);
      const jobId = await recover(alone, tenant, endpoint, { since: START, now: START + 1 });
      const { idle } = await alone.store.stepJob(START + 1);
      assert.equal(idle, false);
      const job = await alone.store.getJob(tenant.tenantSeq, jobId);
      assert.equal(job?.state, "running");
      assert((job?.done ?? 0) > 0 && (job?.done ?? 0) <= JOB_STEP_ROWS);
      await alone.restart(START + 2);
      await stepAll(alone, START + 3);
      assert.equal((await alone.store.getJob(tenant.tenantSeq, jobId))?.done, count);
      assert.equal((await tenant.claim(endpoint, START + 3, 1000)).length, count);
    });
  });

  test("a deleted endpoint's backlog is cancelled in steps, but reads as CANCELLED at once", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const ids = await waitingMany(world, tenant, endpoint, JOB_STEP_ROWS + 1);
    await tenant.remove(endpoint, START + 5);
    const before = await tenant.row(ids[0] ?? assert.fail());
    const end = { ...tenant.owner, id: ids[0] ?? assert.fail(), now: START + 6 };
    assert.equal((await world.store.cancel(end)).kind, "ended");
    assert.deepEqual(await stepAll(world, START + 7), []);
    for (const id of [ids[0], ids.at(-1)]) {
      const row = await tenant.row(id ?? assert.fail());
      assert.deepEqual([row.state, row.reason, row.endedAt], ["CANCELLED", "endpoint_deleted", START + 5]);
    }
    assert.deepEqual(await tenant.row(before.id), before);
  });

  test("a step without a job is idle", async () => {
    await stepAll(world, START);
    assert.deepEqual(await world.store.stepJob(START), {
      idle: true,
      progress: null,
      nextAt: null,
      woken: [],
      bulk: null,
      failed: null,
    });
  });
}
