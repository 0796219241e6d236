import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { openRows, START } from "../../../test/fixtures/sqlite-rows.ts";
import { uuidBytes } from "../rows.ts";
import { findKey, findTenant, listKeys, listTenants } from "./lookups.ts";

test("a key is found by its hash until it is revoked", () => {
  const rows = openRows();
  const tenantSeq = rows.tenant();
  const [tenant] = listTenants(rows.connection, null, 10).tenants;
  const hash = createHash("sha256").update("sb_test_key").digest("hex");
  const id = rows.newId();
  rows.insert("keys", {
    id: uuidBytes(id),
    tenant_seq: tenantSeq,
    hash: Buffer.from(hash, "hex"),
    name: "ci",
    role: "org_admin",
    test: 1,
    created_at: START,
  });
  assert.deepEqual(findKey(rows.connection, hash), {
    kind: "key",
    id,
    role: "org_admin",
    tenantId: tenant?.id,
    tenantSeq,
    test: true,
    createdAt: START,
    expiresAt: null,
    idleMs: null,
    usedAt: null,
  });
  assert.deepEqual(listKeys(rows.connection, tenantSeq, null, 10).keys, [
    {
      id,
      name: "ci",
      role: "org_admin",
      test: true,
      expiresAt: null,
      idleMs: null,
      createdAt: START,
      createdBy: null,
      usedAt: null,
      scopes: null,
    },
  ]);
  rows.connection.db.prepare("UPDATE keys SET revoked_at = ?").run(START + 1);
  assert.equal(findKey(rows.connection, hash), null);
  assert.deepEqual(listKeys(rows.connection, tenantSeq, null, 10).keys, []);
});

test("tenants are listed in creation order, a page at a time, and found by id", () => {
  const rows = openRows();
  for (const name of ["one", "two", "three"]) rows.tenant(name);
  const first = listTenants(rows.connection, null, 2);
  const rest = listTenants(rows.connection, first.next, 2);
  assert.equal(rest.next, null);
  assert.deepEqual(
    [...first.tenants, ...rest.tenants].map(({ name }) => name),
    ["one", "two", "three"],
  );
  const [third] = rest.tenants;
  assert.deepEqual(findTenant(rows.connection, third?.id ?? rows.newId()), third);
  assert.equal(findTenant(rows.connection, rows.newId()), null);
});
