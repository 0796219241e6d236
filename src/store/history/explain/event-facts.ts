/** findEventFacts, findSubscribers, countTypes: who got an event, who would get one, and how many there were. */
import { filtersFor } from "../../../domain/delivery/event.ts";
import type { EndpointStatus } from "../../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../../domain/ids.ts";
import { EVENT_TARGETS_MAX, LIST_ROWS_PER_REQUEST } from "../../../domain/limits.ts";
import type { EventEndpointFacts, Subscribers, TypeCounts } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { countMatching } from "../../endpoints/endpoint-filters.ts";
import { all, one, type ReadConnection } from "../../read-connection.ts";
import { type Reader, readOne, readTogether } from "../../rounds.ts";
import { uuidBytes, uuidText } from "../../rows.ts";
import { type Next, type Passed, withDeliveries, withoutDeliveries } from "../events/event-sources.ts";
import { firstSince } from "../timeline.ts";
import { filtersOf, subscriptionAt } from "./delivery-facts.ts";

const EVENT = `
  SELECT v.seq, t.name AS type, v.accepted_at, v.named, v.named_disabled, v.first_delivery_seq, v.delivery_count
  FROM events v CROSS JOIN event_types t ON t.seq = v.type_seq
  WHERE v.id = ? AND v.tenant_seq = ?`;
const ENDPOINT = `
  SELECT seq, name, status, event_types, created_at, deleted_at
  FROM endpoints
  WHERE id = ? AND tenant_seq = ?`;

interface EventColumns {
  readonly seq: Seq;
  readonly type: string;
  readonly accepted_at: EpochMs;
  readonly named: number;
  readonly named_disabled: string | null;
  readonly first_delivery_seq: Seq;
  readonly delivery_count: number;
}

interface EndpointColumns {
  readonly seq: Seq;
  readonly name: string;
  readonly status: EndpointStatus;
  readonly event_types: string | null;
  readonly created_at: EpochMs;
  readonly deleted_at: EpochMs | null;
}

export function findEventFacts(
  connection: ReadConnection,
  tenantSeq: Seq,
  eventId: Uuid,
  endpointId: Uuid,
): EventEndpointFacts | "event" | "endpoint" {
  const event = one<EventColumns>(connection, EVENT, uuidBytes(eventId), tenantSeq);
  if (event === undefined) return "event";
  const endpoint = one<EndpointColumns>(connection, ENDPOINT, uuidBytes(endpointId), tenantSeq);
  if (endpoint === undefined) return "endpoint";
  const status = endpoint.deleted_at === null ? endpoint.status : "DELETED";
  return {
    eventType: event.type,
    acceptedAt: event.accepted_at,
    named: event.named === 1,
    namedDisabled: (JSON.parse(event.named_disabled ?? "[]") as Seq[]).includes(endpoint.seq),
    deliveryIds: deliveriesTo(connection, event, endpoint.seq),
    endpoint: {
      id: endpointId,
      name: endpoint.name,
      createdAt: endpoint.created_at,
      deletedAt: endpoint.deleted_at,
      now: { status, filters: filtersOf(endpoint.event_types) },
    },
    atPublish: subscriptionAt(connection, endpoint.seq, event.seq),
  };
}

const ORIGINAL = `
  SELECT id
  FROM deliveries
  WHERE seq >= ? AND seq < ? AND event_seq = ? AND endpoint_seq = ?`;
const LATER = `
  SELECT id
  FROM (
    SELECT seq, id, endpoint_seq
    FROM deliveries INDEXED BY deliveries_later
    WHERE event_seq = ? AND later = 1
    ORDER BY seq DESC
    LIMIT ?) AS later
  WHERE endpoint_seq = ?
  LIMIT 100`;

function deliveriesTo(connection: Connection, event: EventColumns, endpointSeq: Seq): Uuid[] {
  const { seq, first_delivery_seq: first, delivery_count: count } = event;
  type Row = { readonly id: Uint8Array };
  const original = all<Row>(connection, ORIGINAL, first, first + count, seq, endpointSeq);
  const later = all<Row>(connection, LATER, seq, LIST_ROWS_PER_REQUEST, endpointSeq);
  return [...later, ...original].map(({ id }) => uuidText(id));
}

// Served by the primary key. Each filter is one range of it.
const SUBSCRIBED = `
  SELECT endpoint_seq AS seq, filter
  FROM endpoint_filters
  WHERE tenant_seq = ? AND filter IN (SELECT value FROM json_each(?))
  LIMIT ?`;
const NAME = "SELECT id, name, status FROM endpoints WHERE seq = ?";
const EVERYTHING = "*";

export function findSubscribers(connection: Connection, tenantSeq: Seq, type: string): Subscribers {
  const filters = filtersFor(type);
  type Row = { readonly seq: Seq; readonly filter: string };
  const rows = all<Row>(connection, SUBSCRIBED, tenantSeq, JSON.stringify(filters), EVENT_TARGETS_MAX);
  rows.sort((a, b) => a.seq - b.seq);
  type Named = { readonly id: Uint8Array; readonly name: string; readonly status: EndpointStatus };
  const endpoints = readTogether(rows.map(({ seq }) => readOne<Named>(connection, NAME, seq)));
  const first = rows.flatMap(({ filter }, index) => {
    const endpoint = endpoints[index];
    if (endpoint === undefined) return [];
    const { name, status } = endpoint;
    return [{ endpointId: uuidText(endpoint.id), name, status, filter: filter === EVERYTHING ? null : filter }];
  });
  return { count: countMatching(connection, tenantSeq, filters), first };
}

export function countTypes(connection: Connection, tenantSeq: Seq, since: EpochMs): TypeCounts {
  const low = firstSince(connection, "events", since);
  const counts = new Map<string, number>();
  const owner = { by: "tenant", seq: tenantSeq } as const;
  const read = readTogether(
    [withDeliveries(owner), withoutDeliveries(owner)].map((next) =>
      countBack(connection, next, { low, since, counts }),
    ),
  );
  return {
    types: [...counts].map(([name, events]) => ({ name, events })),
    complete: read.every((complete) => complete),
  };
}

interface Counting {
  readonly low: Seq;
  readonly since: EpochMs;
  readonly counts: Map<string, number>;
}

const EVENTS_PER_STATEMENT = 100;

/** Whether it got to the end. */
function* countBack(connection: Connection, next: Next, { low, since, counts }: Counting): Reader<boolean> {
  let before = Number.MAX_SAFE_INTEGER;
  for (let visited = 0; visited < LIST_ROWS_PER_REQUEST; ) {
    const count = Math.min(EVENTS_PER_STATEMENT, LIST_ROWS_PER_REQUEST - visited);
    const events: readonly Passed[] = yield* next(connection, before, count);
    const reached = events.filter(({ seq }) => seq >= low);
    for (const { mine, accepted_at: at, type } of reached) {
      if (mine && at >= since) counts.set(type, (counts.get(type) ?? 0) + 1);
    }
    if (reached.length === 0 || reached.length < events.length) return true;
    before = reached.at(-1)?.seq ?? before;
    visited += reached.length;
  }
  return false;
}
