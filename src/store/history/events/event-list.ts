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
import type { Connection } from "../../connection.ts";
import { cursorOf, seqBefore } from "../../cursors.ts";
import { all, one } from "../../read-connection.ts";
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
  const matches = (event: Passed) => isMatch(connection, event, filter, sourceSeq);
  const walk = (next: Next) => eventMergeSource(connection, next, low, matches);
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

const HAS_LATER = `
  SELECT 1
  FROM deliveries INDEXED BY deliveries_later
  WHERE event_seq = ? AND later = 1
  LIMIT 1`;
const HAS_TEXT = "SELECT 1 FROM events WHERE seq = ? AND octet_length(payload) <= ? AND instr(payload, ?) > 0";
const DELIVERY_COUNT = "SELECT delivery_count AS count FROM events WHERE seq = ?";

/** Times rise only nearly with sequences, so each event's time is compared as well. */
function isMatch(connection: Connection, event: Passed, filter: EventFilter, sourceSeq: Seq | null): boolean {
  const { from, to, eventType, undelivered, payloadText: text } = filter;
  if (from !== null && event.accepted_at < from) return false;
  if (to !== null && event.accepted_at >= to) return false;
  if (eventType !== null && !matchesFilters([eventType], event.type)) return false;
  if (sourceSeq !== null && event.source_seq !== sourceSeq) return false;
  if (text !== null && !one(connection, HAS_TEXT, event.seq, PAYLOAD_SEARCH_BYTES_MAX, text)) return false;
  if (!undelivered) return true;
  if (sourceSeq !== null && one<{ count: number }>(connection, DELIVERY_COUNT, event.seq)?.count !== 0) return false;
  return one(connection, HAS_LATER, event.seq) === undefined;
}

// ── Rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const ROW = `
  SELECT v.seq, v.id, t.name AS type, v.accepted_at, octet_length(v.payload) AS payload_bytes, v.pause_id,
    v.first_delivery_seq, v.delivery_count, i.id AS inbound_id, s.id AS source_id
  FROM events v
  CROSS JOIN event_types t ON t.seq = v.type_seq
  LEFT JOIN inbound_events l ON l.event_seq = v.seq
  LEFT JOIN inbound i ON i.seq = l.inbound_seq
  LEFT JOIN sources s ON s.seq = i.source_seq
  WHERE v.seq = ?`;

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
  const rows: EventRow[] = [];
  let deliveries = 0;
  for (const seq of seqs) {
    const columns = one<EventColumns>(connection, ROW, seq);
    if (columns === undefined) continue;
    const row = toRow(connection, columns);
    rows.push(row);
    deliveries += columns.delivery_count;
    if (deliveries >= LIST_ROWS_PER_REQUEST && seq !== seqs.at(-1)) return { rows, next: cursorOf(seq) };
  }
  return { rows, next: next === null ? null : cursorOf(next) };
}

function toRow(connection: Connection, columns: EventColumns): EventRow {
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
    deliveries: countStates(connection, columns),
  };
}

// The endpoint's columns are served by endpoints_matched alone.
const STATE_COLUMNS = `
  SELECT d.state, e.status, e.deleted_at`;
const ENDPOINT = "CROSS JOIN endpoints e INDEXED BY endpoints_matched ON e.seq = d.endpoint_seq";
const ORIGINAL = `${STATE_COLUMNS}
  FROM deliveries d ${ENDPOINT}
  WHERE d.seq >= ? AND d.seq < ? AND d.event_seq = ?`;
/** After very many replays only some of them are counted. */
const LATER = `${STATE_COLUMNS}
  FROM deliveries d INDEXED BY deliveries_later ${ENDPOINT}
  WHERE d.event_seq = ? AND d.later = 1
  LIMIT ?`;

interface StateColumns {
  readonly state: number;
  readonly status: EndpointStatus;
  readonly deleted_at: EpochMs | null;
}

function countStates(connection: Connection, event: EventColumns): EventRow["deliveries"] {
  const { seq, first_delivery_seq: first, delivery_count: count } = event;
  const counts: Partial<Record<DeliveryState, number>> = {};
  const original = count === 0 ? [] : all<StateColumns>(connection, ORIGINAL, first, first + count, seq);
  for (const delivery of [...original, ...all<StateColumns>(connection, LATER, seq, LIST_ROWS_PER_STATEMENT)]) {
    const endpoint = { active: delivery.status === "ACTIVE", deleted: delivery.deleted_at !== null };
    const state = stateName(delivery.state, endpoint);
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}
