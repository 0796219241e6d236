import assert from "node:assert/strict";
import { test } from "node:test";
import type { TraceContext } from "../../../../src/domain/delivery/trace-context.ts";
import type { Endpoint } from "../../../../src/domain/endpoints/endpoint.ts";
import { OPERATIONAL_TARGETS_MAX, RETENTION_STEP_ROWS, VOID_CLAIMS_MAX } from "../../../../src/domain/limits.ts";
import type { Wake } from "../../../../src/ports/store.ts";
import { claimOf } from "../access/tenancy.ts";
import { createReceiving } from "../inbound/receiving.ts";
import { type OpenStore, useWorld, withWorld } from "../world.ts";
import { DAY, START } from "./times.ts";
import { exhausted, failed, gone, outlived, succeeded } from "./verdicts.ts";

export function operationalCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a delivery that ends FAILED or EXPIRED publishes delivery.failed to the endpoints that name it", async () => {
    const tenant = await world.newTenant();
    const exact = await tenant.endpoint({ eventTypes: ["delivery.failed"] });
    const prefix = await tenant.endpoint({ eventTypes: ["delivery.*"] });
    const everything = await tenant.endpoint({ eventTypes: null });
    const endpoint = await tenant.endpoint({ eventTypes: ["order.paid"] });
    for (const [verdict, reason] of [
      [exhausted, "attempts_exhausted"],
      [outlived, "expired"],
    ] as const) {
      const sent = await tenant.publish([endpoint]);
      const [delivery] = sent.deliveries;
      assert(delivery !== undefined);
      const { woken } = await tenant.settle(delivery, verdict, { number: 3 });
      assert.deepEqual(
        woken,
        [exact, prefix].map(({ seq }) => ({ endpointSeq: seq, readyAt: START })),
      );
      for (const watcher of [exact, prefix]) {
        const [told, ...more] = await tenant.claim(watcher, START, 10);
        assert.deepEqual([told?.event.type, more], ["delivery.failed", []]);
        assert.deepEqual(JSON.parse(told?.event.payload ?? ""), {
          delivery_id: `del_${delivery.id}`,
          event_id: `evt_${sent.eventId}`,
          event_type: "order.paid",
          endpoint_id: `ep_${endpoint.id}`,
          attempts: 1,
          reason,
          last_http_status: 500,
        });
      }
    }
    assert.deepEqual(await tenant.claim(everything, START, 10), []);
    const named = await tenant.event((await tenant.publish([endpoint])).eventId);
    assert.equal(named.type, "order.paid");
  });

  test("a retry, a success, a cancellation and a repeated settlement publish no delivery.failed", async () => {
    const tenant = await world.newTenant();
    const watcher = await tenant.endpoint({ eventTypes: ["delivery.failed"] });
    const endpoint = await tenant.endpoint();
    const [delivery, retried, delivered] = await tenant.leasedMany(endpoint, 3);
    assert(delivery !== undefined && retried !== undefined && delivered !== undefined);
    await tenant.settle(retried, failed(START + 1000));
    await tenant.settle(delivered, succeeded);
    const inFlight = await tenant.leased(endpoint);
    for (const { id } of [inFlight, await tenant.waiting(endpoint)]) {
      await world.store.cancel(tenant.ofDelivery(id, START));
    }
    assert.equal((await tenant.settle(inFlight, failed(START + 1000))).state, "CANCELLED");
    const attemptId = world.newId();
    await tenant.settle(delivery, exhausted, { attemptId });
    await tenant.settle(delivery, exhausted, { attemptId });
    assert.equal((await tenant.claim(watcher, START, 10)).length, 1);
  });

  test("without an endpoint that names delivery.failed, nothing is stored", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const sent = await tenant.publish([endpoint]);
    await tenant.settle(sent.deliveries[0] ?? assert.fail(), exhausted);
    const next = await tenant.publish([endpoint]);
    assert.equal(next.eventSeq, sent.eventSeq + 1);
  });

  test("a delivery of an operational event that fails publishes nothing", async () => {
    const tenant = await world.newTenant();
    const watcher = await tenant.endpoint({ eventTypes: ["delivery.*", "endpoint.*"] });
    const endpoint = await tenant.endpoint({ eventTypes: ["order.paid"] });
    await tenant.settle(await tenant.leased(endpoint), gone);
    const told = await tenant.claim(watcher, START, 10);
    assert.deepEqual(told.map(({ event }) => event.type).toSorted(), ["delivery.failed", "endpoint.disabled"]);
    for (const delivery of told) assert.deepEqual((await tenant.settle(delivery, exhausted)).woken, []);
    assert.deepEqual(await tenant.claim(watcher, START, 10), []);
  });

  test("delivery.failed has passed through as many servers as the event that failed", async () => {
    const tenant = await world.newTenant();
    const watcher = await tenant.endpoint({ eventTypes: ["delivery.failed"] });
    const endpoint = await tenant.endpoint({ eventTypes: ["order.paid"] });
    const receiving = createReceiving(world, tenant);
    const request = receiving.request(await receiving.source());
    assert(request.event !== null);
    await receiving.receive({ ...request, event: { ...request.event, type: "order.paid", hops: 7 } });
    const [delivery] = await tenant.claim(endpoint, START);
    await tenant.settle(delivery ?? assert.fail(), exhausted);
    assert.equal((await tenant.claim(watcher, START))[0]?.event.hops, 7);
  });

  test("an event keeps its trace, next to events without one, and delivery.failed has the trace of its cause", async () => {
    const tenant = await world.newTenant();
    const watcher = await tenant.endpoint({ eventTypes: ["delivery.failed"] });
    const endpoint = await tenant.endpoint({ eventTypes: ["order.paid"] });
    const trace = `00-${"0a".repeat(16)}-${"0b".repeat(8)}-01 rojo=1` as TraceContext;
    const options = { lease: false };
    const requests = [
      await tenant.request([endpoint], options),
      await tenant.request([endpoint], { ...options, trace }),
      await tenant.request([endpoint], options),
    ];
    await world.store.publish(requests);
    const claimed = await tenant.claim(endpoint, START, 10);
    assert.deepEqual(
      claimed.map(({ event }) => event.trace),
      [undefined, trace, undefined],
    );
    const [plain, traced] = claimed;
    assert(plain && traced);
    const facts = await world.store.findDeliveryFacts(tenant.tenantSeq, traced.id);
    assert.equal(facts?.event.trace, trace);
    assert.equal((await tenant.event(traced.event.id)).trace, trace);
    assert.equal((await tenant.event(plain.event.id)).trace, null);
    await tenant.settle(traced, exhausted);
    assert.equal((await tenant.claim(watcher, START))[0]?.event.trace, trace);
  });

  test("a delivery that a claim ends publishes delivery.failed, and the claim says which lanes to wake", async () => {
    const tenant = await world.newTenant();
    const watcher = await tenant.endpoint({ eventTypes: ["delivery.failed"] });
    const endpoint = await tenant.endpoint({ eventTypes: ["order.paid"], retryScheduleSeconds: [] });
    await tenant.waiting(endpoint);
    for (let claims = 0; claims < VOID_CLAIMS_MAX; claims += 1) {
      const leases = (await tenant.claim(endpoint, START)).map(({ seq, token }) => ({
        tenantSeq: tenant.tenantSeq,
        deliverySeq: seq,
        token,
      }));
      assert.equal(leases.length, 1);
      await world.store.release({ now: START, leases, areVoid: true, disown: [] });
    }
    const lane = { endpointSeq: endpoint.seq, count: 1, bytesMax: 1_000_000 };
    const { woken } = await world.store.claim(claimOf(world, START, [lane]));
    assert.deepEqual(woken, [{ endpointSeq: watcher.seq, readyAt: START }]);
    const [told] = await tenant.claim(watcher, START);
    const { reason, last_http_status } = JSON.parse(told?.event.payload ?? "");
    assert.deepEqual([reason, last_http_status], ["crashed", null]);
  });

  test("a backlog that expires publishes delivery.failed, and each step stays bounded and says which lanes to wake", async () => {
    await withWorld(open, async (world) => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint({ eventTypes: ["order.paid"] });
      const watchers: Endpoint[] = [];
      for (let count = 0; count < OPERATIONAL_TARGETS_MAX; count += 1) {
        watchers.push(await tenant.endpoint({ eventTypes: ["delivery.failed"] }));
      }
      const backlog = Math.ceil((2 * RETENTION_STEP_ROWS) / OPERATIONAL_TARGETS_MAX);
      for (let count = 0; count < backlog; count += 1) await tenant.waiting(endpoint);
      await tenant.patch(endpoint, { status: "DISABLED" }, START);
      const now = START + 2 * DAY;
      const woken: Wake[] = [];
      for (let more = true; more; ) {
        const step = await world.store.sweep({ now, retentionMs: DAY });
        assert.ok(step.woken.length <= RETENTION_STEP_ROWS, `${step.woken.length} deliveries`);
        woken.push(...step.woken);
        more = step.more;
      }
      for (const { seq } of watchers) {
        assert.equal(woken.filter(({ endpointSeq }) => endpointSeq === seq).length, backlog);
      }
      const [told] = await tenant.claim(watchers[0] ?? assert.fail(), now);
      assert.equal(JSON.parse(told?.event.payload ?? "").reason, "expired");
    });
  });

  test("an operational event goes to no more than ten endpoints", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ eventTypes: ["order.paid"] });
    for (let count = 0; count <= OPERATIONAL_TARGETS_MAX; count += 1) {
      await tenant.endpoint({ eventTypes: ["delivery.failed"] });
    }
    const { woken } = await tenant.settle(await tenant.leased(endpoint), exhausted);
    assert.equal(woken.length, OPERATIONAL_TARGETS_MAX);
  });
}
