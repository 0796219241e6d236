import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import type { Role } from "../../domain/access/access.ts";
import { uuidBytes } from "../rows.ts";
import { bootstrap, createKey, createTenant, revokeKey, rotateKey } from "./access.ts";

const hash = (digit: string) => digit.repeat(64);

function open() {
  const store = openStore();
  const { w, actor, tenantSeq } = store;
  return {
    ...store,
    key(role: Role, digit = "a", id = store.newId()) {
      const key = { id, hash: hash(digit), name: "ci", role, test: false, expiresAt: null, idleMs: null };
      const made = store.run(() => createKey(w, { actor, tenantSeq, key, now: START }));
      assert(made.kind === "created");
      return made.key;
    },
    audits: () => store.rows("SELECT event_type, data FROM audit ORDER BY seq").map((row) => String(row.event_type)),
  };
}

test("bootstrap sets up an empty store, and no other", () => {
  const { w, run, newId, count } = openStore();
  const newInstallation = () => ({
    tenant: { id: newId(), name: "First" },
    user: { id: newId(), email: `${newId()}@example.com`, passwordHash: "$argon2id$", role: "global_admin" as const },
    key: {
      id: newId(),
      hash: hash("f"),
      name: "first",
      role: "global_admin" as const,
      test: false,
      expiresAt: null,
      idleMs: null,
    },
    now: START,
  });
  assert.equal(
    run(() => bootstrap(w, newInstallation())),
    false,
  );
  assert.equal(count("users"), 0);
  run(() => w.db.exec("DELETE FROM keys; DELETE FROM tenants"));
  assert.equal(
    run(() => bootstrap(w, newInstallation())),
    true,
  );
  assert.deepEqual([count("tenants"), count("users"), count("keys")], [1, 1, 1]);
});

test("a key is stored as its hash, once, however often its creation is repeated", () => {
  const { key, row, count, newId, audits } = open();
  const id = newId();
  const made = key("developer", "a", id);
  assert.deepEqual(key("developer", "a", id), made);
  assert.equal(count("keys", "name = 'ci'"), 1);
  assert.deepEqual(row("SELECT hash FROM keys WHERE name = 'ci'")?.hash, new Uint8Array(Buffer.from(hash("a"), "hex")));
  assert.deepEqual(audits(), ["key.created", "key.created"]);
});

test("an actor with the key's role or a higher one can revoke a key, and only once", () => {
  const { w, run, key, actor, tenantSeq, audits } = open();
  const made = key("developer");
  const revoke = () => run(() => revokeKey(w, { actor, tenantSeq, id: made.id, now: START }));
  assert.deepEqual([revoke(), revoke()], ["revoked", "unknown"]);
  assert.equal(audits().at(-1), "key.revoked");
});

test("a key above the actor's role cannot be revoked, nor one of another tenant", () => {
  const { w, run, key, actor, tenantSeq, tenant } = open();
  const high = key("global_admin", "a");
  const own = key("developer", "b");
  const other = tenant();
  assert.equal(
    run(() => revokeKey(w, { actor, tenantSeq, id: high.id, now: START })),
    "forbidden",
  );
  assert.equal(
    run(() => revokeKey(w, { actor: other, tenantSeq: other.tenantSeq, id: own.id, now: START })),
    "unknown",
  );
});

test("the last key of role global_admin in the installation is not revoked", () => {
  const { w, run, key, actor, tenantSeq, tenant, newId, audits } = open();
  const admin = { ...actor, role: "global_admin" } as const;
  const [first, second] = [key("global_admin", "a"), key("global_admin", "b")];
  const elsewhere = tenant();
  const key3 = {
    id: newId(),
    hash: hash("c"),
    name: "third",
    role: "global_admin",
    test: false,
    expiresAt: null,
    idleMs: null,
  } as const;
  const revoke = (id: typeof first.id) => run(() => revokeKey(w, { actor: admin, tenantSeq, id, now: START }));
  assert.deepEqual([revoke(first.id), revoke(second.id)], ["revoked", "lastAdmin"]);
  assert.equal(audits().filter((type) => type === "key.revoked").length, 1);
  run(() => createKey(w, { actor: admin, tenantSeq: elsewhere.tenantSeq, key: key3, now: START }));
  assert.equal(revoke(second.id), "revoked", "another tenant has one");
});

test("rotating replaces the actor's key by one of the same name and role; repeating it changes nothing more", () => {
  const { w, run, actor, row, newId, count, audits } = open();
  const id = newId();
  const rotate = (to = id) => run(() => rotateKey(w, { actor, id: to, hash: hash("c"), now: START + 1 }));
  assert.deepEqual([rotate(), rotate()], [true, true]);
  const made = row("SELECT name, role, revoked_at FROM keys WHERE id = ?", uuidBytes(id));
  assert.deepEqual({ ...made }, { name: "first", role: "org_admin", revoked_at: null });
  assert.equal(count("keys", `revoked_at = ${START + 1}`), 1);
  assert.equal(audits().filter((type) => type === "key.rotated").length, 1);
  assert.equal(rotate(newId()), false);
});

test("the hash of a revoked key cannot be inserted again", () => {
  const { w, run, key, actor, tenantSeq } = open();
  const made = key("developer", "d");
  run(() => revokeKey(w, { actor, tenantSeq, id: made.id, now: START }));
  assert.throws(() => key("developer", "d"), /UNIQUE/);
});

test("a tenant comes with its first key; repeated creation makes one", () => {
  const { w, run, actor, newId, count, row } = open();
  const request = {
    actor,
    id: newId(),
    name: "Second",
    key: {
      id: newId(),
      hash: hash("e"),
      name: "first",
      role: "org_admin" as const,
      test: false,
      expiresAt: null,
      idleMs: null,
    },
    now: START,
  };
  const made = run(() => createTenant(w, request));
  assert.deepEqual(
    run(() => createTenant(w, request)),
    made,
  );
  assert.equal(count("tenants", "name = 'Second'"), 1);
  assert.equal(row("SELECT tenant_seq FROM keys WHERE id = ?", uuidBytes(request.key.id))?.tenant_seq, made.seq);
});
