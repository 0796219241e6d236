import assert from "node:assert/strict";
import { test } from "node:test";
import type { EpochMs, Uuid } from "../../../../src/domain/ids.ts";
import { DAY, HOUR, MINUTE, START } from "../delivery/times.ts";
import { type OpenStore, type World, withWorld } from "../world.ts";

const EMAIL = "Ann.Example@example.com";
const PASSWORD_HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
const OTHER_HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$b3RoZXI";
const MOST_SESSIONS = 100;

const hashOf = (digit: string): string => digit.repeat(64);

interface People {
  readonly world: World;
  readonly userId: Uuid;
  signIn(hash: string, options?: { now?: EpochMs; replaces?: string; passwordHash?: string }): Promise<boolean>;
  /** Those of these sessions that the store finds. */
  found(...hashes: readonly string[]): Promise<string[]>;
}

const CLIENT = { address: "203.0.113.5", userAgent: "Browser/1" };

/** A store with one user. */
async function withPeople(open: OpenStore, run: (people: People) => Promise<void>): Promise<void> {
  await withWorld(open, async (world) => {
    const userId = world.newId();
    await world.store.bootstrap({
      tenant: { id: world.newId(), name: "First" },
      user: { id: userId, email: EMAIL, passwordHash: PASSWORD_HASH, role: "org_admin" },
      key: world.newKey("global_admin"),
      now: START,
    });
    await run({
      world,
      userId,
      signIn: (hash, { now = START, replaces, passwordHash = PASSWORD_HASH } = {}) =>
        world.store.createSession({
          session: { hash, userId, expiresAt: now + 7 * DAY, ...CLIENT },
          passwordHash,
          replaces: replaces ?? null,
          now,
        }),
      async found(...hashes) {
        const rows = await Promise.all(hashes.map((hash) => world.store.findSession(hash)));
        return hashes.filter((_, index) => rows[index] !== null);
      },
    });
  });
}

export function sessionCases(open: OpenStore): void {
  test("a user is found by email address, in any letter case", async () => {
    await withPeople(open, async ({ world, userId }) => {
      const [tenant] = (await world.store.listTenants(null, 1)).tenants;
      for (const email of [EMAIL, EMAIL.toLowerCase(), EMAIL.toUpperCase()]) {
        assert.deepEqual(await world.store.findUserByEmail(email), {
          id: userId,
          tenantSeq: tenant?.seq,
          email: EMAIL,
          role: "org_admin",
          passwordHash: PASSWORD_HASH,
        });
      }
      for (const email of ["", "ann", `${EMAIL} `, "%"]) assert.equal(await world.store.findUserByEmail(email), null);
    });
  });

  test("a session belongs to its user, survives a restart, and a repeated create request creates one session", async () => {
    await withPeople(open, async ({ world, userId, signIn, found }) => {
      assert.deepEqual([await signIn(hashOf("a")), await signIn(hashOf("a"))], [true, true]);
      await world.restart(START);
      const [tenant] = (await world.store.listTenants(null, 1)).tenants;
      assert.deepEqual(await world.store.findSession(hashOf("a")), {
        actor: {
          kind: "user",
          id: userId,
          role: "org_admin",
          tenantId: tenant?.id,
          tenantSeq: tenant?.seq,
          test: false,
        },
        email: EMAIL,
        seenAt: START,
        expiresAt: START + 7 * DAY,
      });
      assert.deepEqual(await found(hashOf("b")), []);
      await world.store.endSession(hashOf("a"), START);
      await signIn(hashOf("a"));
      assert.deepEqual(await found(hashOf("a")), [], "one that was ended does not come back");
    });
  });

  test("signing in ends only the session that it replaces", async () => {
    await withPeople(open, async ({ signIn, found }) => {
      const [first, second, third] = [hashOf("1"), hashOf("2"), hashOf("3")];
      await signIn(first);
      await signIn(second);
      await signIn(third, { replaces: first });
      assert.deepEqual(await found(first, second, third), [second, third]);
    });
  });

  test("signing in fails if the password has changed since the check, or if the user is unknown", async () => {
    await withPeople(open, async ({ world, signIn, found }) => {
      const kept = hashOf("1");
      await signIn(kept);
      assert.equal(await signIn(hashOf("2"), { passwordHash: OTHER_HASH, replaces: kept }), false);
      const session = { hash: hashOf("3"), userId: world.newId(), expiresAt: START + DAY, ...CLIENT };
      const request = { session, passwordHash: PASSWORD_HASH, replaces: kept, now: START };
      assert.equal(await world.store.createSession(request), false);
      assert.deepEqual(await found(kept, hashOf("2"), hashOf("3")), [kept]);
    });
  });

  test("a user's sessions are listed with their clients, oldest first, until they end", async () => {
    await withPeople(open, async ({ world, userId, signIn }) => {
      const [first, second] = [hashOf("1"), hashOf("2")];
      await signIn(first);
      await signIn(second, { now: START + MINUTE });
      await world.store.recordSessionUse(first, START + HOUR);
      assert.deepEqual(await world.store.listSessions(userId), [
        { hash: first, createdAt: START, seenAt: START + HOUR, expiresAt: START + 7 * DAY, ...CLIENT },
        {
          hash: second,
          createdAt: START + MINUTE,
          seenAt: START + MINUTE,
          expiresAt: START + MINUTE + 7 * DAY,
          ...CLIENT,
        },
      ]);
      assert.equal((await world.store.findUser(EMAIL))?.seenAt, START + HOUR);
      await world.store.endSession(first, START);
      assert.deepEqual(
        (await world.store.listSessions(userId)).map(({ hash }) => hash),
        [second],
      );
      assert.deepEqual(await world.store.listSessions(world.newId()), []);
    });
  });

  test("the time of use never goes back, and does not revive an ended session", async () => {
    await withPeople(open, async ({ world, signIn, found }) => {
      const session = hashOf("a");
      await signIn(session);
      for (const now of [START + MINUTE, START + 3 * MINUTE, START + 2 * MINUTE]) {
        await world.store.recordSessionUse(session, now);
      }
      assert.equal((await world.store.findSession(session))?.seenAt, START + 3 * MINUTE);
      await world.store.endSession(session, START + HOUR);
      await world.store.recordSessionUse(session, START + 2 * HOUR);
      assert.deepEqual(await found(session), []);
      await world.store.recordSessionUse(hashOf("b"), START);
    });
  });

  test("ending a session ends only that one, and disabling the user ends all of them permanently", async () => {
    await withPeople(open, async ({ world, userId, signIn, found }) => {
      const all = ["1", "2", "3"].map(hashOf);
      for (const session of all) await signIn(session);
      await world.store.endSession(hashOf("2"), START);
      assert.deepEqual(await found(...all), [hashOf("1"), hashOf("3")]);
      await world.store.setUserDisabled({ id: userId, disabled: true, now: START });
      assert.equal(await signIn(hashOf("4")), false);
      assert.equal(await world.store.findUserByEmail(EMAIL), null);
      await world.store.setUserDisabled({ id: userId, disabled: false, now: START });
      assert.deepEqual(await found(...all), []);
    });
  });

  test("changing the password ends all other sessions", async () => {
    await withPeople(open, async ({ world, userId, signIn, found }) => {
      const all = ["1", "2", "3"].map(hashOf);
      for (const session of all) await signIn(session);
      const change = { userId, from: PASSWORD_HASH, to: OTHER_HASH, keep: hashOf("2"), now: START };
      assert.equal(await world.store.changePassword({ ...change, from: "$argon2id$old" }), false);
      assert.equal((await found(...all)).length, 3);
      assert.equal(await world.store.changePassword(change), true);
      assert.deepEqual(await found(...all), [hashOf("2")]);
      assert.equal((await world.store.findUserByEmail(EMAIL))?.passwordHash, OTHER_HASH);
      assert.equal(await world.store.changePassword(change), true, "repeated after an ambiguous result");
      assert.equal(await world.store.changePassword({ ...change, userId: world.newId() }), false);
    });
  });

  test(`a user has at most ${MOST_SESSIONS} sessions, and one more ends the oldest`, async () => {
    await withPeople(open, async ({ signIn, found }) => {
      const all = Array.from({ length: MOST_SESSIONS + 2 }, (_, index) => index.toString(16).padStart(64, "0"));
      for (const session of all) await signIn(session);
      assert.deepEqual(await found(...all), all.slice(2));
    });
  });

  test("sessions are deleted the retention time after they ended", async () => {
    await withPeople(open, async ({ world, signIn, found }) => {
      await signIn(hashOf("1"), { now: START });
      await signIn(hashOf("2"), { now: START + 3 * DAY });
      await signIn(hashOf("3"), { now: START + 3 * DAY });
      await world.store.endSession(hashOf("3"), START + 4 * DAY);
      const sweep = async (now: EpochMs) => (await world.store.sweep({ now, retentionMs: DAY })).deleted;
      const [signIns, end] = [3, 1];
      assert.equal(await sweep(START + 5 * DAY), signIns, "the audit; one session is live, and one ended a day ago");
      assert.equal(await sweep(START + 6 * DAY), 1 + end);
      assert.deepEqual(await found(hashOf("1"), hashOf("2")), [hashOf("1"), hashOf("2")]);
      assert.equal(await sweep(START + 9 * DAY), 1);
      assert.deepEqual(await found(hashOf("1"), hashOf("2")), [hashOf("2")]);
    });
  });
}
