/** The sequences of a tenant's events, newest first, from the indexes that exist for other purposes. */
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import type { Connection } from "../../connection.ts";
import { one } from "../../read-connection.ts";
import type { Batch, MergeSource } from "../delivery-merge.ts";

/** The event that a source has reached. */
export interface Passed {
  readonly seq: Seq;
  readonly accepted_at: EpochMs;
  readonly type: string;
  /** False for an event that is only on the way, such as another tenant's. */
  readonly mine: number | boolean;
  /** Of events from inbound events only. */
  readonly source_seq?: Seq | null;
}

/** The newest event before this sequence; null when there is none. It always advances. */
export type Next = (connection: Connection, before: Seq) => Passed | null;

/** One statement per event. A page has a hundred, and a request visits a limited number. */
export function eventMergeSource(
  connection: Connection,
  next: Next,
  low: Seq,
  matches: (event: Passed) => boolean,
): MergeSource {
  return {
    read(before: Seq, hitsMax: number, visitsMax: number): Batch {
      const hits: Seq[] = [];
      let floor = before;
      let visited = 0;
      while (visited < visitsMax && hits.length < hitsMax) {
        const event = next(connection, floor);
        if (event === null || event.seq < low) return { hits, floor: null, visited };
        floor = event.seq;
        visited += 1;
        if (event.mine && matches(event)) hits.push(event.seq);
      }
      return { hits, floor, visited };
    },
  };
}

/** Events of a tenant or of one of its types. */
export interface Owner {
  readonly by: "tenant" | "type";
  readonly seq: Seq;
}

// ── Events with deliveries ──────────────────────────────────────────────────────────────────────────────────────────

// Sequences of events and of their original deliveries rise together.
const DELIVERIES_BEFORE = `
  SELECT first_delivery_seq AS first
  FROM events
  WHERE seq >= ?
  ORDER BY seq
  LIMIT 1`;

const delivered = (index: string, column: string) => `
  SELECT d.seq AS delivery_seq, d.later, v.seq, v.accepted_at, t.name AS type, 1 AS mine
  FROM deliveries d INDEXED BY ${index}
  CROSS JOIN events v ON v.seq = d.event_seq
  CROSS JOIN event_types t ON t.seq = v.type_seq
  WHERE d.${column} = ? AND d.seq < ?
  ORDER BY d.seq DESC
  LIMIT 1`;
const DELIVERED = {
  tenant: delivered("deliveries_of_tenant", "tenant_seq"),
  type: delivered("deliveries_of_type", "type_seq"),
};

const NEAREST = {
  tenant: nearest("v.tenant_seq"),
  type: nearest("v.type_seq"),
};

function nearest(column: string): string {
  return `
  SELECT v.seq, v.accepted_at, t.name AS type, ${column} = ? AND v.delivery_count > 0 AS mine, v.first_delivery_seq
  FROM events v CROSS JOIN event_types t ON t.seq = v.type_seq
  WHERE v.seq <= ?
  ORDER BY v.seq DESC
  LIMIT 1`;
}

export function withDeliveries({ by, seq }: Owner): Next {
  return (connection, before) => {
    const bound = one<{ first: Seq }>(connection, DELIVERIES_BEFORE, before)?.first ?? Number.MAX_SAFE_INTEGER;
    type Row = Passed & { delivery_seq: Seq; later: number };
    const found = one<Row>(connection, DELIVERED[by], seq, bound);
    if (found === undefined) return null;
    return found.later === 0 ? found : lastEventBefore(connection, { by, seq }, found.delivery_seq, before);
  };
}

/**
 * The last event whose deliveries begin before this one, by bisection. Replays and recoveries create deliveries of
 * older events, possibly very many in a row, and this skips all of them.
 */
function lastEventBefore(connection: Connection, owner: Owner, delivery: Seq, before: Seq): Passed | null {
  let found: Passed | null = null;
  let low = 1;
  let high = before - 1;
  if (before === Number.MAX_SAFE_INTEGER) high = one<{ seq: Seq }>(connection, LAST)?.seq ?? 0;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    type Row = Passed & { first_delivery_seq: Seq };
    const event = one<Row>(connection, NEAREST[owner.by], owner.seq, middle);
    if (event === undefined || event.seq < low) low = middle + 1;
    else if (event.first_delivery_seq > delivery) high = event.seq - 1;
    else {
      found = event;
      low = middle + 1;
    }
  }
  return found;
}

const LAST = "SELECT max(seq) AS seq FROM events";

// ── Events without deliveries ───────────────────────────────────────────────────────────────────────────────────────

const alone = (index: string, column: string) => `
  SELECT v.seq, v.accepted_at, t.name AS type, 1 AS mine
  FROM events v INDEXED BY ${index}
  CROSS JOIN event_types t ON t.seq = v.type_seq
  WHERE v.${column} = ? AND v.delivery_count = 0 AND v.seq < ?
  ORDER BY v.seq DESC
  LIMIT 1`;
const ALONE = {
  tenant: alone("events_alone_of_tenant", "tenant_seq"),
  type: alone("events_alone", "type_seq"),
};

export function withoutDeliveries({ by, seq }: Owner): Next {
  return (connection, before) => one<Passed>(connection, ALONE[by], seq, before) ?? null;
}

// ── Events from inbound events ──────────────────────────────────────────────────────────────────────────────────────

const INBOUND = `
  SELECT v.seq, v.accepted_at, t.name AS type, v.tenant_seq = ? AS mine, i.source_seq
  FROM inbound_events l
  CROSS JOIN events v ON v.seq = l.event_seq
  CROSS JOIN event_types t ON t.seq = v.type_seq
  LEFT JOIN inbound i ON i.seq = l.inbound_seq
  WHERE l.event_seq < ?
  ORDER BY l.event_seq DESC
  LIMIT 1`;

export function fromInbound(tenantSeq: Seq): Next {
  return (connection, before) => one<Passed>(connection, INBOUND, tenantSeq, before) ?? null;
}
