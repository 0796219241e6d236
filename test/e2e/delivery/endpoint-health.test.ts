/** How a receiver's responses affect its endpoint: disabled, waiting, resting or throttled. */
import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { type Hook, leaveOpen, startHooks } from "../../harness/hooks.ts";
import {
  createEndpoint,
  numbersOf,
  patch,
  publish,
  publishAll,
  readDelivery,
  stage,
  waitForDispatch,
} from "../../harness/scene.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

// The tests run in parallel because each mostly waits. Each uses its own tenant.
suite("effects of responses", { concurrency: 6 }, () => {
  test("410 ends the delivery and disables the endpoint; endpoint.disabled is published once", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server);
    const watcher = await startHooks(t);
    await createEndpoint(client, { url: watcher.url, event_types: ["endpoint.*"] });
    hooks.react(leaveOpen);
    const [first, second, third] = await publishAll(client, [1, 2, 3]);
    await hooks.nth(3);
    for (const hook of hooks.all) hook.answer(410);
    const event = await watcher.nth(1);
    assert.equal(event.headers["x-webhook-event"], "endpoint.disabled");
    const payload = JSON.parse(event.body);
    assert.deepEqual([payload.endpoint_id, payload.url, payload.reason], [endpointId, hooks.url, "gone"]);
    const states = [];
    for (let settled = 0; settled < 4; settled += 1) states.push((await outcomes.next()).row.status);
    assert.deepEqual(states.toSorted(), ["DELIVERED", "FAILED", "FAILED", "FAILED"]);
    for (const published of [first, second, third]) {
      const delivery = await readDelivery(client, published?.deliveryId ?? "");
      assert.deepEqual([delivery.status, delivery.terminal_reason], ["FAILED", "gone"]);
    }
    const endpoint = await client.request("GET", `/v1/endpoints/${endpointId}`);
    assert.equal(endpoint.body.status, "DISABLED");

    // New events do not match it, and the event says so.
    const { eventId, deliveries } = await publish(client, 4);
    assert.deepEqual(deliveries, []);
    const read = await client.request("GET", `/v1/events/${eventId}`);
    assert.deepEqual(
      read.body.not_delivered.filter((row) => row.endpoint_id === endpointId).map((row) => row.reason),
      ["disabled"],
    );
    await waitForDispatch(t, server);
    assert.equal(watcher.all.length, 1);
    assert.equal(hooks.all.length, 3);
  });

  test("deliveries queued when an endpoint is disabled are held, and sent when it is active again", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server, { ordered: true });
    hooks.react((hook, count) => hook.answer(count === 1 ? 410 : 200));
    await patch(client, endpointId, { status: "PAUSED" });
    const published = await publishAll(client, [1, 2, 3]);
    await patch(client, endpointId, { status: "ACTIVE" });
    await outcomes.until(published[0]?.deliveryId ?? "", "FAILED");
    await waitForDispatch(t, server);
    assert.equal(hooks.all.length, 1);
    for (const { deliveryId } of published.slice(1)) {
      assert.equal((await readDelivery(client, deliveryId)).status, "HELD");
    }
    await patch(client, endpointId, { status: "ACTIVE" });
    await hooks.nth(3);
    assert.deepEqual(numbersOf(hooks), [1, 2, 3]);
  });

  test("a 410 to an attempt sent before a URL change does not disable the endpoint", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server);
    hooks.react(leaveOpen);
    const { deliveryId } = await publish(client);
    const hook = await hooks.nth(1);
    await patch(client, endpointId, { url: `${hooks.url}/moved` });
    hook.answer(410);
    await outcomes.until(deliveryId, "FAILED");
    const endpoint = await client.request("GET", `/v1/endpoints/${endpointId}`);
    assert.equal(endpoint.body.status, "ACTIVE");
  });

  test("in the pausepoint format a 410 is retried like any other failure", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server, {
      format: "pausepoint",
      retry_schedule_seconds: [1],
    });
    hooks.react((hook, count) => hook.answer(count === 1 ? 410 : 200));
    const { deliveryId } = await publish(client);
    await outcomes.until(deliveryId, "SCHEDULED");
    await outcomes.until(deliveryId, "DELIVERED");
    const endpoint = await client.request("GET", `/v1/endpoints/${endpointId}`);
    assert.equal(endpoint.body.status, "ACTIVE");
  });

  for (const status of [429, 503]) {
    test(`Retry-After with ${status} makes the whole endpoint wait`, async (t) => {
      const { client, hooks, outcomes } = await stage(t, server, { retry_schedule_seconds: [1, 1] });
      hooks.react((hook, count) => hook.answer(count === 1 ? status : 200, { "retry-after": "2" }));
      const { deliveryId } = await publish(client, 1);
      const { at } = await hooks.nth(1);
      await outcomes.until(deliveryId, "SCHEDULED");
      await publish(client, 2);
      const second = await hooks.nth(2);
      await hooks.nth(3);
      assert.ok(second.at - at >= 1990, `the endpoint waited ${second.at - at} ms`);
      assert.deepEqual(numbersOf(hooks).toSorted(), [1, 1, 2]);
    });
  }

  test("Retry-After with any other status makes only its delivery wait", async (t) => {
    const { client, hooks, outcomes } = await stage(t, server, { retry_schedule_seconds: [1] });
    hooks.react((hook, count) => hook.answer(count === 1 ? 500 : 200, { "retry-after": "86400" }));
    const { deliveryId } = await publish(client, 1);
    await outcomes.until(deliveryId, "SCHEDULED");
    const waiting = await readDelivery(client, deliveryId);
    const waitMs = Date.parse(waiting.next_attempt_at ?? "") - Date.parse(waiting.created_at);
    assert.ok(waitMs >= 86_390_000 && waitMs <= 86_410_000, `${waitMs} ms`);
    await publish(client, 2);
    await hooks.nth(2);
    assert.deepEqual(numbersOf(hooks), [1, 2]);
  });

  test("after twenty consecutive failures an endpoint rests and spends no attempts; a new URL ends the rest", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server, { retry_schedule_seconds: [] });
    hooks.react((hook) => hook.answer(500));
    for (let n = 1; n <= 20; n += 1) {
      const { deliveryId } = await publish(client, n);
      await outcomes.until(deliveryId, "FAILED");
    }
    const { deliveryId } = await publish(client, 21);
    await waitForDispatch(t, server);
    assert.equal(hooks.all.length, 20, "the endpoint rests");
    const waiting = await readDelivery(client, deliveryId);
    assert.deepEqual([waiting.status, waiting.attempts_count], ["PENDING", 0]);
    hooks.react((hook) => hook.answer(200));
    await patch(client, endpointId, { url: hooks.url.replace("/hook", "/fixed") });
    await outcomes.until(deliveryId, "DELIVERED");
    assert.equal(hooks.all.at(-1)?.path, "/fixed");
  });

  test("one success among the failures keeps an endpoint from resting", async (t) => {
    const { client, hooks, outcomes } = await stage(t, server, { retry_schedule_seconds: [] });
    hooks.react((hook, count) => hook.answer(count === 15 ? 200 : 500));
    for (let n = 1; n <= 34; n += 1) {
      const { deliveryId } = await publish(client, n);
      await outcomes.until(deliveryId, "FAILED", "DELIVERED");
    }
    assert.equal(hooks.all.length, 34);
  });

  for (const status of [429, 502, 504]) {
    test(`${status} halves the endpoint's window, and each success adds one back`, async (t) => {
      const { client, hooks, outcomes } = await stage(t, server, { retry_schedule_seconds: [3600] });
      hooks.react(leaveOpen);
      const events = Array.from({ length: 20 }, (_, n) => ({ type: "order.paid", payload: { n } }));
      await client.request("POST", "/v1/events/batch", { body: { events } });
      await hooks.nth(4);
      let answered = 0;
      const answerNext = async (code: number): Promise<void> => {
        (hooks.all[answered] as Hook).answer(code);
        answered += 1;
        await outcomes.next();
      };
      await answerNext(200); // window 5
      await hooks.nth(6);
      await waitForDispatch(t, server);
      assert.equal(hooks.open, 5);
      await answerNext(status); // 5 halved is 2
      await answerNext(200); // 3, and 3 open
      await waitForDispatch(t, server);
      assert.equal(hooks.all.length, 6, "the window limits the attempts");
      assert.equal(hooks.open, 3);
      await answerNext(200); // 4, and 2 open: two more
      await hooks.nth(8);
      await waitForDispatch(t, server);
      assert.equal(hooks.open, 4);
      for (let times = 0; times < 4; times += 1) await answerNext(status); // 2, 1, 1, 1
      await waitForDispatch(t, server);
      assert.equal(hooks.open, 1, "the window is at least one");
    });
  }
});
