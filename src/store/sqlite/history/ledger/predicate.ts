/** A filter whose names were looked up, and the rows of a segment that match it. */

import type { LedgerStatus } from "../../../../domain/history/ledger.ts";
import type { EpochMs, Seq, Uuid } from "../../../../domain/ids.ts";
import type { LedgerFilter } from "../../../../ports/store.ts";
import { uuidBytes } from "../../../rows.ts";
import { STATE } from "../../../stored-enums.ts";
import type { Connection } from "../../connection.ts";
import { all, one } from "../../read-connection.ts";
import { type Columns, PENDING, SEGMENT_ROWS_MAX } from "./columns.ts";
import type { Segment } from "./ledger.ts";

export interface Predicate {
  readonly tenantSeq: Seq;
  /** Indexed by state: 1 if the filter includes it. */
  readonly states: Uint8Array;
  /** 0 for any. */
  readonly endpointSeq: Seq;
  readonly typeSeq: Seq;
  readonly createdMin: EpochMs;
  readonly createdMax: EpochMs;
  readonly upTo: Seq;
  readonly cancelling: Cancelling | null;
}

/** Deleted endpoints whose backlog a job still has to cancel. Deliveries that wait for them count as failed already. */
interface Cancelling {
  readonly endpoints: ReadonlySet<Seq>;
  /** The leased deliveries: they may still be delivered. */
  readonly leased: ReadonlySet<Seq>;
}

const STATES_OF: Readonly<Record<LedgerStatus, readonly number[]>> = {
  pending: [PENDING],
  delivered: [STATE.delivered],
  failed: [STATE.failed, STATE.cancelled, STATE.expired],
};

const ENDPOINT = "SELECT seq FROM endpoints WHERE id = ? AND tenant_seq = ?";
const TYPE = "SELECT seq FROM event_types WHERE tenant_seq = ? AND name = ?";

/** Null when nothing matches, because the tenant has no such endpoint or type. */
export function findPredicate(
  connection: Connection,
  filter: LedgerFilter,
  bound: { readonly createdMax: EpochMs; readonly upTo: Seq },
): Predicate | null {
  const { tenantSeq, status, endpointId, eventType, from, to } = filter;
  const endpointSeq = endpointId === null ? 0 : findEndpoint(connection, tenantSeq, endpointId);
  const typeSeq = eventType === null ? 0 : seqOf(connection, TYPE, tenantSeq, eventType);
  if (endpointSeq === null || typeSeq === null) return null;
  const states = new Uint8Array(256);
  for (const state of status === null ? Object.values(STATES_OF).flat() : STATES_OF[status]) states[state] = 1;
  return {
    tenantSeq,
    states,
    endpointSeq,
    typeSeq,
    createdMin: from ?? Number.NEGATIVE_INFINITY,
    createdMax: Math.min(bound.createdMax, to === null ? Number.POSITIVE_INFINITY : to - 1),
    upTo: bound.upTo,
    cancelling: status === null ? null : findCancelling(connection, tenantSeq),
  };
}

function findEndpoint(connection: Connection, tenantSeq: Seq, id: Uuid): Seq | null {
  return one<{ seq: Seq }>(connection, ENDPOINT, uuidBytes(id), tenantSeq)?.seq ?? null;
}

function seqOf(connection: Connection, sql: string, ...values: readonly (number | string)[]): Seq | null {
  return one<{ seq: Seq }>(connection, sql, ...values)?.seq ?? null;
}

// Served by jobs_running. There are only as many as were deleted a moment ago.
const CANCELLING = `
  SELECT json_extract(cursor, '$.endpointSeq') AS endpoint_seq
  FROM jobs INDEXED BY jobs_running
  WHERE finished_at IS NULL AND tenant_seq = ? AND kind = 'cancel_backlog'`;
// No more than the lane pool holds.
const LEASED = `
  SELECT seq, endpoint_seq
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL`;

function findCancelling(connection: Connection, tenantSeq: Seq): Cancelling | null {
  const endpoints = new Set(
    all<{ endpoint_seq: Seq }>(connection, CANCELLING, tenantSeq).map((job) => job.endpoint_seq),
  );
  if (endpoints.size === 0) return null;
  const leased = all<{ seq: Seq; endpoint_seq: Seq }>(connection, LEASED).filter((row) =>
    endpoints.has(row.endpoint_seq),
  );
  return { endpoints, leased: new Set(leased.map(({ seq }) => seq)) };
}

/** Whether a segment may have rows that match. */
export function mayMatch(segment: Segment, predicate: Predicate): boolean {
  return (
    segment.createdMax >= predicate.createdMin &&
    segment.createdMin <= predicate.createdMax &&
    segment.firstSeq <= predicate.upTo
  );
}

/** The rows of one segment that were found, in order, at the beginning of an array that all scans share. */
export const rowsFound = new Uint16Array(SEGMENT_ROWS_MAX);

/**
 * Find the matching rows of a segment; returns how many. Each of a few short loops filters what the one before it left.
 */
export function matchRows(columns: Columns, segment: Segment, predicate: Predicate): number {
  const { endpointSeq, typeSeq, createdMin, createdMax, cancelling } = predicate;
  let count =
    cancelling === null
      ? keepStates(columns.state, segment.count, predicate.states)
      : keepDerivedStates(columns, segment, predicate.states, cancelling);
  if (endpointSeq !== 0) count = keepWithin(columns.endpoint, count, endpointSeq, endpointSeq);
  if (typeSeq !== 0) count = keepWithin(columns.type, count, typeSeq, typeSeq);
  if (segment.createdMin < createdMin || segment.createdMax > createdMax) {
    count = keepWithin(columns.createdAt, count, createdMin, createdMax);
  }
  if (segment.lastSeq > predicate.upTo) count = keepWithin(columns.seq, count, 0, predicate.upTo - segment.firstSeq);
  return count;
}

// No branch per row: matches are as good as random, and a mispredicted branch costs more than a store.
function keepStates(state: Uint8Array, rowCount: number, states: Uint8Array): number {
  let kept = 0;
  for (let row = 0; row < rowCount; row += 1) {
    rowsFound[kept] = row;
    kept += states[state[row] as number] as number;
  }
  return kept;
}

function keepDerivedStates(columns: Columns, segment: Segment, states: Uint8Array, cancelling: Cancelling): number {
  let kept = 0;
  for (let row = 0; row < segment.count; row += 1) {
    rowsFound[kept] = row;
    kept += states[stateIn(columns, row, segment, cancelling)] as number;
  }
  return kept;
}

/** Keep the found rows whose value is from `low` to `high`; returns how many. */
export function keepWithin(column: Float64Array | Uint32Array, count: number, low: number, high: number): number {
  let kept = 0;
  for (let index = 0; index < count; index += 1) {
    const row = rowsFound[index] as number;
    const value = column[row] as number;
    rowsFound[kept] = row;
    kept += value >= low && value <= high ? 1 : 0;
  }
  return kept;
}

function stateIn(
  { state, endpoint, seq }: Columns,
  row: number,
  { firstSeq }: Segment,
  cancelling: Cancelling,
): number {
  const stored = state[row] as number;
  if (stored !== PENDING || !cancelling.endpoints.has(endpoint[row] as number)) return stored;
  return cancelling.leased.has(firstSeq + (seq[row] as number)) ? PENDING : STATE.cancelled;
}
