/** An endpoint's limits, rate and order, and its independence from other endpoints. */
import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { leaveOpen, startHooks } from "../../harness/hooks.ts";
import {
  createEndpoint,
  numbersOf,
  patch,
  publish,
  publishAll,
  publishMany,
  stage,
  waitForDispatch,
} from "../../harness/scene.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

// The tests run in parallel because each mostly waits. Each uses its own tenant.
suite("pace and order", { concurrency: 6 }, () => {
  test("never more than max_in_flight requests are open at once", async (t) => {
    const { client, hooks, outcomes } = await stage(t, server, { max_in_flight: 2 });
    hooks.react(leaveOpen);
    await publishMany(client, 30);
    for (let count = 1; count <= 30; count += 1) {
      (await hooks.nth(count)).answer(200);
      await outcomes.next();
    }
    assert.equal(hooks.openMax, 2);
  });

  test("a window grows with success up to max_in_flight", async (t) => {
    const { client, hooks } = await stage(t, server, { max_in_flight: 8 });
    hooks.react(leaveOpen);
    await publishMany(client, 60);
    await hooks.nth(4);
    await waitForDispatch(t, server);
    assert.equal(hooks.open, 4);
    for (let count = 1; count <= 20; count += 1) (await hooks.nth(count)).answer(200);
    await hooks.nth(28);
    await waitForDispatch(t, server);
    assert.equal(hooks.open, 8);
  });

  test("a rate limit spaces out the requests", async (t) => {
    const { client, hooks } = await stage(t, server, { rate_limit_per_second: 20 });
    await publishMany(client, 15);
    await hooks.nth(15);
    const times = hooks.all.map(({ at }) => at);
    const spanMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
    assert.ok(spanMs >= 14 * 50 - 150, `15 requests in ${spanMs} ms`);
    for (let index = 5; index < 15; index += 1) {
      const windowMs = (times[index] ?? 0) - (times[index - 5] ?? 0);
      assert.ok(windowMs >= 5 * 50 - 150, `6 requests in ${windowMs} ms`);
    }
  });

  test("an ordered endpoint receives one event at a time, and no event overtakes a failing one", async (t) => {
    const { client, hooks } = await stage(t, server, { ordered: true, retry_schedule_seconds: [1, 1] });
    hooks.react((hook, count) => hook.answer(count === 2 || count === 3 ? 500 : 200));
    await publishAll(client, [1, 2, 3, 4]);
    await hooks.nth(4);
    await publishAll(client, [5, 6]);
    await hooks.nth(8);
    assert.deepEqual(numbersOf(hooks), [1, 2, 2, 2, 3, 4, 5, 6]);
    assert.equal(hooks.openMax, 1);
  });

  test("an ordered endpoint continues after the event at its head has failed permanently", async (t) => {
    const { client, hooks, outcomes } = await stage(t, server, { ordered: true, retry_schedule_seconds: [1] });
    hooks.react((hook, count) => hook.answer(count <= 2 ? 500 : 200));
    const [first] = await publishAll(client, [1, 2, 3]);
    await outcomes.until(first?.deliveryId ?? "", "FAILED");
    await hooks.nth(4);
    assert.deepEqual(numbersOf(hooks), [1, 1, 2, 3]);
    // A manual retry queues at the tail.
    hooks.react(leaveOpen);
    await publishAll(client, [4, 5]);
    const answer = await client.request("POST", `/v1/deliveries/${first?.deliveryId}/retry`);
    assert.equal(answer.status, 202, answer.text);
    for (let count = 5; count <= 7; count += 1) (await hooks.nth(count)).answer(200);
    assert.deepEqual(numbersOf(hooks), [1, 1, 2, 3, 4, 5, 1]);
  });

  test("a waiting ordered endpoint keeps its order through a pause", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server, {
      ordered: true,
      retry_schedule_seconds: [1, 1],
    });
    hooks.react((hook, count) => hook.answer(count === 1 ? 500 : 200));
    const [first] = await publishAll(client, [1, 2]);
    await outcomes.until(first?.deliveryId ?? "", "SCHEDULED");
    await patch(client, endpointId, { status: "PAUSED" });
    await publish(client, 3);
    await patch(client, endpointId, { status: "ACTIVE" });
    await publish(client, 4);
    await hooks.nth(5);
    assert.deepEqual(numbersOf(hooks), [1, 1, 2, 3, 4]);
  });

  test("endpoints that never answer do not delay others, whether of the same tenant or another", async (t) => {
    const { client, hooks: dead, endpointId } = await stage(t, server, { timeout_seconds: 30, max_in_flight: 256 });
    dead.react(leaveOpen);
    for (let count = 0; count < 9; count += 1) await createEndpoint(client, { url: dead.url, timeout_seconds: 30 });
    await publishMany(client, 300);
    await dead.nth(40);
    const healthy = await startHooks(t);
    const healthyId = await createEndpoint(client, { url: healthy.url });
    const other = await stage(t, server);
    const named = { endpoint_ids: [healthyId] };
    for (let n = 1; n <= 20; n += 1) {
      await Promise.all([publish(client, n, named), publish(other.client, n)]);
      await Promise.all([healthy.nth(n), other.hooks.nth(n)]);
    }
    assert.equal(dead.open, dead.all.length, "the healthy endpoints waited for attempts that timed out");
    assert.equal((await client.request("GET", `/v1/endpoints/${endpointId}`)).body.waiting.count, 300);
  });
});
