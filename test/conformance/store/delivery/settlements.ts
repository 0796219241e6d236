import assert from "node:assert/strict";
import { test } from "node:test";
import { type OpenStore, useWorld } from "../world.ts";
import { HOUR, SECOND, START } from "./times.ts";
import { exhausted, failed, outlived, succeeded } from "./verdicts.ts";

export function settlementCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a success ends the delivery and records its attempt", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    const attemptId = world.newId();
    const settled = await tenant.settle(delivery, succeeded, { at: START + 50, tookMs: 30, attemptId });
    assert.equal(settled.kind, "settled");
    assert.equal(settled.state, "DELIVERED");
    assert.equal(settled.disabled, false);
    assert.deepEqual(settled.woken, []);
    const { row, attempts } = await tenant.find(delivery.id);
    assert.equal(row.state, "DELIVERED");
    assert.equal(row.reason, "delivered");
    assert.equal(row.attempts, 1);
    assert.equal(row.nextAttemptAt, null);
    assert.equal(row.lastAttemptAt, START + 20);
    assert.equal(row.endedAt, START + 50);
    assert.equal(row.updatedAt, START + 50);
    assert.deepEqual(attempts, [
      {
        id: attemptId,
        number: 1,
        startedAt: START + 20,
        endedAt: START + 50,
        outcome: "SUCCESS",
        classification: "success",
        httpStatus: 200,
        snippet: "answer 200",
        errorDetail: null,
        url: "https://example.com/hook",
        responseHeaders: "server: x\n",
        timings: "12,1,3,8",
      },
    ]);
  });

  test("each end of a delivery has its reason", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    for (const [verdict, state, reason] of [
      [exhausted, "FAILED", "attempts_exhausted"],
      [outlived, "EXPIRED", "expired"],
    ] as const) {
      const delivery = await tenant.leased(endpoint);
      assert.equal((await tenant.settle(delivery, verdict)).state, state);
      const row = await tenant.row(delivery.id);
      assert.equal(row.state, state);
      assert.equal(row.reason, reason);
      assert.equal(row.endedAt, START);
    }
  });

  test("attempts keep their order over retries, and each settlement has a higher sequence number", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const first = await tenant.leased(endpoint);
    const one = await tenant.settle(first, failed(START + SECOND), { at: START });
    const [second] = await tenant.claim(endpoint, START + SECOND);
    const two = await tenant.settle(second ?? assert.fail(), failed(START + HOUR), { at: START + 2 * SECOND });
    const [third] = await tenant.claim(endpoint, START + HOUR);
    const three = await tenant.settle(third ?? assert.fail(), succeeded, { at: START + HOUR });
    assert(one.attemptSeq < two.attemptSeq && two.attemptSeq < three.attemptSeq);
    assert.equal(two.state, "SCHEDULED");
    const { row, attempts } = await tenant.find(first.id);
    assert.equal(row.attempts, 3);
    assert.deepEqual(
      attempts.map(({ number, httpStatus, startedAt }) => [number, httpStatus, startedAt]),
      [
        [1, 500, START],
        [2, 500, START + 2 * SECOND],
        [3, 200, START + HOUR],
      ],
    );
  });

  test("a stale failure is recorded and does not affect the delivery", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const old = await tenant.leased(endpoint);
    await tenant.release([old], START);
    const [present] = await tenant.claim(endpoint, START);
    const stale = await tenant.settle(old, exhausted);
    assert.equal(stale.kind, "stale");
    assert.equal((await tenant.row(old.id)).state, "IN_PROGRESS");
    assert.equal(
      (await tenant.settle(present ?? assert.fail(), failed(START + SECOND), { number: 2 })).kind,
      "settled",
    );
    const { row, attempts } = await tenant.find(old.id);
    assert.equal(row.state, "SCHEDULED");
    assert.equal(row.attempts, 2);
    assert.deepEqual(
      attempts.map(({ number }) => number),
      [1, 2],
    );
  });

  test("a stale attempt stays in the history when the current attempt succeeds", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const old = await tenant.leased(endpoint);
    await tenant.release([old], START);
    const [present] = await tenant.claim(endpoint, START);
    await tenant.settle(old, failed(START + SECOND), { at: START + 1 });
    // Claimed before the stale attempt was recorded, so its request had the number 1 too.
    await tenant.settle(present ?? assert.fail(), succeeded, { at: START + 2 });
    const { row, attempts } = await tenant.find(old.id);
    assert.equal(row.state, "DELIVERED");
    assert.equal(row.attempts, 2);
    assert.deepEqual(
      attempts.map(({ number, httpStatus }) => [number, httpStatus]),
      [
        [1, 500],
        [2, 200],
      ],
    );
  });

  test("a stale success ends a delivery that has not ended, so it is not sent again", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const waiting = await tenant.leased(endpoint);
    const leased = await tenant.leased(endpoint);
    await tenant.release([waiting, leased], START);
    const both = await tenant.claim(endpoint, START, 2);
    const claimed = both.find(({ id }) => id === leased.id);
    await tenant.release(
      both.filter(({ id }) => id === waiting.id),
      START,
    );
    for (const delivery of [waiting, leased]) {
      const stale = await tenant.settle(delivery, succeeded);
      assert.equal(stale.kind, "stale");
      assert.equal(stale.state, "DELIVERED");
      assert.equal((await tenant.row(delivery.id)).state, "DELIVERED");
    }
    assert.deepEqual(await tenant.claim(endpoint, START + HOUR, 5), []);
    const late = await tenant.settle(claimed ?? assert.fail(), failed(START + SECOND));
    assert.equal(late.kind, "stale");
    assert.equal(late.state, "DELIVERED");
    assert.equal((await tenant.find(leased.id)).attempts.length, 2);
  });

  test("a stale success does not change a delivery that has ended", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.release([delivery], START);
    await world.store.cancel(tenant.ofDelivery(delivery.id, START + 1));
    const stale = await tenant.settle(delivery, succeeded, { at: START + 2 });
    assert.deepEqual([stale.kind, stale.state], ["stale", "CANCELLED"]);
    const { row, attempts } = await tenant.find(delivery.id);
    assert.equal(row.state, "CANCELLED");
    assert.equal(row.endedAt, START + 1);
    assert.equal(attempts.length, 1);
  });

  test("a settlement that is repeated after an ambiguous result has no further effect", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    for (const verdict of [succeeded, failed(START + HOUR), exhausted]) {
      const settlement = tenant.settlement(await tenant.leased(endpoint), verdict);
      await world.store.settle([settlement]);
      const before = await tenant.view(endpoint);
      const rows = await tenant.all();
      const [again] = await world.store.settle([settlement]);
      assert.notEqual(again?.kind, "broken");
      assert.deepEqual(await tenant.view(endpoint), before);
      assert.deepEqual(await tenant.all(), rows);
      assert.equal((await tenant.find(rows[0]?.id ?? assert.fail())).attempts.length, 1);
    }
  });

  test("a cancel request ends the delivery when the attempt in flight fails", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await world.store.cancel(tenant.ofDelivery(delivery.id, START));
    assert.equal((await tenant.row(delivery.id)).state, "IN_PROGRESS");
    assert.equal((await tenant.settle(delivery, failed(START + SECOND), { at: START + 1 })).state, "CANCELLED");
    const { row, attempts } = await tenant.find(delivery.id);
    assert.equal(row.state, "CANCELLED");
    assert.equal(row.reason, "cancelled");
    assert.equal(attempts.length, 1);
  });

  test("a delivery with a cancel request is DELIVERED when the attempt in flight succeeds", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await world.store.cancel(tenant.ofDelivery(delivery.id, START));
    assert.equal((await tenant.settle(delivery, succeeded)).state, "DELIVERED");
    assert.equal((await tenant.row(delivery.id)).state, "DELIVERED");
  });

  test("a delivery whose attempt fails after the endpoint was paused waits until the endpoint is resumed", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.patch(endpoint, { status: "PAUSED" }, START);
    const settled = await tenant.settle(delivery, failed(START + SECOND));
    assert.equal(settled.kind, "settled");
    assert.equal(settled.state, "SCHEDULED");
    assert.equal(settled.lane.held, true);
    assert.equal(settled.lane.readyAt, null);
    const row = await tenant.row(delivery.id);
    assert.equal(row.state, "HELD");
    assert.equal(row.nextAttemptAt, START + SECOND);
  });

  test("a delivery whose endpoint is deleted during the attempt ends with any outcome", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const [good, bad] = [await tenant.leased(endpoint), await tenant.leased(endpoint)];
    await tenant.remove(endpoint, START);
    assert.equal((await tenant.settle(good, succeeded)).state, "DELIVERED");
    assert.equal((await tenant.settle(bad, failed(START + SECOND))).state, "CANCELLED");
    assert.equal((await tenant.row(bad.id)).reason, "endpoint_deleted");
  });

  test("a broken settlement does not affect the others of its array", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const [first, second, third] = [
      await tenant.leased(endpoint),
      await tenant.leased(endpoint),
      await tenant.leased(endpoint),
    ];
    const broken = { ...tenant.settlement(second, succeeded), endpointSeq: 2 ** 40 };
    const results = await world.store.settle([
      tenant.settlement(first, succeeded),
      broken,
      tenant.settlement(third, failed(START + SECOND)),
    ]);
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ["settled", "broken", "settled"],
    );
    assert.equal((await tenant.row(first.id)).state, "DELIVERED");
    assert.equal((await tenant.find(second.id)).attempts.length, 0);
    assert.equal((await tenant.row(third.id)).state, "SCHEDULED");
    const view = await tenant.view(endpoint);
    assert.deepEqual([view.successCount, view.failureCount], [1, 1]);
    assert.equal((await tenant.settle(second, succeeded)).kind, "settled");
  });

  test("an attempt without a response records the error", async () => {
    const tenant = await world.newTenant();
    const delivery = await tenant.leased(await tenant.endpoint());
    const settlement = tenant.settlement(delivery, exhausted);
    const attempt = { ...settlement.attempt, httpStatus: null, snippet: null, errorDetail: "refused 🔌" };
    const transition = { ...settlement.transition, classification: "connect_refused" } as const;
    await world.store.settle([{ ...settlement, attempt, transition }]);
    const [kept] = (await tenant.find(delivery.id)).attempts;
    assert.equal(kept?.classification, "connect_refused");
    assert.equal(kept?.outcome, "RETRYABLE_FAILURE");
    assert.equal(kept?.errorDetail, "refused 🔌");
    assert.equal(kept?.httpStatus, null);
  });

  test("a test event is recorded with its response, and recording it again adds nothing", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.patch(endpoint, { status: "PAUSED" }, START);
    const { event } = await tenant.request([], { type: "test", payload: '{"test":true}' });
    const { attempt } = tenant.settlement({ seq: 0, id: event.id, token: 0, endpointSeq: 0, attempts: 0 }, succeeded);
    const record = {
      tenantSeq: tenant.tenantSeq,
      endpointSeq: endpoint.seq,
      event,
      deliveryId: world.newId(),
      format: endpoint.format,
      attempt,
      transition: succeeded.transition,
    };
    await world.store.recordTest(record);
    await world.store.recordTest(record);
    const { row, attempts } = await tenant.find(record.deliveryId);
    assert.equal(row.state, "DELIVERED");
    assert.equal(row.eventType, "test");
    assert.equal(attempts.length, 1);
    assert.equal((await tenant.all()).length, 1);
    assert.equal((await tenant.view(endpoint)).successCount, 1);
    const invalid = await world.store.retry(tenant.ofDelivery(record.deliveryId, START));
    assert.equal(invalid.kind, "invalid");
  });

  test("a failed test event is not retried and does not affect the endpoint's health", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const { event } = await tenant.request([], { type: "test" });
    const verdict = failed(START + SECOND);
    const { attempt } = tenant.settlement({ seq: 0, id: event.id, token: 0, endpointSeq: 0, attempts: 0 }, verdict);
    const deliveryId = world.newId();
    await world.store.recordTest({
      tenantSeq: tenant.tenantSeq,
      endpointSeq: endpoint.seq,
      event,
      deliveryId,
      format: endpoint.format,
      attempt,
      transition: verdict.transition,
    });
    assert.equal((await tenant.row(deliveryId)).state, "FAILED");
    const { state, deliveries } = await tenant.claimLane(endpoint, START + HOUR);
    assert.deepEqual(deliveries, []);
    assert.equal(state.health.failureStreak, 0);
    assert.equal((await tenant.view(endpoint)).failureCount, 1);
  });

  test("the tail contains every outcome of the tenant once, in order", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const [endpoint, foreign] = [await tenant.endpoint(), await other.endpoint()];
    const { upTo: start } = await world.store.tail(tenant.tenantSeq, null, 10);
    const expected: number[] = [];
    for (let index = 0; index < 12; index += 1) {
      const { attemptSeq } = await tenant.settle(await tenant.leased(endpoint), index % 3 ? succeeded : exhausted);
      expected.push(attemptSeq);
      await other.settle(await other.leased(foreign), succeeded);
    }
    const seen: number[] = [];
    for (let after = start, more = true; more; ) {
      const page = await world.store.tail(tenant.tenantSeq, after, 5);
      assert(page.outcomes.length <= 5);
      assert(page.upTo > after);
      seen.push(...page.outcomes.map(({ attemptSeq }) => attemptSeq));
      for (const { row } of page.outcomes) assert.deepEqual(row, await tenant.row(row.id));
      after = page.upTo;
      more = page.more;
    }
    assert.deepEqual(seen, expected);
    const end = await world.store.tail(tenant.tenantSeq, null, 10);
    assert.deepEqual(end.outcomes, []);
    assert.deepEqual(await world.store.tail(tenant.tenantSeq, end.upTo, 10), { ...end, more: false });
  });
}
