/** Drops what is cached of a change that another process or node made, and nothing else. */
import type { Change } from "../../ports/store.ts";
import type { Access } from "../access/access.ts";
import type { PublishRate } from "../access/publish-rate.ts";
import type { Sessions } from "../access/sessions.ts";
import type { Claims } from "../delivery/claims.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import type { Listeners } from "../endpoints/listeners.ts";
import type { Matching } from "../endpoints/matching.ts";
import type { Reports } from "../endpoints/reports.ts";
import type { Inbound } from "../inbound/inbound.ts";
import type { Waits } from "../pauses/waits.ts";

/** The parts of the engine that cache the store or wait for changes. */
export interface Caches {
  readonly matching: Pick<Matching, "changed" | "clear">;
  readonly access: Pick<Access, "forget">;
  readonly publishRate: Pick<PublishRate, "forget">;
  readonly sessions: Pick<Sessions, "forget">;
  readonly inbound: Pick<Inbound, "forget">;
  readonly claims: Pick<Claims, "discover">;
  readonly waits: Pick<Waits, "signal" | "signalAll">;
  readonly jobs: { work(): void };
  readonly deliveries: Pick<Deliveries, "dropCancelled">;
  readonly listeners: Pick<Listeners, "check">;
  readonly reports: Pick<Reports, "collect">;
}

export function forgetChanged(caches: Caches, change: Change): void {
  switch (change.kind) {
    case "anything":
      forgetAll(caches);
      return;
    case "keys":
      caches.access.forget();
      return;
    case "sessions":
      caches.sessions.forget();
      return;
    case "sources":
      caches.inbound.forget();
      return;
    case "endpoints":
      caches.matching.changed(change.tenantSeq);
      caches.listeners.check(change.tenantSeq);
      return;
    case "reports":
      caches.reports.collect();
      return;
    case "jobs":
      caches.jobs.work();
      return;
    case "quotas":
      caches.publishRate.forget(change.tenantSeq);
      return;
    case "pause":
      caches.waits.signal(change.id);
      return;
    case "cancel":
      caches.deliveries.dropCancelled(change.endpointSeq, change.deliverySeq);
      return;
  }
}

function forgetAll(caches: Caches): void {
  const { matching, access, publishRate, sessions, inbound, claims, waits, jobs, listeners, reports } = caches;
  matching.clear();
  listeners.check(null);
  reports.collect();
  access.forget();
  publishRate.forget();
  sessions.forget();
  inbound.forget();
  claims.discover();
  waits.signalAll();
  jobs.work();
}
