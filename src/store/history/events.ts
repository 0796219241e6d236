/** getEvent: an event, its deliveries, and why the other endpoints that existed then got none. */

import { filtersFor, isOperationalEventType } from "../../domain/delivery/event.ts";
import type { TraceContext } from "../../domain/delivery/trace-context.ts";
import type { EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { EVENT_TARGETS_MAX, LIST_ROWS_PER_REQUEST, LIST_ROWS_PER_STATEMENT } from "../../domain/limits.ts";
import type { EventView } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { readDeciders } from "../delivery/event-deciders.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import { readDeliveryRows } from "./delivery-rows.ts";

const BY_ID = `
  SELECT v.seq, v.tenant_seq, v.payload, v.accepted_at, v.pause_id, v.decided_by, v.trace, v.first_delivery_seq,
    v.delivery_count, v.named, v.named_disabled, t.name AS type
  FROM events v CROSS JOIN event_types t ON t.seq = v.type_seq
  WHERE v.id = ? AND v.tenant_seq = ?`;

interface EventColumns {
  readonly seq: Seq;
  readonly tenant_seq: Seq;
  readonly payload: string;
  readonly accepted_at: EpochMs;
  readonly pause_id: Uint8Array | null;
  readonly first_delivery_seq: Seq;
  readonly delivery_count: number;
  readonly named: number;
  readonly named_disabled: string | null;
  readonly decided_by: string | null;
  readonly trace: TraceContext | null;
  readonly type: string;
}

export function getEvent(connection: Connection, tenantSeq: Seq, id: Uuid): EventView | null {
  const event = one<EventColumns>(connection, BY_ID, uuidBytes(id), tenantSeq);
  if (event === undefined) return null;
  const deliveries = deliveriesOf(connection, event);
  const reached = new Set(deliveries.map((delivery) => delivery.endpoint_seq));
  return {
    id,
    type: event.type,
    payload: event.payload,
    acceptedAt: event.accepted_at,
    pauseId: event.pause_id === null ? null : uuidText(event.pause_id),
    decidedBy: null,
    votes: null,
    ...readDeciders(event.decided_by),
    trace: event.trace,
    deliveries: readDeliveryRows(
      connection,
      deliveries.map(({ seq }) => seq),
    ),
    notDelivered: notDelivered(connection, event, reached),
  };
}

interface EventDelivery {
  readonly seq: Seq;
  readonly endpoint_seq: Seq;
}

// By primary key: the original deliveries of an event are consecutive.
const ORIGINAL = `
  SELECT seq, endpoint_seq
  FROM deliveries
  WHERE seq >= ? AND seq < ? AND event_seq = ?
  ORDER BY seq`;
// Replays and recoveries. Served by deliveries_later.
const LATER = `
  SELECT seq, endpoint_seq
  FROM deliveries INDEXED BY deliveries_later
  WHERE event_seq = ? AND later = 1
  ORDER BY seq DESC
  LIMIT ?`;

/** In creation order. After very many replays only the newest are returned. */
function deliveriesOf(connection: Connection, event: EventColumns): EventDelivery[] {
  const end = event.first_delivery_seq + event.delivery_count;
  const original = all<EventDelivery>(connection, ORIGINAL, event.first_delivery_seq, end, event.seq);
  const later = all<EventDelivery>(connection, LATER, event.seq, LIST_ROWS_PER_STATEMENT);
  return [...original, ...later.reverse()];
}

// The newest row of the history that holds for the event. Served by endpoints_of_tenant and the index of
// endpoint_history.
const THEN = `
  SELECT e.seq, e.id, e.name, e.deleted_at, h.status, h.event_types
  FROM endpoints e INDEXED BY endpoints_of_tenant
  CROSS JOIN endpoint_history h ON h.endpoint_seq = e.seq
  WHERE e.tenant_seq = ? AND e.seq > ? AND e.seq <= ? AND h.status <> 'DELETED'
    AND h.after_event_seq = (
      SELECT max(g.after_event_seq)
      FROM endpoint_history g
      WHERE g.endpoint_seq = e.seq AND g.after_event_seq < ?)
  ORDER BY e.seq`;
/** The sequence at which a step of this many endpoints ends. */
const STEP_END = `
  SELECT seq
  FROM endpoints INDEXED BY endpoints_of_tenant
  WHERE tenant_seq = ? AND seq > ?
  ORDER BY seq
  LIMIT 1 OFFSET ?`;

interface EndpointThen {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly name: string;
  readonly deleted_at: EpochMs | null;
  readonly status: EndpointStatus;
  readonly event_types: string | null;
}

/** How many endpoints are read at once: 2 MB, if each has a hundred filters. */
const STEP_ROWS = 200;
/**
 * How many steps are made: enough for all endpoints of a tenant, and for its tombstones up to the limit of a request.
 */
const STEPS_MAX = Math.ceil(LIST_ROWS_PER_REQUEST / STEP_ROWS);

type NotDelivered = EventView["notDelivered"][number];

function notDelivered(connection: Connection, event: EventColumns, reached: ReadonlySet<Seq>): NotDelivered[] {
  const found: NotDelivered[] = [];
  const reasonFor = reasoner(event);
  let after = 0;
  for (let step = 0; step < STEPS_MAX && found.length < EVENT_TARGETS_MAX; step += 1) {
    const end = one<{ seq: Seq }>(connection, STEP_END, event.tenant_seq, after, STEP_ROWS - 1)?.seq;
    const upTo = end ?? Number.MAX_SAFE_INTEGER;
    for (const endpoint of all<EndpointThen>(connection, THEN, event.tenant_seq, after, upTo, event.seq)) {
      const reason = reached.has(endpoint.seq) ? null : reasonFor(endpoint);
      const { id, name: endpointName, deleted_at: deletedAt } = endpoint;
      if (reason !== null)
        found.push({ endpointId: uuidText(id), endpointName, endpointDeleted: deletedAt !== null, reason });
    }
    if (end === undefined) break;
    after = end;
  }
  return found.slice(0, EVENT_TARGETS_MAX);
}

/** Why an endpoint got no delivery; null when it got one that is no longer kept. */
function reasoner(event: EventColumns): (endpoint: EndpointThen) => NotDelivered["reason"] | null {
  const namedDisabled = new Set(JSON.parse(event.named_disabled ?? "[]") as Seq[]);
  if (event.named === 1) return ({ seq }) => (namedDisabled.has(seq) ? "disabled" : "not_named");
  // Searches the JSON text, in which no filter contains an escape. Parsing a hundred filters takes ten times as long.
  const passing = filtersFor(event.type).map((filter) => JSON.stringify(filter));
  const isOperational = isOperationalEventType(event.type);
  return ({ status, event_types: filters }) => {
    if (filters === null ? isOperational : !passing.some((filter) => filters.includes(filter))) return "filter";
    return status === "DISABLED" ? "disabled" : null;
  };
}
