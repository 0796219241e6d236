import assert from "node:assert/strict";
import { test } from "node:test";
import { QUOTA_DEFAULTS, type QuotaChanges } from "../../../../src/domain/access/quota.ts";
import { STORED_BYTES_PER_ROW } from "../../../../src/domain/limits.ts";
import { createSourceOf } from "../../../fixtures/inbound.ts";
import { DAY, HOUR, START } from "../delivery/times.ts";
import { succeeded } from "../delivery/verdicts.ts";
import { createReceiving } from "../inbound/receiving.ts";
import { createAsking } from "../pauses/asking.ts";
import { sweepAll } from "../upkeep/retention.ts";
import { type OpenStore, useWorld, type World, withWorld } from "../world.ts";
import type { Tenancy } from "./tenancy.ts";

const kinds = (results: readonly { readonly kind: string }[]) => results.map(({ kind }) => kind).toSorted();

const shown = async (world: World, { actor }: Tenancy) =>
  (await world.store.getTenant(actor.tenantId)) ?? assert.fail("no such tenant");

const change = (world: World, { actor }: Tenancy, quotas: QuotaChanges) =>
  world.store.patchTenant({ actor, id: actor.tenantId, quotas, now: START });

const stored = async (world: World, tenant: Tenancy) => (await shown(world, tenant)).use.stored_bytes;

/** The stored bytes of `rows` rows with these texts. */
const counted = (rows: number, contents: readonly string[]) =>
  rows * STORED_BYTES_PER_ROW + contents.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

export function quotaCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a new tenant has the defaults, and one key", async () => {
    const tenant = await world.newTenant();
    const { quotas, use } = await shown(world, tenant);
    assert.deepEqual(quotas, QUOTA_DEFAULTS);
    assert.deepEqual(use, { endpoints: 0, keys: 1, sources: 0, open_pauses: 0, stored_bytes: 0 });
    assert.equal(await world.store.getTenant(world.newId()), null);
  });

  test("each quota changes separately, and null restores the default", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    await change(world, tenant, { endpoints: 0, events_per_second: 5 });
    const changed = await change(world, tenant, { endpoints: null, keys: 3 });
    assert.deepEqual(changed?.quotas, { ...QUOTA_DEFAULTS, keys: 3, events_per_second: 5 });
    assert.deepEqual(await shown(world, tenant), changed);
    assert.deepEqual(await world.store.findQuotas(tenant.tenantSeq), changed?.quotas);
    assert.deepEqual(await world.store.findQuotas(other.tenantSeq), QUOTA_DEFAULTS);
  });

  test("a tenant is renamed with or without new quotas; both are audited, and a change without effect is not", async () => {
    const tenant = await world.newTenant();
    const { actor, tenantSeq } = tenant;
    const patch = (name: string, quotas?: QuotaChanges) =>
      world.store.patchTenant({ actor, id: actor.tenantId, name, ...(quotas && { quotas }), now: START });
    assert.equal((await patch("Acme"))?.name, "Acme");
    await patch("Acme");
    assert.equal((await patch("Acme Ltd", { keys: 7 }))?.quotas.keys, 7);
    assert.equal((await world.store.findTenant(actor.tenantId))?.name, "Acme Ltd");
    const filter = { tenantSeq, pauseId: null, type: "tenant.updated", from: null, to: null } as const;
    const { rows } = await world.store.listAudit(filter, 0, 10);
    const rest = { portal_origins: "[]", links: "shown" };
    assert.deepEqual(
      rows.map(({ data: { previous_name, ...data } }) => [data, previous_name === "Acme"]),
      [
        [{ name: "Acme Ltd", quotas: '{"keys":7}', previous_quotas: "{}", ...rest }, true],
        [{ name: "Acme", quotas: "{}", ...rest }, false],
      ],
    );
    assert.equal(await world.store.patchTenant({ actor, id: world.newId(), name: "x", now: START }), null);
  });

  test("of two concurrent requests for the last free place, one succeeds: endpoints, keys, sources and open pauses", async () => {
    const tenant = await world.newTenant();
    const { actor, tenantSeq } = tenant;
    const asking = createAsking(world, tenant);
    await change(world, tenant, { endpoints: 2, keys: 2, sources: 2, open_pauses: 2 });
    const endpoint = await tenant.endpoint();
    const newEndpoint = () =>
      world.store.createEndpoint({
        ...{
          actor,
          tenantSeq,
          settings: endpoint,
          createdThrough: "endpoints",
          secret: "a secret of sixteen",
          now: START,
        },
        id: world.newId(),
      });
    const newKey = () => world.store.createKey({ actor, tenantSeq, key: world.newKey("developer"), now: START });
    const newSource = (name: string) => {
      const ground = { newId: world.newId, now: START };
      return world.store.createSource(createSourceOf(ground, actor, { name: `${name} of ${tenantSeq}` }));
    };
    const newPause = () => world.store.createPause(asking.request());
    await newSource("first");
    const pause = await asking.ask();
    const both = ["created", "quotaExceeded"];
    assert.deepEqual(kinds(await Promise.all([newEndpoint(), newEndpoint()])), both);
    assert.deepEqual(kinds(await Promise.all([newKey(), newKey()])), both);
    assert.deepEqual(kinds(await Promise.all([newSource("a"), newSource("b")])), both);
    assert.deepEqual(kinds(await Promise.all([newPause(), newPause()])), both);
    assert.deepEqual(await newKey(), { kind: "quotaExceeded", quota: "keys", limit: 2 });
    const { use } = await shown(world, tenant);
    assert.deepEqual(
      { ...use, stored_bytes: 0 },
      { endpoints: 2, keys: 2, sources: 2, open_pauses: 2, stored_bytes: 0 },
    );

    // A deletion frees a place, and a replacement needs none.
    await tenant.remove(endpoint, START);
    assert.equal((await newEndpoint()).kind, "created");
    await asking.answer(pause);
    assert.equal((await newPause()).kind, "created");
    const { id, hash } = world.newKey();
    assert.equal(await world.store.rotateKey({ actor, id, hash, now: START }), true);
  });

  test("a lower quota removes nothing, and lets nothing new in", async () => {
    const tenant = await world.newTenant();
    const asking = createAsking(world, tenant);
    const pauses = [await asking.ask(), await asking.ask()];
    await change(world, tenant, { open_pauses: 1 });
    assert.equal((await shown(world, tenant)).use.open_pauses, 2);
    assert.deepEqual(await world.store.createPause(asking.request()), {
      kind: "quotaExceeded",
      quota: "open_pauses",
      limit: 1,
    });
    await asking.cancel(pauses[0] ?? assert.fail());
    assert.equal((await world.store.createPause(asking.request())).kind, "quotaExceeded");
    await asking.expire(pauses[1] ?? assert.fail());
    assert.equal((await world.store.createPause(asking.request())).kind, "created");
  });

  test("a repeated pause counts once, whatever the quota", async () => {
    const tenant = await world.newTenant();
    const asking = createAsking(world, tenant);
    await change(world, tenant, { open_pauses: 1 });
    const request = asking.request({ key: { name: "once" } });
    assert.equal((await world.store.createPause(request)).kind, "created");
    assert.equal((await world.store.createPause(request)).kind, "created");
    const again = asking.request({ key: { name: "once" } });
    assert.equal((await world.store.createPause(again)).kind, "repeated");
    assert.equal((await shown(world, tenant)).use.open_pauses, 1);
  });

  test("stored bytes are counted exactly", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const payload = '{"name":"Zoë"}';
    const one = counted(2, [payload]);
    await change(world, tenant, { stored_bytes: 3 * one });
    const requests = await Promise.all(Array.from({ length: 5 }, () => tenant.request([endpoint], { payload })));
    const results = await world.store.publish(requests);
    assert.deepEqual(kinds(results), ["published", "published", "published", "quotaExceeded", "quotaExceeded"]);
    assert.equal(await stored(world, tenant), 3 * one);
    const [result] = await world.store.publish([await tenant.request([], { payload: "{}" })]);
    assert.deepEqual(result, { kind: "quotaExceeded", quota: "stored_bytes", limit: 3 * one });
    const asking = createAsking(world, tenant);
    assert.equal((await world.store.createPause(asking.request())).kind, "quotaExceeded");
    assert.equal(await stored(world, tenant), 3 * one);
  });

  test("a repeated event gets the first answer although the quota is used up", async () => {
    const tenant = await world.newTenant();
    const first = await tenant.publish([], { key: { name: "once" } });
    await change(world, tenant, { stored_bytes: 0 });
    const [result] = await world.store.publish([await tenant.request([], { key: { name: "once" } })]);
    assert.deepEqual(result, { kind: "repeated", eventId: first.eventId, deliveries: [] });
  });

  test("the end of a pause is published although the quota is used up", async () => {
    const tenant = await world.newTenant();
    const asking = createAsking(world, tenant);
    const pause = await asking.ask();
    await change(world, tenant, { stored_bytes: 0 });
    assert.equal((await asking.answer(pause)).kind, "ended");
    assert((await stored(world, tenant)) > 0);
  });

  test("a verified request counts as long as it is kept, and is refused when the quota is used up", async () => {
    const tenant = await world.newTenant();
    const { source, take, request, receive, refuse, verified } = createReceiving(world, tenant);
    const from = await source();
    const event = '{"n": 1}';
    const taken = await take(from, { body: "12345" });
    assert.equal(await stored(world, tenant), counted(2, ["12345", event]));
    // Unauthenticated senders must not use up a quota, so refused requests have their own limits.
    const refused = await refuse(from, { body: "0123456789" });
    assert.equal(await stored(world, tenant), counted(2, ["12345", event]));
    await world.store.reprocess(verified(from, refused, { body: "0123456789" }));
    assert.equal(await stored(world, tenant), counted(4, ["12345", event, "0123456789", event]));
    await world.store.deleteInbound({ ...tenant.owner, id: taken.id, now: START });
    assert.equal(await stored(world, tenant), counted(3, [event, "0123456789", event]));
    await change(world, tenant, { stored_bytes: 0 });
    assert.equal((await receive(request(from, { body: "another" }))).kind, "quotaExceeded");
    assert.equal((await receive(request(from, { body: "12345" }))).kind, "repeated");
  });

  test("deleted events, requests and pauses no longer count, down to zero", async () => {
    await withWorld(open, async (alone) => {
      const [tenant, other] = [await alone.newTenant(), await alone.newTenant()];
      const endpoint = await tenant.endpoint();
      const { source, take } = createReceiving(alone, tenant);
      await take(await source());
      const asking = createAsking(alone, tenant);
      await asking.answer(await asking.ask({ metadata: '{"ü":1}' }));
      for (let count = 0; count < 3; count += 1) {
        const sent = await tenant.publish([endpoint], { payload: '{"é":1}' });
        for (const delivery of sent.deliveries) await tenant.settle(delivery, succeeded, { at: START });
      }
      await other.publish([], { now: START + 6 * DAY });
      await alone.restart(START + HOUR);
      assert((await stored(alone, tenant)) > 0);
      // The events of the pause and of the source have not ended. Deleting the endpoint ends their deliveries.
      await tenant.remove(endpoint, START);
      while (!(await alone.store.stepJob(START, [])).idle);
      await sweepAll(alone, START + 5 * DAY);
      assert.deepEqual((await shown(alone, tenant)).use, {
        endpoints: 0,
        keys: 1,
        sources: 1,
        open_pauses: 0,
        stored_bytes: 0,
      });
      assert.equal(await stored(alone, other), counted(1, ["{}"]));
    });
  });
}
