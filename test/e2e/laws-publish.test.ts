/** What a 202 means: whom an event reaches, how often, and who may hear of it. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accept, leaveOpen, startHooks } from "../harness/hooks.ts";
import { createEndpoint, lull, numbersOf, patch, publish, publishMany, stage } from "../harness/scene.ts";
import { newTenant, startServer } from "../harness/server.ts";

const server = await startServer({ after });
const TARGETS_MAX = 1000;

test("two requests at once with one idempotency key make one event", async (t) => {
  const { client, hooks } = await stage(t, server);
  for (let round = 0; round < 10; round += 1) {
    const fields = { idempotency_key: `key ${round}`.replace(" ", "-") };
    const answers = await Promise.all(Array.from({ length: 4 }, () => publish(client, round, fields)));
    assert.equal(new Set(answers.map(({ eventId }) => eventId)).size, 1);
    assert.equal(new Set(answers.map(({ deliveryId }) => deliveryId)).size, 1);
    assert.deepEqual(answers.map(({ deliveries }) => deliveries[0]?.created).toSorted(), [false, false, false, true]);
  }
  await hooks.nth(10);
  await lull(t, server);
  assert.equal(hooks.all.length, 10);
});

test("another event with the same key is a conflict; without a key nothing is deduplicated", async (t) => {
  const { client, hooks } = await stage(t, server);
  const body = { type: "order.paid", payload: { n: 1 }, idempotency_key: "k" };
  const first = await client.request("POST", "/v1/events", { body });
  for (const other of [
    { payload: { n: 2 } },
    { type: "order.sent" },
    { endpoint_ids: [first.body.deliveries[0]?.endpoint_id] },
  ]) {
    const answer = await client.request("POST", "/v1/events", { body: { ...body, ...other } });
    assert.deepEqual([answer.status, answer.code], [409, "IDEMPOTENCY_KEY_CONFLICT"]);
  }
  // Another spelling of the same payload is another payload.
  const spelled = '{"type":"order.paid","payload":{"n": 1},"idempotency_key":"k"}';
  assert.equal((await client.request("POST", "/v1/events", { body: spelled })).status, 409);
  const other = await newTenant(server);
  assert.equal((await other.request("POST", "/v1/events", { body })).status, 202);
  await Promise.all([publish(client, 3), publish(client, 3)]);
  await hooks.nth(3);
  assert.deepEqual(numbersOf(hooks), [1, 3, 3]);
});

test("a repeat with its key tells of the first event's deliveries, also those of an endpoint deleted since", async (t) => {
  const { client, hooks, endpointId } = await stage(t, server);
  const first = await publish(client, 1, { idempotency_key: "k" });
  await hooks.nth(1);
  await client.request("DELETE", `/v1/endpoints/${endpointId}`);
  const repeat = await publish(client, 1, { idempotency_key: "k" });
  assert.equal(repeat.eventId, first.eventId);
  assert.deepEqual(repeat.deliveries, [{ delivery_id: first.deliveryId, endpoint_id: endpointId, created: false }]);
});

test("an event published right after an endpoint was made, changed or deleted goes by it", async (t) => {
  const { client, hooks, endpointId } = await stage(t, server);
  for (let n = 1; n <= 5; n += 1) {
    const fresh = await startHooks(t);
    await publish(client, 0);
    const id = await createEndpoint(client, { url: fresh.url });
    await publish(client, n);
    assert.deepEqual(numbersOf({ ...fresh, all: [await fresh.nth(1)] }), [n]);
    await patch(client, id, { event_types: ["nothing"] });
    assert.equal((await publish(client, n)).deliveries.length, 1);
    await client.request("DELETE", `/v1/endpoints/${id}`);
    assert.deepEqual(
      (await publish(client, n)).deliveries.map((row) => row.endpoint_id),
      [endpointId],
    );
  }
  await hooks.nth(20);
});

test("events published while endpoints change go by what was true at their commit", async (t) => {
  const { client, hooks, endpointId } = await stage(t, server);
  const changes = async () => {
    for (let turn = 0; turn < 20; turn += 1) await patch(client, endpointId, { description: `turn ${turn}` });
  };
  const published = await Promise.all([changes(), ...Array.from({ length: 100 }, (_, n) => publish(client, n))]);
  for (const event of published.slice(1)) assert.equal(event?.deliveries.length, 1);
  await hooks.nth(100);
  assert.equal(new Set(numbersOf(hooks)).size, 100);
});

test("one event reaches a thousand endpoints, and is refused whole for more", async (t) => {
  const client = await newTenant(server);
  const hooks = await startHooks(t);
  const create = (index: number) => createEndpoint(client, { url: `${hooks.url}/${index}` });
  const ids = await Promise.all(Array.from({ length: TARGETS_MAX }, (_, index) => create(index)));
  const { eventId, deliveries } = await publish(client);
  assert.deepEqual(deliveries.map((row) => row.endpoint_id).toSorted(), ids.toSorted());
  await hooks.nth(TARGETS_MAX);
  assert.equal(new Set(hooks.all.map(({ path }) => path)).size, TARGETS_MAX);
  assert.deepEqual(new Set(hooks.all.map(({ headers }) => headers["webhook-id"])), new Set([eventId]));

  await create(TARGETS_MAX);
  const refused = await client.request("POST", "/v1/events", { body: { type: "order.paid", payload: {} } });
  assert.deepEqual([refused.status, refused.code], [409, "TOO_MANY_TARGETS"]);
  await publish(client, 1, { endpoint_ids: ids.slice(0, 1) });
  await hooks.nth(TARGETS_MAX + 1);
  await lull(t, server);
  assert.equal(hooks.all.length, TARGETS_MAX + 1);
});

test("a stream tells of its own tenant's outcomes alone", async (t) => {
  const [one, other] = [await stage(t, server), await stage(t, server)];
  for (let n = 0; n < 5; n += 1) {
    const [mine, theirs] = await Promise.all([publish(one.client, n), publish(other.client, n)]);
    assert.equal((await one.outcomes.next()).row.id, mine.deliveryId);
    assert.equal((await other.outcomes.next()).row.id, theirs.deliveryId);
  }
});

test("one tenant's event never reaches another's endpoints, named or not", async (t) => {
  const [one, other] = [await stage(t, server), await stage(t, server)];
  const body = { type: "order.paid", payload: {}, endpoint_ids: [one.endpointId, other.endpointId] };
  const refused = await one.client.request("POST", "/v1/events", { body });
  assert.equal(refused.status, 400);
  assert.match(refused.text, new RegExp(other.endpointId));
  await publish(one.client);
  await one.hooks.nth(1);
  await lull(t, server);
  assert.deepEqual([one.hooks.all.length, other.hooks.all.length], [1, 0], "nothing of the refused one was stored");
});

test("what does not fit into memory waits in the store and is sent", async (t) => {
  const { client, hooks } = await stage(t, server, { max_in_flight: 256 });
  hooks.react(leaveOpen);
  await publishMany(client, 3000);
  await hooks.nth(4);
  hooks.react(accept);
  for (const hook of hooks.all.slice()) hook.answer(200);
  await hooks.nth(3000);
  assert.equal(new Set(numbersOf(hooks)).size, 3000);
  await lull(t, server);
  assert.equal(hooks.all.length, 3000, "none of them twice");
});
