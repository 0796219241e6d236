/** Reads inbound rows, and has the one insert for everything that is received. */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { PauseStatusFacts } from "../../domain/inbound/pause-status.ts";
import type { Rejection } from "../../domain/inbound/request.ts";
import type { InboundKind, InboundRecord, InboundRow, RawRequest } from "../../ports/store.ts";
import { all, insert, one, type ReadConnection } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import { DIRECTION, INBOUND_KIND } from "../stored-enums.ts";
import type { Writing } from "../writing.ts";

// ── Read ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The columns for `readRow`, of a table that the query names `inbound i`. */
export const ROW_COLUMNS = `
  i.seq, i.id, i.kind, i.tenant_seq, (SELECT s.id FROM sources s WHERE s.seq = i.source_seq) AS source_id,
  i.source_name, i.event_type, i.valid, i.direction, i.member_id, i.old_status, i.new_status, i.changed_at,
  i.rejection, i.explanation, i.address, i.received_at, i.processed_at, i.reprocessed_at, i.notes, i.body_bytes`;

/** The columns that `readRecord` needs in addition. */
export const RECORD_COLUMNS = `${ROW_COLUMNS}, i.url, i.headers, i.body`;

export interface RowColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly kind: number;
  readonly tenant_seq: Seq | null;
  readonly source_id: Uint8Array | null;
  readonly source_name: string | null;
  readonly event_type: string | null;
  readonly valid: number;
  readonly direction: number | null;
  readonly member_id: string | null;
  readonly old_status: string | null;
  readonly new_status: string | null;
  readonly changed_at: string | null;
  readonly rejection: Rejection | null;
  readonly explanation: string | null;
  readonly address: string;
  readonly received_at: EpochMs;
  readonly processed_at: EpochMs | null;
  readonly reprocessed_at: EpochMs | null;
  readonly notes: string | null;
  readonly body_bytes: number;
}

export interface RecordColumns extends RowColumns {
  readonly url: string;
  readonly headers: string;
  readonly body: Uint8Array;
}

export function readRow(row: RowColumns): InboundRow {
  return {
    seq: row.seq,
    id: uuidText(row.id),
    kind: INBOUND_KIND.name(row.kind),
    tenantSeq: row.tenant_seq,
    sourceId: row.source_id === null ? null : uuidText(row.source_id),
    sourceName: row.source_name,
    eventType: row.event_type,
    valid: row.valid === 1,
    rejection: row.rejection,
    explanation: row.explanation,
    bodyBytes: row.body_bytes,
    address: row.address,
    facts: factsOf(row),
    receivedAt: row.received_at,
    processedAt: row.processed_at,
    reprocessedAt: row.reprocessed_at,
    notes: row.notes,
  };
}

function factsOf(row: RowColumns): PauseStatusFacts | null {
  if (row.direction === null) return null;
  return {
    memberId: row.member_id ?? "",
    oldStatus: row.old_status ?? "",
    newStatus: row.new_status ?? "",
    changedAt: row.changed_at ?? "",
    direction: DIRECTION.name(row.direction),
  };
}

export function readRecord(connection: ReadConnection, row: RecordColumns, eventsMax: number): InboundRecord {
  return {
    ...readRow(row),
    raw: { headers: JSON.parse(row.headers) as RawRequest["headers"], url: row.url, body: row.body },
    eventIds: publishedBy(connection, row.seq, eventsMax),
  };
}

// The index ends in the event's sequence, so no sort is needed.
const PUBLISHED = `
  SELECT v.id
  FROM inbound_events l INDEXED BY inbound_events_of CROSS JOIN events v ON v.seq = l.event_seq
  WHERE l.inbound_seq = ?
  ORDER BY l.event_seq
  LIMIT ?`;

function publishedBy(connection: ReadConnection, seq: Seq, eventsMax: number): Uuid[] {
  return all<{ id: Uint8Array }>(connection, PUBLISHED, seq, eventsMax).map(({ id }) => uuidText(id));
}

const BY_ID = `SELECT ${RECORD_COLUMNS} FROM inbound i WHERE i.id = ?`;

/** A record that a caller of this tenant may see. Null finds a record of any tenant, or of none. */
export function findRecord(connection: ReadConnection, tenantSeq: Seq | null, id: Uuid): RecordColumns | null {
  const row = one<RecordColumns>(connection, BY_ID, uuidBytes(id));
  return row === undefined || (tenantSeq !== null && row.tenant_seq !== tenantSeq) ? null : row;
}

// ── Write ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface NewInbound {
  readonly id: Uuid;
  readonly kind: InboundKind;
  readonly sourceSeq: Seq | null;
  readonly tenantSeq: Seq | null;
  readonly sourceName: string | null;
  readonly eventType: string | null;
  readonly facts: PauseStatusFacts | null;
  /** Null when it was verified. */
  readonly refused: { readonly rejection: Rejection; readonly explanation: string } | null;
  readonly raw: RawRequest;
  readonly bodyBytes: number;
  readonly address: string;
  readonly now: EpochMs;
}

const INSERT = `
  INSERT INTO inbound
    (id, kind, source_seq, tenant_seq, source_name, event_type, valid, direction, member_id, old_status, new_status,
     changed_at, rejection, explanation, address, received_at, processed_at, body_bytes, url, headers, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  RETURNING seq`;

/** Fails on the unique id if the record exists already. */
export function insertInbound(w: Writing, { facts, refused, raw, now, ...row }: NewInbound): Seq {
  return insert(
    w,
    INSERT,
    uuidBytes(row.id),
    INBOUND_KIND.number(row.kind),
    row.sourceSeq,
    row.tenantSeq,
    row.sourceName,
    row.eventType,
    refused === null ? 1 : 0,
    ...factValues(facts),
    refused?.rejection ?? null,
    refused?.explanation ?? null,
    row.address,
    now,
    refused === null ? now : null,
    row.bodyBytes,
    raw.url,
    JSON.stringify(raw.headers),
    raw.body,
  );
}

/** direction, member_id, old_status, new_status, changed_at. */
export function factValues(facts: PauseStatusFacts | null): (string | number | null)[] {
  if (facts === null) return [null, null, null, null, null];
  const { direction, memberId, oldStatus, newStatus, changedAt } = facts;
  return [DIRECTION.number(direction), memberId, oldStatus, newStatus, changedAt];
}

const LINK = "INSERT INTO inbound_events (event_seq, inbound_seq, published_at) VALUES (?, ?, ?)";

export function linkEvent(w: Writing, inboundSeq: Seq, eventSeq: Seq, now: EpochMs): void {
  w.prepare(LINK).run(eventSeq, inboundSeq, now);
}
