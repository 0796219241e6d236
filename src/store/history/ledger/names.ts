/** Looks up what a filter names: the columns hold sequences. */
import type { DeliverySearch } from "../../../domain/history/ledger.ts";
import type { Seq, Uuid } from "../../../domain/ids.ts";
import type { LedgerFilter } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { one } from "../../read-connection.ts";
import { uuidBytes } from "../../rows.ts";
import { typeRange } from "../delivery-conditions.ts";

/** A set of sequences that may be looked up one by one. */
export interface Members {
  has(seq: Seq): boolean;
  /** Set when it is the only member. */
  readonly only?: Seq;
}

function membersOf(seqs: readonly Seq[]): Members {
  const [first] = seqs;
  return seqs.length === 1 && first !== undefined ? { has: (seq) => seq === first, only: first } : new Set(seqs);
}

const ENDPOINT = "SELECT seq FROM endpoints WHERE id = ? AND tenant_seq = ?";

export function endpointMembers(connection: Connection, filter: LedgerFilter): Members | "none" | null {
  const { endpointIds, tenantSeq } = filter;
  const searched = idOf(filter.search, "endpoint");
  if (endpointIds === null && searched === null) return null;
  const ids = (endpointIds ?? [searched]).filter((id) => id !== null && (searched === null || id === searched));
  const seqs = ids.flatMap((id) => seqOf(connection, ENDPOINT, uuidBytes(id as Uuid), tenantSeq) ?? []);
  return seqs.length === 0 ? "none" : membersOf(seqs);
}

function idOf(search: DeliverySearch | null, kind: "endpoint" | "event" | "delivery"): Uuid | null {
  return search?.kind === kind ? search.id : null;
}

function seqOf(connection: Connection, sql: string, ...values: readonly (number | string | Uint8Array)[]): Seq | null {
  return one<{ seq: Seq }>(connection, sql, ...values)?.seq ?? null;
}

const TYPE = "SELECT seq FROM event_types WHERE tenant_seq = ? AND name = ?";
const TYPE_NAME = "SELECT name FROM event_types WHERE seq = ?";

/** A prefix can match any number of types. So the name of each type that a row has is looked up once. */
export function typesOf(connection: Connection, filter: LedgerFilter): Members | "none" | null {
  const { eventType, search, tenantSeq } = filter;
  if (eventType !== null && !eventType.endsWith(".*") && search?.kind !== "typePrefix") {
    const seq = seqOf(connection, TYPE, tenantSeq, eventType);
    return seq === null ? "none" : membersOf([seq]);
  }
  const range = typeRange(filter);
  if (range === null) return null;
  const known = new Map<Seq, boolean>();
  return {
    has(seq) {
      let matches = known.get(seq);
      if (matches === undefined) {
        const name = one<{ name: string }>(connection, TYPE_NAME, seq)?.name ?? "";
        matches = name >= range.from && name < range.end;
        known.set(seq, matches);
      }
      return matches;
    },
  };
}

const DELIVERY = "SELECT seq FROM deliveries WHERE id = ? AND tenant_seq = ?";
const EVENT = "SELECT seq, first_delivery_seq, delivery_count FROM events WHERE id = ? AND tenant_seq = ?";
// By primary key, and by deliveries_later.
const OF_EVENT = `
  SELECT seq
  FROM deliveries NOT INDEXED
  WHERE seq >= :first AND seq < :end AND event_seq = :event
  UNION ALL
  SELECT seq
  FROM deliveries INDEXED BY deliveries_later
  WHERE event_seq = :event AND later = 1`;

interface FoundEvent {
  readonly seq: Seq;
  readonly first_delivery_seq: Seq;
  readonly delivery_count: number;
}

/** The deliveries that an event's id, or deliveries' own ids, allow. */
export function findDeliveries(connection: Connection, filter: LedgerFilter): ReadonlySet<Seq> | "none" | null {
  const { deliveryIds, eventId, search, tenantSeq } = filter;
  const searched = idOf(search, "delivery");
  const found = [eventId, idOf(search, "event")]
    .filter((id) => id !== null)
    .map((id) => new Set(ofEvent(connection, tenantSeq, id)));
  for (const ids of [deliveryIds, searched === null ? null : [searched]]) {
    if (ids === null) continue;
    found.push(new Set(ids.flatMap((id) => seqOf(connection, DELIVERY, uuidBytes(id), tenantSeq) ?? [])));
  }
  const [first, ...others] = found;
  if (first === undefined) return null;
  const all = others.reduce((common, other) => common.intersection(other), first);
  return all.size === 0 ? "none" : all;
}

function ofEvent(connection: Connection, tenantSeq: Seq, id: Uuid): Seq[] {
  const event = one<FoundEvent>(connection, EVENT, uuidBytes(id), tenantSeq);
  if (event === undefined) return [];
  const { seq, first_delivery_seq: first, delivery_count: count } = event;
  return connection
    .prepare(OF_EVENT)
    .all({ first, end: first + count, event: seq })
    .map((row) => row.seq as Seq);
}
