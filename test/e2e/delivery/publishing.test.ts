/** What a 202 guarantees: which endpoints an event reaches, how often, and who can see it. */
import assert from "node:assert/strict";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { assembleServer } from "../../harness/assembled.ts";
import { newDataDir } from "../../harness/child.ts";
import { accept, leaveOpen, startHooks } from "../../harness/hooks.ts";
import {
  createEndpoint,
  createEndpoints,
  numbersOf,
  patch,
  publish,
  publishMany,
  stage,
  waitForDispatch,
} from "../../harness/scene.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const TARGETS_MAX = 1000;

test("simultaneous requests with the same idempotency key create one event", async (t) => {
  const { client, hooks } = await stage(t, server);
  for (let round = 0; round < 10; round += 1) {
    const fields = { idempotency_key: `key ${round}`.replace(" ", "-") };
    const answers = await Promise.all(Array.from({ length: 4 }, () => publish(client, round, fields)));
    assert.equal(new Set(answers.map(({ eventId }) => eventId)).size, 1);
    assert.equal(new Set(answers.map(({ deliveryId }) => deliveryId)).size, 1);
    assert.deepEqual(answers.map(({ deliveries }) => deliveries[0]?.created).toSorted(), [false, false, false, true]);
  }
  await hooks.nth(10);
  await waitForDispatch(t, server);
  assert.equal(hooks.all.length, 10);
});

test("a different event with the same key is a conflict; without a key nothing is deduplicated", async (t) => {
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
  // The same payload with different white space is a different payload.
  const reformatted = '{"type":"order.paid","payload":{"n": 1},"idempotency_key":"k"}';
  assert.equal((await client.request("POST", "/v1/events", { body: reformatted })).status, 409);
  const other = await newTenant(server);
  assert.equal((await other.request("POST", "/v1/events", { body })).status, 202);
  await Promise.all([publish(client, 3), publish(client, 3)]);
  await hooks.nth(3);
  assert.deepEqual(numbersOf(hooks), [1, 3, 3]);
});

test("a repeat with its key returns the first event's deliveries, even to an endpoint deleted since", async (t) => {
  const { client, hooks, endpointId } = await stage(t, server);
  const first = await publish(client, 1, { idempotency_key: "k" });
  await hooks.nth(1);
  await client.request("DELETE", `/v1/endpoints/${endpointId}`);
  const repeat = await publish(client, 1, { idempotency_key: "k" });
  assert.equal(repeat.eventId, first.eventId);
  assert.deepEqual(repeat.deliveries, [{ delivery_id: first.deliveryId, endpoint_id: endpointId, created: false }]);
});

test("an event published right after an endpoint is created, changed or deleted follows the change", async (t) => {
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

// Events that were committed after an endpoint was created and before it was deleted, but have no delivery to it.
const MISSED = `
  SELECT e.seq, v.seq
  FROM endpoint_history made
  JOIN endpoints e ON e.seq = made.endpoint_seq
  LEFT JOIN endpoint_history gone ON gone.endpoint_seq = e.seq AND gone.status = 'DELETED'
  JOIN events v ON v.seq > made.after_event_seq AND v.seq <= coalesce(gone.after_event_seq, v.seq)
  WHERE made.status = 'ACTIVE'
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_seq = v.seq AND d.endpoint_seq = e.seq)`;
const MADE_FOR_DELETED = `
  SELECT d.seq
  FROM endpoint_history gone
  JOIN deliveries d ON d.endpoint_seq = gone.endpoint_seq AND d.event_seq > gone.after_event_seq
  WHERE gone.status = 'DELETED'`;

test("an event goes to the endpoints that exist when it commits, however publishes and changes race", async (t) => {
  const dataDir = await newDataDir(t);
  const racing = await assembleServer(t, { dataDir });
  const hooks = await startHooks(t);
  const changes = async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const id = await createEndpoint(racing, { url: hooks.url });
      await racing.request("DELETE", `/v1/endpoints/${id}`);
    }
  };
  let changing = true;
  const publishing = async () => {
    while (changing) await publish(racing);
  };
  const ended = changes().then(() => {
    changing = false;
  });
  await Promise.all([ended, ...Array.from({ length: 16 }, publishing)]);
  const db = new DatabaseSync(path.join(dataDir, "signalbox.db"), { readOnly: true });
  t.after(() => db.close());
  assert.deepEqual(db.prepare(MISSED).all(), []);
  assert.deepEqual(db.prepare(MADE_FOR_DELETED).all(), []);
});

test("an ordered endpoint receives a batch in order, with known and new event types", async (t) => {
  const { client, hooks } = await stage(t, server, { ordered: true });
  await publish(client, 0, { type: "known" });
  const events = Array.from({ length: 80 }, (_, index) => ({
    type: index % 2 === 0 ? `new.${index}` : "known",
    payload: { n: index + 1 },
  }));
  const answer = await client.request("POST", "/v1/events/batch", { body: { events } });
  assert.equal(answer.status, 202, answer.text);
  await hooks.nth(81);
  assert.deepEqual(
    numbersOf(hooks),
    Array.from({ length: 81 }, (_, n) => n),
  );
});

test("one event reaches a thousand endpoints, and is rejected completely if there are more", async (t) => {
  const client = await newTenant(server);
  const hooks = await startHooks(t);
  const ids = await createEndpoints(client, TARGETS_MAX, (index) => ({ url: `${hooks.url}/${index}` }));
  const { eventId, deliveries } = await publish(client);
  assert.deepEqual(deliveries.map((row) => row.endpoint_id).toSorted(), ids.toSorted());
  await hooks.nth(TARGETS_MAX);
  assert.equal(new Set(hooks.all.map(({ path }) => path)).size, TARGETS_MAX);
  assert.deepEqual(new Set(hooks.all.map(({ headers }) => headers["webhook-id"])), new Set([eventId]));

  await createEndpoint(client, { url: `${hooks.url}/${TARGETS_MAX}` });
  const refused = await client.request("POST", "/v1/events", { body: { type: "order.paid", payload: {} } });
  assert.deepEqual([refused.status, refused.code], [409, "TOO_MANY_TARGETS"]);
  await publish(client, 1, { endpoint_ids: ids.slice(0, 1) });
  await hooks.nth(TARGETS_MAX + 1);
  await waitForDispatch(t, server);
  assert.equal(hooks.all.length, TARGETS_MAX + 1);
});

test("a stream contains only its own tenant's outcomes", async (t) => {
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
  await waitForDispatch(t, server);
  assert.deepEqual([one.hooks.all.length, other.hooks.all.length], [1, 0], "the rejected event stored nothing");
});

test("deliveries that do not fit into memory wait in the store and are sent", async (t) => {
  const { client, hooks } = await stage(t, server, { max_in_flight: 256 });
  hooks.react(leaveOpen);
  await publishMany(client, 1200);
  await hooks.nth(4);
  hooks.react(accept);
  for (const hook of hooks.all.slice()) hook.answer(200);
  await hooks.nth(1200);
  assert.equal(new Set(numbersOf(hooks)).size, 1200);
  await waitForDispatch(t, server);
  assert.equal(hooks.all.length, 1200, "no delivery is sent twice");
});
