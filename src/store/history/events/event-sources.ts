/** The sequences of a tenant's events, newest first, from the indexes that exist for other purposes. */
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import type { Connection } from "../../connection.ts";
import { type Reader, read, readOne } from "../../rounds.ts";
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

/** The newest events before this sequence, at most `count`, newest first; none when there are no more. */
export type Next = (connection: Connection, before: Seq, count: number) => Reader<readonly Passed[]>;

/** @param matching those of these events that match, in the same order */
export function eventMergeSource(
  connection: Connection,
  next: Next,
  low: Seq,
  matching: (events: readonly Passed[]) => Reader<readonly Passed[]>,
): MergeSource {
  return {
    *read(before, hitsMax, visitsMax) {
      const hits: Seq[] = [];
      let floor = before;
      let visited = 0;
      while (visited < visitsMax && hits.length < hitsMax) {
        const events: readonly Passed[] = yield* next(connection, floor, Math.min(hitsMax, visitsMax - visited));
        const reached = events.filter(({ seq }) => seq >= low);
        for (const { seq } of yield* matching(reached.filter(({ mine }) => mine))) hits.push(seq);
        if (reached.length === 0 || reached.length < events.length) {
          return upTo(hits, hitsMax, { floor: null, visited: visited + reached.length });
        }
        floor = reached.at(-1)?.seq ?? floor;
        visited += reached.length;
      }
      return upTo(hits, hitsMax, { floor, visited });
    },
  };
}

/** The first of these hits. The others are found again from the last of them on. */
function upTo(hits: readonly Seq[], hitsMax: number, rest: Omit<Batch, "hits">): Batch {
  if (hits.length <= hitsMax) return { hits, ...rest };
  return { hits: hits.slice(0, hitsMax), floor: hits[hitsMax - 1] ?? null, visited: rest.visited };
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

/** From event to event, however many deliveries each has. A delivery that was created later is the last one. */
function delivered(index: string, column: string): string {
  const newestBefore = (end: string) => `(
      SELECT seq
      FROM deliveries INDEXED BY ${index}
      WHERE ${column} = ?1 AND seq < ${end}
      ORDER BY seq DESC
      LIMIT 1)`;
  return `
  WITH RECURSIVE chain (delivery_seq, place) AS (
    SELECT ${newestBefore("?2")}, 1
    UNION ALL
    SELECT ${newestBefore("v.first_delivery_seq")}, chain.place + 1
    FROM chain
    CROSS JOIN deliveries d ON d.seq = chain.delivery_seq
    CROSS JOIN events v ON v.seq = d.event_seq
    WHERE d.later = 0 AND chain.place < ?3
  )
  SELECT d.seq AS delivery_seq, d.later, v.seq, v.accepted_at, t.name AS type, 1 AS mine
  FROM chain
  CROSS JOIN deliveries d ON d.seq = chain.delivery_seq
  CROSS JOIN events v ON v.seq = d.event_seq
  CROSS JOIN event_types t ON t.seq = v.type_seq`;
}
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
  return function* (connection, before, count) {
    const event = yield* readOne<{ first: Seq }>(connection, DELIVERIES_BEFORE, before);
    const bound = event?.first ?? Number.MAX_SAFE_INTEGER;
    type Row = Passed & { delivery_seq: Seq; later: number };
    const found = yield* read<Row>(connection, DELIVERED[by], seq, bound, count);
    // PostgreSQL may join the chain in any order.
    const rows = found.toSorted((a, b) => b.delivery_seq - a.delivery_seq);
    const [first] = rows;
    if (first?.later === 1) return yield* lastEventBefore(connection, { by, seq }, first.delivery_seq, before);
    return rows.filter(({ later }) => later === 0);
  };
}

/**
 * The last event whose deliveries begin before this one, by bisection. Replays and recoveries create deliveries of
 * older events, possibly very many in a row, and this skips all of them.
 */
function* lastEventBefore(connection: Connection, owner: Owner, delivery: Seq, before: Seq): Reader<readonly Passed[]> {
  let found: readonly Passed[] = [];
  let low = 1;
  let high = before - 1;
  if (before === Number.MAX_SAFE_INTEGER) high = (yield* readOne<{ seq: Seq }>(connection, LAST))?.seq ?? 0;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    type Row = Passed & { first_delivery_seq: Seq };
    const event: Row | undefined = yield* readOne<Row>(connection, NEAREST[owner.by], owner.seq, middle);
    if (event === undefined || event.seq < low) low = middle + 1;
    else if (event.first_delivery_seq > delivery) high = event.seq - 1;
    else {
      found = [event];
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
  LIMIT ?`;
const ALONE = {
  tenant: alone("events_alone_of_tenant", "tenant_seq"),
  type: alone("events_alone", "type_seq"),
};

export function withoutDeliveries({ by, seq }: Owner): Next {
  return (connection, before, count) => read<Passed>(connection, ALONE[by], seq, before, count);
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
  LIMIT ?`;

export function fromInbound(tenantSeq: Seq): Next {
  return (connection, before, count) => read<Passed>(connection, INBOUND, tenantSeq, before, count);
}
