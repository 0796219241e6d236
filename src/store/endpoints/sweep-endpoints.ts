/** Retention for endpoints: tombstones, the backlog of DISABLED endpoints, old filters and URLs. */
import type { EndpointStatus, Transport } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { LISTENER_CANCELLED_COUNT, TIME_DISORDER_MS_MAX } from "../../domain/limits.ts";
import { publishFailed, rowsOfFailed } from "../delivery/operational-events.ts";
import { noteChanged } from "../history/ledger-changes.ts";
import { all, one } from "../read-connection.ts";
import type { Ages, Budget, Visited } from "../upkeep/sweep-table.ts";
import { namesDeleted, type Writing } from "../writing.ts";
import { freeHeldBytes } from "./endpoints.ts";
import { boundListener, forgetListener } from "./listeners.ts";

export interface KeptEndpoint {
  readonly seq: Seq;
  readonly status: EndpointStatus;
  readonly url: string;
  readonly disabled_at: EpochMs | null;
  readonly updated_at: EpochMs;
  readonly deleted_at: EpochMs | null;
  readonly transport: Transport;
}

export function visitEndpoint(w: Writing, endpoint: KeptEndpoint, ages: Ages, budget: Budget): Visited {
  if (endpoint.deleted_at !== null) {
    if (endpoint.deleted_at < ages.cutoff && !hasDeliveries(w, endpoint.seq)) deleteTombstone(w, endpoint.seq, budget);
    return "next";
  }
  if (endpoint.transport === "stream") {
    if (forgetListener(w, endpoint.seq, ages.now)) return "next";
    while (boundListener(w, endpoint.seq, ages.now)) {
      budget.rows -= LISTENER_CANCELLED_COUNT;
      if (budget.rows <= 0) return "again";
    }
  }
  trimHistory(w, endpoint.seq, budget);
  trimUrls(w, endpoint, budget);
  if (endpoint.disabled_at === null || endpoint.disabled_at >= ages.cutoff || budget.rows <= 0) return "next";
  return expireBacklog(w, endpoint.seq, ages, budget);
}

// ── Tombstones ──────────────────────────────────────────────────────────────────────────────────────────────────────

function hasDeliveries(w: Writing, endpointSeq: Seq): boolean {
  return one(w, "SELECT 1 FROM deliveries WHERE endpoint_seq = ? LIMIT 1", endpointSeq) !== undefined;
}

const OF_ENDPOINT = [
  "DELETE FROM urls WHERE endpoint_seq = ?",
  "DELETE FROM endpoint_history WHERE endpoint_seq = ?",
  "DELETE FROM lanes WHERE endpoint_seq = ?",
  "DELETE FROM endpoints WHERE seq = ?",
];

function deleteTombstone(w: Writing, endpointSeq: Seq, budget: Budget): void {
  for (const sql of OF_ENDPOINT) budget.rows -= Number(w.prepare(sql).run(endpointSeq).changes);
  namesDeleted(w);
}

// ── The backlog of a DISABLED endpoint ──────────────────────────────────────────────────────────────────────────────

// A range of deliveries_waiting. No delivery is due before its run began, so one that was due before the cutoff is old
// enough.
const EXPIRE = `
  UPDATE deliveries
  SET state = 6, reason = 'expired', ended_at = ?
  WHERE seq IN (
    SELECT seq
    FROM deliveries INDEXED BY deliveries_waiting
    WHERE endpoint_seq = ? AND state < 2 AND due_at < ?
    ORDER BY due_at, seq
    LIMIT ?)
  RETURNING seq`;

function expireBacklog(w: Writing, endpointSeq: Seq, { now, cutoff }: Ages, budget: Budget): Visited {
  const lane = w.lanes.get(endpointSeq);
  // Each can publish `delivery.failed`.
  const rowsEach = 1 + rowsOfFailed(w, lane.tenantSeq);
  const limit = Math.ceil(budget.rows / rowsEach);
  const expired = all<{ seq: Seq }>(w, EXPIRE, now, endpointSeq, cutoff, limit);
  budget.rows -= expired.length * rowsEach;
  if (expired.length === 0) return "next";
  for (const { seq } of expired) {
    noteChanged(w, lane.tenantSeq, seq);
    w.counters.ended({ tenantSeq: lane.tenantSeq, endpointSeq, at: now }, "EXPIRED");
    budget.woken.push(...publishFailed(w, lane.tenantSeq, seq));
  }
  if (expired.length === limit) return "again";
  if (!hasWaiting(w, endpointSeq)) freeHeldBytes(w, lane);
  return "next";
}

function hasWaiting(w: Writing, endpointSeq: Seq): boolean {
  return one(w, "SELECT 1 FROM deliveries WHERE endpoint_seq = ? AND state < 2 LIMIT 1", endpointSeq) !== undefined;
}

// ── Old filters and URLs ────────────────────────────────────────────────────────────────────────────────────────────

// The row that holds for the oldest kept event stays, and all rows after it.
const TRIM_HISTORY = `
  DELETE FROM endpoint_history
  WHERE endpoint_seq = :endpoint AND after_event_seq < (
    SELECT max(after_event_seq)
    FROM endpoint_history
    WHERE endpoint_seq = :endpoint AND after_event_seq < coalesce((SELECT min(seq) FROM events), :next))`;

function trimHistory(w: Writing, endpoint: Seq, budget: Budget): void {
  budget.rows -= Number(w.prepare(TRIM_HISTORY).run({ endpoint, next: w.sequences.event }).changes);
}

const OTHER_URL = "SELECT 1 FROM urls WHERE endpoint_seq = ? AND url <> ? LIMIT 1";
// Served by deliveries_of_endpoint, which ends in the sequence.
const OLDEST_DELIVERY = `
  SELECT created_at
  FROM deliveries
  WHERE endpoint_seq = ?
  ORDER BY seq
  LIMIT 1`;

/**
 * Attempts refer to URLs. If all kept deliveries are younger than the endpoint's last change, they refer only to its
 * current URL.
 */
function trimUrls(w: Writing, { seq, url, updated_at }: KeptEndpoint, budget: Budget): void {
  if (one(w, OTHER_URL, seq, url) === undefined) return;
  const oldest = one<{ created_at: EpochMs }>(w, OLDEST_DELIVERY, seq);
  if (oldest !== undefined && oldest.created_at < updated_at + TIME_DISORDER_MS_MAX) return;
  budget.rows -= Number(w.prepare("DELETE FROM urls WHERE endpoint_seq = ? AND url <> ?").run(seq, url).changes);
  w.memory.urlSeqs.clear();
}
