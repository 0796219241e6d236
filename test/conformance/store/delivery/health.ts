import assert from "node:assert/strict";
import { test } from "node:test";
import { HEALTHY } from "../../../../src/domain/delivery/health.ts";
import type { Endpoint } from "../../../../src/domain/endpoints/endpoint.ts";
import { REST_AFTER_FAILURES, REST_FIRST_MS, REST_MS_MAX } from "../../../../src/domain/limits.ts";
import type { SettledResult } from "../../../../src/ports/store.ts";
import type { Tenancy } from "../access/tenancy.ts";
import { type OpenStore, useWorld } from "../world.ts";
import { DAY, HOUR, SECOND, START } from "./times.ts";
import { exhausted, failed, gone, internalError, succeeded, throttled } from "./verdicts.ts";

/** Settle `count` attempts that fail permanently, all at the same time. */
async function fail(tenant: Tenancy, endpoint: Endpoint, count: number, at: number): Promise<SettledResult> {
  let last: SettledResult | null = null;
  for (const delivery of await tenant.leasedMany(endpoint, count, { now: at }))
    last = await tenant.settle(delivery, exhausted, { at });
  return last ?? assert.fail();
}

export function healthCases(open: OpenStore): void {
  const world = useWorld(open);

  test("after twenty consecutive failures the endpoint rests, and is then probed with its next due delivery", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const before = await fail(tenant, endpoint, REST_AFTER_FAILURES - 1, START);
    assert.equal(before.lane.health.restUntil, null);
    await tenant.leased(endpoint);
    const { lane } = await fail(tenant, endpoint, 1, START);
    const until = START + REST_FIRST_MS;
    assert.deepEqual(lane.health, {
      failureStreak: REST_AFTER_FAILURES,
      streakSinceActiveMs: START,
      restUntil: until,
      restMs: REST_FIRST_MS,
    });
    const sent = [
      await tenant.publish([endpoint], { now: START + 1 }),
      await tenant.publish([endpoint], { now: until }),
    ];
    assert.deepEqual(
      sent.map(({ deliveries }) => deliveries[0]?.leased),
      [false, false],
    );
    const resting = await tenant.claimLane(endpoint, until - 1, { count: 10 });
    assert.deepEqual(resting.deliveries, []);
    assert.equal(resting.state.readyAt, until);
    const probes = await tenant.claim(endpoint, until, 10);
    assert.deepEqual(
      probes.map(({ id }) => id),
      [sent[0]?.deliveries[0]?.id],
    );
  });

  test("after the rest, publishes get no leases, and the next delivery is claimed as the probe", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await fail(tenant, endpoint, REST_AFTER_FAILURES, START);
    const now = START + REST_FIRST_MS;
    const { deliveries } = await tenant.publish([endpoint], { now });
    assert.equal(deliveries[0]?.leased, false);
    const [probe] = await tenant.claim(endpoint, now, 10);
    assert.equal(probe?.id, deliveries[0].id);
    const { lane } = await tenant.settle(probe ?? assert.fail(), succeeded, { at: now });
    assert.deepEqual(lane.health, HEALTHY);
    await tenant.leased(endpoint, { now: now + 1 });
  });

  test("each failed probe doubles the rest, to at most five minutes", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await fail(tenant, endpoint, REST_AFTER_FAILURES, START);
    await tenant.waiting(endpoint);
    let now = START + REST_FIRST_MS;
    const rests: number[] = [];
    for (let probe = 0; probe < 5; probe += 1) {
      const [delivery] = await tenant.claim(endpoint, now, 10);
      const { lane } = await tenant.settle(delivery ?? assert.fail(), failed(now), { at: now });
      rests.push(lane.health.restMs);
      now = lane.readyAt ?? assert.fail();
      assert.equal(now, lane.health.restUntil);
    }
    assert.deepEqual(
      rests,
      [2, 4, 8, 10, 10].map((times) => Math.min(times * REST_FIRST_MS, REST_MS_MAX)),
    );
  });

  test("a success ends resting and probing at once", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const onTheWire = await tenant.leased(endpoint);
    await fail(tenant, endpoint, REST_AFTER_FAILURES, START);
    await tenant.waiting(endpoint, { now: START + 1 });
    const { lane } = await tenant.settle(onTheWire, succeeded, { at: START + 2 });
    assert.deepEqual(lane.health, HEALTHY);
    assert.equal(lane.readyAt, START + 1);
    assert.equal((await tenant.claim(endpoint, START + 2, 10)).length, 1);
    await tenant.leased(endpoint, { now: START + 3 });
  });

  test("the rest and the failure streak survive a restart", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const { lane } = await fail(tenant, endpoint, REST_AFTER_FAILURES, START);
    await world.restart(START + 1);
    const { state } = await tenant.claimLane(endpoint, START + 1);
    assert.deepEqual(state.health, lane.health);
  });

  test("an internal error does not affect the endpoint's health", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const { lane } = await tenant.settle(await tenant.leased(endpoint), internalError(START + SECOND));
    assert.deepEqual(lane.health, HEALTHY);
  });

  for (const [what, change] of [
    ["URL", { settings: { url: "https://example.com/other" } }],
    ["secret", { secret: { value: "whsec_abcdefghijklmnop", previousUntil: null } }],
    ["status", { status: "ACTIVE" }],
  ] as const) {
    test(`a change of its ${what} clears the rest and the failure streak, and older attempts no longer count`, async () => {
      const tenant = await world.newTenant();
      const endpoint = await tenant.endpoint();
      const onTheWire = await tenant.leased(endpoint);
      await fail(tenant, endpoint, REST_AFTER_FAILURES, START);
      const waiting = await tenant.waiting(endpoint);
      const changed = await tenant.patch(endpoint, change, START + 1);
      assert(changed.endpoint.generation > endpoint.generation);
      assert.equal(changed.lane.generation, changed.endpoint.generation);
      assert.deepEqual(changed.lane.health, HEALTHY);
      assert.equal(changed.lane.readyAt, START);
      const late = await tenant.settle(onTheWire, gone, { generation: endpoint.generation, at: START + 2 });
      assert.equal(late.kind, "settled");
      assert.equal(late.state, "FAILED");
      assert.equal(late.disabled, false);
      assert.deepEqual(late.lane.health, HEALTHY);
      assert.equal((await tenant.view(endpoint)).endpoint.status, "ACTIVE");
      assert.deepEqual(
        (await tenant.claim(endpoint, START + 2, 10)).map(({ id }) => id),
        [waiting.id],
      );
    });
  }

  test("a change of any other setting keeps the health and the generation", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const { lane } = await fail(tenant, endpoint, REST_AFTER_FAILURES, START);
    const settings = { name: "Other", timeoutSeconds: 3, headers: { "x-a": "b" } };
    const changed = await tenant.patch(endpoint, { settings }, START + 1);
    assert.equal(changed.endpoint.generation, endpoint.generation);
    assert.deepEqual(changed.lane.health, lane.health);
  });

  test("a throttle from an older generation does not delay the lane", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    await tenant.patch(endpoint, { settings: { url: "https://example.com/other" } }, START);
    const { lane } = await tenant.settle(delivery, throttled(START + HOUR), { generation: endpoint.generation });
    assert.equal(lane.waitUntil, null);
    await tenant.leased(endpoint, { now: START + 1 });
  });

  test("any number of 410 answers disables the endpoint and publishes one event about it", async () => {
    const tenant = await world.newTenant();
    const watcher = await tenant.endpoint({ eventTypes: ["endpoint.*"] });
    const paused = await tenant.endpoint({ eventTypes: ["endpoint.*"] });
    await tenant.patch(paused, { status: "PAUSED" }, START);
    const endpoint = await tenant.endpoint({ name: "Dead", url: "https://dead.example.com/" });
    const [first, second] = [await tenant.leased(endpoint), await tenant.leased(endpoint)];
    const third = await tenant.leased(endpoint);
    const queued = await tenant.waiting(endpoint);
    const [one, two] = await world.store.settle([
      tenant.settlement(first, gone, { at: START + 5 }),
      tenant.settlement(second, gone, { at: START + 6 }),
    ]);
    assert(one?.kind === "settled" && two?.kind === "settled");
    assert.deepEqual([one.disabled, two.disabled], [true, false]);
    assert.equal(one.lane.held, true);
    assert.deepEqual(one.woken, [{ endpointSeq: watcher.seq, readyAt: START + 5 }]);
    assert.deepEqual(two.woken, []);
    const view = await tenant.view(endpoint);
    assert.equal(view.endpoint.status, "DISABLED");
    assert.equal(view.endpoint.disabledReason, "gone");
    assert.equal((await tenant.row(first.id)).reason, "gone");
    assert.equal((await tenant.row(queued.id)).state, "HELD");
    const { generation } = view.endpoint;
    assert.equal((await tenant.settle(third, gone, { at: START + 6, generation })).disabled, false);
    const published = await tenant.claim(watcher, START + 6, 10);
    assert.equal(published.length, 1);
    assert.equal(published[0]?.event.type, "endpoint.disabled");
    const payload = JSON.parse(published[0]?.event.payload ?? "");
    assert.equal(payload.endpoint_id, `ep_${endpoint.id}`);
    assert.equal(payload.name, "Dead");
    assert.equal(payload.reason, "gone");
    await tenant.patch(paused, { status: "ACTIVE" }, START + 7);
    assert.equal((await tenant.claim(paused, START + 7, 10)).length, 1);
  });

  test("disabling an endpoint makes earlier matches stale", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const delivery = await tenant.leased(endpoint);
    const request = await tenant.request([endpoint]);
    await tenant.settle(delivery, gone);
    assert.deepEqual(await world.store.publish([request]), [{ kind: "stale" }]);
  });

  test("twenty failures over five days of active time disable the endpoint", async () => {
    const tenant = await world.newTenant();
    const watcher = await tenant.endpoint({ eventTypes: ["endpoint.disabled"] });
    const endpoint = await tenant.endpoint();
    // Leased before the streak, because a probing lane grants no leases to publishes.
    const [paused, early, late] = await tenant.leasedMany(endpoint, 3);
    await fail(tenant, endpoint, REST_AFTER_FAILURES, START);
    assert(paused !== undefined && early !== undefined && late !== undefined);
    const before = await tenant.settle(early, exhausted, { at: START + 5 * DAY - 1 });
    assert.equal(before.disabled, false);
    const after = await tenant.settle(late, exhausted, { at: START + 5 * DAY });
    assert.equal(after.disabled, true);
    assert.equal((await tenant.view(endpoint)).endpoint.disabledReason, "no_success");
    const [event] = await tenant.claim(watcher, START + 5 * DAY, 5);
    assert.equal(JSON.parse(event?.event.payload ?? "").reason, "no_success");
    assert.equal((await tenant.settle(paused, exhausted, { at: START + 6 * DAY })).disabled, false);
    assert.deepEqual(await tenant.claim(watcher, START + 6 * DAY, 5), []);
  });

  test("fewer failures do not disable the endpoint, over any time", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await fail(tenant, endpoint, 1, START);
    const { disabled } = await fail(tenant, endpoint, REST_AFTER_FAILURES - 2, START + 30 * DAY);
    assert.equal(disabled, false);
  });

  test("time on hold is not active time, and a pause restarts the failure streak", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    await tenant.patch(endpoint, { status: "PAUSED" }, START);
    await tenant.patch(endpoint, { status: "DISABLED" }, START + DAY);
    const { lane } = await tenant.patch(endpoint, { status: "ACTIVE" }, START + 10 * DAY);
    assert.equal(lane.heldMs, 10 * DAY);
    const last = await tenant.leased(endpoint, { now: START + 10 * DAY });
    const failing = await fail(tenant, endpoint, REST_AFTER_FAILURES, START + 10 * DAY);
    assert.equal(failing.lane.health.streakSinceActiveMs, START);
    const { disabled } = await tenant.settle(last, exhausted, { at: START + 12 * DAY });
    assert.equal(disabled, false);
  });

  test("failing since is the first failed attempt after the last success, through pauses and holds", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const failingSince = async () => (await tenant.view(endpoint)).failingSince;
    assert.equal(await failingSince(), null);
    const late = await tenant.leased(endpoint);
    await fail(tenant, endpoint, 2, START + HOUR);
    assert.equal(await failingSince(), START + HOUR);
    await tenant.patch(endpoint, { status: "PAUSED" }, START + 2 * HOUR);
    await tenant.patch(endpoint, { status: "ACTIVE" }, START + DAY);
    const { lane } = await fail(tenant, endpoint, 1, START + DAY);
    assert.equal(lane.health.failureStreak, 1);
    assert.equal(await failingSince(), START + HOUR);
    // It was in flight when the endpoint was paused.
    await tenant.settle(late, succeeded, { at: START + DAY });
    assert.equal(await failingSince(), null);
    await fail(tenant, endpoint, 1, START + 2 * DAY);
    assert.equal(await failingSince(), START + 2 * DAY);
  });
}
