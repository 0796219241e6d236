import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actor, Role } from "../../../../src/domain/access/access.ts";
import type { Uuid } from "../../../../src/domain/ids.ts";
import type { NewUser, UserRow } from "../../../../src/ports/store.ts";
import { HOUR, START } from "../delivery/times.ts";
import { type OpenStore, useWorld, type World, withWorld } from "../world.ts";

let users = 0;

function newUser(world: World, role: Role = "developer"): NewUser {
  users += 1;
  return { id: world.newId(), email: `User${users}@example.com`, passwordHash: `$argon2id$${users}`, role };
}

interface Owner {
  readonly actor: Actor;
  readonly tenantSeq: number;
}

/** Create a user in a new tenant. */
async function register(world: World, role?: Role): Promise<Owner & { readonly user: NewUser }> {
  const { owner } = await world.newTenant("global_admin");
  const user = newUser(world, role);
  const made = await world.store.createUser({ ...owner, user, link: null, now: START });
  assert.equal(made.kind, "created");
  return { ...owner, user };
}

async function listed(world: World, { tenantSeq }: Pick<Owner, "tenantSeq">): Promise<readonly UserRow[]> {
  return (await world.store.listUsers(tenantSeq, null, 100)).users;
}

/** Sign in. Returns the hash of the session, or null when it was refused. */
async function signIn(world: World, user: NewUser, passwordHash = user.passwordHash): Promise<string | null> {
  const hash = world.newKey().hash;
  const session = { hash, userId: user.id, expiresAt: START + HOUR, address: "::1", userAgent: null };
  return (await world.store.createSession({ session, passwordHash, replaces: null, now: START })) ? hash : null;
}

export function userCases(open: OpenStore): void {
  const world = useWorld(open);

  test("a user is found by email address in any letter case, and the address is stored as it was written", async () => {
    const { owner } = await world.newTenant();
    const user = newUser(world, "org_admin");
    const { id, email, role } = user;
    const row = {
      id,
      email,
      role,
      tenantSeq: owner.tenantSeq,
      createdAt: START + 3,
      disabledAt: null,
      seenAt: null,
      hasPassword: true,
    };
    const made = await world.store.createUser({ ...owner, user, link: null, now: START + 3 });
    assert.deepEqual(made, { kind: "created", user: row });
    assert.deepEqual(await world.store.findUser(email), row);
    assert.deepEqual(await world.store.findUser(email.toUpperCase()), row);
    assert.equal(await world.store.findUser("nobody@example.com"), null);
  });

  test("only ASCII letters of an email address have a case, whatever the locale of the store", async () => {
    const { owner } = await world.newTenant();
    const user = { ...newUser(world), email: "Kim@example.com" };
    await world.store.createUser({ ...owner, user, link: null, now: START });
    assert.equal((await world.store.findUserByEmail("kim@example.com"))?.id, user.id);
    const kelvin = "\u212aim@example.com";
    assert.deepEqual([await world.store.findUserByEmail(kelvin), await world.store.findUser(kelvin)], [null, null]);
  });

  test("an email address belongs to one user across all tenants", async () => {
    const { user } = await register(world);
    const { owner } = await world.newTenant();
    const second = { ...newUser(world), email: user.email.toLowerCase() };
    const made = await world.store.createUser({ ...owner, user: second, link: null, now: START });
    assert.deepEqual(made, { kind: "emailTaken" });
    assert.equal((await world.store.findUser(user.email))?.id, user.id);
    assert.deepEqual(await listed(world, owner), []);
  });

  test("a repeated create request creates one user", async () => {
    const { user, ...owner } = await register(world);
    const again = await world.store.createUser({ ...owner, user, link: null, now: START + 1 });
    assert.equal(again.kind === "created" && again.user.createdAt, START);
    assert.equal((await listed(world, owner)).length, 1);
  });

  test("the list contains the tenant's users in creation order and in pages, including disabled ones", async () => {
    const { user: first, ...owner } = await register(world);
    await register(world);
    const second = newUser(world);
    await world.store.createUser({ ...owner, user: second, link: null, now: START });
    await world.store.setUserDisabled({ id: first.id, disabled: true, now: START + 5 });
    assert.deepEqual(
      (await listed(world, owner)).map(({ id, disabledAt }) => [id, disabledAt]),
      [
        [first.id, START + 5],
        [second.id, null],
      ],
    );
    const page = await world.store.listUsers(owner.tenantSeq, null, 1);
    const next = await world.store.listUsers(owner.tenantSeq, page.next, 1);
    assert.deepEqual([page.users[0]?.id, next.users[0]?.id, next.next], [first.id, second.id, null]);
  });

  test("a link sets a password once, ends the sessions, and gives way to a newer link", async () => {
    const { owner } = await world.newTenant();
    const user = { ...newUser(world), passwordHash: "" };
    const [first, second] = [world.newKey().hash, world.newKey().hash];
    const until = START + HOUR;
    await world.store.createUser({ ...owner, user, link: { hash: first, until }, now: START });
    assert.equal((await world.store.findUser(user.email))?.hasPassword, false);
    const valid = (hash: string, now = START) => world.store.isPasswordLink(hash, now);
    assert.deepEqual([await valid(first), await valid(first, until), await valid(second)], [true, false, false]);
    const link = { ...owner, id: user.id, link: { hash: second, until }, now: START };
    assert.deepEqual(await world.store.linkUser(link), { kind: "linked" });
    assert.deepEqual([await valid(first), await valid(second)], [false, true]);
    const use = (hash: string, passwordHash: string, now = START) =>
      world.store.usePasswordLink({ hash, passwordHash, now });
    assert.equal(await use(first, "$argon2id$1"), false);
    assert.equal(await use(second, "$argon2id$2", until), false);
    assert.equal(await use(second, "$argon2id$2"), true);
    assert.equal(await use(second, "$argon2id$2"), true, "repeated after an ambiguous result");
    assert.equal(await use(second, "$argon2id$3"), false);
    assert.notEqual(await signIn(world, user, "$argon2id$2"), null);
    const third = { hash: world.newKey().hash, until };
    await world.store.linkUser({ ...link, link: third });
    await world.store.setUserDisabled({ id: user.id, disabled: true, now: START });
    assert.equal(await valid(third.hash), false, "a disabled user cannot set a password");
  });

  test("a lower role or another tenant cannot change a user", async () => {
    const { user, ...owner } = await register(world, "global_admin");
    const { owner: other } = await world.newTenant("global_admin");
    const lower = { ...owner.actor, role: "org_admin" } as const;
    const link = { hash: world.newKey().hash, until: START + HOUR };
    for (const [by, kind] of [
      [{ ...owner, actor: lower }, "forbidden"],
      [other, "unknown"],
    ] as const) {
      assert.deepEqual(await world.store.patchUser({ ...by, id: user.id, disabled: true, now: START }), { kind });
      assert.deepEqual(await world.store.linkUser({ ...by, id: user.id, link, now: START }), { kind });
    }
    assert.equal((await listed(world, owner))[0]?.disabledAt, null);
  });

  test("the last user of role global_admin can be neither disabled nor lowered", async () => {
    await withWorld(open, async (alone) => {
      const { user, ...owner } = await register(alone, "global_admin");
      const patch = (id: Uuid, change: { role?: Role; disabled?: boolean }) =>
        alone.store.patchUser({ ...owner, id, ...change, now: START + 1 });
      assert.deepEqual(await patch(user.id, { disabled: true }), { kind: "lastAdmin" });
      assert.deepEqual(await patch(user.id, { role: "org_admin" }), { kind: "lastAdmin" });
      assert.equal((await patch(user.id, { role: "global_admin", disabled: false })).kind, "patched");
      const second = newUser(alone, "developer");
      await alone.store.createUser({ ...owner, user: second, link: null, now: START });
      const raised = await patch(second.id, { role: "global_admin" });
      assert.equal(raised.kind === "patched" && raised.user.role, "global_admin");
      const lowered = await patch(user.id, { role: "developer", disabled: true });
      assert.equal(lowered.kind, "patched");
      assert.deepEqual(await patch(second.id, { disabled: true }), { kind: "lastAdmin" });
    });
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
