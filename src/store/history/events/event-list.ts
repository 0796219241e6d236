/** listEvents: pages by cursor, newest first. */

import type { DeliveryState } from "../../../domain/delivery/delivery.ts";
import { matchesFilters } from "../../../domain/delivery/event.ts";
import type { EndpointStatus } from "../../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import {
  LIST_ROWS_PER_REQUEST,
  LIST_ROWS_PER_STATEMENT,
  LIST_SOURCES_MAX,
  PAYLOAD_SEARCH_BYTES_MAX,
  TIME_DISORDER_MS_MAX,
} from "../../../domain/limits.ts";
import type { Cursor, EventFilter, EventPage, EventRow } from "../../../ports/store.ts";
import type { Connection, SqlValue } from "../../connection.ts";
import { cursorOf, seqBefore } from "../../cursors.ts";
import { all, one } from "../../read-connection.ts";
import { type Reader, read, readTogether } from "../../rounds.ts";
import { stateName, uuidBytes, uuidText } from "../../rows.ts";
import { type MergeSource, mergePage } from "../delivery-merge.ts";
import { firstSince } from "../timeline.ts";
import {
  eventMergeSource,
  fromInbound,
  type Next,
  type Owner,
  type Passed,
  withDeliveries,
  withoutDeliveries,
} from "./event-sources.ts";

const EMPTY: EventPage = { rows: [], next: null };

export function listEvents(
  connection: Connection,
  filter: EventFilter,
  cursor: Cursor | null,
  limit: number,
): EventPage {
  const low = filter.from === null ? 0 : firstSince(connection, "events", filter.from);
  const until =
    filter.to === null
      ? Number.MAX_SAFE_INTEGER
      : firstSince(connection, "events", filter.to + 2 * TIME_DISORDER_MS_MAX);
  const before = Math.min(seqBefore(cursor), until);
  const sources = sourcesOf(connection, filter, low);
  if (sources === null || before <= low) return EMPTY;
  const page = mergePage(sources, {
    before,
    limit,
    visitsMax: LIST_ROWS_PER_REQUEST,
    visitsPerStatementMax: LIST_ROWS_PER_STATEMENT,
  });
  return readPage(connection, page);
}

/** Null when the filter names a source or a type that the tenant does not have. */
function sourcesOf(connection: Connection, filter: EventFilter, low: Seq): MergeSource[] | null {
  const { tenantSeq, sourceId, undelivered } = filter;
  let sourceSeq: Seq | null = null;
  if (sourceId !== null) {
    sourceSeq = one<{ seq: Seq }>(connection, SOURCE, uuidBytes(sourceId), tenantSeq)?.seq ?? null;
    if (sourceSeq === null) return null;
  }
  const owners = ownersOf(connection, filter);
  if (owners.length === 0) return null;
  const matching = (events: readonly Passed[]) => findMatching(connection, events, filter, sourceSeq);
  const walk = (next: Next) => eventMergeSource(connection, next, low, matching);
  if (sourceSeq !== null) return [walk(fromInbound(tenantSeq))];
  return owners.flatMap((owner) => [
    walk(withoutDeliveries(owner)),
    ...(undelivered ? [] : [walk(withDeliveries(owner))]),
  ]);
}

// Deleted sources too: what came from them is retained.
const SOURCE = "SELECT seq FROM sources WHERE id = ? AND tenant_seq = ?";
// A range, since in LIKE and GLOB characters of the prefix could be wildcards.
const TYPES = `
  SELECT seq
  FROM event_types
  WHERE tenant_seq = ? AND name >= ? AND name < ?
  ORDER BY name
  LIMIT ?`;

/** The tenant, or the types that the filter names if they are few. */
function ownersOf(connection: Connection, { tenantSeq, eventType }: EventFilter): Owner[] {
  const tenant: Owner = { by: "tenant", seq: tenantSeq };
  if (eventType === null) return [tenant];
  const isPrefix = eventType.endsWith(".*");
  const from = isPrefix ? eventType.slice(0, -1) : eventType;
  const end = `${from}${isPrefix ? "\u{10FFFF}" : "\u0001"}`;
  const typesMax = LIST_SOURCES_MAX / 2;
  const types = all<{ seq: Seq }>(connection, TYPES, tenantSeq, from, end, typesMax + 1);
  return types.length > typesMax ? [tenant] : types.map(({ seq }) => ({ by: "type", seq }));
}

const HAS_LATER = `EXISTS (
    SELECT 1
    FROM deliveries INDEXED BY deliveries_later
    WHERE event_seq = v.seq AND later = 1
    LIMIT 1 OFFSET 0)`;
const HAS_TEXT = "octet_length(v.payload) <= ? AND instr(v.payload, ?) > 0";
const IS_ALONE = "v.delivery_count = 0";

function* findMatching(
  connection: Connection,
  events: readonly Passed[],
  filter: EventFilter,
  sourceSeq: Seq | null,
): Reader<readonly Passed[]> {
  const { undelivered, payloadText: text } = filter;
  let found = events.filter((event) => isMatch(event, filter, sourceSeq));
  if (text !== null) found = yield* having(connection, found, HAS_TEXT, PAYLOAD_SEARCH_BYTES_MAX, text);
  if (!undelivered) return found;
  if (sourceSeq !== null) found = yield* having(connection, found, IS_ALONE);
  const later = new Set(yield* having(connection, found, HAS_LATER));
  return found.filter((event) => !later.has(event));
}

/** Times rise only nearly with sequences, so each event's time is compared as well. */
function isMatch(event: Passed, { from, to, eventType }: EventFilter, sourceSeq: Seq | null): boolean {
  if (from !== null && event.accepted_at < from) return false;
  if (to !== null && event.accepted_at >= to) return false;
  if (eventType !== null && !matchesFilters([eventType], event.type)) return false;
  return sourceSeq === null || event.source_seq === sourceSeq;
}

/** Those of the events that satisfy a condition over `events v`. */
function* having(
  connection: Connection,
  events: readonly Passed[],
  condition: string,
  ...values: readonly SqlValue[]
): Reader<Passed[]> {
  if (events.length === 0) return [];
  const sql = `SELECT v.seq FROM events v WHERE v.seq ${IN_LIST} AND ${condition}`;
  const given = JSON.stringify(events.map(({ seq }) => seq));
  const seqs = new Set((yield* read<{ seq: Seq }>(connection, sql, given, ...values)).map(({ seq }) => seq));
  return events.filter(({ seq }) => seqs.has(seq));
}

const IN_LIST = "IN (SELECT CAST(value AS INTEGER) FROM json_each(?))";

// ── Rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const ROW = `
  SELECT v.seq, v.id, t.name AS type, v.accepted_at, octet_length(v.payload) AS payload_bytes, v.pause_id,
    v.first_delivery_seq, v.delivery_count, i.id AS inbound_id, s.id AS source_id
  FROM events v
  CROSS JOIN event_types t ON t.seq = v.type_seq
  LEFT JOIN inbound_events l ON l.event_seq = v.seq
  LEFT JOIN inbound i ON i.seq = l.inbound_seq
  LEFT JOIN sources s ON s.seq = i.source_seq
  WHERE v.seq ${IN_LIST}
  ORDER BY v.seq DESC`;

interface EventColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly type: string;
  readonly accepted_at: EpochMs;
  readonly payload_bytes: number;
  readonly pause_id: Uint8Array | null;
  readonly first_delivery_seq: Seq;
  readonly delivery_count: number;
  readonly inbound_id: Uint8Array | null;
  readonly source_id: Uint8Array | null;
}

/** The page ends early when its events have very many deliveries, all of which are counted. */
function readPage(connection: Connection, { seqs, next }: { seqs: readonly Seq[]; next: Seq | null }): EventPage {
  const found = seqs.length === 0 ? [] : all<EventColumns>(connection, ROW, JSON.stringify(seqs));
  let deliveries = 0;
  const end = found.findIndex(({ delivery_count: count }) => {
    deliveries += count;
    return deliveries >= LIST_ROWS_PER_REQUEST;
  });
  const shown = end === -1 ? found : found.slice(0, end + 1);
  const counts = countStates(connection, shown);
  const last = shown.length < found.length ? (shown.at(-1)?.seq ?? null) : next;
  return {
    rows: shown.map((columns) => toRow(columns, counts.get(columns.seq) ?? {})),
    next: last === null ? null : cursorOf(last),
  };
}

function toRow(columns: EventColumns, deliveries: EventRow["deliveries"]): EventRow {
  const idOf = (bytes: Uint8Array | null) => (bytes === null ? null : uuidText(bytes));
  return {
    seq: columns.seq,
    id: uuidText(columns.id),
    type: columns.type,
    acceptedAt: columns.accepted_at,
    payloadBytes: columns.payload_bytes,
    pauseId: idOf(columns.pause_id),
    inboundId: idOf(columns.inbound_id),
    sourceId: idOf(columns.source_id),
    deliveries,
  };
}

// The endpoint's columns are served by endpoints_matched alone.
const STATE_COLUMNS = `
  SELECT v.seq, d.state, e.status, e.deleted_at`;
const ENDPOINT = "CROSS JOIN endpoints e INDEXED BY endpoints_matched ON e.seq = d.endpoint_seq";
const ORIGINAL = `${STATE_COLUMNS}
  FROM events v
  CROSS JOIN deliveries d
    ON d.seq >= v.first_delivery_seq AND d.seq < v.first_delivery_seq + v.delivery_count AND d.event_seq = v.seq
  ${ENDPOINT}
  WHERE v.seq ${IN_LIST}`;
const WITH_LATER = `SELECT v.seq FROM events v WHERE v.seq ${IN_LIST} AND ${HAS_LATER}`;
/** After very many replays only some of them are counted. */
const LATER = `
  SELECT d.event_seq AS seq, d.state, e.status, e.deleted_at
  FROM deliveries d INDEXED BY deliveries_later ${ENDPOINT}
  WHERE d.event_seq = ? AND d.later = 1
  LIMIT ?`;

interface StateColumns {
  readonly seq: Seq;
  readonly state: number;
  readonly status: EndpointStatus;
  readonly deleted_at: EpochMs | null;
}

/** By event. */
function countStates(connection: Connection, events: readonly EventColumns[]): Map<Seq, EventRow["deliveries"]> {
  if (events.length === 0) return new Map();
  const seqs = JSON.stringify(events.map(({ seq }) => seq));
  const [original = [], replayed = []] = readTogether([
    read<StateColumns>(connection, ORIGINAL, seqs),
    read<StateColumns>(connection, WITH_LATER, seqs),
  ]);
  const later = readTogether(
    replayed.map(({ seq }) => read<StateColumns>(connection, LATER, seq, LIST_ROWS_PER_STATEMENT)),
  );
  const counts = new Map<Seq, Partial<Record<DeliveryState, number>>>();
  for (const { seq, state: stored, status, deleted_at: deletedAt } of [original, ...later].flat()) {
    const state = stateName(stored, { active: status === "ACTIVE", deleted: deletedAt !== null });
    const ofEvent = counts.get(seq) ?? {};
    ofEvent[state] = (ofEvent[state] ?? 0) + 1;
    counts.set(seq, ofEvent);
  }
  return counts;
}
