import assert from "node:assert/strict";
import { test } from "node:test";
import { destinationOf, type Endpoint, LISTENER_DEFAULTS } from "../../../../src/domain/endpoints/endpoint.ts";
import type { EpochMs, Uuid } from "../../../../src/domain/ids.ts";
import {
  LISTENER_CANCELLED_COUNT,
  LISTENER_UNSEEN_MS,
  LISTENER_WAITING_COUNT_MAX,
  LISTENERS_PER_TENANT_COUNT_MAX,
} from "../../../../src/domain/limits.ts";
import type { ConnectListener, PutListener, PutListenerResult } from "../../../../src/ports/store.ts";
import type { Tenancy } from "../access/tenancy.ts";
import { DAY, HOUR, MINUTE, SECOND, START } from "../delivery/times.ts";
import { succeeded } from "../delivery/verdicts.ts";
import { type OpenStore, useWorld, type World, withWorld } from "../world.ts";

const SECRET = "whsec_0123456789abcdef";

function put(world: World, { actor, tenantSeq }: Tenancy, more: Partial<PutListener> = {}): Promise<PutListenerResult> {
  const how = {
    settings: {},
    defaults: LISTENER_DEFAULTS,
    secret: SECRET,
    newSecret: "unused",
    ifFree: false,
    now: START,
  };
  return world.store.putListener({ actor, tenantSeq, id: world.newId(), name: "cli/ada", ...how, ...more });
}

async function listener(world: World, tenant: Tenancy, more: Partial<PutListener> = {}): Promise<Endpoint> {
  const made = await put(world, tenant, more);
  assert(made.kind === "created");
  return made.endpoint;
}

const ADA = { session: "session of ada", reader: "ada@laptop", takeover: false } as const;

function connect(world: World, { actor, tenantSeq }: Tenancy, { id }: Endpoint, more: Partial<ConnectListener> = {}) {
  return world.store.connectListener({ actor, tenantSeq, id, connection: world.newId(), ...ADA, now: START, ...more });
}

async function connected(world: World, tenant: Tenancy, endpoint: Endpoint, more: Partial<ConnectListener> = {}) {
  const result = await connect(world, tenant, endpoint, more);
  assert(result.kind === "connected");
  return result;
}

function disconnect(world: World, { tenantSeq }: Tenancy, { seq }: Endpoint, connection: Uuid, now: EpochMs = START) {
  return world.store.disconnectListener({ tenantSeq, endpointSeq: seq, connection, now });
}

export function listenerCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a listener is created once, and adopted by its name with the settings that differ", async () => {
    const tenant = await world.newTenant();
    const made = await listener(world, tenant, { settings: { eventTypes: ["a.*"] } });
    assert.deepEqual(
      [made.url, made.transport, made.status, made.pausedAt],
      ["listener:cli/ada", "stream", "PAUSED", null],
    );
    assert.deepEqual([made.eventTypes, made.timeoutSeconds], [["a.*"], 30]);
    const same = await put(world, tenant, { secret: null, settings: { eventTypes: ["a.*"] }, now: START + 1 });
    assert(same.kind === "adopted");
    assert.deepEqual(same.endpoint, made);
    const changed = await put(world, tenant, {
      secret: "another secret of 16",
      settings: { maxInFlight: 3 },
      now: START + 2,
    });
    assert(changed.kind === "adopted");
    assert.deepEqual(
      [changed.endpoint.maxInFlight, changed.endpoint.eventTypes, changed.endpoint.secrets.current],
      [3, ["a.*"], "another secret of 16"],
    );
    const other = await world.newTenant();
    assert.equal((await put(world, other)).kind, "created");
    assert.deepEqual(
      (await world.store.listListeners(tenant.tenantSeq)).map(({ endpoint, listener: state }) => [endpoint.id, state]),
      [[made.id, { isConnected: false, reader: null, connectedAt: null, seenAt: START }]],
    );
  });

  test("a tenant has a limited number of listeners", async () => {
    const tenant = await world.newTenant();
    for (let count = 0; count < LISTENERS_PER_TENANT_COUNT_MAX; count += 1) {
      assert.equal((await put(world, tenant, { name: `n${count}` })).kind, "created");
    }
    assert.deepEqual(await put(world, tenant), { kind: "tooMany" });
    assert.equal((await put(world, tenant, { name: "n7" })).kind, "adopted");
  });

  test("deliveries are held until a reader comes, and then this node owns the lane", async () => {
    const tenant = await world.newTenant();
    const made = await listener(world, tenant);
    const first = await tenant.waiting(made, { now: START + SECOND });
    assert.equal((await tenant.row(first.id)).state, "HELD");
    assert.deepEqual(await tenant.claim(made, START + MINUTE), []);
    const { lane, endpoint } = await connected(world, tenant, made, { now: START + MINUTE });
    assert.deepEqual([lane.held, lane.owner, lane.readyAt], [false, "self", START + SECOND]);
    assert.equal(lane.heldMs, MINUTE);
    assert.equal(endpoint.updatedAt, made.updatedAt);
    assert.deepEqual(
      (await tenant.claim(made, START + MINUTE)).map(({ id }) => id),
      [first.id],
    );
    const view = await tenant.view(made);
    assert.deepEqual(view.listener, {
      isConnected: true,
      reader: "ada@laptop",
      connectedAt: START + MINUTE,
      seenAt: START + MINUTE,
    });
    assert.equal(view.endpoint.status, "ACTIVE");
  });

  test("a second reader is refused, the same process comes back, and another one takes over", async () => {
    const tenant = await world.newTenant();
    const made = await listener(world, tenant);
    const first = world.newId();
    await connected(world, tenant, made, { connection: first });
    const bob = { session: "session of bob", reader: "bob@desk" };
    const busy = await connect(world, tenant, made, { ...bob, now: START + SECOND });
    assert.deepEqual(busy, { kind: "busy", reader: "ada@laptop", since: START });
    const again = world.newId();
    await connected(world, tenant, made, { connection: again, now: START + SECOND });
    assert.equal(await disconnect(world, tenant, made, first), null);
    await connected(world, tenant, made, { ...bob, takeover: true, now: START + 2 * SECOND });
    assert.equal(await disconnect(world, tenant, made, again), null);
    const [reader] = await world.store.findReaders([made.seq]);
    assert.equal(reader?.reader, "bob@desk");
    const filter = {
      tenantSeq: tenant.tenantSeq,
      pauseId: null,
      type: "webhook.listened",
      from: null,
      to: null,
    } as const;
    const lines = await world.store.listAudit(filter, 0, 10);
    assert.deepEqual(
      lines.rows.map(({ data }) => [data.reader, data.displaced]),
      [
        ["bob@desk", "ada@laptop"],
        ["ada@laptop", undefined],
      ],
    );
  });

  test("when the reader goes, the lane is held, and what was leased waits uncounted", async () => {
    const tenant = await world.newTenant();
    const made = await listener(world, tenant);
    const connection = world.newId();
    await connected(world, tenant, made, { connection });
    const leased = await tenant.leased(made);
    const lane = await disconnect(world, tenant, made, connection, START + SECOND);
    assert.deepEqual([lane?.held, lane?.readyAt], [true, null]);
    await tenant.release([leased], START + SECOND);
    const { row } = await tenant.find(leased.id);
    assert.deepEqual([row.state, row.attempts], ["HELD", 0]);
    const back = await connected(world, tenant, made, { now: START + DAY });
    assert.equal(back.lane.readyAt, START);
    const [again] = await tenant.claim(made, START + DAY);
    assert.equal(again?.id, leased.id);
  });

  test("a pause by a person outlasts readers, and its end without a reader holds the lane", async () => {
    const tenant = await world.newTenant();
    const made = await listener(world, tenant);
    const paused = await tenant.patch(made, { status: "PAUSED" }, START + SECOND);
    assert.equal(paused.endpoint.pausedAt, START + SECOND);
    const connection = world.newId();
    assert.equal((await connected(world, tenant, made, { connection })).lane.held, true);
    const resumed = await tenant.patch(made, { status: "ACTIVE" }, START + MINUTE);
    assert.deepEqual([resumed.endpoint.status, resumed.lane.held], ["ACTIVE", false]);
    await disconnect(world, tenant, made, connection);
    const again = await tenant.patch(made, { status: "ACTIVE" }, START + HOUR);
    assert.deepEqual([again.endpoint.status, again.endpoint.pausedAt, again.lane.held], ["PAUSED", null, true]);
    const disabled = await tenant.patch(made, { status: "toggle" }, START + HOUR);
    assert.equal(disabled.endpoint.status, "DISABLED");
    const { endpoint, lane } = await connected(world, tenant, made);
    assert.deepEqual([endpoint.status, lane.held], ["DISABLED", true]);
  });

  test("events reach a listener whether or not somebody listened when they were published", async () => {
    const tenant = await world.newTenant();
    const made = await listener(world, tenant, { settings: { eventTypes: ["order.paid"] } });
    const { found } = await world.store.matchTypes(tenant.tenantSeq, ["order.paid"]);
    assert.deepEqual(
      found[0]?.endpoints.map(({ id }) => id),
      [made.id],
    );
    const connection = world.newId();
    const { endpoint } = await connected(world, tenant, made, { connection });
    const leased = await tenant.leased(made);
    const settled = await tenant.settle(leased, succeeded);
    assert.equal(settled.state, "DELIVERED");
    assert.equal(endpoint.id, destinationOf(made).id);
  });

  test("a report for another node is refused once the lease has ended, and taken once", async () => {
    const tenant = await world.newTenant();
    const made = await listener(world, tenant);
    await connected(world, tenant, made);
    const { token } = await tenant.leased(made);
    const reports = [
      { lease: token, report: "of a lease" },
      { lease: token + 1_000_000, report: "of none" },
      { lease: null, report: "of a test" },
    ];
    const now = START + SECOND;
    assert.deepEqual(await world.store.forwardReports({ node: world.node, reports, now }), [true, false, true]);
    assert.deepEqual(await world.store.forwardReports({ node: world.node + 99, reports, now }), [false, false, false]);
    assert.deepEqual(await world.store.takeReports(now), ["of a lease", "of a test"]);
    assert.deepEqual(await world.store.takeReports(now), []);
  });

  test("a node that is gone has no readers, and its listeners wait", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const made = await listener(alone, tenant);
      await connected(alone, tenant, made);
      const leased = await tenant.leased(made);
      await alone.restart(START + MINUTE);
      const view = await tenant.view(made);
      assert.deepEqual([view.listener?.isConnected, view.endpoint.status], [false, "PAUSED"]);
      assert.equal((await tenant.row(leased.id)).state, "HELD");
      const { lane } = await connected(alone, tenant, made, { session: "another process", now: START + HOUR });
      assert.equal(lane.owner, "self");
      assert.equal((await tenant.claim(made, START + HOUR))[0]?.id, leased.id);
    });
  });

  test("a listener that nobody has read for a week goes, with its backlog", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const made = await listener(alone, tenant);
      const read = await listener(alone, tenant, { name: "read" });
      await connected(alone, tenant, read);
      const { id } = await tenant.waiting(made);
      const sweep = (now: EpochMs) => alone.store.sweep({ now, retentionMs: 30 * DAY });
      await sweep(START + LISTENER_UNSEEN_MS);
      assert.notEqual(await alone.store.getEndpoint(tenant.tenantSeq, made.id), null);
      await sweep(START + LISTENER_UNSEEN_MS + 2 * HOUR);
      assert.equal(await alone.store.getEndpoint(tenant.tenantSeq, made.id), null);
      assert.equal((await tenant.row(id)).state, "CANCELLED");
      assert.notEqual(await alone.store.getEndpoint(tenant.tenantSeq, read.id), null);
      assert.equal((await put(alone, tenant)).kind, "created");
    });
  });

  const skip = process.env.CONFORMANCE !== "all"; // it takes 10,000 deliveries
  test("what waited before nobody listened is bounded by the next sweep", { skip }, async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant();
      const made = await listener(alone, tenant);
      const connection = alone.newId();
      await connect(alone, tenant, made, { connection });
      const more = 2.5 * LISTENER_CANCELLED_COUNT;
      const sending = Array.from({ length: LISTENER_WAITING_COUNT_MAX + more }, () => tenant.waiting(made));
      const sent = await Promise.all(sending);
      await disconnect(alone, tenant, made, connection, START + MINUTE);
      while ((await alone.store.sweep({ now: START + HOUR, retentionMs: 30 * DAY })).more);
      const states = [0, 2 * LISTENER_CANCELLED_COUNT - 1, 2 * LISTENER_CANCELLED_COUNT].map(async (index) => {
        return (await tenant.row(sent[index]?.id as Uuid)).reason;
      });
      assert.deepEqual(await Promise.all(states), ["listener_full", "listener_full", null]);
    });
  });

  test("beyond the bound, the oldest that wait are cancelled, and the newest stay", async () => {
    const tenant = await world.newTenant();
    const made = await listener(world, tenant);
    const payload = `{"text":"${"x".repeat(250 * 1024)}"}`;
    const sent: Uuid[] = [];
    // 64 MB are 262 of these.
    for (let count = 0; count < 263; count += 1) {
      sent.push((await tenant.waiting(made, { payload, now: START + count })).id);
    }
    const oldest = await tenant.row(sent[0] as Uuid);
    assert.deepEqual([oldest.state, oldest.reason], ["CANCELLED", "listener_full"]);
    assert.equal((await tenant.row(sent[LISTENER_CANCELLED_COUNT] as Uuid)).state, "HELD");
    const view = await tenant.view(made);
    assert.equal(view.waiting.count, 263 - LISTENER_CANCELLED_COUNT);
    assert.equal(view.heldBytes, payload.length * view.waiting.count);
    assert.ok(LISTENER_WAITING_COUNT_MAX >= 263);
  });
}
