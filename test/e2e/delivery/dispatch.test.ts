/** What the dispatcher starts while settlements are in progress, and what dead endpoints may delay. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Hooks, leaveOpen } from "../../harness/hooks.ts";
import {
  createEndpoint,
  createEndpoints,
  patch,
  publish,
  publishAll,
  publishMany,
  readDelivery,
  stage,
  waitForDispatch,
} from "../../harness/scene.ts";
import { startServer } from "../../harness/server.ts";

const server = await startServer({ after });

test("no attempt is started between a 410 and its settlement", async (t) => {
  const { client, hooks, endpointId, outcomes } = await stage(t, server, { max_in_flight: 1 });
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
});

test("an endpoint that always fails gets twenty attempts plus those in flight, and no more", async (t) => {
  const { client, hooks, endpointId } = await stage(t, server, { retry_schedule_seconds: [3600] });
  hooks.react((hook) => hook.answer(500));
  await patch(client, endpointId, { status: "PAUSED" });
  await publishMany(client, 500);
  await patch(client, endpointId, { status: "ACTIVE" });
  await hooks.nth(20);
  await waitForDispatch(t, server);
  assert.ok(hooks.all.length <= 23, `${hooks.all.length} requests`);
});

/** Attempts do not time out while a test waits for a signal. */
const SILENT = { timeout_seconds: 30 };
/** On a machine so busy that attempts time out meanwhile, another try can show that nothing waits for them. */
const TRIES = 5;

/** Fails if another tenant's event arrives only after an attempt at the silent endpoints has timed out. */
async function assertNotDelayed(silent: Hooks, deliverAnother: (count: number) => Promise<unknown>): Promise<void> {
  for (let count = 1; count <= TRIES; count += 1) {
    const over = silent.all.length - silent.open;
    await deliverAnother(count);
    if (silent.all.length - silent.open === over) return;
  }
  assert.fail("another tenant's events waited for attempts that timed out");
}

test("large payloads for one tenant's silent endpoints do not delay another tenant's events", async (t) => {
  const { client, hooks } = await stage(t, server, SILENT);
  hooks.react(leaveOpen);
  await createEndpoint(client, { url: hooks.url, ...SILENT });
  // More than the payloads that fit into memory, in batches within the size limit.
  for (let batch = 0; batch < 5; batch += 1) await publishMany(client, 30, { fill: "x".repeat(250_000) });
  await hooks.nth(8);
  await assertNotDelayed(hooks, () => waitForDispatch(t, server));
});

test("three hundred silent endpoints, each with more deliveries than fit into memory, do not delay another tenant's events", async (t) => {
  const { client, hooks } = await stage(t, server, SILENT);
  const other = await stage(t, server);
  hooks.react(leaveOpen);
  await createEndpoints(client, 299, () => ({ url: hooks.url, ...SILENT }));
  await publishMany(client, 20);
  await hooks.nth(1000);
  await assertNotDelayed(hooks, async (count) => {
    await publish(other.client);
    await other.hooks.nth(count);
  });
  await assertNotDelayed(hooks, () => waitForDispatch(t, server));
});
