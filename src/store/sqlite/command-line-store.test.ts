import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { prepareDataDir } from "../../../test/fixtures/empty-store.ts";
import { runHere } from "../../../test/fixtures/threads-here.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { Store } from "../../ports/store.ts";
import { openCommandLineStore } from "./command-line-store.ts";
import { dataFiles, tryLockDir } from "./files/files.ts";
import { openSqliteStore } from "./store.ts";

const NOW = 1_800_000_000_000;
let ids = 0;

function newId(): Uuid {
  ids += 1;
  return `0190a2b4-0000-7000-8000-${String(ids).padStart(12, "0")}` as Uuid;
}

const newKey = () => ({
  id: newId(),
  hash: String(ids).padStart(64, "0"),
  name: "first",
  role: "global_admin" as const,
  test: false,
  expiresAt: null,
  idleMs: null,
});

function newDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "signalbox-beside-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** The store of a server, with one tenant and without a ballast file. */
async function openServerStore(dataDir: string): Promise<Store> {
  prepareDataDir(dataDir);
  const store = await openSqliteStore({
    dataDir,
    masterKey: null,
    onDeath: (error) => assert.fail(error),
    startRunner: runHere,
  });
  const user = { id: newId(), email: "a@example.com", passwordHash: "$argon2id$", role: "global_admin" as const };
  await store.bootstrap({ tenant: { id: newId(), name: "First" }, user, key: newKey(), now: NOW });
  return store;
}

/** Data that no server uses. */
async function leaveData(dataDir: string): Promise<void> {
  await (await openServerStore(dataDir)).close();
}

const beside = (dataDir: string, masterKey: Uint8Array | null = null) =>
  openCommandLineStore({ dataDir, masterKey, newId });

function inFile(dataDir: string, sql: string): void {
  const db = new DatabaseSync(dataFiles(dataDir).database);
  db.exec(sql);
  db.close();
}

const schemaOf = (dataDir: string) => {
  const db = new DatabaseSync(dataFiles(dataDir).database, { readOnly: true });
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  db.close();
  return version;
};

test("a running server reads what the command line writes, and the other way round", async (t) => {
  const dir = newDir(t);
  const server = await openServerStore(dir);
  const { mark } = await server.changesSince(null);
  const store = beside(dir);
  const [tenant] = (await store.listTenants(null, 10)).tenants;
  assert.equal(tenant?.name, "First");
  assert.deepEqual((await server.changesSince(mark)).changes, [], "reading is no change");
  const actor = { kind: "system", id: newId(), role: "global_admin", test: false, expiresAt: null } as const;
  const [id, key] = [newId(), newKey()];
  const owner = { ...actor, tenantId: tenant.id, tenantSeq: tenant.seq };
  const second = await store.createTenant({ actor: owner, id, name: "Second", key, now: NOW });
  assert.deepEqual((await server.changesSince(mark)).changes, [{ kind: "keys" }]);
  assert.equal((await server.findKey(key.hash))?.tenantId, id);
  const { rows } = await server.listAudit(
    { tenantSeq: second.seq, pauseId: null, type: null, from: null, to: null },
    0,
    9,
  );
  assert.deepEqual(
    rows.map(({ type, actor: by }) => [type, by]),
    [["key.created", "system"]],
  );
  await server.revokeKey({ actor: owner, tenantSeq: second.seq, id: key.id, now: NOW });
  assert.equal(await store.findKey(key.hash), null);
  await store.close();
  await server.close();
});

test("a running server learns what each verb changed, and nothing from a verb that found nothing to change", async (t) => {
  const dir = newDir(t);
  const server = await openServerStore(dir);
  const store = beside(dir);
  let { mark } = await server.changesSince(null);
  const told = async () => {
    const answer = await server.changesSince(mark);
    mark = answer.mark;
    return answer.changes;
  };
  const [tenant] = (await store.listTenants(null, 10)).tenants;
  assert(tenant !== undefined);
  const { id: tenantId, seq: tenantSeq } = tenant;
  const actor = { kind: "system", id: newId(), role: "global_admin", test: false, tenantId, tenantSeq } as const;
  const [key, now] = [newKey(), NOW];
  await store.createKey({ actor, tenantSeq, key, now });
  assert.deepEqual(await told(), [{ kind: "keys" }]);
  await store.revokeKey({ actor, tenantSeq, id: key.id, now });
  await store.revokeKey({ actor, tenantSeq, id: key.id, now });
  assert.deepEqual(await told(), [{ kind: "keys" }]);
  const user = { id: newId(), email: "b@example.com", passwordHash: "$argon2id$", role: "developer" } as const;
  await store.createUser({ actor, tenantSeq, user, link: null, now });
  await store.setUserDisabled({ id: user.id, disabled: true, now });
  await store.resetPassword({ id: user.id, passwordHash: "$argon2id$2", now });
  assert.deepEqual(await told(), [{ kind: "sessions" }, { kind: "sessions" }, { kind: "sessions" }]);
  for (let times = 0; times < 2; times += 1) {
    await store.patchTenant({ actor, id: tenantId, quotas: { events_per_second: 5 }, now });
  }
  await store.patchTenant({ actor, id: newId(), quotas: { events_per_second: 5 }, now });
  assert.deepEqual(await told(), [
    { kind: "quotas", tenantSeq },
    { kind: "quotas", tenantSeq },
  ]);
  await store.close();
  await server.close();
});

test("where there is no data, none is made", (t) => {
  const dir = newDir(t);
  assert.throws(() => beside(dir), /^StartupError: there is no data in .*SIGNALBOX_DATA_DIR/);
  assert.throws(() => beside(join(dir, "deeper")), /there is no data/);
  assert.deepEqual(readdirSync(dir), []);
});

test("another master key is refused", async (t) => {
  const dir = newDir(t);
  await leaveData(dir);
  assert.throws(() => beside(dir, Buffer.alloc(32, 1)), /the master key is not the one/);
  rmSync(dataFiles(dir).masterKey);
  assert.throws(() => beside(dir), /the master key is missing/);
});

test("data of an older version is brought up to date, but not under a running server of that version", async (t) => {
  const dir = newDir(t);
  await leaveData(dir);
  const newest = schemaOf(dir);
  rmSync(dataFiles(dir).database);
  const first = readFileSync(join(import.meta.dirname, "./migrations/001.sql"), "utf8");
  inFile(dir, `${first}; PRAGMA user_version = 1`);
  const held = tryLockDir(dataFiles(dir));
  assert(held !== null);
  assert.throws(() => beside(dir), /a server is making the data/, "a first start is not over before there is a tenant");
  inFile(dir, "INSERT INTO tenants (id, name, created_at) VALUES (x'00', 'First', 1)");
  assert.throws(() => beside(dir), /an older Signalbox is running/);
  assert.equal(schemaOf(dir), 1);
  held.release();
  await beside(dir).close();
  assert.equal(schemaOf(dir), newest);
  const server = tryLockDir(dataFiles(dir));
  assert(server !== null, "the lock is not kept");
  server.release();
});

test("data that a server creates at this moment", (t) => {
  const dir = newDir(t);
  const held = tryLockDir(dataFiles(dir));
  assert(held !== null);
  inFile(dir, "PRAGMA journal_mode = WAL");
  assert.throws(() => beside(dir, Buffer.alloc(32, 1)), /^StartupError: a server is making the data in .* try again/);
  held.release();
});

test("data of a newer version and a file that is not a database are refused", async (t) => {
  const dir = newDir(t);
  await leaveData(dir);
  inFile(dir, "PRAGMA user_version = 9999");
  assert.throws(() => beside(dir), /written by a newer Signalbox \(schema 9999/);
  writeFileSync(dataFiles(dir).database, "this is not a database, and long enough to be sure ".repeat(99));
  assert.throws(() => beside(dir), /^StartupError: .*signalbox\.db is no database, or damaged/);
});

test("a master key that cannot be read is refused", async (t) => {
  const dir = newDir(t);
  await leaveData(dir);
  rmSync(dataFiles(dir).masterKey);
  mkdirSync(dataFiles(dir).masterKey);
  assert.throws(() => beside(dir), /^StartupError: .*master\.key cannot be read: EISDIR/);
});
