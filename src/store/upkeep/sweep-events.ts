/** Retention for events with their deliveries and attempts, which are most of what is stored. */

import { storedBytes } from "../../domain/access/quota.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { IDEMPOTENCY_TTL_MS } from "../../domain/limits.ts";
import { noteChanged } from "../history/ledger/note.ts";
import { all, one } from "../read-connection.ts";
import type { Writing } from "../writing.ts";
import type { Ages, Budget, Visited } from "./sweep-table.ts";

export interface OldEvent {
  readonly seq: Seq;
  readonly tenant_seq: Seq;
  readonly accepted_at: EpochMs;
  readonly first_delivery_seq: Seq;
  readonly delivery_count: number;
  readonly keyed: number;
  readonly payload_bytes: number;
}

/**
 * An event is deleted with all its deliveries or not at all: while one endpoint's delivery is held, the history still
 * shows the others. An event stays at least as long as its idempotency key.
 */
export function visitEvent(w: Writing, event: OldEvent, { now, cutoff }: Ages, budget: Budget): Visited {
  if (event.accepted_at >= cutoff) return "end";
  if (event.keyed === 1 && event.accepted_at + IDEMPOTENCY_TTL_MS >= now) return "next";
  if (isNeeded(w, event, cutoff)) return "next";
  const gone = deleteDeliveries(w, event, budget);
  if (!gone) return "again";
  w.prepare("DELETE FROM events WHERE seq = ?").run(event.seq);
  w.usage.addBytes(event.tenant_seq, -storedBytes(event.payload_bytes, 1 + event.delivery_count));
  budget.highest.event_seq_deleted = event.seq;
  budget.rows -= 1;
  return "next";
}

// Ranges of the primary key and of deliveries_later. Both stop at the first row that they find.
const NEEDED_OF_ITS_OWN = `
  SELECT 1
  FROM deliveries
  WHERE seq >= ? AND seq < ? AND (state < 3 OR ended_at >= ?)
  LIMIT 1`;
const NEEDED_LATER = `
  SELECT 1
  FROM deliveries INDEXED BY deliveries_later
  WHERE event_seq = ? AND later = 1 AND (state < 3 OR ended_at >= ?)
  LIMIT 1`;

function isNeeded(w: Writing, event: OldEvent, cutoff: EpochMs): boolean {
  const first = event.first_delivery_seq;
  return (
    one(w, NEEDED_OF_ITS_OWN, first, first + event.delivery_count, cutoff) !== undefined ||
    one(w, NEEDED_LATER, event.seq, cutoff) !== undefined
  );
}

interface OldDelivery {
  readonly seq: Seq;
  readonly tenant_seq: Seq;
  readonly last_attempt_seq: Seq | null;
}

const ITS_OWN = `
  SELECT seq, tenant_seq, last_attempt_seq
  FROM deliveries
  WHERE seq >= ? AND seq < ?
  ORDER BY seq
  LIMIT ?`;
const LATER = `
  SELECT seq, tenant_seq, last_attempt_seq
  FROM deliveries INDEXED BY deliveries_later
  WHERE event_seq = ? AND later = 1
  LIMIT ?`;

/** Returns whether none is left. If some are left, the budget is used up. */
function deleteDeliveries(w: Writing, event: OldEvent, budget: Budget): boolean {
  const first = event.first_delivery_seq;
  const rows = [
    ...all<OldDelivery>(w, ITS_OWN, first, first + event.delivery_count, budget.rows),
    ...all<OldDelivery>(w, LATER, event.seq, budget.rows),
  ];
  const limit = budget.rows;
  for (const row of rows) {
    if (budget.rows <= 0) return false;
    deleteDelivery(w, row, budget);
  }
  return rows.length < limit;
}

function deleteDelivery(w: Writing, { seq, tenant_seq, last_attempt_seq }: OldDelivery, budget: Budget): void {
  // Each attempt refers to the one before it, so attempts need no index.
  for (let attempt = last_attempt_seq; attempt !== null; ) {
    const deleted = one<{ previous_seq: Seq | null }>(
      w,
      "DELETE FROM attempts WHERE seq = ? RETURNING previous_seq",
      attempt,
    );
    budget.rows -= 1;
    attempt = deleted?.previous_seq ?? null;
  }
  w.prepare("DELETE FROM deliveries WHERE seq = ?").run(seq);
  noteChanged(w, tenant_seq, seq);
  budget.rows -= 1;
  const { highest } = budget;
  highest.delivery_seq_deleted = Math.max(highest.delivery_seq_deleted, seq);
  highest.attempt_seq_deleted = Math.max(highest.attempt_seq_deleted, last_attempt_seq ?? 0);
}
