import assert from "node:assert/strict";
import { test } from "node:test";
import { destinationOf } from "../../../../src/domain/endpoints/endpoint.ts";
import { claimOf } from "../access/tenancy.ts";
import { type OpenStore, useWorld, withWorld } from "../world.ts";
import { DAY, HOUR, SECOND, START } from "./times.ts";
import { failed, succeeded, throttled } from "./verdicts.ts";

const NOTHING = { lanes: [], broken: [], woken: [], more: false, passedOver: false, nextReadyAt: null };

export function claimCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a claimed delivery contains everything that an attempt needs", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ format: "standard", headers: { "x-a": "b" }, ordered: true });
    const sent = await tenant.publish([endpoint], { type: "order.paid", payload: '{"a":1}', lease: false });
    const firstToken = world.newTokens(10);
    const claimed = await tenant.claimLane(endpoint, START + 3, { firstToken, count: 5 });
    const [made] = sent.deliveries;
    assert.deepEqual(claimed.endpoint, destinationOf(endpoint));
    assert.deepEqual(claimed.deliveries, [
      {
        tenantSeq: tenant.tenantSeq,
        seq: made?.seq,
        id: made?.id,
        token: firstToken,
        endpointSeq: endpoint.seq,
        event: {
          id: sent.eventId,
          tenantId: tenant.actor.tenantId,
          type: "order.paid",
          payload: '{"a":1}',
          acceptedAt: START,
          pauseId: null,
        },
        format: "standard",
        ordered: true,
        createdAt: START,
        attempts: 0,
        runAttempts: 0,
        runFirstActiveMs: null,
      },
    ]);
    assert.equal((await tenant.row(made?.id ?? assert.fail())).state, "IN_PROGRESS");
  });

  test("due deliveries are claimed in the lane's order, once, and each with a fresh token", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const third = await tenant.waiting(endpoint, { now: START + 2 });
    const first = await tenant.waiting(endpoint, { now: START });
    const second = await tenant.waiting(endpoint, { now: START });
    await tenant.waiting(endpoint, { now: START + 100 });
    const firstToken = world.newTokens(100);
    const { deliveries, state } = await tenant.claimLane(endpoint, START + 99, {
      firstToken,
      deliveriesMax: 100,
      count: 10,
    });
    assert.deepEqual(
      deliveries.map(({ seq }) => seq),
      [first.seq, second.seq, third.seq],
    );
    const tokens = deliveries.map(({ token }) => token);
    assert.equal(new Set(tokens).size, 3);
    assert(tokens.every((token) => token >= firstToken && token < firstToken + 100));
    assert.equal(state.readyAt, START + 100);
    assert.deepEqual(await tenant.claim(endpoint, START + 99, 10), []);
  });

  test("a claim respects the count of each lane and its own limit over all lanes", async () => {
    const tenant = await world.newTenant();
    const [a, b] = [await tenant.endpoint(), await tenant.endpoint()];
    for (let index = 0; index < 5; index += 1) await tenant.publish([a, b], { lease: false, now: START + index });
    const lanes = [
      { endpointSeq: a.seq, count: 2, bytesMax: 1_000_000 },
      { endpointSeq: b.seq, count: 4, bytesMax: 1_000_000 },
    ];
    const claim = await world.store.claim(claimOf(world, START + 10, lanes, { deliveriesMax: 5 }));
    assert.deepEqual(
      claim.lanes.map(({ deliveries }) => deliveries.length),
      [2, 3],
    );
    assert.deepEqual(
      claim.lanes.map(({ state }) => state.readyAt),
      [START + 2, START + 3],
    );
  });

  test("a claim respects its limit on bytes, but always takes one delivery", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const payload = `{"text":"${"x".repeat(5000)}"}`;
    for (let index = 0; index < 3; index += 1) await tenant.waiting(endpoint, { payload });
    const one = await tenant.claimLane(endpoint, START, { count: 3, bytesMax: 1 });
    assert.equal(one.deliveries.length, 1);
    const two = await tenant.claimLane(endpoint, START, { count: 3, bytesMax: 1_000_000 });
    assert.equal(two.deliveries.length, 2);
  });

  test("a retry waits in the store until it is due", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    const { lane } = await tenant.settle(delivery, failed(START + 5 * SECOND), { at: START });
    assert.equal(lane.readyAt, START + 5 * SECOND);
    const row = await tenant.row(delivery.id);
    assert.equal(row.state, "SCHEDULED");
    assert.equal(row.nextAttemptAt, START + 5 * SECOND);
    assert.deepEqual(await tenant.claim(endpoint, START + 5 * SECOND - 1), []);
    const [claimed] = await tenant.claim(endpoint, START + 5 * SECOND);
    assert.equal(claimed?.seq, delivery.seq);
    assert.equal(claimed?.attempts, 1);
    assert.equal(claimed?.runAttempts, 1);
    assert.equal(claimed?.runFirstActiveMs, START);
  });

  test("a throttled lane yields nothing before its time", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const until = START + 60 * SECOND;
    const { lane } = await tenant.settle(await tenant.leased(endpoint), throttled(until));
    assert.equal(lane.waitUntil, until);
    const { deliveries } = await tenant.publish([endpoint], { now: START + 1 });
    assert.equal(deliveries[0]?.leased, false);
    const early = await tenant.claimLane(endpoint, until - 1, { count: 5 });
    assert.deepEqual(early.deliveries, []);
    assert.equal(early.state.readyAt, until);
    assert.equal((await tenant.claim(endpoint, until, 5)).length, 2);
  });

  test("a held lane yields nothing, and keeps its order when it is resumed", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const retried = await tenant.leased(endpoint);
    await tenant.settle(retried, failed(START + HOUR));
    const waiting = await tenant.waiting(endpoint, { now: START + 1 });
    const { lane } = await tenant.patch(endpoint, { status: "PAUSED" }, START + 2);
    assert.equal(lane.held, true);
    assert.equal(lane.readyAt, null);
    const late = await tenant.waiting(endpoint, { now: START + 3 });
    assert.deepEqual(await tenant.claim(endpoint, START + 2 * HOUR, 10), []);
    const resumed = await tenant.patch(endpoint, { status: "ACTIVE" }, START + 30 * SECOND);
    assert.equal(resumed.lane.held, false);
    assert.equal(resumed.lane.readyAt, START + 1);
    assert.deepEqual(
      (await tenant.claim(endpoint, START + 30 * SECOND, 10)).map(({ id }) => id),
      [waiting.id, late.id],
    );
    assert.deepEqual(
      (await tenant.claim(endpoint, START + HOUR, 10)).map(({ id }) => id),
      [retried.id],
    );
  });

  test("a deleted endpoint's lane yields nothing", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.waiting(endpoint);
    const lane = await tenant.remove(endpoint, START + 1);
    assert.equal(lane.held, true);
    assert.equal(lane.readyAt, null);
    assert.deepEqual(await tenant.claim(endpoint, START + DAY, 10), []);
  });

  test("a later change of a lane has a higher revision", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const first = await tenant.settle(await tenant.leased(endpoint), failed(START + SECOND));
    const second = await tenant.patch(endpoint, { status: "PAUSED" }, START);
    const third = await tenant.claimLane(endpoint, START);
    assert(first.lane.revision < second.lane.revision);
    assert(second.lane.revision <= third.state.revision);
  });

  test("a lane's revision continues after a restart, and an unchanged lane keeps it", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const endpoint = await tenant.endpoint();
      const { lane: before } = await tenant.settle(await tenant.leased(endpoint), failed(START + SECOND));
      await alone.restart(START + 1);
      const { lane: same } = await tenant.patch(endpoint, {}, START + 1);
      const { lane: paused } = await tenant.patch(endpoint, { status: "PAUSED" }, START + 1);
      assert(before.revision > 0);
      assert.deepEqual(same, before);
      assert(paused.revision > before.revision);
    });
  });

  test("ready lanes without an owner are adopted, the longest ready first", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const [late, early, last, future] = [
        await tenant.endpoint(),
        await tenant.endpoint(),
        await tenant.endpoint(),
        await tenant.endpoint(),
      ];
      await tenant.waiting(last, { now: START + 3 });
      await tenant.waiting(late, { now: START + 2 });
      await tenant.waiting(early, { now: START + 1 });
      await tenant.waiting(future, { now: START + HOUR });
      const adopt = (lanesMax: number) => ({ adopt: { lanesMax, countEach: 4, exceptTenants: [] } });
      const one = await alone.store.claim(claimOf(alone, START + 5, [], adopt(1)));
      assert.deepEqual(
        one.lanes.map(({ endpoint }) => endpoint.id),
        [early.id],
      );
      const two = await alone.store.claim(claimOf(alone, START + 5, [], adopt(10)));
      assert.deepEqual(
        two.lanes.map(({ endpoint }) => endpoint.id),
        [late.id, last.id],
      );
      assert.equal(two.nextReadyAt, START + HOUR);
      const none = await alone.store.claim(claimOf(alone, START + 5, [], adopt(10)));
      assert.deepEqual(none, { ...NOTHING, nextReadyAt: START + HOUR });
    });
  });

  test("ready lanes are adopted from each tenant in turn, however many lanes one tenant has", async () => {
    await withWorld(open, async (alone) => {
      const [noisy, quiet, other] = [await alone.newTenant(), await alone.newTenant(), await alone.newTenant()];
      for (let count = 0; count < 6; count += 1) await noisy.waiting(await noisy.endpoint(), { now: START + count });
      for (const tenant of [quiet, other]) await tenant.waiting(await tenant.endpoint(), { now: START + 10 });
      const adopt = async (lanesMax: number) => {
        const asked = { adopt: { lanesMax, countEach: 4, exceptTenants: [] } };
        const { lanes, more } = await alone.store.claim(claimOf(alone, START + 20, [], asked));
        return { more, tenants: lanes.map(({ endpoint }) => endpoint.tenantSeq) };
      };
      const [one, two, three] = [noisy.tenantSeq, quiet.tenantSeq, other.tenantSeq];
      assert.deepEqual(await adopt(4), { more: true, tenants: [one, two, three, one] });
      await quiet.waiting(await quiet.endpoint(), { now: START + 10 });
      assert.deepEqual(await adopt(3), { more: true, tenants: [one, two, one] });
      assert.deepEqual(await adopt(3), { more: false, tenants: [one, one] });
    });
  });

  test("ready lanes of tenants at their share are skipped, and do not hide other tenants' lanes", async () => {
    await withWorld(open, async (alone) => {
      const [noisy, quiet] = [await alone.newTenant(), await alone.newTenant()];
      for (let count = 0; count < 6; count += 1) await noisy.waiting(await noisy.endpoint(), { now: START + count });
      const endpoint = await quiet.endpoint();
      await quiet.waiting(endpoint, { now: START + 10 });
      await quiet.waiting(await quiet.endpoint(), { now: START + HOUR });
      const adopt = async (lanesMax: number, exceptTenants: readonly number[]) => {
        const asked = { adopt: { lanesMax, countEach: 4, exceptTenants } };
        const { lanes, ...rest } = await alone.store.claim(claimOf(alone, START + 20, [], asked));
        return { ...rest, lanes: lanes.map((lane) => lane.endpoint.seq) };
      };
      const rest = { broken: [], woken: [], passedOver: true, nextReadyAt: START + HOUR };
      const full = [noisy.tenantSeq];
      const [first] = (await adopt(1, [])).lanes;
      assert.ok(first !== undefined && first !== endpoint.seq);
      assert.deepEqual(await adopt(3, full), { ...rest, more: false, lanes: [endpoint.seq] });
      assert.deepEqual(await adopt(3, full), { ...rest, more: false, lanes: [] });
      assert.deepEqual(await adopt(10, full), { ...rest, more: false, lanes: [] });
      assert.equal((await adopt(10, [])).lanes.length, 5);
    });
  });

  test("a claim respects the bytes of each lane, but takes one delivery of any size", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const payload = JSON.stringify({ fill: "x".repeat(1000) });
    for (let count = 0; count < 5; count += 1) await tenant.waiting(endpoint, { now: START, payload });
    const claimed = async (bytesMax: number) => {
      const lanes = [{ endpointSeq: endpoint.seq, count: 10, bytesMax }];
      const claim = await world.store.claim(claimOf(world, START, lanes));
      return claim.lanes.flatMap(({ deliveries }) => deliveries).length;
    };
    assert.equal(await claimed(10), 1);
    assert.equal(await claimed(2 * payload.length), 2);
    assert.equal(await claimed(1_000_000), 2);
  });

  test("an adopted lane cannot be adopted again until it is disowned", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const endpoint = await tenant.endpoint();
      await tenant.waiting(endpoint, { now: START });
      await tenant.waiting(endpoint, { now: START });
      const adopt = () =>
        alone.store.claim(claimOf(alone, START, [], { adopt: { lanesMax: 10, countEach: 1, exceptTenants: [] } }));
      const [lane] = (await adopt()).lanes;
      assert.equal(lane?.deliveries.length, 1);
      assert.deepEqual(await adopt(), NOTHING);
      const woken = await tenant.release([], START, [endpoint]);
      assert.deepEqual(woken, [{ endpointSeq: endpoint.seq, readyAt: START }]);
      assert.equal((await adopt()).lanes[0]?.deliveries.length, 1);
    });
  });

  test("a delivery expires when it is claimed, after the endpoint's active time", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const first = await tenant.leased(endpoint);
    await tenant.settle(first, failed(START + DAY), { at: START });
    await tenant.patch(endpoint, { status: "PAUSED" }, START + HOUR);
    const { lane } = await tenant.patch(endpoint, { status: "ACTIVE" }, START + 3 * DAY + HOUR);
    assert.equal(lane.heldMs, 3 * DAY);
    const [second] = await tenant.claim(endpoint, START + 4 * DAY);
    assert.equal(second?.runFirstActiveMs, START);
    await tenant.settle(second ?? assert.fail(), failed(START + 5 * DAY), { at: START + 4 * DAY });
    const [third] = await tenant.claim(endpoint, START + 10 * DAY);
    assert(third !== undefined, "less than seven days of active time have passed");
    await tenant.release([third], START + 10 * DAY);
    const { deliveries, state } = await tenant.claimLane(endpoint, START + 10 * DAY + 1);
    assert.deepEqual(deliveries, []);
    assert.equal(state.readyAt, null);
    const { row, attempts } = await tenant.find(first.id);
    assert.equal(row.state, "EXPIRED");
    assert.equal(row.reason, "expired");
    assert.equal(row.endedAt, START + 10 * DAY + 1);
    assert.equal(attempts.length, 2);
  });

  test("deliveries with a longer retry schedule expire later", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ retryScheduleSeconds: Array.from({ length: 5 }, () => 172_800) });
    const delivery = await tenant.leased(endpoint);
    await tenant.settle(delivery, failed(START + 2 * DAY), { at: START });
    const [claimed] = await tenant.claim(endpoint, START + 11 * DAY);
    assert.equal(claimed?.id, delivery.id);
    await tenant.release([claimed ?? assert.fail()], START + 11 * DAY);
    assert.deepEqual(await tenant.claim(endpoint, START + 11 * DAY + 1), []);
    assert.equal((await tenant.row(delivery.id)).state, "EXPIRED");
  });

  test("a delivery does not expire before its first attempt, or before the first attempt after a manual retry", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.waiting(endpoint);
    const [delivery] = await tenant.claim(endpoint, START + 30 * DAY);
    assert(delivery !== undefined);
    await tenant.settle(delivery, failed(START + 31 * DAY), { at: START + 30 * DAY });
    await tenant.claim(endpoint, START + 40 * DAY);
    assert.equal((await tenant.row(delivery.id)).state, "EXPIRED");
    await world.store.retry(tenant.ofDelivery(delivery.id, START + 40 * DAY));
    const [again] = await tenant.claim(endpoint, START + 60 * DAY);
    assert.equal(again?.id, delivery.id);
    assert.equal(again?.attempts, 1);
    assert.equal(again?.runAttempts, 0);
    assert.equal(again?.runFirstActiveMs, null);
  });

  test("a delivery does not expire before an attempt after its endpoint was resumed", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.settle(delivery, failed(START + 6 * DAY), { at: START });
    await tenant.patch(endpoint, { status: "PAUSED" }, START + 6 * DAY);
    await tenant.patch(endpoint, { status: "ACTIVE" }, START + 7 * DAY);
    const [claimed] = await tenant.claim(endpoint, START + 9 * DAY);
    assert.equal(claimed?.id, delivery.id);
    await tenant.settle(claimed ?? assert.fail(), failed(START + 10 * DAY), { at: START + 9 * DAY });
    assert.deepEqual(await tenant.claim(endpoint, START + 10 * DAY), []);
    assert.equal((await tenant.row(delivery.id)).state, "EXPIRED");
  });

  test("a delivery does not expire before an attempt after the last start", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const endpoint = await tenant.endpoint();
      const delivery = await tenant.leased(endpoint);
      await tenant.settle(delivery, failed(START + SECOND), { at: START });
      await alone.restart(START + 20 * DAY);
      const [claimed] = await tenant.claim(endpoint, START + 20 * DAY);
      assert.equal(claimed?.id, delivery.id);
      await tenant.settle(claimed ?? assert.fail(), failed(START + 20 * DAY + 2), { at: START + 20 * DAY + 1 });
      assert.deepEqual(await tenant.claim(endpoint, START + 20 * DAY + 2), []);
      assert.equal((await tenant.row(delivery.id)).state, "EXPIRED");
    });
  });

  test("a delivery that ends when it is claimed does not stop the rest of its lane", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.settle(await tenant.leased(endpoint), failed(START + SECOND), { at: START });
    const fresh = await tenant.waiting(endpoint, { now: START + 30 * DAY });
    const claimed = [
      ...(await tenant.claim(endpoint, START + 30 * DAY)),
      ...(await tenant.claim(endpoint, START + 30 * DAY)),
    ];
    assert.deepEqual(
      claimed.map(({ id }) => id),
      [fresh.id],
    );
    await tenant.settle(claimed[0] ?? assert.fail(), succeeded, { at: START + 30 * DAY });
  });
}
