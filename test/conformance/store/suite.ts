/**
 * The one conformance suite: what every store answers and keeps, said through the port alone. Times are arguments of
 * the verbs, so that days pass without waiting.
 */
import { describe } from "node:test";
import { accessCases } from "./access.ts";
import { auditCases } from "./audit.ts";
import { changeCases } from "./changes.ts";
import { claimCases } from "./claims.ts";
import { endpointCases } from "./endpoints.ts";
import { healthCases } from "./health.ts";
import { idempotencyCases } from "./idempotency.ts";
import { inboundCases } from "./inbound.ts";
import { inboundBoundCases } from "./inbound-bounds.ts";
import { inboundListCases } from "./inbound-lists.ts";
import { jobCases } from "./jobs.ts";
import { leaseCases } from "./leases.ts";
import { ledgerCases } from "./ledger.ts";
import { listCases } from "./lists.ts";
import { matchingCases } from "./matching.ts";
import { nodeCases } from "./nodes.ts";
import { notificationCases } from "./notifications.ts";
import { orderCases } from "./order.ts";
import { deadlineCases } from "./pause-deadlines.ts";
import { pauseCases } from "./pauses.ts";
import { publishCases } from "./publish.ts";
import { quotaCases } from "./quotas.ts";
import { reprocessingCases } from "./reprocessing.ts";
import { retentionCases } from "./retention.ts";
import { sessionCases } from "./sessions.ts";
import { settlementCases } from "./settlements.ts";
import { sourceCases } from "./sources.ts";
import { statisticsCases } from "./statistics.ts";
import { userCases } from "./users.ts";
import type { OpenStore } from "./world.ts";

const SUBJECTS: readonly (readonly [string, (open: OpenStore) => void])[] = [
  ["publish", publishCases],
  ["idempotency keys", idempotencyCases],
  ["claims", claimCases],
  ["leases", leaseCases],
  ["settlements", settlementCases],
  ["health", healthCases],
  ["ordered lanes", orderCases],
  ["endpoints", endpointCases],
  ["matching", matchingCases],
  ["changes", changeCases],
  ["lists", listCases],
  ["the ledger", ledgerCases],
  ["access", accessCases],
  ["quotas", quotaCases],
  ["users", userCases],
  ["sessions", sessionCases],
  ["jobs", jobCases],
  ["retention", retentionCases],
  ["nodes", nodeCases],
  ["statistics", statisticsCases],
  ["pauses", pauseCases],
  ["deadlines of pauses", deadlineCases],
  ["notifications", notificationCases],
  ["audit", auditCases],
  ["sources", sourceCases],
  ["inbound events", inboundCases],
  ["lists of inbound events", inboundListCases],
  ["reprocessing", reprocessingCases],
  ["bounds of what is received", inboundBoundCases],
];

const SUBJECTS_AT_ONCE = 4;

export function describeStore(name: string, open: OpenStore): void {
  // Each subject has a store of its own: while one waits for a restart, another goes on.
  describe(name, { concurrency: SUBJECTS_AT_ONCE }, () => {
    for (const [subject, cases] of SUBJECTS) describe(subject, { concurrency: false }, () => cases(open));
  });
}
