import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actor } from "../../../../src/domain/access/access.ts";
import type { Cursor, KeyPage, NewKey, TenantPage } from "../../../../src/ports/store.ts";
import { START } from "../delivery/times.ts";
import { type OpenStore, useWorld, type World, withWorld } from "../world.ts";

const newInstallation = (world: World) => ({
  tenant: { id: world.newId(), name: "First" },
  user: {
    id: world.newId(),
    email: "admin@example.com",
    passwordHash: "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
    role: "global_admin" as const,
  },
  key: world.newKey("global_admin"),
  now: START,
});

const listed = ({ hash: _, ...key }: NewKey, createdAt: number, by: Actor) => {
  return { ...key, scopes: null, createdAt, createdBy: { kind: by.kind, id: by.id }, usedAt: null };
};

export function accessCases(open: OpenStore): void {
  const world = useWorld(open);

  test("bootstrap creates a tenant and a key in an empty store, once", async () => {
    await withWorld(open, async (alone) => {
      const first = newInstallation(alone);
      assert.equal(await alone.store.bootstrap(first), true);
      const second = newInstallation(alone);
      assert.equal(await alone.store.bootstrap(second), false);
      assert.equal(await alone.store.findKey(second.key.hash), null);
      const { tenants } = await alone.store.listTenants(null, 10);
      assert.deepEqual(
        tenants.map(({ id, name, createdAt }) => ({ id, name, createdAt })),
        [{ ...first.tenant, createdAt: START }],
      );
      await alone.restart(START);
      assert.equal(await alone.store.bootstrap(newInstallation(alone)), false);
      const actor = await alone.store.findKey(first.key.hash);
      assert.deepEqual(actor, {
        kind: "key",
        id: first.key.id,
        role: "global_admin",
        tenantId: first.tenant.id,
        tenantSeq: tenants[0]?.seq,
        test: false,
        createdAt: START,
        expiresAt: null,
        idleMs: null,
        usedAt: null,
      });
    });
  });

  test("two concurrent bootstraps create one installation", async () => {
    await withWorld(open, async (alone) => {
      const both = await Promise.all([
        alone.store.bootstrap(newInstallation(alone)),
        alone.store.bootstrap(newInstallation(alone)),
      ]);
      assert.deepEqual(both.toSorted(), [false, true]);
      assert.equal((await alone.store.listTenants(null, 10)).tenants.length, 1);
    });
  });

  test("a key is found by its hash, with its role and whether it is a test key", async () => {
    const tenant = await world.newTenant();
    const key = { ...world.newKey("developer"), test: true };
    const made = await world.store.createKey({ ...tenant.owner, key, now: START + 3 });
    assert.deepEqual(made, { kind: "created", key: listed(key, START + 3, tenant.actor) });
    const actor = await world.store.findKey(key.hash);
    assert.deepEqual(actor, { ...tenant.actor, id: key.id, role: "developer", test: true, createdAt: START + 3 });
    assert.equal(await world.store.findKey("0".repeat(64)), null);
  });

  test("a repeated create request creates one key", async () => {
    const tenant = await world.newTenant();
    const request = { ...tenant.owner, key: world.newKey(), now: START };
    const made = await world.store.createKey(request);
    assert.deepEqual(await world.store.createKey({ ...request, now: START + 1 }), made);
    assert.equal((await world.store.listKeys(tenant.tenantSeq, null, 10)).keys.length, 2);
  });

  test("the list contains the tenant's keys in creation order, without revoked ones", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const keys = [world.newKey("developer"), world.newKey("org_admin"), world.newKey("developer")];
    for (const key of keys) await world.store.createKey({ ...tenant.owner, key, now: START });
    await world.store.createKey({ ...other.owner, key: world.newKey(), now: START });
    const [first, second, third] = keys;
    assert(first !== undefined && second !== undefined && third !== undefined);
    await world.store.revokeKey({ ...tenant.owner, id: second.id, now: START });
    assert.deepEqual((await world.store.listKeys(tenant.tenantSeq, null, 10)).keys.slice(1), [
      listed(first, START, tenant.actor),
      listed(third, START, tenant.actor),
    ]);
  });

  test("keys are listed in pages, and no page shows a revoked key", async () => {
    const tenant = await world.newTenant();
    const keys = Array.from({ length: 5 }, () => world.newKey("developer"));
    for (const key of keys) await world.store.createKey({ ...tenant.owner, key, now: START });
    await world.store.revokeKey({ ...tenant.owner, id: keys[1]?.id ?? assert.fail(), now: START });
    const seen: string[] = [];
    const sizes: number[] = [];
    let cursor: Cursor | null = null;
    do {
      const page: KeyPage = await world.store.listKeys(tenant.tenantSeq, cursor, 2);
      seen.push(...page.keys.map(({ id }) => id));
      sizes.push(page.keys.length);
      cursor = page.next;
    } while (cursor !== null);
    assert.deepEqual(sizes, [2, 2, 1]);
    assert.deepEqual(
      seen.slice(1),
      [keys[0], keys[2], keys[3], keys[4]].map((key) => key?.id),
    );
  });

  test("a revoked key is invalid at once and permanently", async () => {
    const tenant = await world.newTenant();
    const key = world.newKey();
    await world.store.createKey({ ...tenant.owner, key, now: START });
    assert.equal(await world.store.revokeKey({ ...tenant.owner, id: key.id, now: START }), "revoked");
    assert.equal(await world.store.findKey(key.hash), null);
    assert.equal(await world.store.revokeKey({ ...tenant.owner, id: key.id, now: START }), "unknown");
    await world.restart(START);
    assert.equal(await world.store.findKey(key.hash), null);
  });

  test("a lower role or another tenant cannot revoke a key", async () => {
    const [tenant, other] = [await world.newTenant("global_admin"), await world.newTenant()];
    const key = world.newKey("global_admin");
    await world.store.createKey({ ...tenant.owner, key, now: START });
    const request = { ...tenant.owner, id: key.id, now: START };
    const lower = { ...tenant.actor, role: "org_admin" } as const;
    assert.equal(await world.store.revokeKey({ ...request, actor: lower }), "forbidden");
    assert.equal(await world.store.revokeKey({ ...request, ...other.owner, id: key.id }), "unknown");
    assert.equal(await world.store.revokeKey({ ...request, id: world.newId() }), "unknown");
    assert.notEqual(await world.store.findKey(key.hash), null);
    assert.equal(await world.store.revokeKey(request), "revoked");
  });

  test("rotating replaces the actor's own key with a key of the same name and role", async () => {
    const tenant = await world.newTenant();
    const old = { ...world.newKey("developer"), test: true };
    await world.store.createKey({ ...tenant.owner, key: old, now: START });
    const actor = (await world.store.findKey(old.hash)) ?? assert.fail();
    const { id, hash } = world.newKey();
    const rotation = { actor, id, hash, now: START + 5 };
    assert.equal(await world.store.rotateKey(rotation), true);
    assert.equal(await world.store.findKey(old.hash), null);
    assert.deepEqual(await world.store.findKey(hash), { ...actor, id, createdAt: START + 5 });
    assert.deepEqual((await world.store.listKeys(tenant.tenantSeq, null, 10)).keys.at(-1), {
      ...listed(old, START + 5, tenant.actor),
      id,
    });
    assert.equal(await world.store.rotateKey(rotation), true, "repeated after an ambiguous result");
    const { id: otherId, hash: otherHash } = world.newKey();
    assert.equal(await world.store.rotateKey({ actor, id: otherId, hash: otherHash, now: START }), false);
    assert.equal(await world.store.findKey(otherHash), null);
  });

  test("a key keeps its expiry when it is rotated, and an expired key is no other administrator's key", async () => {
    await withWorld(open, async (alone) => {
      const tenant = await alone.newTenant("global_admin");
      const expiring = { ...alone.newKey("global_admin"), expiresAt: START + 10 };
      await alone.store.createKey({ ...tenant.owner, key: expiring, now: START });
      const actor = (await alone.store.findKey(expiring.hash)) ?? assert.fail();
      assert.equal(actor.expiresAt, START + 10);
      const { id, hash } = alone.newKey();
      assert.equal(await alone.store.rotateKey({ actor, id, hash, now: START + 1 }), true);
      assert.equal((await alone.store.findKey(hash))?.expiresAt, START + 10);
      const revokeOwn = (now: number) => alone.store.revokeKey({ ...tenant.owner, id: tenant.actor.id, now });
      assert.equal(await revokeOwn(START + 10), "lastAdmin");
      assert.equal(await revokeOwn(START + 9), "revoked");
    });
  });

  test("the use of a key is stored, and never set back", async () => {
    const tenant = await world.newTenant();
    const key = world.newKey();
    await world.store.createKey({ ...tenant.owner, key, now: START });
    const usedAt = async () => (await world.store.findKey(key.hash))?.usedAt;
    assert.equal(await usedAt(), null);
    await world.store.recordKeyUse(key.id, START + 5);
    await world.store.recordKeyUse(key.id, START + 3);
    await world.store.recordKeyUse(world.newId(), START + 9);
    assert.equal(await usedAt(), START + 5);
    const { keys } = await world.store.listKeys(tenant.tenantSeq, null, 10);
    assert.deepEqual(
      keys.map((row) => row.usedAt),
      [null, START + 5],
    );
  });

  test("a tenant is found by its id, and listed in pages in creation order", async () => {
    await withWorld(open, async (alone) => {
      const ids = [];
      for (let index = 0; index < 5; index += 1) ids.push((await alone.newTenant()).actor.tenantId);
      const seen = [];
      let cursor: Cursor | null = null;
      do {
        const page: TenantPage = await alone.store.listTenants(cursor, 2);
        seen.push(...page.tenants);
        cursor = page.next;
      } while (cursor !== null);
      assert.deepEqual(
        seen.map(({ id }) => id),
        ids,
      );
      for (const tenant of seen) assert.deepEqual(await alone.store.findTenant(tenant.id), tenant);
      assert.equal(await alone.store.findTenant(alone.newId()), null);
    });
  });

  test("a repeated create request creates one tenant", async () => {
    const { actor } = await world.newTenant("global_admin");
    const request = { actor, id: world.newId(), name: "Ünï", key: world.newKey(), now: START };
    const tenant = await world.store.createTenant(request);
    assert.deepEqual(await world.store.createTenant(request), tenant);
    assert.equal(tenant.name, "Ünï");
    assert.equal((await world.store.listKeys(tenant.seq, null, 10)).keys.length, 1);
    assert.equal((await world.store.findKey(request.key.hash))?.tenantSeq, tenant.seq);
  });

  test("a tenant whose key already exists is not created", async () => {
    const { actor } = await world.newTenant("global_admin");
    const key = world.newKey();
    await world.store.createTenant({ actor, id: world.newId(), name: "One", key, now: START });
    const id = world.newId();
    const taken = { ...key, id: world.newId() };
    await assert.rejects(world.store.createTenant({ actor, id, name: "Two", key: taken, now: START }));
    assert.equal(await world.store.findTenant(id), null);
  });
}
