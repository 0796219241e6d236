/** A filter whose names were looked up, and the rows of a segment that match it. */
import type { DeliveryState } from "../../../domain/delivery/delivery.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import type { LedgerFilter } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { controlsOf } from "../../delivery/delivery-controls.ts";
import { all } from "../../read-connection.ts";
import { CLASSIFICATION, DELIVERY_STATE, REASON, STATE } from "../../stored-enums.ts";
import { type Columns, SCHEDULED, SEGMENT_ROWS_MAX } from "./columns.ts";
import type { Segment } from "./ledger.ts";
import { endpointMembers, findDeliveries, type Members, typesOf } from "./names.ts";

export interface Predicate {
  readonly tenantSeq: Seq;
  /** Indexed by state: 1 if the filter includes it. */
  readonly states: Bytes;
  /** Null is any, here and below. */
  readonly endpoints: Members | null;
  readonly types: Members | null;
  readonly deliveries: ReadonlySet<Seq> | null;
  /** Indexed like `states`. */
  readonly classifications: Bytes | null;
  readonly reasons: Bytes | null;
  readonly httpStatus: LedgerFilter["httpStatus"];
  readonly attemptsMin: number;
  readonly createdMin: EpochMs;
  readonly createdMax: EpochMs;
  /** Only sequences above `after`, and up to `upTo`. */
  readonly after: Seq;
  readonly upTo: Seq;
  readonly derivation: Derivation | null;
}

/** A table of 0 and 1 for each value of a byte. */
type Bytes = Uint8Array;

/** What makes up the states that are not in the columns. */
interface Derivation {
  readonly held: ReadonlySet<Seq>;
  /** Deleted endpoints whose backlog a job still has to cancel. Deliveries that wait for them are CANCELLED already. */
  readonly deleted: ReadonlySet<Seq>;
  /** The leased deliveries of a deleted endpoint may still be delivered. */
  readonly leased: ReadonlySet<Seq>;
}

/** No stored number. */
const HELD = 7;

const codeOf = (state: DeliveryState): number => (state === "HELD" ? HELD : DELIVERY_STATE.number(state));
const NOT_ENDED = (["PENDING", "SCHEDULED", "IN_PROGRESS", "HELD"] as const).map(codeOf);

export interface Frozen {
  readonly createdMax: EpochMs;
  readonly upTo: Seq;
}

/** Null when nothing matches, because the tenant has no such endpoint, event, delivery or type. */
export function findPredicate(connection: Connection, filter: LedgerFilter, bound: Frozen): Predicate | null {
  const { tenantSeq, classification, reason, from, to } = filter;
  const endpoints = endpointMembers(connection, filter);
  const types = typesOf(connection, filter);
  const deliveries = findDeliveries(connection, filter);
  if (endpoints === "none" || types === "none" || deliveries === "none") return null;
  const states = filter.states === null ? ANY_STATE : only(filter.states.map(codeOf));
  return {
    tenantSeq,
    states,
    endpoints,
    types,
    deliveries,
    classifications: classification === null ? null : only([CLASSIFICATION.number(classification)]),
    reasons: reason === null ? null : only([REASON.number(reason)]),
    httpStatus: filter.httpStatus,
    attemptsMin: filter.attemptsMin ?? 0,
    createdMin: from ?? Number.NEGATIVE_INFINITY,
    createdMax: Math.min(bound.createdMax, to === null ? Number.POSITIVE_INFINITY : to - 1),
    after: 0,
    upTo: bound.upTo,
    derivation: filter.states === null ? null : findDerivation(connection, tenantSeq, states),
  };
}

function only(values: readonly number[]): Bytes {
  const table = new Uint8Array(256);
  for (const value of values) table[value] = 1;
  return table;
}

/** All but those that retention deleted. */
const ANY_STATE = only([...DELIVERY_STATE.names.map(codeOf), HELD]);

// Served by jobs_running. There are only as many as were deleted a moment ago.
const CANCELLING = `
  SELECT json_extract(cursor, '$.endpointSeq') AS endpoint_seq
  FROM jobs INDEXED BY jobs_running
  WHERE finished_at IS NULL AND tenant_seq = ? AND kind = 'cancel_backlog'`;
// No more than the lane pool holds.
const LEASED = `
  SELECT seq
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL AND tenant_seq = ?`;

/** Null when the columns alone decide: usually, since most filters include all states that have not ended, or none. */
function findDerivation(connection: Connection, tenantSeq: Seq, states: Bytes): Derivation | null {
  const deleted = new Set(all<{ endpoint_seq: Seq }>(connection, CANCELLING, tenantSeq).map((job) => job.endpoint_seq));
  const tellsApart = new Set(NOT_ENDED.map((code) => states[code])).size > 1;
  if (!tellsApart && deleted.size === 0) return null;
  const leased = new Set(all<{ seq: Seq }>(connection, LEASED, tenantSeq).map(({ seq }) => seq));
  return { held: new Set(controlsOf(connection, tenantSeq).held), deleted, leased };
}

/** Whether a segment may have rows that match. */
export function mayMatch(segment: Segment, predicate: Predicate): boolean {
  return (
    segment.createdMax >= predicate.createdMin &&
    segment.createdMin <= predicate.createdMax &&
    segment.firstSeq <= predicate.upTo &&
    segment.lastSeq > predicate.after
  );
}

/** The rows of one segment that were found, in order, at the beginning of an array that all scans share. */
export const rowsFound = new Uint16Array(SEGMENT_ROWS_MAX);

/**
 * Find the matching rows of a segment; returns how many. Each of a few short loops filters what the one before it left.
 */
export function matchRows(columns: Columns, segment: Segment, predicate: Predicate): number {
  const { firstSeq, lastSeq } = segment;
  const { endpoints, types, deliveries, createdMin, createdMax, after, upTo, derivation } = predicate;
  let count =
    derivation === null
      ? keepStates(columns.state, segment.count, predicate.states)
      : keepDerivedStates(columns, segment, predicate.states, derivation);
  if (lastSeq > upTo || firstSeq <= after)
    count = keepWithin(columns.seq, count, after + 1 - firstSeq, upTo - firstSeq);
  if (endpoints !== null) count = keepMembers(columns.endpoint, count, endpoints);
  if (types !== null) count = keepMembers(columns.type, count, types);
  if (deliveries !== null) count = keepMembers(columns.seq, count, { has: (seq) => deliveries.has(firstSeq + seq) });
  if (segment.createdMin < createdMin || segment.createdMax > createdMax) {
    count = keepWithin(columns.createdAt, count, createdMin, createdMax);
  }
  return matchAttempts(columns, count, predicate);
}

function matchAttempts(columns: Columns, found: number, predicate: Predicate): number {
  const { classifications, reasons, httpStatus, attemptsMin } = predicate;
  let count = found;
  if (httpStatus !== null) count = keepWithin(columns.httpStatus, count, httpStatus.min, httpStatus.max);
  if (classifications !== null) count = keepIn(columns.classification, count, classifications);
  if (reasons !== null) count = keepIn(columns.reason, count, reasons);
  if (attemptsMin > 0) count = keepWithin(columns.attempts, count, attemptsMin, Number.POSITIVE_INFINITY);
  return count;
}

// No branch per row: matches are as good as random, and a mispredicted branch costs more than a store.
function keepStates(state: Uint8Array, rowCount: number, states: Bytes): number {
  let kept = 0;
  for (let row = 0; row < rowCount; row += 1) {
    rowsFound[kept] = row;
    kept += states[state[row] as number] as number;
  }
  return kept;
}

function keepDerivedStates(columns: Columns, segment: Segment, states: Bytes, derivation: Derivation): number {
  let kept = 0;
  for (let row = 0; row < segment.count; row += 1) {
    rowsFound[kept] = row;
    kept += states[stateIn(columns, row, segment, derivation)] as number;
  }
  return kept;
}

/** Keep the found rows whose value is from `low` to `high`; returns how many. */
export function keepWithin(
  column: Float64Array | Uint32Array | Uint16Array,
  count: number,
  low: number,
  high: number,
): number {
  let kept = 0;
  for (let index = 0; index < count; index += 1) {
    const row = rowsFound[index] as number;
    const value = column[row] as number;
    rowsFound[kept] = row;
    kept += value >= low && value <= high ? 1 : 0;
  }
  return kept;
}

/** Keep the found rows whose byte the table includes. */
function keepIn(column: Uint8Array, count: number, table: Bytes): number {
  let kept = 0;
  for (let index = 0; index < count; index += 1) {
    const row = rowsFound[index] as number;
    rowsFound[kept] = row;
    kept += table[column[row] as number] as number;
  }
  return kept;
}

/** Keep the found rows whose value is a member. One member needs no look-up. */
function keepMembers(column: Uint32Array, count: number, members: Members): number {
  if (members.only !== undefined) return keepWithin(column, count, members.only, members.only);
  let kept = 0;
  for (let index = 0; index < count; index += 1) {
    const row = rowsFound[index] as number;
    rowsFound[kept] = row;
    kept += members.has(column[row] as number) ? 1 : 0;
  }
  return kept;
}

function stateIn(
  { state, endpoint, seq }: Columns,
  row: number,
  { firstSeq }: Segment,
  { held, deleted, leased }: Derivation,
): number {
  const stored = state[row] as number;
  if (stored > SCHEDULED) return stored;
  if (leased.has(firstSeq + (seq[row] as number))) return STATE.leased;
  if (deleted.has(endpoint[row] as number)) return STATE.cancelled;
  return held.has(endpoint[row] as number) ? HELD : stored;
}
