import assert from "node:assert/strict";
import { test } from "node:test";
import type { Uuid } from "../../domain/ids.ts";
import type { Change } from "../../ports/store.ts";
import { forgetChanged } from "./forget-changed.ts";

/** What is dropped or signaled after a change. */
function after(change: Change): string[] {
  const done: string[] = [];
  const note =
    (what: string) =>
    (of?: number | string): void =>
      void done.push(of === undefined ? what : `${what} of ${of}`);
  forgetChanged(
    {
      matching: { changed: note("endpoints"), clear: note("all endpoints") },
      access: { forget: note("keys") },
      publishRate: { forget: note("quotas") },
      sessions: { forget: note("sessions") },
      inbound: { forget: note("sources") },
      claims: { discover: note("ready lanes") },
      waits: { signal: note("pause"), signalAll: note("all pauses") },
      jobs: { work: note("jobs") },
      listeners: { check: (tenantSeq) => void done.push(`readers of ${tenantSeq ?? "all"}`) },
      reports: { collect: note("reports") },
      deliveries: { dropCancelled: (endpointSeq, deliverySeq) => void done.push(`${deliverySeq} of ${endpointSeq}`) },
    },
    change,
  );
  return done;
}

test("a change drops only what is cached of it", () => {
  const id = "0190a2b4-0000-7000-8000-000000000001" as Uuid;
  assert.deepEqual(after({ kind: "keys" }), ["keys"]);
  assert.deepEqual(after({ kind: "sessions" }), ["sessions"]);
  assert.deepEqual(after({ kind: "sources" }), ["sources"]);
  assert.deepEqual(after({ kind: "endpoints", tenantSeq: 7 }), ["endpoints of 7", "readers of 7"]);
  assert.deepEqual(after({ kind: "reports" }), ["reports"]);
  assert.deepEqual(after({ kind: "quotas", tenantSeq: 7 }), ["quotas of 7"]);
  assert.deepEqual(after({ kind: "jobs" }), ["jobs"]);
  assert.deepEqual(after({ kind: "pause", id }), [`pause of ${id}`]);
  assert.deepEqual(after({ kind: "cancel", endpointSeq: 7, deliverySeq: 8 }), ["8 of 7"]);
});

test("when anything may have changed, everything is dropped", () => {
  const reading = ["all endpoints", "readers of all", "reports"];
  const all = [...reading, "keys", "quotas", "sessions", "sources", "ready lanes", "all pauses", "jobs"];
  assert.deepEqual(after({ kind: "anything" }), all);
});
