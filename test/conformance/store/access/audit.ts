import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actor } from "../../../../src/domain/access/access.ts";
import type { Endpoint } from "../../../../src/domain/endpoints/endpoint.ts";
import type { Pause } from "../../../../src/domain/pauses/pause.ts";
import type { AuditFilter } from "../../../../src/ports/store.ts";
import { DAY, HOUR, START } from "../delivery/times.ts";
import { createAsking } from "../pauses/asking.ts";
import { type OpenStore, useWorld, withWorld } from "../world.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const CHANGES = {
  name: "Other",
  headers: { "x-token": "secret" },
  eventTypes: Array<string>(99).fill("order.paid"),
};

/** What the audit says about the changes and the new status. Values of headers may be secrets, and long values are cut. */
function dataOfChanges(endpoint: Endpoint) {
  return {
    endpointId: endpoint.id,
    changed: "name, event_types, status, headers_json",
    name: "Other",
    previous_name: endpoint.name,
    event_types: `${JSON.stringify(CHANGES.eventTypes).slice(0, 1000)}…`,
    previous_event_types: null,
    status: "PAUSED",
    previous_status: "ACTIVE",
  };
}

export function auditCases(open: OpenStore): void {
  const world = useWorld(open);
  const newAsking = async () => {
    const tenant = await world.newTenant();
    return { tenant, ...createAsking(world, tenant) };
  };

  test("the audit records changes of keys, endpoints and pauses, each with its actor", async () => {
    const { tenant, ask, openedBy, answer, audit } = await newAsking();
    const endpoint = await tenant.endpoint({}, START + 1);
    const pause = await ask({ now: START + 2 });
    await openedBy(pause, "Mail/1", START + 3);
    await answer(pause, { now: START + 4 });
    await tenant.remove(endpoint, START + 5);
    const rows = await audit();
    assert.deepEqual(
      rows.map(({ type, actor, pauseId, createdAt }) => [type, actor, pauseId, createdAt - START]),
      [
        ["key.created", "system", null, 0],
        ["webhook.created", "developer", null, 1],
        ["pause.created", "developer", pause.id, 2],
        ["pause.opened", "human", pause.id, 3],
        ["pause.responded", "human", pause.id, 4],
        ["webhook.deleted", "developer", null, 5],
      ],
    );
    assert.deepEqual(rows[1]?.data, { endpointId: endpoint.id, url: endpoint.url });
    assert(rows.every(({ id }) => UUID.test(id)));
    assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
  });

  test("acts of people are found by their actor and by what they were about", async () => {
    const { tenant, audit } = await newAsking();
    const userId = world.newId();
    const user = {
      id: userId,
      email: `Acting${userId}@example.com`,
      passwordHash: "$argon2id$",
      role: "org_admin",
    } as const;
    await world.store.createUser({ ...tenant.owner, user, link: null, now: START + 1 });
    const actor: Actor = { ...tenant.actor, kind: "user", id: userId };
    const endpoint = await tenant.endpoint({}, START + 2);
    const patch = { actor, tenantSeq: tenant.tenantSeq, id: endpoint.id };
    await world.store.patchEndpoint({ ...patch, settings: CHANGES, status: "PAUSED", now: START + 3 });
    await world.store.patchEndpoint({ ...patch, settings: CHANGES, now: START + 4 });
    await world.store.patchEndpoint({
      ...patch,
      secret: { value: "whsec_other", previousUntil: null },
      now: START + 5,
    });
    const delivery = await tenant.waiting(endpoint, { now: START + 6 });
    await world.store.cancel({ ...patch, id: delivery.id, now: START + 7 });
    await world.store.retry({ ...patch, id: delivery.id, now: START + 8 });
    await world.store.cancel({ ...patch, id: world.newId(), now: START + 9 });
    const deliveryIds = [delivery.id];
    await world.store.replay({ ...patch, deliveryIds, dryRun: true, now: START + 10 });
    await world.store.replay({ ...patch, deliveryIds, dryRun: false, now: START + 11 });
    await world.store.recordAction({
      ...patch,
      type: "webhook.tested",
      subject: endpoint.id,
      data: {},
      now: START + 12,
    });
    const types = async (filter: Partial<AuditFilter>) => (await audit(filter)).map(({ type }) => type);
    assert.deepEqual(await types({ subjectId: endpoint.id }), [
      "webhook.created",
      "webhook.updated",
      "webhook.rotated",
      "webhook.tested",
    ]);
    const ofDelivery = ["delivery.cancelled", "delivery.retried", "delivery.replayed"];
    assert.deepEqual(await types({ subjectId: delivery.id }), ofDelivery);
    assert.deepEqual(await types({ subjectId: delivery.id, type: "delivery.retried" }), ["delivery.retried"]);
    assert.deepEqual(await types({ actorId: userId, to: START + 4 }), ["webhook.updated"]);
    assert.deepEqual(await types({ actorId: userId, type: "webhook.rotated" }), ["webhook.rotated"]);
    const [updated] = await audit({ actorId: userId });
    assert.deepEqual(updated?.by, { kind: "user", id: userId });
    assert.equal(updated?.email, user.email);
    assert.deepEqual(updated?.data, dataOfChanges(endpoint));
    const other = await newAsking();
    assert.deepEqual(await other.audit({ subjectId: endpoint.id }), []);
    assert.deepEqual(await other.audit({ actorId: userId }), []);
  });

  test("filters by pause, type and time work alone and together", async () => {
    const { ask, answer, openedBy, audit } = await newAsking();
    const [a, b] = [await ask({ now: START + HOUR }), await ask({ now: START + HOUR })];
    await openedBy(a, null, START + HOUR + 1);
    await openedBy(b, null, START + HOUR + 2);
    await answer(a, { now: START + HOUR + 3 });
    const types = async (filter: Partial<AuditFilter>) => (await audit(filter)).map(({ type }) => type);
    assert.deepEqual(await types({ pauseId: a.id }), ["pause.created", "pause.opened", "pause.responded"]);
    assert.deepEqual(await types({ type: "pause.opened" }), ["pause.opened", "pause.opened"]);
    assert.deepEqual(await types({ type: "pause.opened", pauseId: b.id }), ["pause.opened"]);
    assert.deepEqual(await types({ type: "key.revoked" }), []);
    const first = START + HOUR + 1;
    assert.deepEqual(await types({ from: first }), ["pause.opened", "pause.opened", "pause.responded"]);
    assert.deepEqual(await types({ to: first }), ["key.created", "pause.created", "pause.created"]);
    assert.deepEqual(await types({ from: first, to: first + 1 }), ["pause.opened"]);
    assert.deepEqual(await types({ from: first, pauseId: a.id }), ["pause.opened", "pause.responded"]);
    assert.deepEqual(await types({ from: first + 1, type: "pause.opened" }), ["pause.opened"]);
  });

  test("pages are newest first, by offset, with the total of all entries", async () => {
    const { tenant, ask } = await newAsking();
    const pauses: Pause[] = [];
    for (let index = 0; index < 5; index += 1) pauses.push(await ask({ now: START + Math.floor(index / 2) }));
    const page = async (offset: number, limit: number) => {
      const { tenantSeq } = tenant;
      const filter = { tenantSeq, pauseId: null, type: "pause.created", from: null, to: null } as const;
      const { rows, total } = await world.store.listAudit(filter, offset, limit);
      assert.equal(total, 5);
      return rows.map(({ pauseId }) => pauses.findIndex(({ id }) => id === pauseId));
    };
    assert.deepEqual(await page(0, 3), [4, 3, 2]);
    assert.deepEqual(await page(3, 3), [1, 0]);
    assert.deepEqual(await page(9, 3), []);
  });

  test("entries are in order of time, even when they were committed in another order", async () => {
    const { ask, audit } = await newAsking();
    await ask({ now: START + 9 });
    await ask({ now: START + 3 });
    const rows = await audit({ type: "pause.created" });
    assert.deepEqual(
      rows.map(({ createdAt }) => createdAt - START),
      [3, 9],
    );
    assert.equal((await audit({ type: "pause.created", to: START + 9 })).length, 1);
  });

  test("a tenant sees only its own entries, even when it filters by another tenant's pause", async () => {
    const [one, other] = [await newAsking(), await newAsking()];
    const pause = await one.ask();
    assert.deepEqual(await other.audit({ pauseId: pause.id }), []);
    assert.deepEqual(await other.audit({ pauseId: pause.id, type: "pause.created" }), []);
    assert.deepEqual(await other.audit({ type: "pause.created" }), []);
    assert.equal((await other.audit()).length, 1);
  });

  test("an entry is deleted at the retention time, whether or not its pause has ended", async () => {
    await withWorld(open, async (alone) => {
      const { ask, openedBy, audit } = createAsking(alone, await alone.newTenant());
      const pause = await ask({ expiresAt: START + 90 * DAY });
      await openedBy(pause, null, START + 20 * DAY);
      while ((await alone.store.sweep({ now: START + 11 * DAY, retentionMs: 10 * DAY })).more);
      assert.deepEqual(
        (await audit()).map(({ type }) => type),
        ["pause.opened"],
      );
    });
  });

  test("the time of a start is not before the newest audit entry, unless the database has the time", async () => {
    await withWorld(open, async (alone) => {
      const isShared = alone.store.notes !== null;
      const { ask, cancel } = createAsking(alone, await alone.newTenant());
      await cancel(await ask({ now: START + HOUR }), START + 2 * HOUR);
      assert.equal((await alone.restart(START)).now, isShared ? START : START + 2 * HOUR);
    });
  });
}
