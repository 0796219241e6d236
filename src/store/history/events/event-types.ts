/** listEventTypes: the types of a tenant's retained events, by name. */
import { filtersFor } from "../../../domain/delivery/event.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import { EVENT_RATE_SAMPLE_ROWS } from "../../../domain/limits.ts";
import type { Cursor, EventTypePage, EventTypeQuery, EventTypeRow } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { nextCursor, seqAfter } from "../../cursors.ts";
import { readMatching } from "../../endpoints/endpoint-filters.ts";
import { one, page } from "../../read-connection.ts";
import { type Reader, readOne, readTogether } from "../../rounds.ts";
import { firstSince } from "../timeline.ts";
import { withDeliveries, withoutDeliveries } from "./event-sources.ts";

const NAME = "SELECT name FROM event_types WHERE seq = ? AND tenant_seq = ?";
// A range of the unique index, which is in the order of the names.
const PAGE = `
  SELECT seq, name
  FROM event_types
  WHERE tenant_seq = ? AND name > ? AND name >= ? AND name < ?
  ORDER BY name
  LIMIT ?`;

interface TypeColumns {
  readonly seq: Seq;
  readonly name: string;
}

const HOUR_MS = 3_600_000;

export function listEventTypes(
  connection: Connection,
  { tenantSeq, prefix, now }: EventTypeQuery,
  cursor: Cursor | null,
  limit: number,
): EventTypePage {
  const after = cursor === null ? "" : (one<TypeColumns>(connection, NAME, seqAfter(cursor), tenantSeq)?.name ?? "");
  const range = [tenantSeq, after, prefix, `${prefix}\u{10FFFF}`];
  const { rows, more } = page<TypeColumns>(connection, PAGE, range, limit);
  const hour: LastHour = {
    from: now - HOUR_MS,
    firstEvent: firstSince(connection, "events", now - HOUR_MS),
    lastEvent: one<{ seq: Seq | null }>(connection, LAST_EVENT)?.seq ?? 0,
    firstDelivery: firstSince(connection, "deliveries", now - HOUR_MS),
  };
  const found = readTogether(rows.map((row) => readRow(connection, tenantSeq, row, hour)));
  return {
    rows: found.filter((row) => row !== null),
    next: nextCursor(rows, more),
  };
}

const LAST_EVENT = "SELECT max(seq) AS seq FROM events";

interface LastHour {
  readonly from: EpochMs;
  readonly firstEvent: Seq;
  readonly lastEvent: Seq;
  readonly firstDelivery: Seq;
}

// The event of a type's first delivery is its first event with deliveries: replays come later.
const FIRST_WITH = `
  SELECT v.accepted_at AS at
  FROM deliveries d INDEXED BY deliveries_of_type
  CROSS JOIN events v ON v.seq = d.event_seq
  WHERE d.type_seq = ?
  ORDER BY d.seq
  LIMIT 1`;
const FIRST_WITHOUT = `
  SELECT accepted_at AS at
  FROM events INDEXED BY events_alone
  WHERE type_seq = ? AND delivery_count = 0
  ORDER BY seq
  LIMIT 1`;

/** Null for a type whose last event retention has deleted. */
function* readRow(
  connection: Connection,
  tenantSeq: Seq,
  { seq, name }: TypeColumns,
  hour: LastHour,
): Reader<EventTypeRow | null> {
  const firsts: EpochMs[] = [];
  for (const sql of [FIRST_WITH, FIRST_WITHOUT]) {
    const first = yield* readOne<{ at: EpochMs }>(connection, sql, seq);
    if (first !== undefined) firsts.push(first.at);
  }
  if (firsts.length === 0) return null;
  const lasts: EpochMs[] = [];
  const owner = { by: "type", seq } as const;
  for (const next of [withDeliveries(owner), withoutDeliveries(owner)]) {
    const [last] = yield* next(connection, Number.MAX_SAFE_INTEGER, 1);
    if (last?.mine) lasts.push(last.accepted_at);
  }
  return {
    name,
    firstAt: Math.min(...firsts),
    lastAt: Math.max(...firsts, ...lasts),
    perHour: yield* readRate(connection, seq, hour),
    endpoints: yield* readMatching(connection, tenantSeq, filtersFor(name)),
  };
}

// Each original delivery counts as its share of an event, so that the sample may begin in the middle of one.
const SAMPLE_WITH = `
  SELECT count(*) AS rows, coalesce(sum(share), 0) AS events, min(CASE WHEN share > 0 THEN seq END) AS first
  FROM (
    SELECT v.seq, CASE WHEN d.later = 0 AND v.accepted_at >= ? THEN 1.0 / v.delivery_count END AS share
    FROM deliveries d INDEXED BY deliveries_of_type
    CROSS JOIN events v ON v.seq = d.event_seq
    WHERE d.type_seq = ? AND d.seq >= ?
    ORDER BY d.seq DESC
    LIMIT ?) AS sample`;
const SAMPLE_WITHOUT = `
  SELECT count(*) AS rows, count(CASE WHEN at >= ? THEN 1 END) AS events, min(seq) AS first
  FROM (
    SELECT seq, accepted_at AS at
    FROM events INDEXED BY events_alone
    WHERE type_seq = ? AND delivery_count = 0 AND seq >= ?
    ORDER BY seq DESC
    LIMIT ?) AS sample`;

interface Sample {
  readonly rows: number;
  readonly events: number;
  /** The oldest event of the sample; null when there is none. */
  readonly first: Seq | null;
}

/**
 * A sample tells which share of the latest events has the type. The share times all events of the hour is the estimate:
 * the rate of a sample would not do, because a burst of a second would count for the whole hour.
 */
function* readRate(connection: Connection, typeSeq: Seq, hour: LastHour): Reader<number> {
  const { from, firstEvent, lastEvent, firstDelivery } = hour;
  const samples = [
    yield* readOne<Sample>(connection, SAMPLE_WITH, from, typeSeq, firstDelivery, EVENT_RATE_SAMPLE_ROWS),
    yield* readOne<Sample>(connection, SAMPLE_WITHOUT, from, typeSeq, firstEvent, EVENT_RATE_SAMPLE_ROWS),
  ];
  let events = 0;
  for (const sample of samples) {
    if (sample === undefined || sample.first === null) continue;
    const isWhole = sample.rows < EVENT_RATE_SAMPLE_ROWS;
    const share = sample.events / (lastEvent - sample.first + 1);
    events += isWhole ? sample.events : share * (lastEvent - firstEvent + 1);
  }
  return Math.round(events);
}
