/** findDeliveryFacts: a delivery, and everything that its explanation is made of. */

import type { Event } from "../../../domain/delivery/event.ts";
import { cameThrough } from "../../../domain/delivery/loops.ts";
import { inTrace, type TraceContext } from "../../../domain/delivery/trace-context.ts";
import type { EpochMs, Seq, Uuid } from "../../../domain/ids.ts";
import { WAITING_COUNT_MAX } from "../../../domain/limits.ts";
import type { DeliveryFacts, LaneFacts, Subscription } from "../../../ports/store.ts";
import { readDeciders } from "../../delivery/event-deciders.ts";
import { loadEndpoint } from "../../endpoints/endpoint-rows.ts";
import { one, type ReadConnection } from "../../read-connection.ts";
import { uuidBytes, uuidText } from "../../rows.ts";
import { FORMAT, STATE } from "../../stored-enums.ts";
import { readDeliveryRow } from "../delivery-rows.ts";
import { readAttempts } from "../delivery-views.ts";

const BY_ID = `
  SELECT d.seq, d.state, d.format, d.ordered, d.later, d.due_at, d.cancel_requested, d.run_started_at,
    d.attempts_before_run, d.run_first_active_ms, d.last_attempt_seq, d.endpoint_seq, e.deleted_at,
    v.seq AS event_seq, v.id AS event_id, v.payload, v.accepted_at, v.pause_id, v.hops, v.decided_by, v.trace,
    v.named, t.name AS type, n.id AS tenant_id
  FROM deliveries d
  CROSS JOIN events v ON v.seq = d.event_seq
  CROSS JOIN event_types t ON t.seq = v.type_seq
  CROSS JOIN endpoints e ON e.seq = d.endpoint_seq
  CROSS JOIN tenants n ON n.seq = d.tenant_seq
  WHERE d.id = ? AND d.tenant_seq = ?`;

interface FactColumns {
  readonly seq: Seq;
  readonly state: number;
  readonly format: number;
  readonly ordered: number;
  readonly later: number;
  readonly due_at: EpochMs;
  readonly cancel_requested: number;
  readonly run_started_at: EpochMs | null;
  readonly attempts_before_run: number;
  readonly run_first_active_ms: number | null;
  readonly last_attempt_seq: Seq | null;
  readonly endpoint_seq: Seq;
  readonly deleted_at: EpochMs | null;
  readonly event_seq: Seq;
  readonly event_id: Uint8Array;
  readonly payload: string;
  readonly accepted_at: EpochMs;
  readonly pause_id: Uint8Array | null;
  readonly hops: number | null;
  readonly trace: TraceContext | null;
  readonly decided_by: string | null;
  readonly named: number;
  readonly type: string;
  readonly tenant_id: Uint8Array;
}

export function findDeliveryFacts(connection: ReadConnection, tenantSeq: Seq, id: Uuid): DeliveryFacts | null {
  const found = one<FactColumns>(connection, BY_ID, uuidBytes(id), tenantSeq);
  const row = found === undefined ? null : readDeliveryRow(connection, found.seq);
  if (found === undefined || row === null) return null;
  return {
    row,
    attempts: readAttempts(connection, found.last_attempt_seq),
    event: toEvent(found),
    named: found.named === 1,
    later: found.later === 1,
    format: FORMAT.name(found.format),
    ordered: found.ordered === 1,
    cancelRequested: found.cancel_requested === 1,
    runStartedAt: found.run_started_at,
    attemptsBeforeRun: found.attempts_before_run,
    runFirstActiveMs: found.run_first_active_ms,
    endpoint: loadEndpoint(connection, found.endpoint_seq),
    endpointDeletedAt: found.deleted_at,
    atPublish: subscriptionAt(connection, found.endpoint_seq, found.event_seq),
    lane: readLane(connection, found.endpoint_seq),
    ahead: found.state < STATE.leased ? countAhead(connection, found) : 0,
  };
}

function toEvent(row: FactColumns): Event {
  const event: Event = {
    id: uuidText(row.event_id),
    tenantId: uuidText(row.tenant_id),
    type: row.type,
    payload: row.payload,
    acceptedAt: row.accepted_at,
    pauseId: row.pause_id === null ? null : uuidText(row.pause_id),
  };
  return inTrace(cameThrough({ ...event, ...readDeciders(row.decided_by) }, row.hops ?? 0), row.trace);
}

// The newest row of the history that holds for the event. Served by the unique index.
const THEN = `
  SELECT status, event_types
  FROM endpoint_history
  WHERE endpoint_seq = ? AND after_event_seq < ?
  ORDER BY after_event_seq DESC
  LIMIT 1`;

/** The endpoint as it was when the event was published. */
export function subscriptionAt(connection: ReadConnection, endpointSeq: Seq, eventSeq: Seq): Subscription | null {
  type Row = { readonly status: Subscription["status"]; readonly event_types: string | null };
  const row = one<Row>(connection, THEN, endpointSeq, eventSeq);
  return row === undefined ? null : { status: row.status, filters: filtersOf(row.event_types) };
}

export function filtersOf(json: string | null): readonly string[] | null {
  return json === null ? null : (JSON.parse(json) as string[]);
}

const LANE = `
  SELECT failure_streak, streak_since_active_ms, rest_until, rest_ms, wait_until, held_since, held_ms
  FROM lanes
  WHERE endpoint_seq = ?`;

interface LaneColumns {
  readonly failure_streak: number;
  readonly streak_since_active_ms: number | null;
  readonly rest_until: EpochMs | null;
  readonly rest_ms: number;
  readonly wait_until: EpochMs | null;
  readonly held_since: EpochMs | null;
  readonly held_ms: number;
}

function readLane(connection: ReadConnection, endpointSeq: Seq): LaneFacts {
  const row = one<LaneColumns>(connection, LANE, endpointSeq);
  if (row === undefined) throw new Error(`no lane ${endpointSeq}`);
  return {
    health: {
      failureStreak: row.failure_streak,
      streakSinceActiveMs: row.streak_since_active_ms,
      restUntil: row.rest_until,
      restMs: row.rest_ms,
    },
    waitUntil: row.wait_until,
    heldSince: row.held_since,
    heldMs: row.held_ms,
  };
}

// Entries of deliveries_waiting before this one; they are only counted.
const AHEAD = `
  SELECT count(*) AS count
  FROM (
    SELECT 1
    FROM deliveries INDEXED BY deliveries_waiting
    WHERE endpoint_seq = ? AND state < 2 AND (due_at, seq) < (?, ?)
    LIMIT ?) AS ahead`;

function countAhead(connection: ReadConnection, { seq, endpoint_seq, due_at }: FactColumns): number {
  return one<{ count: number }>(connection, AHEAD, endpoint_seq, due_at, seq, WAITING_COUNT_MAX)?.count ?? 0;
}
