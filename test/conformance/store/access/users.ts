import assert from "node:assert/strict";
import { test } from "node:test";
import type { Role } from "../../../../src/domain/access/access.ts";
import type { NewUser } from "../../../../src/ports/store.ts";
import { HOUR, START } from "../delivery/times.ts";
import { type OpenStore, useWorld, type World } from "../world.ts";

let users = 0;

function newUser(world: World, role: Role = "developer"): NewUser {
  users += 1;
  return { id: world.newId(), email: `User${users}@example.com`, passwordHash: `$argon2id$${users}`, role };
}

/** Create a user in a new tenant. */
async function register(world: World): Promise<{ readonly user: NewUser; readonly tenantSeq: number }> {
  const { tenantSeq } = await world.newTenant();
  const user = newUser(world);
  assert.notEqual(await world.store.createUser({ tenantSeq, user, now: START }), null);
  return { user, tenantSeq };
}

/** Sign in. Returns the hash of the session, or null when it was refused. */
async function signIn(world: World, user: NewUser, passwordHash = user.passwordHash): Promise<string | null> {
  const hash = world.newKey().hash;
  const session = { hash, userId: user.id, expiresAt: START + HOUR };
  return (await world.store.createSession({ session, passwordHash, replaces: null, now: START })) ? hash : null;
}

export function userCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a user is found by e-mail address in any letter case, and the address is stored as it was written", async () => {
    const { tenantSeq } = await world.newTenant();
    const user = newUser(world, "org_admin");
    const { id, email, role } = user;
    const row = { id, email, role, tenantSeq, createdAt: START + 3, disabledAt: null };
    assert.deepEqual(await world.store.createUser({ tenantSeq, user, now: START + 3 }), row);
    assert.deepEqual(await world.store.findUser(email), row);
    assert.deepEqual(await world.store.findUser(email.toUpperCase()), row);
    assert.equal(await world.store.findUser("nobody@example.com"), null);
  });

  test("an e-mail address belongs to one user across all tenants", async () => {
    const { user } = await register(world);
    const { tenantSeq } = await world.newTenant();
    const second = { ...newUser(world), email: user.email.toLowerCase() };
    assert.equal(await world.store.createUser({ tenantSeq, user: second, now: START }), null);
    assert.equal((await world.store.findUser(user.email))?.id, user.id);
    assert.deepEqual(await world.store.listUsers(tenantSeq), []);
  });

  test("a repeated create request creates one user", async () => {
    const { user, tenantSeq } = await register(world);
    const again = await world.store.createUser({ tenantSeq, user, now: START + 1 });
    assert.equal(again?.createdAt, START);
    assert.equal((await world.store.listUsers(tenantSeq)).length, 1);
  });

  test("the list contains the tenant's users in creation order, including disabled ones", async () => {
    const { user: first, tenantSeq } = await register(world);
    await register(world);
    const second = newUser(world);
    await world.store.createUser({ tenantSeq, user: second, now: START });
    await world.store.setUserDisabled({ id: first.id, disabled: true, now: START + 5 });
    assert.deepEqual(
      (await world.store.listUsers(tenantSeq)).map(({ id, disabledAt }) => [id, disabledAt]),
      [
        [first.id, START + 5],
        [second.id, null],
      ],
    );
  });

  test("disabling a user ends the sessions and blocks signing in; enabling allows it again without reviving sessions", async () => {
    const { user } = await register(world);
    const { user: other } = await register(world);
    const [session, others] = [await signIn(world, user), await signIn(world, other)];
    assert(session !== null && others !== null);
    const set = (disabled: boolean, now: number) => world.store.setUserDisabled({ id: user.id, disabled, now });
    assert.equal((await set(true, START + 1))?.disabledAt, START + 1);
    assert.equal((await set(true, START + 2))?.disabledAt, START + 1, "disabling again keeps the time");
    assert.equal(await world.store.findSession(session), null);
    assert.equal(await signIn(world, user), null);
    assert.equal((await set(false, START + 3))?.disabledAt, null);
    assert.equal(await world.store.findSession(session), null);
    assert.notEqual(await signIn(world, user), null);
    assert.notEqual(await world.store.findSession(others), null, "other users are not affected");
  });

  test("a password reset ends the sessions, and the old password no longer works", async () => {
    const { user } = await register(world);
    const session = await signIn(world, user);
    assert(session !== null);
    const passwordHash = "$argon2id$another";
    assert.equal(await world.store.resetPassword({ id: user.id, passwordHash, now: START + 1 }), true);
    assert.equal(await world.store.findSession(session), null);
    assert.equal(await signIn(world, user), null);
    assert.notEqual(await signIn(world, user, passwordHash), null);
  });

  test("changes of an unknown user have no effect", async () => {
    const id = world.newId();
    assert.equal(await world.store.setUserDisabled({ id, disabled: true, now: START }), null);
    assert.equal(await world.store.resetPassword({ id, passwordHash: "$argon2id$", now: START }), false);
  });

  test("a key's tenant is found by the key's id until the key is revoked", async () => {
    const tenant = await world.newTenant();
    const key = world.newKey("developer");
    await world.store.createKey({ ...tenant.owner, key, now: START });
    assert.equal((await world.store.findKeyTenant(key.id))?.id, tenant.actor.tenantId);
    await world.store.revokeKey({ ...tenant.owner, id: key.id, now: START });
    assert.equal(await world.store.findKeyTenant(key.id), null);
    assert.equal(await world.store.findKeyTenant(world.newId()), null);
  });
}
