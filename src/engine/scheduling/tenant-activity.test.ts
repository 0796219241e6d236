import assert from "node:assert/strict";
import { test } from "node:test";
import { TENANT_ACTIVE_MS } from "../../domain/limits.ts";
import { TenantActivity } from "./tenant-activity.ts";

test("the server is shared for a while after one tenant follows another, and never with a single tenant", () => {
  let nowMs = 1_000_000;
  const activity = new TenantActivity({ monotonicMs: () => nowMs });
  assert.equal(activity.isShared, false);
  for (const tenantSeq of [1, 1, 1]) activity.note(tenantSeq);
  assert.equal(activity.isShared, false);
  activity.note(2);
  assert.equal(activity.isShared, true);
  nowMs += TENANT_ACTIVE_MS - 1;
  activity.note(2);
  assert.equal(activity.isShared, true);
  nowMs += 1;
  assert.equal(activity.isShared, false);
  activity.note(1);
  assert.equal(activity.isShared, true);
});
