/**
 * The conformance suite that every store must pass. It uses only the port. Times are arguments of the verbs, so days
 * pass without waiting.
 */
import { describe } from "node:test";
import { accessCases } from "./access/access.ts";
import { auditCases } from "./access/audit.ts";
import { quotaCases } from "./access/quotas.ts";
import { sessionCases } from "./access/sessions.ts";
import { terminalCases } from "./access/terminals.ts";
import { userCases } from "./access/users.ts";
import { changeCases } from "./delivery/changes.ts";
import { claimCases } from "./delivery/claims.ts";
import { healthCases } from "./delivery/health.ts";
import { idempotencyCases } from "./delivery/idempotency.ts";
import { leaseCases } from "./delivery/leases.ts";
import { operationalCases } from "./delivery/operational.ts";
import { orderCases } from "./delivery/order.ts";
import { publishCases } from "./delivery/publish.ts";
import { settlementCases } from "./delivery/settlements.ts";
import { endpointCases } from "./endpoints/endpoints.ts";
import { listenerCases } from "./endpoints/listeners.ts";
import { matchingCases } from "./endpoints/matching.ts";
import { eventListCases } from "./history/events.ts";
import { factCases } from "./history/facts.ts";
import { ledgerCases } from "./history/ledger.ts";
import { listCases } from "./history/lists.ts";
import { statisticsCases } from "./history/statistics.ts";
import { inboundCases } from "./inbound/inbound.ts";
import { inboundBoundCases } from "./inbound/inbound-bounds.ts";
import { inboundListCases } from "./inbound/inbound-lists.ts";
import { reprocessingCases } from "./inbound/reprocessing.ts";
import { sourceCases } from "./inbound/sources.ts";
import { agentCases } from "./pauses/agents.ts";
import { decidingCases } from "./pauses/deciding.ts";
import { notificationCases } from "./pauses/notifications.ts";
import { deadlineCases } from "./pauses/pause-deadlines.ts";
import { pauseCases } from "./pauses/pauses.ts";
import { stepCases } from "./pauses/steps.ts";
import { voteCases } from "./pauses/votes.ts";
import { bulkCases } from "./upkeep/bulk.ts";
import { jobCases } from "./upkeep/jobs.ts";
import { nodeCases } from "./upkeep/nodes.ts";
import { retentionCases } from "./upkeep/retention.ts";
import type { OpenStore } from "./world.ts";

type Subject = readonly [string, (open: OpenStore) => void];

/** In SQLite's store, their calls are packed, wait for other large reads, or go to the ledger's own thread. */
export const SPECIAL_CALLS: readonly Subject[] = [
  ["publish", publishCases],
  ["settlements", settlementCases],
  ["lists", listCases],
  ["the ledger", ledgerCases],
];

export const USUAL_CALLS: readonly Subject[] = [
  ["idempotency keys", idempotencyCases],
  ["claims", claimCases],
  ["leases", leaseCases],
  ["health", healthCases],
  ["operational events", operationalCases],
  ["ordered lanes", orderCases],
  ["endpoints", endpointCases],
  ["listeners", listenerCases],
  ["matching", matchingCases],
  ["changes", changeCases],
  ["lists of events", eventListCases],
  ["facts", factCases],
  ["access", accessCases],
  ["quotas", quotaCases],
  ["users", userCases],
  ["sessions", sessionCases],
  ["terminals", terminalCases],
  ["jobs", jobCases],
  ["bulk actions", bulkCases],
  ["retention", retentionCases],
  ["nodes", nodeCases],
  ["statistics", statisticsCases],
  ["pauses", pauseCases],
  ["pause deadlines", deadlineCases],
  ["decisions of users", decidingCases],
  ["questions of agents", agentCases],
  ["votes", voteCases],
  ["steps before a deadline", stepCases],
  ["notifications", notificationCases],
  ["audit", auditCases],
  ["sources", sourceCases],
  ["inbound events", inboundCases],
  ["inbound lists", inboundListCases],
  ["reprocessing", reprocessingCases],
  ["inbound limits", inboundBoundCases],
];

export function describeStore(name: string, open: OpenStore, subjects: readonly Subject[]): void {
  describe(name, () => {
    for (const [subject, cases] of subjects) describe(subject, () => cases(open));
  });
}
