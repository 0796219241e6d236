/**
 * The steps of recover, in two phases. The first makes FAILED and EXPIRED deliveries wait again. The second creates
 * deliveries of kept events that would have matched the endpoint had it not been DISABLED. A second recover finds
 * neither.
 */

import { matchesFilters } from "../../domain/delivery/event.ts";
import type { Endpoint } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { JOB_STEP_ROWS } from "../../domain/limits.ts";
import type { Wake } from "../../ports/store.ts";
import { loadEndpoint } from "../endpoints/endpoint-rows.ts";
import { firstSince } from "../history/timeline.ts";
import { all, one } from "../read-connection.ts";
import type { Writing } from "../writing.ts";
import { insertLater, requeue, TEST_TYPE, wakeOf } from "./changes.ts";
import { advanceReadyAt } from "./lane-rows.ts";

export interface RecoverCursor {
  readonly endpointSeq: Seq;
  readonly since: EpochMs;
  readonly phase: "requeue" | "make";
  /** The phase has looked at everything up to this sequence. */
  readonly after: Seq;
  /** Where each phase ends: the last sequences when the job started. */
  readonly lastDelivery: Seq;
  readonly lastEvent: Seq;
}

/**
 * The result of a step: how many rows it changed, which lanes to wake, and where the next step begins; null at the end.
 */
export interface Step<Cursor> {
  readonly changed: number;
  readonly woken: readonly Wake[];
  readonly next: Cursor | null;
}

export function recoverCursor(w: Writing, endpointSeq: Seq, since: EpochMs): RecoverCursor {
  return {
    endpointSeq,
    since,
    phase: "requeue",
    after: firstSince(w, "deliveries", since) - 1,
    lastDelivery: w.sequences.delivery - 1,
    lastEvent: w.sequences.event - 1,
  };
}

export function stepRecover(w: Writing, cursor: RecoverCursor, now: EpochMs): Step<RecoverCursor> {
  const gone = one(w, "SELECT 1 FROM endpoints WHERE seq = ? AND deleted_at IS NULL", cursor.endpointSeq) === undefined;
  if (gone) return { changed: 0, woken: [], next: null };
  const { changed, next } = cursor.phase === "requeue" ? requeueSome(w, cursor, now) : makeSome(w, cursor, now);
  if (changed === 0) return { changed, woken: [], next };
  const lane = w.lanes.get(cursor.endpointSeq);
  advanceReadyAt(lane, now);
  const wake = wakeOf(lane);
  return { changed, woken: wake === null ? [] : [wake], next };
}

type Part = Pick<Step<RecoverCursor>, "changed" | "next">;

// ── Failed deliveries ───────────────────────────────────────────────────────────────────────────────────────────────

// Served by deliveries_exceptional_of_endpoint, whose condition must be repeated here literally. One statement per
// state, because the index has the order of the sequences only within a state.
const inState = (state: 4 | 6) => `
  SELECT d.seq, d.created_at, t.name AS type
  FROM deliveries d INDEXED BY deliveries_exceptional_of_endpoint
  CROSS JOIN event_types t ON t.seq = d.type_seq
  WHERE d.endpoint_seq = ? AND d.state NOT IN (2, 3) AND d.state = ${state} AND d.seq > ? AND d.seq <= ?
  ORDER BY d.seq
  LIMIT ?`;
const FAILED = inState(4);
const EXPIRED = inState(6);

interface Ended {
  readonly seq: Seq;
  readonly created_at: EpochMs;
  readonly type: string;
}

function requeueSome(w: Writing, cursor: RecoverCursor, now: EpochMs): Part {
  const range = [cursor.endpointSeq, cursor.after, cursor.lastDelivery, JOB_STEP_ROWS];
  const visited = [...all<Ended>(w, FAILED, ...range), ...all<Ended>(w, EXPIRED, ...range)]
    .sort((a, b) => a.seq - b.seq)
    .slice(0, JOB_STEP_ROWS);
  const chosen = visited.filter((row) => row.created_at >= cursor.since && row.type !== TEST_TYPE);
  for (const { seq } of chosen) requeue(w, seq, now);
  const last = visited.at(-1);
  if (last !== undefined && visited.length === JOB_STEP_ROWS) {
    return { changed: chosen.length, next: { ...cursor, after: last.seq } };
  }
  const after = firstSince(w, "events", cursor.since) - 1;
  return { changed: chosen.length, next: { ...cursor, phase: "make", after } };
}

// ── Events while the endpoint was DISABLED ──────────────────────────────────────────────────────────────────────────

interface Span {
  /** For the events after the cursor up to this one, the endpoint had one status and one filter. */
  readonly upTo: Seq;
  readonly disabled: boolean;
  readonly filters: readonly string[] | null;
}

const IN_FORCE = `
  SELECT status, event_types
  FROM endpoint_history
  WHERE endpoint_seq = ? AND after_event_seq <= ?
  ORDER BY after_event_seq DESC
  LIMIT 1`;
const NEXT = `
  SELECT min(after_event_seq) AS seq
  FROM endpoint_history
  WHERE endpoint_seq = ? AND after_event_seq > ?`;

function spanAfter(w: Writing, { endpointSeq, lastEvent }: RecoverCursor, after: Seq): Span {
  const row = one<{ status: string; event_types: string | null }>(w, IN_FORCE, endpointSeq, after);
  const next = one<{ seq: Seq | null }>(w, NEXT, endpointSeq, after)?.seq ?? lastEvent;
  const filters = row?.event_types ?? null;
  return {
    upTo: Math.min(next, lastEvent),
    disabled: row?.status === "DISABLED",
    filters: filters === null ? null : (JSON.parse(filters) as string[]),
  };
}

interface Kept {
  readonly seq: Seq;
  readonly tenant_seq: Seq;
  readonly type_seq: Seq;
  readonly type: string;
  readonly accepted_at: EpochMs;
  readonly named: number;
  readonly named_disabled: string | null;
  readonly first_delivery_seq: Seq;
  readonly delivery_count: number;
}

// This scans the events of all tenants, but only those of spans in which the endpoint was DISABLED.
const EVENTS = `
  SELECT v.seq, v.tenant_seq, v.type_seq, t.name AS type, v.accepted_at, v.named, v.named_disabled,
         v.first_delivery_seq, v.delivery_count
  FROM events v
  CROSS JOIN event_types t ON t.seq = v.type_seq
  WHERE v.seq > ? AND v.seq <= ?
  ORDER BY v.seq
  LIMIT ?`;

function makeSome(w: Writing, cursor: RecoverCursor, now: EpochMs): Part {
  const endpoint = loadEndpoint(w, cursor.endpointSeq);
  let { after } = cursor;
  let changed = 0;
  for (let visits = JOB_STEP_ROWS; visits > 0 && after < cursor.lastEvent; visits -= 1) {
    const span = spanAfter(w, cursor, after);
    const events = span.disabled ? all<Kept>(w, EVENTS, after, span.upTo, visits) : [];
    for (const event of events.filter((kept) => isMissing(w, kept, endpoint, span, cursor.since))) {
      const { tenant_seq: tenantSeq, seq: eventSeq, type_seq: typeSeq } = event;
      insertLater(w, { tenantSeq, eventSeq, typeSeq, endpointSeq: endpoint.seq, format: endpoint.format, now });
      changed += 1;
    }
    after = events.length === visits ? (events.at(-1)?.seq ?? span.upTo) : span.upTo;
    visits -= events.length;
  }
  return { changed, next: after < cursor.lastEvent ? { ...cursor, after } : null };
}

function isMissing(w: Writing, event: Kept, endpoint: Endpoint, span: Span, since: EpochMs): boolean {
  return (
    event.tenant_seq === endpoint.tenantSeq &&
    event.accepted_at >= since &&
    event.type !== TEST_TYPE &&
    isFor(event, endpoint.seq, span.filters) &&
    !hasDelivery(w, event, endpoint.seq)
  );
}

function isFor(event: Kept, endpointSeq: Seq, filters: readonly string[] | null): boolean {
  if (event.named === 0) return matchesFilters(filters, event.type);
  return event.named_disabled !== null && (JSON.parse(event.named_disabled) as Seq[]).includes(endpointSeq);
}

// Each index ends in the sequence, so neither look-up scans the up to a thousand deliveries of an event.
const MADE_WITH_IT = `
  SELECT 1
  FROM deliveries INDEXED BY deliveries_of_endpoint
  WHERE endpoint_seq = ? AND seq >= ? AND seq < ?`;
const MADE_LATER = `
  SELECT 1
  FROM deliveries INDEXED BY deliveries_later
  WHERE event_seq = ? AND later = 1 AND endpoint_seq = ?
  LIMIT 1`;

function hasDelivery(w: Writing, event: Kept, endpointSeq: Seq): boolean {
  const first = event.first_delivery_seq;
  return (
    one(w, MADE_WITH_IT, endpointSeq, first, first + event.delivery_count) !== undefined ||
    one(w, MADE_LATER, event.seq, endpointSeq) !== undefined
  );
}
