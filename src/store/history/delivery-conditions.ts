/** The conditions of a list's filter, after its ids and names have been looked up. */
import type { DeliveryState } from "../../domain/delivery/delivery.ts";
import type { EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { LIST_SOURCES_MAX, TIME_DISORDER_MS_MAX } from "../../domain/limits.ts";
import type { DeliveryFilter } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import { DELIVERY_STATE } from "../stored-enums.ts";
import type { Condition, Span } from "./delivery-sources.ts";
import { firstSince } from "./timeline.ts";

export interface Conditions {
  readonly tenantSeq: Seq;
  readonly state: DeliveryState | null;
  readonly endpoint: FoundEndpoint | null;
  readonly event: FoundEvent | null;
  readonly delivery: Seq | null;
  readonly type: FoundTypes | null;
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
}

export interface FoundEndpoint {
  readonly seq: Seq;
  readonly status: EndpointStatus;
  readonly deleted: boolean;
}

export interface FoundEvent {
  readonly seq: Seq;
  readonly firstDelivery: Seq;
  readonly deliveryCount: number;
}

/** Names of event types from `from` on and before `end`. */
interface TypeRange {
  readonly from: string;
  readonly end: string;
}

export interface FoundTypes extends TypeRange {
  /** Null when more than `LIST_SOURCES_MAX` types are in the range. */
  readonly seqs: readonly Seq[] | null;
}

/** Null when nothing can match: the tenant has no such id, or two conditions exclude each other. */
export function findConditions(connection: Connection, filter: DeliveryFilter): Conditions | null {
  const { tenantSeq, search } = filter;
  const endpointId = sameId(filter.endpointId, search?.kind === "endpoint" ? search.id : null);
  const eventId = sameId(filter.eventId, search?.kind === "event" ? search.id : null);
  const deliveryId = search?.kind === "delivery" ? search.id : null;
  const range = typeRange(filter);
  if (endpointId === "none" || eventId === "none") return null;

  const endpoint = endpointId === null ? null : findEndpoint(connection, tenantSeq, endpointId);
  const event = eventId === null ? null : findEvent(connection, tenantSeq, eventId);
  const delivery = deliveryId === null ? null : findDelivery(connection, tenantSeq, deliveryId);
  const type = range === null ? null : findTypes(connection, tenantSeq, range);
  if (endpoint === undefined || event === undefined || delivery === undefined || type === undefined) return null;
  return { tenantSeq, state: filter.state, endpoint, event, delivery, type, from: filter.from, to: filter.to };
}

function sameId(a: Uuid | null, b: Uuid | null): Uuid | null | "none" {
  if (a === null) return b;
  return b === null || b === a ? a : "none";
}

const ENDPOINT = "SELECT seq, status, deleted_at FROM endpoints WHERE id = ? AND tenant_seq = ?";
const EVENT = "SELECT seq, first_delivery_seq, delivery_count FROM events WHERE id = ? AND tenant_seq = ?";
const DELIVERY = "SELECT seq FROM deliveries WHERE id = ? AND tenant_seq = ?";
// A range, since in LIKE and GLOB characters of the prefix could be wildcards.
const TYPES = `
  SELECT seq
  FROM event_types
  WHERE tenant_seq = ? AND name >= ? AND name < ?
  ORDER BY name
  LIMIT ?`;

function findEndpoint(connection: Connection, tenantSeq: Seq, id: Uuid): FoundEndpoint | undefined {
  type Row = { seq: Seq; status: EndpointStatus; deleted_at: EpochMs | null };
  const row = one<Row>(connection, ENDPOINT, uuidBytes(id), tenantSeq);
  return row === undefined ? undefined : { seq: row.seq, status: row.status, deleted: row.deleted_at !== null };
}

function findEvent(connection: Connection, tenantSeq: Seq, id: Uuid): FoundEvent | undefined {
  type Row = { seq: Seq; first_delivery_seq: Seq; delivery_count: number };
  const row = one<Row>(connection, EVENT, uuidBytes(id), tenantSeq);
  if (row === undefined) return undefined;
  return { seq: row.seq, firstDelivery: row.first_delivery_seq, deliveryCount: row.delivery_count };
}

function findDelivery(connection: Connection, tenantSeq: Seq, id: Uuid): Seq | undefined {
  return one<{ seq: Seq }>(connection, DELIVERY, uuidBytes(id), tenantSeq)?.seq;
}

function findTypes(connection: Connection, tenantSeq: Seq, range: TypeRange): FoundTypes | undefined {
  const rows = all<{ seq: Seq }>(connection, TYPES, tenantSeq, range.from, range.end, LIST_SOURCES_MAX + 1);
  if (rows.length === 0) return undefined;
  return { ...range, seqs: rows.length > LIST_SOURCES_MAX ? null : rows.map(({ seq }) => seq) };
}

/** The names that match both the search and the type; an empty range if they exclude each other. Null: all names. */
export function typeRange({ eventType, search }: Pick<DeliveryFilter, "eventType" | "search">): TypeRange | null {
  const searched = search?.kind === "typePrefix" && search.prefix !== "" ? beginningWith(search.prefix) : null;
  if (eventType === null) return searched;
  const typed = eventType.endsWith(".*") ? beginningWith(eventType.slice(0, -1)) : only(eventType);
  if (searched === null) return typed;
  // Names are ASCII, which sorts the same way here and in SQLite.
  return {
    from: searched.from > typed.from ? searched.from : typed.from,
    end: searched.end < typed.end ? searched.end : typed.end,
  };
}

const only = (name: string): TypeRange => ({ from: name, end: `${name}\u0001` });
/** The end of the range of names with this prefix. */
const beginningWith = (prefix: string): TypeRange => ({ from: prefix, end: `${prefix}\u{10FFFF}` });

/** The parts of a filter. An index range satisfies some of them; the others are checked row by row. */
export type Part = "tenant" | "state" | "endpoint" | "event" | "delivery" | "type" | "time";

/** The conditions that `answered` does not cover, as SQL over `deliveries d`. */
export function restOf(conditions: Conditions, answered: readonly Part[]): Condition[] {
  const { tenantSeq, state, endpoint, event, delivery, type, from, to } = conditions;
  const parts: (readonly [Part, Condition | null])[] = [
    ["tenant", { sql: "d.tenant_seq = ?", values: [tenantSeq] }],
    ["endpoint", endpoint && { sql: "d.endpoint_seq = ?", values: [endpoint.seq] }],
    ["event", event && { sql: "d.event_seq = ?", values: [event.seq] }],
    ["delivery", delivery === null ? null : { sql: "d.seq = ?", values: [delivery] }],
    ["time", from === null ? null : { sql: "d.created_at >= ?", values: [from] }],
    ["time", to === null ? null : { sql: "d.created_at < ?", values: [to] }],
    ["state", state && stateCondition(state)],
    ["type", type && typeCondition(type)],
  ];
  return parts.flatMap(([part, condition]) => (condition === null || answered.includes(part) ? [] : [condition]));
}

/**
 * Whether the row with this key satisfies a condition. IS TRUE and OFFSET keep PostgreSQL from finding it by the condition,
 * and from beginning with the rows that satisfy it.
 */
const exists = (key: string, condition: string) =>
  `EXISTS (SELECT 1 FROM ${key} AND (${condition}) IS TRUE LIMIT 1 OFFSET 0)`;
const ofEndpoint = (condition: string) => exists("endpoints e WHERE e.seq = d.endpoint_seq", condition);

/** The same rule as `stateName`, in SQL. */
function stateCondition(state: DeliveryState): Condition {
  switch (state) {
    case "PENDING":
    case "SCHEDULED":
      return {
        sql: `d.state = ? AND ${ofEndpoint("e.deleted_at IS NULL AND e.status = 'ACTIVE'")}`,
        values: [DELIVERY_STATE.number(state)],
      };
    case "HELD":
      return {
        sql: `d.state < 2 AND ${ofEndpoint("e.deleted_at IS NULL AND e.status <> 'ACTIVE'")}`,
        values: [],
      };
    case "CANCELLED":
      return {
        sql: `(d.state = ? OR d.state < 2 AND ${ofEndpoint("e.deleted_at IS NOT NULL")})`,
        values: [DELIVERY_STATE.number(state)],
      };
    default:
      return { sql: "d.state = ?", values: [DELIVERY_STATE.number(state)] };
  }
}

/** A set of types is looked up once, and a name for each delivery. */
function typeCondition({ seqs, from, end }: FoundTypes): Condition {
  if (seqs !== null) {
    return { sql: "d.type_seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))", values: [JSON.stringify(seqs)] };
  }
  return {
    sql: exists("event_types t WHERE t.seq = d.type_seq", "t.name >= ? AND t.name < ?"),
    values: [from, end],
  };
}

const LAST = "SELECT max(seq) AS seq FROM deliveries";

/**
 * The sequences within the filter's times. Times rise only nearly with sequences, so each row's time is checked as
 * well.
 */
export function spanOf(connection: Connection, { from, to }: Conditions, before: Seq): Span {
  const end = (one<{ seq: Seq | null }>(connection, LAST)?.seq ?? 0) + 1;
  // From there on, every row is of `to` or later. `firstSince` is not exact, since times and sequences differ in order.
  const until = to === null ? end : firstSince(connection, "deliveries", to + 2 * TIME_DISORDER_MS_MAX);
  return { low: from === null ? 0 : firstSince(connection, "deliveries", from), high: Math.min(before, end, until) };
}
