import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTally, Tally, tallyText } from "../../../../src/domain/history/tally.ts";
import { HOUR, MINUTE, START } from "../delivery/times.ts";
import { exhausted, failed, outlived, succeeded } from "../delivery/verdicts.ts";
import { type OpenStore, useWorld } from "../world.ts";

const NOTHING = { total: 0, delivered: 0, failed: 0 };

export function statisticsCases(open: OpenStore): void {
  const world = useWorld(open);

  test("volume counts deliveries in the hour of their creation and in the hour of their end", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const [good, bad, late, open] = await tenant.leasedMany(endpoint, 4, { now: START + 59 * MINUTE });
    assert(good && bad && late && open);
    const waiting = await tenant.waiting(endpoint, { now: START + 2 * HOUR });
    await tenant.settle(good, succeeded, { at: START + 59 * MINUTE });
    await tenant.settle(bad, exhausted, { at: START + HOUR });
    await tenant.settle(late, outlived, { at: START + HOUR });
    await tenant.settle(open, failed(START + 9 * HOUR), { at: START + HOUR });
    await world.store.cancel(tenant.ofDelivery(waiting.id, START + 3 * HOUR));
    assert.deepEqual(await world.store.countVolume(tenant.tenantSeq, START - HOUR, START + 4 * HOUR), [
      { hour: START - HOUR, ...NOTHING },
      { hour: START, total: 4, delivered: 1, failed: 0 },
      { hour: START + HOUR, total: 0, delivered: 0, failed: 2 },
      { hour: START + 2 * HOUR, total: 1, delivered: 0, failed: 0 },
      { hour: START + 3 * HOUR, total: 0, delivered: 0, failed: 1 },
    ]);
  });

  test("latency counts each answered attempt in its bucket", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const latencies = [0, 99, 100, 299, 300, 999, 1000, 4999, 5000, 30_000];
    const deliveries = await tenant.leasedMany(endpoint, latencies.length + 1);
    for (const [index, tookMs] of latencies.entries()) {
      await tenant.settle(deliveries[index] ?? assert.fail(), index % 2 ? succeeded : exhausted, {
        at: START + MINUTE,
        tookMs,
      });
    }
    const unanswered = { ...exhausted, httpStatus: null };
    await tenant.settle(deliveries.at(-1) ?? assert.fail(), unanswered, { at: START + MINUTE, tookMs: 10 });
    const count = () => world.store.countLatency(tenant.tenantSeq, START, START + HOUR);
    assert.deepEqual(await count(), [2, 2, 2, 2, 2]);
    assert.deepEqual(await world.store.countLatency(tenant.tenantSeq, START + HOUR, START + 2 * HOUR), [0, 0, 0, 0, 0]);
    const [health] = await world.store.countEndpointHealth(tenant.tenantSeq, START, START + HOUR);
    assert.equal(health?.latencyCount, latencies.length);
    assert.equal(
      health?.latencySumMs,
      latencies.reduce((sum, latency) => sum + latency, 0),
    );
  });

  test("attempts count as they happen, and an endpoint is failing since the first of its failures", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const [first, second, third] = await tenant.leasedMany(endpoint, 3);
    assert(first && second && third);
    const health = async () => {
      const [row] = await world.store.countEndpointHealth(tenant.tenantSeq, START, START + HOUR);
      return row ?? assert.fail();
    };
    await tenant.settle(first, failed(START + 9 * HOUR), { at: START + 5 });
    await tenant.settle(second, exhausted, { at: START + 6 });
    assert.deepEqual(
      [await health()].map(({ attemptsOk, attemptsFailed, failingSince }) => [
        attemptsOk,
        attemptsFailed,
        failingSince,
      ]),
      [[0, 2, START + 5]],
    );
    const failing = await tenant.view(endpoint);
    assert.deepEqual(failing.lastFailure, {
      at: START + 6,
      classification: "http_status",
      httpStatus: 500,
      errorDetail: null,
    });
    assert.deepEqual([failing.lastSuccessAt, failing.health.failureStreak], [null, 2]);
    await tenant.settle(third, succeeded, { at: START + 7 });
    const { attemptsOk, attemptsFailed, failingSince } = await health();
    assert.deepEqual([attemptsOk, attemptsFailed, failingSince], [1, 2, null]);
    const view = await tenant.view(endpoint);
    assert.deepEqual([view.lastSuccessAt, view.lastFailure?.at], [START + 7, START + 6]);
  });

  test("tallies add up by hour and scope", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const { tenantSeq } = tenant;
    const one = new Tally();
    one.count({ classification: "success", isFirst: true, gaveUp: false, latencyMs: 20, ageMs: 30 });
    const add = (hour: number, scope: string) => ({ tenantSeq, hour, scope, tally: tallyText(one) });
    await world.store.addTallies([add(START, ""), add(START, "e1"), add(START, "")]);
    await world.store.addTallies([add(START, ""), add(START + HOUR, "")]);
    const read = async (seq: number, scope: string) =>
      (await world.store.readTallies(seq, scope, START - HOUR, START + 2 * HOUR))
        .map(({ hour, tally }) => [hour, parseTally(tally).ok])
        .toSorted();
    assert.deepEqual(await read(tenantSeq, ""), [
      [START, 3],
      [START + HOUR, 1],
    ]);
    assert.deepEqual(await read(tenantSeq, "e1"), [[START, 1]]);
    assert.deepEqual(await read(other.tenantSeq, ""), []);
    assert.deepEqual(await world.store.readTallies(tenantSeq, "", START + 2 * HOUR, START + 3 * HOUR), []);
  });

  test("nodes that share a store read each other's minutes for three hours, and the hours are the same", async () => {
    const { tenantSeq } = await world.newTenant();
    const one = new Tally();
    one.count({ classification: "success", isFirst: true, gaveUp: false, latencyMs: 20, ageMs: 30 });
    const add = (minute: number, scope: string) =>
      world.store.addTallies([{ tenantSeq, hour: START, minute, scope, tally: tallyText(one) }]);
    const minutes = async (scope: string) =>
      (await world.store.readMinutes(tenantSeq, scope, START, START + 4 * HOUR))
        .map(({ minute, tally }) => [(minute - START) / 60_000, parseTally(tally).ok])
        .toSorted();
    const expected = (...rows: number[][]) => (world.store.notes === null ? [] : rows);
    for (const [minute, scope] of [
      [0, ""],
      [1, ""],
      [1, "e1"],
      [59, ""],
    ] as const)
      await add(START + minute * 60_000, scope);
    assert.deepEqual(await minutes(""), expected([0, 1], [1, 1], [59, 1]));
    assert.deepEqual(await minutes("e1"), expected([1, 1]));
    const [hour, ...others] = await world.store.readTallies(tenantSeq, "", START, START + 4 * HOUR);
    assert.deepEqual([hour?.hour, parseTally(hour?.tally ?? "").ok, others], [START, 3, []]);
    await add(START + 3 * HOUR + 60_000, "");
    assert.deepEqual(await minutes(""), expected([1, 1], [181, 1], [59, 1]));
  });

  test("a backlog counts what is held, due and scheduled, for one tenant or for all", async () => {
    const [tenant, quiet] = [await world.newTenant(), await world.newTenant()];
    const [busy, paused, deleted] = [await tenant.endpoint(), await tenant.endpoint(), await tenant.endpoint()];
    await tenant.settle(await tenant.leased(busy), failed(START + HOUR), { at: START });
    const due = await tenant.waiting(busy, { now: START + 1 });
    const { createdAt: oldestAt } = await tenant.row(due.id);
    await tenant.waiting(deleted);
    await tenant.remove(deleted, START);
    await tenant.patch(paused, { status: "PAUSED" }, START);
    await tenant.waiting(paused, { now: START + 2, payload: '{"a":1}' });
    const expected = {
      tenantSeq: tenant.tenantSeq,
      held: 1,
      ready: 1,
      scheduled: 1,
      more: false,
      heldBytes: 7,
      oldestAt,
      readySince: START + 1,
    };
    assert.deepEqual(await world.store.countBacklogs(tenant.tenantSeq, START + 5), [expected]);
    assert.deepEqual(await world.store.countBacklogs(quiet.tenantSeq, START + 5), []);
    const all = await world.store.countBacklogs(null, START + 5);
    assert.deepEqual(
      all.filter(({ tenantSeq }) => tenantSeq === tenant.tenantSeq),
      [expected],
    );
    const view = await tenant.view(busy);
    assert.deepEqual([view.oldestAt, view.heldBytes], [oldestAt, 0]);
    await tenant.leasedMany(await tenant.endpoint(), 2);
    assert.equal(await world.store.countInProgress(tenant.tenantSeq), 2);
    assert.equal(await world.store.countInProgress(quiet.tenantSeq), 0);
  });

  test("endpoint health shows every endpoint that is not deleted, with its own sums", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const busy = await tenant.endpoint({ name: "busy" });
    const quiet = await tenant.endpoint({ name: "quiet" });
    const deleted = await tenant.endpoint({ name: "deleted" });
    await tenant.settle(await tenant.leased(deleted), succeeded);
    await tenant.remove(deleted, START);
    await tenant.patch(quiet, { status: "PAUSED" }, START);
    const [one, two] = await tenant.leasedMany(busy, 3, { now: START + HOUR });
    await tenant.settle(one ?? assert.fail(), succeeded, { at: START + HOUR, tookMs: 40 });
    await tenant.settle(two ?? assert.fail(), exhausted, { at: START + HOUR, tookMs: 60 });
    const foreign = await other.endpoint();
    await other.settle(await other.leased(foreign), succeeded);
    const sums = { ...NOTHING, latencySumMs: 0, latencyCount: 0, attemptsOk: 0, attemptsFailed: 0, failingSince: null };
    assert.deepEqual(await world.store.countEndpointHealth(tenant.tenantSeq, START, START + 2 * HOUR), [
      {
        endpointId: busy.id,
        name: "busy",
        status: "ACTIVE",
        total: 3,
        delivered: 1,
        failed: 1,
        latencySumMs: 100,
        latencyCount: 2,
        attemptsOk: 1,
        attemptsFailed: 1,
        failingSince: START + HOUR,
      },
      { endpointId: quiet.id, name: "quiet", status: "PAUSED", ...sums },
    ]);
    const volume = await world.store.countVolume(tenant.tenantSeq, START, START + 2 * HOUR);
    assert.deepEqual(
      volume.map(({ total, delivered }) => [total, delivered]),
      [
        [1, 1],
        [3, 1],
      ],
    );
  });

  test("attempts of some endpoints are counted by hour", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const [one, two, third] = [await tenant.endpoint(), await tenant.endpoint(), await tenant.endpoint()];
    const foreign = await other.endpoint();
    for (const endpoint of [one, two, third]) await tenant.settle(await tenant.leased(endpoint), succeeded);
    await tenant.settle(await tenant.leased(one), failed(START + 9 * HOUR), { at: START + HOUR });
    await other.settle(await other.leased(foreign), succeeded);
    const count = async (from: number, to: number) =>
      (await world.store.countEndpointAttempts(tenant.tenantSeq, [one.seq, two.seq, foreign.seq], from, to))
        .map(({ endpointSeq, hour, ok, failed: bad }) => [endpointSeq, hour, ok, bad])
        .toSorted(([a = 0, x = 0], [b = 0, y = 0]) => a - b || x - y);
    assert.deepEqual(await count(START, START + 2 * HOUR), [
      [one.seq, START, 1, 0],
      [one.seq, START + HOUR, 0, 1],
      [two.seq, START, 1, 0],
    ]);
    assert.deepEqual(await count(START + 2 * HOUR, START + 3 * HOUR), []);
    assert.deepEqual(await world.store.countEndpointAttempts(tenant.tenantSeq, [], START, START + HOUR), []);
  });

  test("concurrent calls lose no counts, and the sums survive a restart", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const deliveries = await tenant.leasedMany(endpoint, 100);
    await Promise.all(deliveries.map((delivery, index) => tenant.settle(delivery, index % 4 ? succeeded : exhausted)));
    const expected = [{ hour: START, total: 100, delivered: 75, failed: 25 }];
    assert.deepEqual(await world.store.countVolume(tenant.tenantSeq, START, START + HOUR), expected);
    await world.restart(START);
    assert.deepEqual(await world.store.countVolume(tenant.tenantSeq, START, START + HOUR), expected);
    const view = await tenant.view(endpoint);
    assert.deepEqual([view.successCount, view.failureCount], [75, 25]);
  });

  test("a retried delivery counts only its last end, and a replayed delivery counts as a new one", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.settle(delivery, exhausted);
    await world.store.retry(tenant.ofDelivery(delivery.id, START + 1));
    const [again] = await tenant.claim(endpoint, START + 1);
    await tenant.settle(again ?? assert.fail(), succeeded, { at: START + 2 });
    await world.store.replay({ ...tenant.owner, deliveryIds: [delivery.id], dryRun: false, now: START + 3 });
    assert.deepEqual(await world.store.countVolume(tenant.tenantSeq, START, START + 1), [
      { hour: START, total: 2, delivered: 1, failed: 0 },
    ]);
  });

  test("a deleted endpoint's backlog counts as failed once the job has written it", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.leasedMany(endpoint, 2);
    await tenant.waiting(endpoint);
    await tenant.waiting(endpoint);
    await tenant.remove(endpoint, START + 1);
    while (!(await world.store.stepJob(START + 2)).idle);
    const [hour] = await world.store.countVolume(tenant.tenantSeq, START, START + 1);
    assert.deepEqual(hour, { hour: START, total: 4, delivered: 0, failed: 2 });
  });
}
