import assert from "node:assert/strict";
import { test } from "node:test";
import { GROUP_DELIVERIES_MAX, GROUP_DELIVERIES_SHARED_MAX, TENANT_ACTIVE_MS } from "../../domain/limits.ts";
import { ActiveTenants } from "./active-tenants.ts";

function stage() {
  let nowMs = 0;
  const tenants = new ActiveTenants({ monotonicMs: () => nowMs });
  return {
    tenants,
    /** Notes the tenant, this long after the last one. */
    note(tenantSeq: number, afterMs: number) {
      nowMs += afterMs;
      tenants.note(tenantSeq);
    },
  };
}

test("a tenant that is alone is not several, however active it is", () => {
  const { tenants, note } = stage();
  assert.equal(tenants.areSeveral, false);
  for (let count = 0; count < 3; count += 1) note(1, 1);
  assert.equal(tenants.areSeveral, false);
  assert.equal(tenants.groupDeliveriesMax, GROUP_DELIVERIES_MAX);
});

test("two tenants within the time are several, until only one of them is active", () => {
  const { tenants, note } = stage();
  note(1, 0);
  note(2, TENANT_ACTIVE_MS - 1);
  assert.equal(tenants.areSeveral, true);
  assert.equal(tenants.groupDeliveriesMax, GROUP_DELIVERIES_SHARED_MAX);
  note(2, 1);
  assert.equal(tenants.areSeveral, false);
});

test("the busier tenant does not make the quieter one forgotten", () => {
  const { tenants, note } = stage();
  for (let round = 0; round < 5; round += 1) {
    note(2, TENANT_ACTIVE_MS / 2);
    for (let count = 0; count < 10; count += 1) {
      note(1, 1);
      assert.equal(tenants.areSeveral, true);
    }
  }
});
