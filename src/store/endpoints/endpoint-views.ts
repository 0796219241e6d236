/** loadDestinations, getEndpoint, listEndpoints, listEndpointsFrom, countEndpointStates: endpoints with the counts that lists show. */
import { matchesFilters } from "../../domain/delivery/event.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import { ENDPOINT_STATES, type EndpointState } from "../../domain/endpoints/endpoint-state.ts";
import { withoutSecrets } from "../../domain/endpoints/redact.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import {
  LANE_POOL_DELIVERIES_MAX,
  LIST_ROWS_PER_STATEMENT,
  REST_AFTER_FAILURES,
  WAITING_COUNT_MAX,
} from "../../domain/limits.ts";
import type {
  AttemptFailure,
  Cursor,
  EndpointFilter,
  EndpointOffsetPage,
  EndpointPage,
  EndpointView,
  Versioned,
} from "../../ports/store.ts";
import { cursorOf, nextCursor, seqAfter } from "../cursors.ts";
import { oldestWaiting } from "../history/statistics/backlogs.ts";
import { all, matchingPage, one, page, type ReadConnection } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import { endpointVersion } from "./endpoint-filters.ts";
import {
  countEndpoints,
  ENDPOINT_COLUMNS,
  type EndpointColumns,
  loadDestination,
  readEndpoint,
} from "./endpoint-rows.ts";

export function loadDestinations(
  connection: ReadConnection,
  tenantSeq: Seq,
  endpointSeqs: readonly Seq[],
): Versioned<readonly Destination[]> {
  const found = endpointSeqs
    .map((seq) => loadDestination(connection, seq))
    .filter((read): read is Destination => "id" in read && read.tenantSeq === tenantSeq);
  return { version: endpointVersion(connection, tenantSeq), found };
}

const VIEW_COLUMNS = `${ENDPOINT_COLUMNS}, l.attempts_ok, l.attempts_failed, l.last_attempt_at,
  l.last_success_at, l.last_failure, l.failure_streak, l.streak_since_active_ms, l.rest_until, l.rest_ms,
  l.failing_since, l.wait_until, l.held_bytes, r.connection, r.reader, r.connected_at, r.seen_at`;
const VIEWED = "LEFT JOIN lanes l ON l.endpoint_seq = e.seq LEFT JOIN listeners r ON r.endpoint_seq = e.seq";

interface ViewColumns extends EndpointColumns {
  readonly attempts_ok: number | null;
  readonly attempts_failed: number | null;
  readonly last_attempt_at: EpochMs | null;
  readonly last_success_at: EpochMs | null;
  readonly last_failure: string | null;
  readonly failure_streak: number | null;
  readonly streak_since_active_ms: EpochMs | null;
  readonly rest_until: EpochMs | null;
  readonly rest_ms: number | null;
  readonly failing_since: EpochMs | null;
  readonly wait_until: EpochMs | null;
  readonly held_bytes: number | null;
  readonly connection: Uint8Array | null;
  readonly reader: string | null;
  readonly connected_at: EpochMs | null;
  readonly seen_at: EpochMs | null;
}

const BY_ID = `
  SELECT ${VIEW_COLUMNS}
  FROM endpoints e ${VIEWED}
  WHERE e.id = ? AND e.tenant_seq = ? AND e.deleted_at IS NULL`;

export function getEndpoint(connection: ReadConnection, tenantSeq: Seq, id: Uuid): EndpointView | null {
  const row = one<ViewColumns>(connection, BY_ID, uuidBytes(id), tenantSeq);
  return row === undefined ? null : view(connection, row, countLeased(connection), WAITING_COUNT_MAX);
}

// Served by endpoints_live, so that deleted endpoints cost nothing.
const PAGE = `
  SELECT ${VIEW_COLUMNS}
  FROM endpoints e INDEXED BY endpoints_live ${VIEWED}
  WHERE e.tenant_seq = ? AND e.seq > ? AND e.deleted_at IS NULL
  ORDER BY e.seq
  LIMIT ?`;

/**
 * How many deliveries are counted for one page: twenty full backlogs. After that, each backlog is counted only this
 * far.
 */
const PAGE_ENTRIES_MAX = 20 * WAITING_COUNT_MAX;
const COUNT_MAX_BEYOND = 100;

export function listEndpoints(
  connection: ReadConnection,
  tenantSeq: Seq,
  cursor: Cursor | null,
  limit: number,
  filter: EndpointFilter | null = null,
): EndpointPage {
  if (filter !== null) return searchEndpoints(connection, { tenantSeq, cursor, limit, filter });
  const { rows, more } = page<ViewColumns>(connection, PAGE, [tenantSeq, seqAfter(cursor)], limit);
  return { views: viewsOf(connection, rows), next: nextCursor(rows, more) };
}

// `endpointState` in SQL: reading 10,000 endpoints to call it takes 40 ms, and this 10 ms. Both parameters are the time.
const STATE = `
  CASE
    WHEN e.status = 'PAUSED' AND e.paused_at IS NULL THEN 'no_listener'
    WHEN e.status = 'PAUSED' THEN 'paused'
    WHEN e.status = 'DISABLED' THEN 'disabled'
    WHEN l.rest_until > ? THEN 'resting'
    WHEN l.failure_streak >= ${REST_AFTER_FAILURES} THEN 'probing'
    WHEN l.wait_until > ? AND NOT (e.ordered = 1 AND l.failure_streak > 0) THEN 'throttled'
    WHEN l.failure_streak > 0 THEN 'failing'
    ELSE 'healthy'
  END`;

// Served by endpoints_live.
const SEARCH = `
  SELECT ${VIEW_COLUMNS}
  FROM endpoints e INDEXED BY endpoints_live ${VIEWED}
  WHERE e.tenant_seq = ? AND e.seq > ? AND e.deleted_at IS NULL
    AND ${STATE} IN (SELECT value FROM json_each(?))
  ORDER BY e.seq
  LIMIT ?`;

interface Search {
  readonly tenantSeq: Seq;
  readonly cursor: Cursor | null;
  readonly limit: number;
  readonly filter: EndpointFilter;
}

function searchEndpoints(connection: ReadConnection, { tenantSeq, cursor, limit, filter }: Search): EndpointPage {
  const { states, text, eventType, now } = filter;
  const values = [tenantSeq, seqAfter(cursor), now, now, JSON.stringify(states ?? ENDPOINT_STATES)];
  const part = text?.toLowerCase() ?? "";
  const urlOf = ({ url }: ViewColumns) => (filter.withoutSecrets === true ? withoutSecrets(url) : url).toLowerCase();
  const { rows, last, more } = matchingPage<ViewColumns>(connection, SEARCH, values, {
    limit,
    visitsMax: Math.max(limit, LIST_ROWS_PER_STATEMENT),
    matches: (row) =>
      (row.name.toLowerCase().includes(part) || urlOf(row).includes(part)) &&
      (eventType === null || matchesFilters(filtersOf(row), eventType)),
  });
  return { views: viewsOf(connection, rows), next: more && last !== undefined ? cursorOf(last.seq) : null };
}

function filtersOf({ event_types: filters }: ViewColumns): readonly string[] | null {
  return filters === null ? null : (JSON.parse(filters) as string[]);
}

// Served by endpoints_live.
const COUNT_STATES = `
  SELECT ${STATE} AS state, count(*) AS count
  FROM endpoints e INDEXED BY endpoints_live LEFT JOIN lanes l ON l.endpoint_seq = e.seq
  WHERE e.tenant_seq = ? AND e.deleted_at IS NULL
  GROUP BY 1`;

// Served by listeners_by_name.
const LISTENERS = `
  SELECT ${VIEW_COLUMNS}
  FROM endpoints e ${VIEWED}
  WHERE e.seq IN (SELECT endpoint_seq FROM listeners WHERE tenant_seq = ?)
  ORDER BY e.seq`;

export function listListeners(connection: ReadConnection, tenantSeq: Seq): EndpointView[] {
  return viewsOf(connection, all<ViewColumns>(connection, LISTENERS, tenantSeq));
}

export function countEndpointStates(
  connection: ReadConnection,
  tenantSeq: Seq,
  now: EpochMs,
): Record<EndpointState, number> {
  const rows = all<{ state: EndpointState; count: number }>(connection, COUNT_STATES, now, now, tenantSeq);
  const counted = new Map(rows.map(({ state, count }) => [state, count]));
  return Object.fromEntries(ENDPOINT_STATES.map((state) => [state, counted.get(state) ?? 0])) as Record<
    EndpointState,
    number
  >;
}

function viewsOf(connection: ReadConnection, rows: readonly ViewColumns[]): EndpointView[] {
  const leased = countLeased(connection);
  let entries = 0;
  return rows.map((row) => {
    const countMax = entries < PAGE_ENTRIES_MAX ? WAITING_COUNT_MAX : COUNT_MAX_BEYOND;
    const found = view(connection, row, leased, countMax);
    entries += found.waiting.count;
    return found;
  });
}

// Served by endpoints_live alone: the offset is skipped within the index.
const BEFORE = `
  SELECT seq
  FROM endpoints INDEXED BY endpoints_live
  WHERE tenant_seq = ? AND deleted_at IS NULL
  ORDER BY seq
  LIMIT 1 OFFSET ?`;

export function listEndpointsFrom(
  connection: ReadConnection,
  tenantSeq: Seq,
  offset: number,
  limit: number,
): EndpointOffsetPage {
  const total = countEndpoints(connection, tenantSeq);
  const after = offset === 0 ? 0 : one<{ seq: Seq }>(connection, BEFORE, tenantSeq, offset - 1)?.seq;
  // A page at an offset is as long as requested.
  const rows = after === undefined ? [] : all<ViewColumns>(connection, PAGE, tenantSeq, after, limit);
  return { views: viewsOf(connection, rows), total };
}

function view(connection: ReadConnection, row: ViewColumns, leased: Leased, countMax: number): EndpointView {
  const waiting = countWaiting(connection, row.seq, leased, countMax);
  return {
    endpoint: readEndpoint(connection.vault, row),
    waiting,
    leased: leased.get(row.seq) ?? 0,
    lastAttemptAt: row.last_attempt_at,
    successCount: row.attempts_ok ?? 0,
    failureCount: row.attempts_failed ?? 0,
    lastSuccessAt: row.last_success_at,
    lastFailure: row.last_failure === null ? null : (JSON.parse(row.last_failure) as AttemptFailure),
    health: {
      failureStreak: row.failure_streak ?? 0,
      streakSinceActiveMs: row.streak_since_active_ms,
      restUntil: row.rest_until,
      restMs: row.rest_ms ?? 0,
    },
    failingSince: row.failing_since,
    waitUntil: row.wait_until,
    oldestAt: waiting.count === 0 ? null : oldestWaiting(connection, row.seq),
    heldBytes: row.held_bytes ?? 0,
    listener: listenerOf(row),
  };
}

function listenerOf({ connection, reader, connected_at: connectedAt, seen_at: seenAt }: ViewColumns) {
  return seenAt === null ? null : { isConnected: connection !== null, reader, connectedAt, seenAt };
}

// Served by deliveries_waiting: the entries are only counted.
const WAITING = `
  SELECT count(*) AS count
  FROM (
    SELECT 1
    FROM deliveries INDEXED BY deliveries_waiting
    WHERE endpoint_seq = ? AND state < 2
    LIMIT ?) AS waiting`;

function countWaiting(
  connection: ReadConnection,
  endpointSeq: Seq,
  leased: Leased,
  countMax: number,
): EndpointView["waiting"] {
  const stored = one<{ count: number }>(connection, WAITING, endpointSeq, countMax + 1)?.count ?? 0;
  const count = stored + (leased.get(endpointSeq) ?? 0);
  return { count: Math.min(count, countMax), more: count > countMax };
}

/** How many deliveries each endpoint has leased. */
type Leased = ReadonlyMap<Seq, number>;

// Served by deliveries_leased, which has an entry for each delivery in the lane pool. There is no index of leases by
// endpoint, since every successful delivery would have to update it.
const LEASED = `
  SELECT endpoint_seq, count(*) AS count
  FROM (
    SELECT endpoint_seq
    FROM deliveries INDEXED BY deliveries_leased
    WHERE lease IS NOT NULL
    LIMIT ?) AS leased
  GROUP BY endpoint_seq`;

function countLeased(connection: ReadConnection): Leased {
  const rows = all<{ endpoint_seq: Seq; count: number }>(connection, LEASED, LANE_POOL_DELIVERIES_MAX);
  return new Map(rows.map(({ endpoint_seq, count }) => [endpoint_seq, count]));
}
