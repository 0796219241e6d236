/** Retries from the dashboard: a double click retries once, and retrying an event retries its failed deliveries. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { leaveOpen, startHooks } from "../../harness/hooks.ts";
import { createEndpoint, publish, readDelivery, type Scene, stage, waitForDispatch } from "../../harness/scene.ts";
import { type Answer, type Client, newTenant, type Tenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const CLICKS = 6;

/** The receiver answers 500 until the test changes it, and the endpoint has no scheduled retries. */
async function failingScene(t: { after(end: () => void | Promise<void>): void }): Promise<Scene> {
  const scene = await stage(t, server, { retry_schedule_seconds: [] });
  scene.hooks.react((hook) => hook.answer(500));
  return scene;
}

async function click(scene: Scene, id: string): Promise<number[]> {
  const one = () => scene.client.request("POST", `/dashboard/webhooks/deliveries/${id}/retry`);
  const answers = await Promise.all(Array.from({ length: CLICKS }, one));
  return answers.map(({ status }) => status).sort();
}

const ONE_OF_ALL = [200, ...Array<number>(CLICKS - 1).fill(409)];

test("simultaneous retries of a failed delivery queue it once", async (t) => {
  const scene = await failingScene(t);
  const { deliveryId } = await publish(scene.client);
  await scene.outcomes.until(deliveryId, "FAILED");
  scene.hooks.react(leaveOpen);
  assert.deepEqual(await click(scene, deliveryId), ONE_OF_ALL);
  const again = await scene.hooks.nth(2);
  assert.deepEqual(await click(scene, deliveryId), Array<number>(CLICKS).fill(409));
  again.answer(200);
  await scene.outcomes.until(deliveryId, "DELIVERED");
  await waitForDispatch(t, server);
  assert.equal(scene.hooks.all.length, 2);
  assert.equal((await readDelivery(scene.client, deliveryId)).attempts_count, 2);
  assert.deepEqual(await click(scene, deliveryId), Array<number>(CLICKS).fill(409));
});

test("a retry of an event queues its failed deliveries once and does not resend the delivered ones", async (t) => {
  const scene = await failingScene(t);
  const alsoFailing = await startHooks(t);
  alsoFailing.react((hook) => hook.answer(500));
  await createEndpoint(scene.client, { url: alsoFailing.url, retry_schedule_seconds: [] });
  const good = await startHooks(t);
  await createEndpoint(scene.client, { url: good.url });
  const { eventId, deliveries } = await publish(scene.client);
  const [first, second, third] = deliveries.map((row) => row.delivery_id);
  for (let left = 3; left > 0; left -= 1) await scene.outcomes.next();
  scene.hooks.react(leaveOpen);
  alsoFailing.react(leaveOpen);
  const answer = await scene.client.request("POST", `/dashboard/webhooks/deliveries/${eventId}/retry`);
  assert.equal(
    answer.text,
    JSON.stringify({
      success: true,
      data: { id: first, eventId, status: "pending" },
      message: "2 deliveries queued for retry.",
    }),
  );
  assert.deepEqual(await click(scene, eventId), Array<number>(CLICKS).fill(409));
  const repeats = [await scene.hooks.nth(2), await alsoFailing.nth(2)];
  for (const repeat of repeats) repeat.answer(200);
  for (const id of [first, second]) await scene.outcomes.until(id ?? "", "DELIVERED");
  assert.equal((await readDelivery(scene.client, third ?? "")).attempts_count, 1);
  assert.equal(good.all.length, 1);
});

const NOWHERE = "http://127.0.0.1:9/hook";
const UNKNOWN = "00000000-0000-7000-8000-000000000000";

function assertRefused(answer: Answer, statusCode: number, error: string): string {
  const { message } = answer.body;
  assert.deepEqual([answer.status, answer.text], [statusCode, JSON.stringify({ statusCode, error, message })]);
  return message;
}

/** A delivery that was cancelled before it was sent. The dashboard shows it as failed. */
async function failedDelivery(client: Tenant): Promise<{ eventId: string; deliveryId: string; endpointId: string }> {
  const made = await client.request("POST", "/v1/endpoints", { body: { url: NOWHERE } });
  await client.request("PATCH", `/v1/endpoints/${made.body.id}`, { body: { status: "PAUSED" } });
  const body = { type: "order.paid", payload: {}, endpoint_ids: [made.body.id] };
  const event = await client.request("POST", "/v1/events", { body });
  const deliveryId = event.body.deliveries[0]?.delivery_id ?? "";
  assert.equal((await client.request("POST", `/v1/deliveries/${deliveryId}/cancel`)).status, 200);
  return { eventId: event.body.event_id, deliveryId, endpointId: made.body.id };
}

const retry = (client: Client, id: string) => client.request("POST", `/dashboard/webhooks/deliveries/${id}/retry`);

test("a failed delivery can be retried by its own id or its event's id, but only while it is failed", async () => {
  for (const by of ["deliveryId", "eventId"] as const) {
    const client = await newTenant(server);
    const failed = await failedDelivery(client);
    const answer = await retry(client, failed[by]);
    const expected = {
      success: true,
      data: { id: failed.deliveryId, eventId: failed.eventId, status: "pending" },
      message: "Delivery queued for retry.",
    };
    assert.deepEqual([answer.status, answer.text], [200, JSON.stringify(expected)]);
    assert.equal((await client.request("GET", `/v1/deliveries/${failed.deliveryId}`)).body.status, "HELD");
    for (const id of [failed.deliveryId, failed.eventId]) {
      const message = assertRefused(await retry(client, id), 409, "INVALID_STATE");
      assert.match(message, /^Only failed deliveries can be retried\. /);
    }
  }
});

test("tests and deliveries to a deleted webhook cannot be retried", async () => {
  const client = await newTenant(server);
  const endpointId = await createEndpoint(client, { url: "http://127.0.0.1:1/" });
  await client.request("POST", `/dashboard/webhooks/${endpointId}/test`);
  const [tried] = (await client.request("GET", "/v1/deliveries")).body.results;
  const lost = await failedDelivery(client);
  await client.request("DELETE", `/dashboard/webhooks/${lost.endpointId}`);
  for (const named of [tried?.id, tried?.event_id, lost.deliveryId, lost.eventId]) {
    const message = assertRefused(await retry(client, named ?? ""), 409, "INVALID_STATE");
    assert.match(message, /test|deleted/);
  }
});

test("ids that are unknown, malformed or another tenant's all get the same 404 and change nothing", async () => {
  const owner = await newTenant(server);
  const stranger = await newTenant(server);
  const { deliveryId, eventId, endpointId } = await failedDelivery(owner);
  const texts = new Set<string>();
  const unknown = ["del_", "evt_", "webhook_"].map((prefix) => prefix + UNKNOWN);
  for (const id of [
    deliveryId,
    eventId,
    endpointId,
    ...unknown,
    "nonsense",
    "%00",
    "%0d%0aX-A:%201",
    "x".repeat(3000),
  ]) {
    const answer = await retry(stranger, id);
    assertRefused(answer, 404, "DELIVERY_NOT_FOUND");
    texts.add(answer.text);
  }
  assert.equal(texts.size, 1);
  assert.equal((await readDelivery(owner, deliveryId)).status, "CANCELLED");
});
