import assert from "node:assert/strict";
import { test } from "node:test";
import { ANY_DELIVERY, type DeliveryConditions } from "../../../../src/domain/history/ledger.ts";
import type { EpochMs, Uuid } from "../../../../src/domain/ids.ts";
import { BULK_JOBS_OF_TENANT_COUNT_MAX, JOB_STEP_ROWS } from "../../../../src/domain/limits.ts";
import type { BulkAction } from "../../../../src/domain/upkeep/job.ts";
import type { BulkCount, BulkStepped, Job, PublishRequest } from "../../../../src/ports/store.ts";
import type { Tenancy } from "../access/tenancy.ts";
import { HOUR, START } from "../delivery/times.ts";
import { exhausted, failed, succeeded } from "../delivery/verdicts.ts";
import { type OpenStore, useWorld, type World } from "../world.ts";

const LATER = START + HOUR;

interface Asked {
  readonly action: BulkAction;
  readonly conditions?: Partial<DeliveryConditions>;
  readonly asOf?: EpochMs | null;
  readonly perSecond?: number | null;
  readonly now?: EpochMs;
}

function count(world: World, { tenantSeq }: Tenancy, { action, conditions, asOf = null, now = LATER }: Asked) {
  return world.store.countBulk({ action, filter: { ...ANY_DELIVERY, ...conditions, tenantSeq }, asOf, now });
}

async function start(world: World, tenant: Tenancy, asked: Asked): Promise<{ jobId: Uuid; counted: BulkCount }> {
  const counted = await count(world, tenant, asked);
  const { perSecond = null, now = LATER } = asked;
  const jobId = world.newId();
  const { target, total } = counted;
  const request = { actor: tenant.actor, jobId, target, total, perSecond, now };
  assert.equal(await world.store.startBulk(request), "started");
  // A repeated call is the same job.
  assert.equal(await world.store.startBulk(request), "started");
  return { jobId, counted };
}

/** One step of the only job. Null when it is not due. */
async function step(world: World, now: EpochMs): Promise<BulkStepped | null> {
  const { bulk, idle } = await world.store.stepJob(now);
  if (idle) return null;
  assert(bulk !== null);
  const found = await world.store.findBulk(bulk);
  const stepped = await world.store.stepBulk(bulk, found, now);
  // A repeated call changes nothing.
  assert.deepEqual(await world.store.stepBulk(bulk, found, now), {
    progress: null,
    woken: [],
    requested: [],
    failed: null,
  });
  return stepped;
}

async function finish(world: World, tenant: Tenancy, jobId: Uuid, now: EpochMs): Promise<Job> {
  while ((await step(world, now)) !== null);
  return (await world.store.getJob(tenant.tenantSeq, jobId)) ?? assert.fail();
}

export function bulkCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a bulk retry requeues what failed and matches, and a second one finds nothing", async () => {
    const tenant = await world.newTenant();
    const [endpoint, other] = [await tenant.endpoint(), await tenant.endpoint()];
    const [bad, good, retried] = await tenant.leasedMany(endpoint, 3);
    const elsewhere = await tenant.leased(other);
    assert(bad && good && retried);
    await tenant.settle(bad, exhausted);
    await tenant.settle(good, succeeded);
    await tenant.settle(retried, failed(START + 9 * HOUR));
    await tenant.settle(elsewhere, exhausted);
    const all = await count(world, tenant, { action: "retry" });
    assert.deepEqual([all.total, all.matching, all.endpoints.length, all.sample.length], [2, 4, 2, 2]);
    const asked = { action: "retry", conditions: { endpointIds: [endpoint.id] } } as const;
    const { jobId, counted } = await start(world, tenant, asked);
    assert.deepEqual(
      [counted.total, counted.matching, counted.endpoints],
      [1, 3, [{ id: endpoint.id, name: endpoint.name, count: 1 }]],
    );
    const { woken } = (await step(world, LATER)) ?? assert.fail();
    assert.deepEqual(
      woken.map(({ endpointSeq }) => endpointSeq),
      [endpoint.seq],
    );
    const job = await finish(world, tenant, jobId, LATER);
    assert.deepEqual(
      [job.kind, job.state, job.done, job.total, job.failures, job.endpointId, job.by?.id],
      ["bulk_retry", "done", 1, 1, {}, endpoint.id, tenant.actor.id],
    );
    const states = await Promise.all(
      [bad, good, retried, elsewhere].map(async ({ id }) => (await tenant.row(id)).state),
    );
    assert.deepEqual(states, ["PENDING", "DELIVERED", "SCHEDULED", "FAILED"]);
    assert.equal((await count(world, tenant, asked)).total, 0);
  });

  test("a bulk cancel ends what waits, and requests it of what is leased", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const leased = await tenant.leased(endpoint);
    const waiting = await tenant.waiting(endpoint);
    const { jobId, counted } = await start(world, tenant, { action: "cancel" });
    assert.equal(counted.total, 2);
    assert.deepEqual((await step(world, LATER))?.requested, [
      { kind: "requested", endpointSeq: endpoint.seq, deliverySeq: leased.seq },
    ]);
    assert.equal((await finish(world, tenant, jobId, LATER)).done, 2);
    assert.equal((await tenant.row(waiting.id)).state, "CANCELLED");
    await tenant.settle(leased, failed(START + 9 * HOUR), { at: LATER });
    assert.equal((await tenant.row(leased.id)).state, "CANCELLED");
  });

  test("a bulk replay makes each matching delivery once more, and none of its own", async () => {
    const tenant = await world.newTenant();
    const [endpoint, gone] = [await tenant.endpoint(), await tenant.endpoint()];
    const made = await tenant.leasedMany(endpoint, 3);
    for (const delivery of made) await tenant.settle(delivery, succeeded);
    await tenant.settle(await tenant.leased(gone), succeeded);
    await tenant.remove(gone, START);
    const { jobId, counted } = await start(world, tenant, { action: "replay" });
    assert.deepEqual([counted.total, counted.matching], [3, 4]);
    assert.equal((await finish(world, tenant, jobId, LATER)).done, 3);
    assert.equal((await tenant.all()).length, 7);
    const repeated = await tenant.claim(endpoint, LATER, 10);
    const events = await Promise.all(made.map(async ({ id }) => (await tenant.row(id)).eventId));
    assert.deepEqual(
      repeated.map(({ event }) => event.id),
      events,
    );
  });

  test("a bulk action is frozen: neither what is created nor what fails after its start is changed", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const [bad, late] = await tenant.leasedMany(endpoint, 2);
    assert(bad && late);
    await tenant.settle(bad, exhausted);
    const before = await count(world, tenant, { action: "retry" });
    const newer = await tenant.leased(endpoint, { now: LATER - 1 });
    await tenant.settle(newer, exhausted, { at: LATER - 1 });
    const { jobId, counted } = await start(world, tenant, { action: "retry", asOf: before.target.asOf });
    assert.equal(counted.total, 1);
    await tenant.settle(late, exhausted, { at: LATER + 1 });
    const job = await finish(world, tenant, jobId, LATER + 2);
    assert.deepEqual([job.done, job.total, job.failures], [1, 1, {}]);
    assert.deepEqual(await Promise.all([bad, late, newer].map(async ({ id }) => (await tenant.row(id)).state)), [
      "PENDING",
      "FAILED",
      "FAILED",
    ]);
  });

  test("what somebody else changed first is counted as not changed", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const [first, second] = await tenant.leasedMany(endpoint, 2);
    assert(first && second);
    for (const delivery of [first, second]) await tenant.settle(delivery, exhausted);
    const { jobId } = await start(world, tenant, { action: "retry" });
    await world.store.retry(tenant.ofDelivery(first.id, LATER));
    const job = await finish(world, tenant, jobId, LATER);
    assert.deepEqual([job.done, job.total, job.failures], [1, 2, { changed: 1 }]);
  });

  test("a job of limited speed waits between its steps, and other jobs run meanwhile", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    for (let n = 0; n < 5; n += 1) await tenant.waiting(endpoint);
    const { jobId } = await start(world, tenant, { action: "cancel", perSecond: 2 });
    await step(world, LATER);
    assert.equal((await world.store.getJob(tenant.tenantSeq, jobId))?.done, 2);
    const idle = await world.store.stepJob(LATER + 999);
    assert.deepEqual([idle.idle, idle.nextAt], [true, LATER + 1000]);
    const fast = await start(world, tenant, { action: "replay" });
    assert.equal((await finish(world, tenant, fast.jobId, LATER + 999)).state, "done");
    await step(world, LATER + 1000);
    assert.equal((await world.store.getJob(tenant.tenantSeq, jobId))?.done, 4);
    assert.equal((await finish(world, tenant, jobId, LATER + 2000)).done, 5);
  });

  test("a large job takes several steps, oldest first, continues after a restart, and stops when it is cancelled", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const requests: PublishRequest[] = [];
    for (let n = 0; n < 2 * JOB_STEP_ROWS + 10; n += 1)
      requests.push(await tenant.request([endpoint], { lease: false }));
    await world.store.publish(requests);
    const { jobId } = await start(world, tenant, { action: "cancel" });
    await step(world, LATER);
    const states = async (index: number) => (await tenant.row(requests[index]?.targets[0]?.deliveryId as Uuid)).state;
    assert.deepEqual([await states(0), await states(JOB_STEP_ROWS)], ["CANCELLED", "PENDING"]);
    await world.restart(LATER);
    await step(world, LATER);
    const id = { ...tenant.owner, id: jobId, now: LATER + 1 };
    assert.equal(await world.store.cancelJob({ ...id, ...(await world.newTenant()).owner }), "unknown");
    assert.equal(await world.store.cancelJob(id), "cancelled");
    assert.equal(await world.store.cancelJob(id), "ended");
    assert.equal(await step(world, LATER + 1), null);
    const job = await world.store.getJob(tenant.tenantSeq, jobId);
    assert.deepEqual([job?.state, job?.done, job?.finishedAt], ["cancelled", 2 * JOB_STEP_ROWS, LATER + 1]);
    assert.equal(await states(2 * JOB_STEP_ROWS), "PENDING");
  });

  test("jobs are listed newest first, by state and kind, and only to their tenant", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.waiting(endpoint);
    const first = await start(world, tenant, { action: "retry" });
    await finish(world, tenant, first.jobId, LATER);
    const second = await start(world, tenant, { action: "replay" });
    const third = await start(world, tenant, { action: "cancel" });
    const list = async (state: Job["state"] | null, kind: Job["kind"] | null) => {
      const { jobs } = await world.store.listJobs({ tenantSeq: tenant.tenantSeq, state, kind }, null, 10);
      return jobs.map(({ id }) => id);
    };
    assert.deepEqual(await list(null, null), [third.jobId, second.jobId, first.jobId]);
    assert.deepEqual(await list("running", null), [third.jobId, second.jobId]);
    assert.deepEqual(await list("done", "bulk_retry"), [first.jobId]);
    assert.deepEqual(await list("cancelled", null), []);
    const filter = { tenantSeq: tenant.tenantSeq, state: null, kind: null };
    const page = await world.store.listJobs(filter, null, 2);
    const rest = await world.store.listJobs(filter, page.next, 2);
    assert.deepEqual(
      [...page.jobs, ...rest.jobs].map(({ id }) => id),
      [third.jobId, second.jobId, first.jobId],
    );
    assert.equal(rest.next, null);
    const other = await world.newTenant();
    assert.deepEqual((await world.store.listJobs({ ...filter, tenantSeq: other.tenantSeq }, null, 10)).jobs, []);
    for (const { jobId } of [second, third]) await finish(world, tenant, jobId, LATER);
  });

  test("the job that completes a deletion cannot be cancelled, and a tenant has a limit of bulk jobs", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.waiting(endpoint);
    const { jobId, counted } = await start(world, tenant, { action: "cancel" });
    await tenant.remove(endpoint, LATER);
    const { jobs } = await world.store.listJobs(
      { tenantSeq: tenant.tenantSeq, state: null, kind: "cancel_backlog" },
      null,
      1,
    );
    const [deletion] = jobs;
    assert(deletion);
    assert.deepEqual([deletion.endpointId, deletion.by?.id], [endpoint.id, tenant.actor.id]);
    const of = (id: Uuid) => ({ ...tenant.owner, id, now: LATER });
    assert.equal(await world.store.cancelJob(of(deletion.id)), "mustEnd");
    const more = () =>
      world.store.startBulk({ ...counted, actor: tenant.actor, jobId: world.newId(), perSecond: null, now: LATER });
    for (let running = 1; running < BULK_JOBS_OF_TENANT_COUNT_MAX; running += 1) assert.equal(await more(), "started");
    assert.equal(await more(), "tooMany");
    await world.store.cancelJob(of(jobId));
    assert.equal(await more(), "started");
  });
}
