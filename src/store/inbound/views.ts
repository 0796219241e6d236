/** getInbound, listInbound, sumRefused, listRejected, findInboundOfEvent. */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Rejection } from "../../domain/inbound/request.ts";
import { INBOUND_EVENTS_SHOWN_MAX, REFUSED_SUMS_COUNT_MAX } from "../../domain/limits.ts";
import type {
  Cursor,
  InboundFilter,
  InboundKind,
  InboundPage,
  InboundRecord,
  InboundVerbs,
  RefusedSum,
  RejectedPage,
} from "../../ports/store.ts";
import { nextCursor, seqAfter } from "../cursors.ts";
import { all, one, type ReadConnection } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import { DIRECTION, INBOUND_KIND } from "../stored-enums.ts";
import {
  findRecord,
  RECORD_COLUMNS,
  type RecordColumns,
  ROW_COLUMNS,
  type RowColumns,
  readRecord,
  readRow,
} from "./rows.ts";
import { findSourceSeq } from "./source-views.ts";

export function getInbound(connection: ReadConnection, tenantSeq: Seq | null, id: Uuid): InboundRecord | null {
  const row = findRecord(connection, tenantSeq, id);
  return row === null ? null : readRecord(connection, row, INBOUND_EVENTS_SHOWN_MAX);
}

// ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An index range that contains everything that matches the filter. */
interface Range {
  readonly from: string;
  readonly values: readonly (number | string)[];
}

const ROW = `SELECT ${ROW_COLUMNS} FROM inbound i WHERE i.seq = ?`;

export function listInbound(
  connection: ReadConnection,
  filter: InboundFilter,
  offset: number,
  limit: number,
): InboundPage {
  const conditions = conditionsOf(connection, filter);
  if (conditions === null) return { rows: [], total: 0 };
  const ranges = rangesOf(filter, conditions);
  const seqs = pageOf(connection, ranges, offset, limit);
  return {
    rows: seqs
      .map((seq) => one<RowColumns>(connection, ROW, seq))
      .filter((row) => row !== undefined)
      .map(readRow),
    total: ranges.reduce((sum, range) => sum + countOf(connection, range), 0),
  };
}

type Conditions = readonly (readonly [column: string, value: number | string | null])[];

/** Null when nothing can match. */
function conditionsOf(connection: ReadConnection, filter: InboundFilter): Conditions | null {
  const { sourceId, sourceName, eventType, direction, rejection } = filter;
  const sourceSeq = sourceId === null ? null : findSourceSeq(connection, filter.tenantSeq, sourceId);
  if (sourceId !== null && sourceSeq === null) return null;
  return [
    // Refused records have their own index.
    ["valid", filter.valid === true ? 1 : null],
    ["direction", direction === null ? null : DIRECTION.number(direction)],
    ["source_seq", sourceSeq],
    ["source_name", sourceName],
    ["event_type", eventType],
    ["rejection", rejection],
  ];
}

function rangesOf(filter: InboundFilter, conditions: Conditions): Range[] {
  const isRefused = filter.valid === false || filter.rejection !== null;
  const index = isRefused ? "inbound_refused_of_tenant" : "inbound_of_tenant";
  const asked = conditions.filter(([, value]) => value !== null) as readonly (readonly [string, number | string])[];
  const rest = [...(isRefused ? ["valid = 0"] : []), ...asked.map(([column]) => `${column} = ?`)];
  const range = (kind: InboundKind, owner: string, ownerValues: readonly Seq[]): Range => ({
    from: `
      FROM inbound INDEXED BY ${index}
      WHERE ${["kind = ?", owner, "received_at >= ?", "received_at < ?", ...rest].join(" AND ")}`,
    values: [
      INBOUND_KIND.number(kind),
      ...ownerValues,
      filter.from ?? 0,
      filter.to ?? Number.MAX_SAFE_INTEGER,
      ...asked.map(([, value]) => value),
    ],
  });
  const kinds = filter.kind === null ? INBOUND_KIND.names : [filter.kind];
  return kinds.flatMap((kind) => {
    const own = range(kind, "tenant_seq = ?", [filter.tenantSeq]);
    return filter.includeUnattributed ? [own, range(kind, "tenant_seq IS NULL", [])] : [own];
  });
}

/** The offset is skipped within the index. Several ranges are merged in their order, and nothing is sorted. */
function pageOf(connection: ReadConnection, ranges: readonly Range[], offset: number, limit: number): Seq[] {
  const sql = `
    ${ranges.map(({ from }) => `SELECT received_at, seq ${from}`).join(" UNION ALL ")}
    ORDER BY received_at DESC, seq DESC
    LIMIT ? OFFSET ?`;
  return all<{ seq: Seq }>(connection, sql, ...ranges.flatMap(({ values }) => values), limit, offset).map(
    ({ seq }) => seq,
  );
}

function countOf(connection: ReadConnection, { from, values }: Range): number {
  return one<{ total: number }>(connection, `SELECT count(*) AS total ${from}`, ...values)?.total ?? 0;
}

// The index is in the order of the groups, so that only the sums are sorted.
const sumsOf = (owner: string) => `
  SELECT i.source_seq, i.rejection, count(*) AS count, max(i.received_at) AS last_at
  FROM inbound i INDEXED BY inbound_refused_by_reason
  WHERE i.valid = 0 AND ${owner} AND i.received_at >= ?
  GROUP BY i.source_seq, i.rejection`;
const SUMS = `
  SELECT r.rejection, r.count, r.last_at, s.id, s.name
  FROM (${sumsOf("i.tenant_seq = ?")}) r LEFT JOIN sources s ON s.seq = r.source_seq
  ORDER BY r.count DESC
  LIMIT ?`;
const UNATTRIBUTED_SUMS = `${sumsOf("i.tenant_seq IS NULL")} LIMIT ?`;

interface SumColumns {
  readonly rejection: Rejection;
  readonly count: number;
  readonly last_at: EpochMs;
  readonly id?: Uint8Array | null;
  readonly name?: string | null;
}

export function sumRefused(
  connection: ReadConnection,
  { tenantSeq, includeUnattributed, from }: Parameters<InboundVerbs["sumRefused"]>[0],
): RefusedSum[] {
  const own = all<SumColumns>(connection, SUMS, tenantSeq, from, REFUSED_SUMS_COUNT_MAX);
  const nobodys = includeUnattributed
    ? all<SumColumns>(connection, UNATTRIBUTED_SUMS, from, REFUSED_SUMS_COUNT_MAX)
    : [];
  const sums = [...own, ...nobodys].map(({ rejection, count, last_at, id = null, name = null }) => ({
    sourceId: id === null ? null : uuidText(id),
    sourceName: name,
    rejection,
    count,
    lastAt: last_at,
  }));
  return sums.sort((a, b) => b.count - a.count).slice(0, REFUSED_SUMS_COUNT_MAX);
}

// The index is by source, then by sequence.
const REJECTED = `
  SELECT ${RECORD_COLUMNS}
  FROM inbound i INDEXED BY inbound_refused
  WHERE i.source_seq = ? AND i.seq > ? AND i.valid = 0
  ORDER BY i.seq
  LIMIT ?`;

export function listRejected(
  connection: ReadConnection,
  tenantSeq: Seq,
  sourceId: Uuid,
  cursor: Cursor | null,
  limit: number,
): RejectedPage {
  const sourceSeq = findSourceSeq(connection, tenantSeq, sourceId);
  if (sourceSeq === null) return { records: [], next: null };
  const rows = all<RecordColumns>(connection, REJECTED, sourceSeq, seqAfter(cursor), limit);
  const records = rows.map((row) => readRecord(connection, row, INBOUND_EVENTS_SHOWN_MAX));
  return { records, next: nextCursor(rows, rows.length === limit) };
}

// ── From an event ───────────────────────────────────────────────────────────────────────────────────────────────────

const OF_EVENT = `
  SELECT i.id
  FROM events v
  CROSS JOIN inbound_events l ON l.event_seq = v.seq
  CROSS JOIN inbound i ON i.seq = l.inbound_seq
  WHERE v.id = ? AND v.tenant_seq = ?`;

export function findInboundOfEvent(connection: ReadConnection, tenantSeq: Seq, eventId: Uuid): Uuid | null {
  const row = one<{ id: Uint8Array }>(connection, OF_EVENT, uuidBytes(eventId), tenantSeq);
  return row === undefined ? null : uuidText(row.id);
}
