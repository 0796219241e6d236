import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { prepareDataDir } from "../../../test/fixtures/empty-store.ts";
import { runHere } from "../../../test/fixtures/threads-here.ts";
import { createSystemClock } from "../../clock/system.ts";
import type { Store } from "../../ports/store.ts";
import { openSqliteStore } from "../../store/sqlite/store.ts";
import { bootstrap } from "./bootstrap.ts";
import { Sessions } from "./sessions.ts";

const PERSON = { email: "ann@example.com", password: "correct horse" };
const MINUTE = 60_000;

async function open(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), "signalbox-sessions-"));
  prepareDataDir(dataDir);
  const real = await openSqliteStore({
    dataDir,
    masterKey: null,
    onDeath: (error) => assert.fail(error),
    startRunner: runHere,
  });
  t.after(async () => {
    await real.close();
    rmSync(dataDir, { recursive: true });
  });
  const calls: string[] = [];
  const store: Store = {
    ...real,
    findSession(hash) {
      calls.push("findSession");
      return real.findSession(hash);
    },
    async recordSessionUse(hash, now) {
      calls.push("recordSessionUse");
      await real.recordSessionUse(hash, now);
    },
  };
  let aheadMs = 0;
  const system = createSystemClock();
  const clock = { ...system, now: () => system.now() + aheadMs };
  await bootstrap(store, clock, {
    adminEmail: PERSON.email,
    adminPassword: PERSON.password,
    apiKey: null,
    tenantName: null,
  });
  const changes = { count: 0 };
  const sessions = new Sessions({
    store,
    clock,
    onSessionsChanged() {
      changes.count += 1;
    },
  });
  const login = { ...PERSON, address: "192.0.2.1", userAgent: null, replaces: null };
  return {
    store,
    calls,
    changes,
    sessions,
    login,
    advance(ms: number) {
      aheadMs += ms;
    },
    async signIn(replaces: string | null = null) {
      const answer = await sessions.signIn({ ...login, replaces });
      assert.ok(answer.kind === "signedIn");
      return answer.token;
    },
  };
}

test("a session is read from the store once, and its use is stored at most once a minute", async (t) => {
  const { sessions, calls, advance, signIn } = await open(t);
  const token = await signIn();
  for (let turn = 0; turn < 3; turn += 1) {
    await Promise.all([sessions.authenticate(token), sessions.authenticate(token)]);
    advance(MINUTE / 2);
  }
  const reads = calls.filter((call) => call === "findSession").length;
  assert.ok(reads >= 1 && reads <= 2, "two concurrent requests may both read");
  assert.equal(calls.filter((call) => call === "recordSessionUse").length, 1);
});

test("`isValid` does not count as use of the session", async (t) => {
  const { sessions, advance, signIn } = await open(t);
  const session = (await sessions.authenticate(await signIn())) ?? assert.fail();
  for (const isValid of [true, true, false]) {
    advance(5 * 60 * MINUTE);
    assert.equal(await sessions.isValid(session), isValid);
  }
});

test("a malformed token is refused without a read from the store", async (t) => {
  const { sessions, calls } = await open(t);
  for (const token of ["", "x", "F".repeat(64), `${"f".repeat(64)}\n`]) {
    assert.equal(await sessions.authenticate(token), null);
  }
  assert.deepEqual(calls, []);
});

test("signing in again, signing out and changing the password all close what the old session opened", async (t) => {
  const { sessions, changes, login, signIn } = await open(t);
  const first = await signIn();
  assert.equal(changes.count, 0);
  const second = await signIn(first);
  assert.equal(changes.count, 1);
  assert.equal(await sessions.authenticate(first), null);
  const session = (await sessions.authenticate(second)) ?? assert.fail();
  const passwords = { currentPassword: PERSON.password, newPassword: "another horse", address: login.address };
  assert.deepEqual(await sessions.changePassword(session, passwords), { kind: "changed" });
  assert.deepEqual(await sessions.changePassword(session, passwords), { kind: "wrong" });
  assert.equal(changes.count, 2);
  await sessions.logout(session);
  assert.equal(changes.count, 3);
  assert.equal(await sessions.authenticate(second), null);
});

test("a session that is read while sessions change is not cached", async (t) => {
  const { sessions, calls, signIn } = await open(t);
  const token = await signIn();
  const reading = sessions.authenticate(token);
  sessions.forget();
  await reading;
  await sessions.authenticate(token);
  assert.equal(calls.filter((call) => call === "findSession").length, 2);
});
