/** Actions on deliveries: cancel, retry, replay, recover and test, and the effects of deleting an endpoint. */
import assert from "node:assert/strict";
import { after, suite, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { accept, type Hook, leaveOpen, startHooks } from "../../harness/hooks.ts";
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
import type { Client } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

async function act(client: Client, deliveryId: string, verb: "cancel" | "retry") {
  return client.request("POST", `/v1/deliveries/${deliveryId}/${verb}`);
}

/** Waits until the job is done. */
async function jobDone(client: Client, jobId: string): Promise<void> {
  for (let status = "running"; status !== "done"; ) {
    const job = await client.request("GET", `/v1/jobs/${jobId}`);
    assert.equal(job.status, 200, job.text);
    status = (job.body.state ?? job.body.status).toLowerCase();
  }
}

async function recover(client: Client, endpointId: string): Promise<void> {
  const body = { since: "2000-01-01T00:00:00Z" };
  const started = await client.request("POST", `/v1/endpoints/${endpointId}/recover`, { body });
  assert.equal(started.status, 202, started.text);
  await jobDone(client, started.body.job_id);
}

/** The parts of a request that are the same on every attempt. */
const sameOnEachAttempt = ({ headers, body }: Hook) => [headers["webhook-id"], body];

// The tests run in parallel because each mostly waits. Each uses its own tenant.
suite("actions on deliveries", { concurrency: 6 }, () => {
  test("a delivery that is cancelled while it waits for a retry is not sent", async (t) => {
    const { client, hooks, outcomes } = await stage(t, server, { retry_schedule_seconds: [1] });
    hooks.react((hook) => hook.answer(500));
    const { deliveryId } = await publish(client, 1);
    await outcomes.until(deliveryId, "SCHEDULED");
    assert.equal((await act(client, deliveryId, "cancel")).status, 200);
    // A later delivery with the same wait. After its second attempt, the cancelled one would have been sent.
    const neighbour = await publish(client, 2);
    await outcomes.until(neighbour.deliveryId, "FAILED");
    await waitForDispatch(t, server);
    assert.deepEqual(numbersOf(hooks), [1, 2, 2]);
    const delivery = await readDelivery(client, deliveryId);
    assert.deepEqual([delivery.status, delivery.terminal_reason], ["CANCELLED", "cancelled"]);
    assert.equal((await act(client, deliveryId, "cancel")).code, "INVALID_STATE");
  });

  test("a delivery that is cancelled while it is queued in memory is not sent", async (t) => {
    const { client, hooks } = await stage(t, server, { max_in_flight: 1 });
    hooks.react(leaveOpen);
    const [, second] = await publishAll(client, [1, 2, 3]);
    const first = await hooks.nth(1);
    assert.equal((await act(client, second?.deliveryId ?? "", "cancel")).status, 200);
    hooks.react(accept);
    first.answer(200);
    await hooks.nth(2);
    await waitForDispatch(t, server);
    assert.deepEqual(numbersOf(hooks), [1, 3]);
    assert.equal((await readDelivery(client, second?.deliveryId ?? "")).status, "CANCELLED");
  });

  test("a delivery cancelled during an attempt stays delivered if it succeeds, and is not retried if it fails", async (t) => {
    const { client, hooks, outcomes } = await stage(t, server, { retry_schedule_seconds: [1] });
    hooks.react(leaveOpen);
    for (const [status, state] of [
      [200, "DELIVERED"],
      [500, "CANCELLED"],
    ] as const) {
      const { deliveryId } = await publish(client);
      const hook = await hooks.nth(hooks.all.length + 1 - hooks.open);
      assert.equal((await act(client, deliveryId, "cancel")).status, 200);
      hook.answer(status);
      await outcomes.until(deliveryId, state);
      assert.equal((await readDelivery(client, deliveryId)).attempts_count, 1);
    }
  });

  test("a retry restarts the schedule and continues counting attempts", async (t) => {
    const { client, hooks, outcomes } = await stage(t, server, { retry_schedule_seconds: [1] });
    hooks.react((hook, count) => hook.answer(count === 4 ? 200 : 500));
    const { deliveryId } = await publish(client);
    await outcomes.until(deliveryId, "FAILED");
    const failed = await readDelivery(client, deliveryId);
    assert.deepEqual([failed.attempts_count, failed.terminal_reason], [2, "attempts_exhausted"]);
    const retried = await act(client, deliveryId, "retry");
    assert.deepEqual([retried.status, retried.body.id, retried.body.attempts_count], [202, deliveryId, 2]);
    await outcomes.until(deliveryId, "DELIVERED");
    assert.equal((await readDelivery(client, deliveryId)).attempts_count, 4);
    assert.deepEqual(
      hooks.all.map(({ headers }) => headers["x-webhook-attempt"]),
      ["1", "2", "3", "4"],
    );
    assert.equal(new Set(hooks.all.map((hook) => JSON.stringify(sameOnEachAttempt(hook)))).size, 1);
    assert.equal((await act(client, deliveryId, "retry")).code, "INVALID_STATE");
  });

  test("a cancelled delivery can be retried", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server);
    await patch(client, endpointId, { status: "PAUSED" });
    const { deliveryId } = await publish(client);
    await act(client, deliveryId, "cancel");
    assert.equal((await act(client, deliveryId, "retry")).status, 202);
    assert.equal((await readDelivery(client, deliveryId)).status, "HELD");
    assert.equal(hooks.all.length, 0);
    await patch(client, endpointId, { status: "ACTIVE" });
    await outcomes.until(deliveryId, "DELIVERED");
  });

  test("a replay is a new delivery of the same event, byte for byte", async (t) => {
    const { client, hooks, outcomes } = await stage(t, server, { format: "pacspace" });
    const text = '{"type":"order.paid","payload":{ "big": 12345678901234567890, "one": 1.0, "é": "\\u00e9" }}';
    const published = await client.request("POST", "/v1/events", { body: text });
    assert.equal(published.status, 202, published.text);
    const deliveryId = published.body.deliveries[0]?.delivery_id ?? "";
    await outcomes.until(deliveryId, "DELIVERED");
    const body = { delivery_ids: [deliveryId] };
    const dry = await client.request("POST", "/v1/replays", { body: { ...body, dry_run: true } });
    assert.equal(dry.status, 202, dry.text);
    await waitForDispatch(t, server);
    assert.equal(hooks.all.length, 1);
    const replay = await client.request("POST", "/v1/replays", { body });
    assert.deepEqual([replay.status, replay.body.created_deliveries], [202, 1], replay.text);
    const [first, second] = [await hooks.nth(1), await hooks.nth(2)];
    assert.deepEqual(sameOnEachAttempt(second), sameOnEachAttempt(first));
    assert.match(first.body, /"data":\{ "big": 12345678901234567890, "one": 1\.0, "é": "\\u00e9" \}/);
    const again = (await outcomes.next()).row;
    assert.notEqual(again.id, deliveryId);
    assert.deepEqual([again.status, again.attempts_count], ["DELIVERED", 1]);
  });

  test("recover sends failed deliveries and events missed while the endpoint was disabled, but no tests", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server, { retry_schedule_seconds: [] });
    hooks.react((hook) => hook.answer(500));
    await client.request("POST", `/v1/endpoints/${endpointId}/test`);
    const failed = await publish(client, 1);
    await outcomes.until(failed.deliveryId, "FAILED");
    hooks.react((hook) => hook.answer(410));
    const gone = await publish(client, 2);
    await outcomes.until(gone.deliveryId, "FAILED");
    const missed = await publish(client, 3);
    assert.deepEqual(missed.deliveries, []);
    const named = await publish(client, 4, { endpoint_ids: [endpointId] });
    assert.deepEqual(named.deliveries, []);
    await publish(client, 5, { type: "other.event" });
    await patch(client, endpointId, { event_types: ["order.*"] });

    hooks.react(accept);
    await patch(client, endpointId, { status: "ACTIVE" });
    await waitForDispatch(t, server);
    assert.equal(hooks.all.length, 3);
    await recover(client, endpointId);
    // The filter at the time of the event decides. It matched the fifth event.
    await hooks.nth(8);
    const again = hooks.all.slice(3);
    assert.deepEqual(
      again.map(({ headers, body }) => [headers["x-webhook-event"], JSON.parse(body).n ?? null]).toSorted(),
      [
        ["order.paid", 1],
        ["order.paid", 2],
        ["order.paid", 3],
        ["order.paid", 4],
        ["other.event", 5],
      ],
    );
  });

  test("a second recover finds nothing to do", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server, { retry_schedule_seconds: [] });
    hooks.react((hook) => hook.answer(410));
    const { deliveryId } = await publish(client, 1);
    await outcomes.until(deliveryId, "FAILED");
    await publish(client, 2);
    hooks.react(accept);
    await patch(client, endpointId, { status: "ACTIVE" });
    await recover(client, endpointId);
    await hooks.nth(3);
    for (let count = 0; count < 2; count += 1) await outcomes.next();
    await recover(client, endpointId);
    await waitForDispatch(t, server);
    assert.equal(hooks.all.length, 3);
    assert.deepEqual(numbersOf(hooks).toSorted(), [1, 1, 2]);
  });

  test("a test is sent even if the endpoint is paused, ordered or resting, and is not retried", async (t) => {
    const { client, hooks, endpointId } = await stage(t, server, { ordered: true, retry_schedule_seconds: [1] });
    await patch(client, endpointId, { status: "PAUSED" });
    await publish(client);
    hooks.react((hook, count) => hook.answer(count === 1 ? 503 : 200, { "retry-after": "3600" }));
    const sendTest = async () => (await client.request("POST", `/v1/endpoints/${endpointId}/test`)).body.data;
    assert.deepEqual(Object.values(await sendTest()).slice(0, 2), [false, 503]);
    assert.deepEqual(Object.values(await sendTest()).slice(0, 2), [true, 200]);
    assert.deepEqual(
      hooks.all.map(({ headers }) => headers["x-webhook-event"]),
      ["test", "test"],
    );
    const tests = await client.request("GET", "/v1/deliveries?search=test");
    assert.deepEqual(
      tests.body.results.map(({ status }) => status),
      ["DELIVERED", "FAILED"],
    );
    assert.equal((await client.request("GET", `/v1/endpoints/${endpointId}`)).body.status, "PAUSED");
    // The test's 503 did not affect the endpoint's health, so the held delivery is sent at once.
    await patch(client, endpointId, { status: "ACTIVE" });
    assert.equal((await hooks.nth(3)).headers["x-webhook-event"], "order.paid");
  });

  test("after a rotation both secrets verify until the overlap ends", async (t) => {
    const [old, next] = [`whsec_${"b2xk".repeat(8)}`, `whsec_${"bmV3".repeat(8)}`];
    const { client, hooks, endpointId } = await stage(t, server, { secret: old });
    const rotate = async (body: object) => {
      const answer = await client.request("POST", `/v1/endpoints/${endpointId}/rotate-secret`, { body });
      assert.equal(answer.status, 200, answer.text);
      return answer.body;
    };
    const verifies = async (n: number, secret: string): Promise<boolean> => {
      const { body, headers } = await hooks.nth(n);
      try {
        new Webhook(secret).verify(body, headers as Record<string, string>);
        return true;
      } catch {
        return false;
      }
    };
    await rotate({ secret: next, overlap_seconds: 3600 });
    await publish(client);
    assert.deepEqual([await verifies(1, old), await verifies(1, next)], [true, true]);
    const third = (await rotate({ overlap_seconds: 0 })).secret;
    await publish(client);
    assert.deepEqual([await verifies(2, old), await verifies(2, next), await verifies(2, third)], [false, false, true]);
    // With an overlap of one second, both secrets verify during it and only the new one after it.
    await rotate({ secret: old, overlap_seconds: 1 });
    await publish(client);
    assert.deepEqual([await verifies(3, third), await verifies(3, old)], [true, true]);
    const other = await stage(t, server, { retry_schedule_seconds: [1, 1] });
    other.hooks.react((hook, count) => hook.answer(count < 3 ? 500 : 200));
    await publish(other.client);
    await other.hooks.nth(3);
    await publish(client);
    assert.deepEqual([await verifies(4, third), await verifies(4, old)], [false, true]);
  });

  test("a deleted endpoint receives nothing more, and its history keeps its name and URL", async (t) => {
    const { client, hooks, endpointId, outcomes } = await stage(t, server, { name: "shop", max_in_flight: 1 });
    hooks.react(leaveOpen);
    const [first, second] = await publishAll(client, [1, 2]);
    const hook = await hooks.nth(1);
    assert.equal((await client.request("DELETE", `/v1/endpoints/${endpointId}`)).status, 204);
    assert.equal((await readDelivery(client, second?.deliveryId ?? "")).status, "CANCELLED");
    hook.answer(500);
    const { row } = await outcomes.until(first?.deliveryId ?? "", "CANCELLED");
    assert.deepEqual([row.terminal_reason, row.endpoint_deleted], ["endpoint_deleted", true]);
    await waitForDispatch(t, server);
    assert.equal(hooks.all.length, 1);
    for (const published of [first, second]) {
      const delivery = await readDelivery(client, published?.deliveryId ?? "");
      assert.deepEqual(
        [delivery.status, delivery.terminal_reason, delivery.endpoint_name, delivery.endpoint_id],
        ["CANCELLED", "endpoint_deleted", "shop", endpointId],
      );
      assert.equal(delivery.endpoint_deleted, true);
      assert.equal((await act(client, delivery.id, "retry")).code, "INVALID_STATE");
    }
    assert.deepEqual((await publish(client)).deliveries, []);
    const other = await startHooks(t);
    await createEndpoint(client, { url: other.url });
    await publish(client);
    await other.nth(1);
  });
});
