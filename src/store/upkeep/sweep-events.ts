/**
 * Retention for events with their deliveries and attempts, which are most of what is stored. Each statement is about all
 * events of a step: on PostgreSQL, each one is a round trip in which nobody else can write.
 */

import { storedBytes } from "../../domain/access/quota.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { IDEMPOTENCY_TTL_MS } from "../../domain/limits.ts";
import { noteChanges } from "../history/ledger-changes.ts";
import { all } from "../read-connection.ts";
import type { Writing } from "../writing.ts";
import { type Budget, isLeft, type Pass } from "./sweep-table.ts";

/** About as many events with one delivery each as a step can delete, so that few are looked at in vain. */
const PAGE_EVENTS = 34;

interface OldEvent {
  readonly seq: Seq;
  readonly tenant_seq: Seq;
  readonly accepted_at: EpochMs;
  readonly keyed: number;
  readonly payload_bytes: number;
  readonly delivery_count: number;
  /** 1: one of its deliveries has not ended, or not long enough ago. */
  readonly needed: number;
}

// Ranges of the primary key of deliveries and of deliveries_later. Both stop at the first row that they find; for an EXISTS,
// PostgreSQL could read the whole index.
const PAGE = `
  SELECT e.seq, e.tenant_seq, e.accepted_at, e.keyed, octet_length(e.payload) AS payload_bytes, e.delivery_count,
    CASE
      WHEN e.accepted_at >= ? THEN 1
      ELSE coalesce(
        (SELECT 1
        FROM deliveries d
        WHERE d.seq >= e.first_delivery_seq AND d.seq < e.first_delivery_seq + e.delivery_count
          AND (d.state < 3 OR d.ended_at >= ?)
        LIMIT 1),
        (SELECT 1
        FROM deliveries d INDEXED BY deliveries_later
        WHERE d.event_seq = e.seq AND d.later = 1 AND (d.state < 3 OR d.ended_at >= ?)
        LIMIT 1),
        0)
    END AS needed
  FROM events e
  WHERE e.seq > ?
  ORDER BY e.seq
  LIMIT ?`;

/**
 * An event is deleted with all its deliveries or not at all: while one endpoint's delivery is held, the history still
 * shows the others. An event stays at least as long as its idempotency key.
 */
export const events: Pass = {
  name: "events",
  step(w, after, ages, budget) {
    const { now, cutoff } = ages;
    let reached = after;
    while (isLeft(budget)) {
      const limit = Math.min(PAGE_EVENTS, budget.visits);
      const rows = all<OldEvent>(w, PAGE, cutoff, cutoff, cutoff, reached, limit);
      const old = rows.filter((event) => event.accepted_at < cutoff);
      const unneeded = old.filter(
        (event) => event.needed === 0 && (event.keyed === 0 || event.accepted_at + IDEMPOTENCY_TTL_MS < now),
      );
      const kept = deleteEvents(w, unneeded, budget);
      budget.visits -= old.length;
      if (kept === null && (old.length < rows.length || rows.length < limit)) return null;
      reached = kept === null ? (old.at(-1)?.seq ?? reached) : kept - 1;
    }
    return reached;
  },
};

interface OldDelivery {
  readonly event_seq: Seq;
  readonly seq: Seq;
  readonly tenant_seq: Seq;
  readonly last_attempt_seq: Seq | null;
  readonly attempts: number;
}

const ITS_OWN = `
  SELECT e.seq AS event_seq, d.seq, d.tenant_seq, d.last_attempt_seq, d.attempts
  FROM events e CROSS JOIN deliveries d ON d.seq >= e.first_delivery_seq AND d.seq < e.first_delivery_seq + e.delivery_count
  WHERE e.seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))
  ORDER BY e.seq, d.seq
  LIMIT ?`;
const LATER = `
  SELECT event_seq, seq, tenant_seq, last_attempt_seq, attempts
  FROM deliveries INDEXED BY deliveries_later
  WHERE event_seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) AND later = 1
  ORDER BY event_seq, seq
  LIMIT ?`;

/** Delete events, in their order, while the budget lasts. Returns the first one that is left; null when none is. */
function deleteEvents(w: Writing, unneeded: readonly OldEvent[], budget: Budget): Seq | null {
  if (unneeded.length === 0) return null;
  const chosen = within(unneeded, budget.rows);
  const { deliveries, ended } = choose(w, chosen, budget.rows);
  deleteAttempts(w, deliveries, budget);
  deleteRows(w, "deliveries", deliveries, budget);
  noteChanges(w, deliveries);
  const gone = chosen.slice(0, ended);
  deleteRows(w, "events", gone, budget);
  for (const { tenant_seq, payload_bytes, delivery_count } of gone) {
    w.usage.addBytes(tenant_seq, -storedBytes(payload_bytes, 1 + delivery_count));
  }
  const { highest } = budget;
  highest.event_seq_deleted = Math.max(highest.event_seq_deleted, ...gone.map(({ seq }) => seq));
  highest.delivery_seq_deleted = Math.max(highest.delivery_seq_deleted, ...deliveries.map(({ seq }) => seq));
  return unneeded[ended]?.seq ?? null;
}

/** The first events that have, with their deliveries, at most so many rows. At least one event: it takes several steps. */
function within(unneeded: readonly OldEvent[], rowsMax: number): readonly OldEvent[] {
  let rows = 0;
  const end = unneeded.findIndex(({ delivery_count }, index) => {
    rows += 1 + delivery_count;
    return index > 0 && rows > rowsMax;
  });
  return end === -1 ? unneeded : unneeded.slice(0, end);
}

interface Chosen {
  readonly deliveries: readonly OldDelivery[];
  /** How many of the events have no other deliveries. */
  readonly ended: number;
}

/** The deliveries that are deleted now. */
function choose(w: Writing, chosen: readonly OldEvent[], rowsMax: number): Chosen {
  const seqs = JSON.stringify(chosen.map(({ seq }) => seq));
  const reading = [ITS_OWN, LATER].map((sql) => w.prepare(sql).allLater(seqs, rowsMax));
  const lists = reading.map((rows) => rows() as unknown as readonly OldDelivery[]);
  // A list of so many may lack deliveries of its last event.
  const complete = lists.map((list) =>
    list.length < rowsMax ? Number.POSITIVE_INFINITY : (list.at(-1)?.event_seq ?? 0),
  );
  const byEvent = Map.groupBy(lists.flat(), ({ event_seq }) => event_seq);
  const deliveries: OldDelivery[] = [];
  let rows = 0;
  for (const [index, { seq }] of chosen.entries()) {
    if (rows >= rowsMax) return { deliveries, ended: index };
    for (const delivery of byEvent.get(seq) ?? []) {
      if (rows >= rowsMax) return { deliveries, ended: index };
      rows += 1 + delivery.attempts;
      deliveries.push(delivery);
    }
    if (seq >= Math.min(...complete)) return { deliveries, ended: index };
    rows += 1;
  }
  return { deliveries, ended: chosen.length };
}

const DELETE_ATTEMPTS = `
  DELETE FROM attempts
  WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))
  RETURNING previous_seq`;

/** Each attempt refers to the one before it, so attempts need no index. */
function deleteAttempts(w: Writing, deliveries: readonly OldDelivery[], budget: Budget): void {
  let seqs = deliveries.flatMap(({ last_attempt_seq }) => last_attempt_seq ?? []);
  budget.highest.attempt_seq_deleted = Math.max(budget.highest.attempt_seq_deleted, ...seqs);
  while (seqs.length > 0) {
    const deleted = all<{ previous_seq: Seq | null }>(w, DELETE_ATTEMPTS, JSON.stringify(seqs));
    budget.rows -= deleted.length;
    seqs = deleted.flatMap(({ previous_seq }) => previous_seq ?? []);
  }
}

function deleteRows(w: Writing, table: string, rows: readonly { readonly seq: Seq }[], budget: Budget): void {
  if (rows.length === 0) return;
  const sql = `DELETE FROM ${table} WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`;
  w.prepare(sql).run(JSON.stringify(rows.map(({ seq }) => seq)));
  budget.rows -= rows.length;
}
