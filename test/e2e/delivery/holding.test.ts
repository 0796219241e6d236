/**
 * A PAUSED endpoint holds its deliveries: none is sent, lost or overtaken. Pausing and resuming costs the same for any
 * backlog.
 */
import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { accept, leaveOpen } from "../../harness/hooks.ts";
import {
  numbersOf,
  patch,
  publish,
  publishAll,
  publishMany,
  readDelivery,
  stage,
  waitForDispatch,
} from "../../harness/scene.ts";
import { type Client, startServer } from "../../harness/server.ts";

const server = await startServer({ after });
/** More than an endpoint's view counts. */
const BACKLOG = 10_100;

const pause = (client: Client, id: string) => patch(client, id, { status: "PAUSED" });
const resume = (client: Client, id: string) => patch(client, id, { status: "ACTIVE" });

// The tests run in parallel because each mostly waits. Each uses its own tenant.
suite("holding", { concurrency: 6 }, () => {
  test("a paused endpoint's events are held; on resume the oldest is sent first and newer ones queue behind", async (t) => {
    const { client, hooks, endpointId } = await stage(t, server, { max_in_flight: 1 });
    const paused = await pause(client, endpointId);
    assert.notEqual(paused.paused_at, null);
    const held = await publishAll(client, [1, 2, 3, 4, 5]);
    await waitForDispatch(t, server);
    assert.equal(hooks.all.length, 0);
    for (const { deliveryId } of held) assert.equal((await readDelivery(client, deliveryId)).status, "HELD");
    assert.equal((await pause(client, endpointId)).paused_at, paused.paused_at, "pausing again keeps the time");

    hooks.react(leaveOpen);
    assert.equal((await resume(client, endpointId)).paused_at, null);
    const first = await hooks.nth(1);
    await publishAll(client, [6, 7]);
    hooks.react(accept);
    first.answer(200);
    await hooks.nth(7);
    assert.deepEqual(numbersOf(hooks), [1, 2, 3, 4, 5, 6, 7]);
  });

  test("events published while a backlog is sent wait in the store behind the whole backlog", async (t) => {
    const { client, hooks, endpointId } = await stage(t, server, { max_in_flight: 1 });
    await pause(client, endpointId);
    // More than the lane holds in memory for an endpoint that has not answered yet.
    await publishMany(client, 200);
    hooks.react(leaveOpen);
    await resume(client, endpointId);
    const first = await hooks.nth(1);
    await publish(client, 200);
    hooks.react(accept);
    first.answer(200);
    await publish(client, 201);
    await hooks.nth(202);
    assert.deepEqual(
      numbersOf(hooks),
      Array.from({ length: 202 }, (_, n) => n),
    );
  });

  test("an attempt in flight may finish while its endpoint is paused", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server);
    hooks.react(leaveOpen);
    const { deliveryId } = await publish(client);
    const hook = await hooks.nth(1);
    assert.equal((await readDelivery(client, deliveryId)).status, "IN_PROGRESS");
    await pause(client, endpointId);
    hook.answer(200);
    await outcomes.until(deliveryId, "DELIVERED");
  });

  test("a pause holds deliveries that were claimed but not yet sent", async (t) => {
    const { client, hooks, endpointId } = await stage(t, server, { max_in_flight: 1 });
    hooks.react(leaveOpen);
    const [, second] = await publishAll(client, [1, 2]);
    const hook = await hooks.nth(1);
    await pause(client, endpointId);
    hook.answer(200);
    await waitForDispatch(t, server);
    assert.equal(hooks.all.length, 1);
    assert.equal((await readDelivery(client, second?.deliveryId ?? "")).status, "HELD");
    hooks.react(accept);
    await resume(client, endpointId);
    await hooks.nth(2);
    assert.deepEqual(numbersOf(hooks), [1, 2]);
  });

  test("a delivery that fails on a paused endpoint is held, and retried at its scheduled time after the resume", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server, { retry_schedule_seconds: [1, 1, 1] });
    hooks.react(leaveOpen);
    const { deliveryId } = await publish(client);
    const hook = await hooks.nth(1);
    await pause(client, endpointId);
    hooks.react(accept);
    const failedAt = performance.now();
    hook.answer(500);
    await outcomes.until(deliveryId, "HELD");
    assert.notEqual((await readDelivery(client, deliveryId)).next_attempt_at, null);
    await resume(client, endpointId);
    const waitedMs = (await hooks.nth(2)).at - failedAt;
    assert.ok(waitedMs >= 790, `it was retried after ${waitedMs} ms instead of at least 800`);
  });

  test("a held delivery whose retry time has passed is sent at once on resume", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server, { retry_schedule_seconds: [1] });
    const timer = await stage(t, server, { retry_schedule_seconds: [1, 1] });
    hooks.react((hook, count) => hook.answer(count === 1 ? 500 : 200));
    const { deliveryId } = await publish(client);
    await outcomes.until(deliveryId, "SCHEDULED");
    await pause(client, endpointId);
    // Two waits of the same length on another endpoint. After them the first wait is over, whatever the jitter.
    timer.hooks.react((hook, count) => hook.answer(count < 3 ? 500 : 200));
    await publish(timer.client);
    await timer.hooks.nth(3);
    assert.equal(hooks.all.length, 1);
    // A delivery that fails now must wait, so the resumed delivery is sent before its second attempt.
    timer.hooks.react((hook, count) => hook.answer(count === 4 ? 500 : 200));
    await publish(timer.client);
    await timer.hooks.nth(4);
    await resume(client, endpointId);
    const [resumed, retried] = await Promise.all([hooks.nth(2), timer.hooks.nth(5)]);
    assert.ok(resumed.at < retried.at, "the resumed delivery waited again");
  });
});

test("an endpoint can be paused, resumed and deleted, and memory stays flat, with ten thousand deliveries waiting", async (t) => {
  const { client, hooks, endpointId } = await stage(t, server, { max_in_flight: 16 });
  await pause(client, endpointId);
  await publishMany(client, BACKLOG);
  const view = await client.request("GET", `/v1/endpoints/${endpointId}`);
  assert.deepEqual(view.body.waiting, { count: 10_000, more: true });

  hooks.react(leaveOpen);
  for (let turn = 0; turn < 3; turn += 1) {
    await resume(client, endpointId);
    await hooks.nth(hooks.all.length + 1 - Math.min(hooks.open, 1));
    await pause(client, endpointId);
  }

  await resume(client, endpointId);
  await waitForDispatch(t, server);
  const metrics = await server.request("GET", "/metrics");
  const inMemory = Number(/^signalbox_memory_deliveries (\d+)/m.exec(metrics.text)?.[1]);
  assert.ok(inMemory > 0 && inMemory <= 600, `${inMemory} deliveries in memory`);

  // Deleting changes one row too: all deliveries show as cancelled at once, and are settled in the background.
  await client.request("DELETE", `/v1/endpoints/${endpointId}`);
  const cancelled = await client.request("GET", "/v1/deliveries?limit=100&status=CANCELLED");
  assert.equal(cancelled.body.results.length, 100);
});
