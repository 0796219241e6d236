/** countVolume, countLatency, countEndpointHealth, countEndpointAttempts: read the sums that the writer keeps per hour. */
import type { EndpointStatus } from "../../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import { ANALYTICS_HOURS_MAX, LIST_ROWS_PER_REQUEST } from "../../../domain/limits.ts";
import type { EndpointHealthRow, EndpointHour, HourCounts } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { all, one } from "../../read-connection.ts";
import { uuidText } from "../../rows.ts";

const HOUR_MS = 3_600_000;
/** As many hours as can be requested, and the current one. */
const HOURS_MAX = ANALYTICS_HOURS_MAX + 1;

function hoursOf(from: EpochMs, to: EpochMs): EpochMs[] {
  const count = Math.max(0, Math.ceil((to - from) / HOUR_MS));
  if (count > HOURS_MAX) throw new RangeError(`${count} hours are more than ${HOURS_MAX}`);
  return Array.from({ length: count }, (_, index) => from + index * HOUR_MS);
}

// By primary key, hour by hour. A range of hours would also scan the rows of every endpoint.
const HOUR = `
  SELECT total, delivered, failed, under_100_ms, under_300_ms, under_1000_ms, under_5000_ms, over_5000_ms
  FROM counters
  WHERE tenant_seq = ? AND hour = ? AND endpoint_seq = 0`;

interface HourColumns {
  readonly total: number;
  readonly delivered: number;
  readonly failed: number;
  readonly under_100_ms: number;
  readonly under_300_ms: number;
  readonly under_1000_ms: number;
  readonly under_5000_ms: number;
  readonly over_5000_ms: number;
}

export function countVolume(connection: Connection, tenantSeq: Seq, from: EpochMs, to: EpochMs): HourCounts[] {
  return hoursOf(from, to).map((hour) => {
    const row = one<HourColumns>(connection, HOUR, tenantSeq, hour);
    return { hour, total: row?.total ?? 0, delivered: row?.delivered ?? 0, failed: row?.failed ?? 0 };
  });
}

type Buckets = [number, number, number, number, number];

export function countLatency(connection: Connection, tenantSeq: Seq, from: EpochMs, to: EpochMs): Buckets {
  const sums: Buckets = [0, 0, 0, 0, 0];
  for (const hour of hoursOf(from, to)) {
    const row = one<HourColumns>(connection, HOUR, tenantSeq, hour);
    if (row === undefined) continue;
    sums[0] += row.under_100_ms;
    sums[1] += row.under_300_ms;
    sums[2] += row.under_1000_ms;
    sums[3] += row.under_5000_ms;
    sums[4] += row.over_5000_ms;
  }
  return sums;
}

// Served by endpoints_live.
const ENDPOINTS = `
  SELECT e.seq, e.id, e.name, l.failing_since,
    CASE WHEN e.transport = 'stream' AND e.status = 'PAUSED' AND e.paused_at IS NULL THEN 'ACTIVE' ELSE e.status END
      AS status
  FROM endpoints e INDEXED BY endpoints_live LEFT JOIN lanes l ON l.endpoint_seq = e.seq
  WHERE e.tenant_seq = ? AND e.deleted_at IS NULL AND e.seq > ?
  ORDER BY e.seq
  LIMIT ?`;

interface EndpointColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly name: string;
  readonly status: EndpointStatus;
  readonly failing_since: EpochMs | null;
}

// By primary key, one short range per hour. Only the rows of one step are grouped.
const HEALTH = `
  SELECT c.endpoint_seq, sum(c.total) AS total, sum(c.delivered) AS delivered, sum(c.failed) AS failed,
    sum(c.latency_sum_ms) AS latency_sum_ms,
    sum(c.under_100_ms + c.under_300_ms + c.under_1000_ms + c.under_5000_ms + c.over_5000_ms) AS latency_count,
    sum(c.attempts_ok) AS attempts_ok, sum(c.attempts_failed) AS attempts_failed
  FROM counters c
  WHERE c.tenant_seq = ? AND c.hour IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) AND c.endpoint_seq BETWEEN ? AND ?
  GROUP BY c.endpoint_seq`;

interface HealthColumns {
  readonly endpoint_seq: Seq;
  readonly total: number;
  readonly delivered: number;
  readonly failed: number;
  readonly latency_sum_ms: number;
  readonly latency_count: number;
  readonly attempts_ok: number;
  readonly attempts_failed: number;
}

/** Every endpoint that is not deleted, in creation order. Those without deliveries have zeros. */
export function countEndpointHealth(
  connection: Connection,
  tenantSeq: Seq,
  from: EpochMs,
  to: EpochMs,
): EndpointHealthRow[] {
  const steps = stepEndpointHealth(connection, tenantSeq, from, to);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * The same in limited steps, so that the thread can run other verbs in between: 10,000 endpoints over 720 hours take
 * most of a second. No statement stays open between two steps.
 */
function* stepEndpointHealth(
  connection: Connection,
  tenantSeq: Seq,
  from: EpochMs,
  to: EpochMs,
): Generator<undefined, EndpointHealthRow[]> {
  const hours = hoursOf(from, to);
  const found: EndpointHealthRow[] = [];
  for (let after: Seq | null = 0; after !== null; ) {
    const step = countHealthStep(connection, tenantSeq, hours, after);
    for (const row of step.rows) found.push(row);
    after = step.next;
    yield;
  }
  return found;
}

/** How many endpoints one step has, so that their rows of all hours are within the limit of a request. */
function countHealthStep(connection: Connection, tenantSeq: Seq, hours: readonly EpochMs[], after: Seq) {
  const endpointsMax = Math.max(1, Math.floor(LIST_ROWS_PER_REQUEST / Math.max(1, hours.length)));
  const endpoints = all<EndpointColumns>(connection, ENDPOINTS, tenantSeq, after, endpointsMax);
  const last = endpoints.at(-1)?.seq ?? after;
  const sums = all<HealthColumns>(connection, HEALTH, tenantSeq, JSON.stringify(hours), after + 1, last);
  const byEndpoint = new Map(sums.map((row) => [row.endpoint_seq, row]));
  const rows = endpoints.map((endpoint) => healthRow(endpoint, byEndpoint.get(endpoint.seq)));
  return { rows, next: endpoints.length < endpointsMax ? null : last };
}

function healthRow(endpoint: EndpointColumns, sums: HealthColumns | undefined): EndpointHealthRow {
  return {
    endpointId: uuidText(endpoint.id),
    name: endpoint.name,
    status: endpoint.status,
    total: sums?.total ?? 0,
    delivered: sums?.delivered ?? 0,
    failed: sums?.failed ?? 0,
    latencySumMs: sums?.latency_sum_ms ?? 0,
    latencyCount: sums?.latency_count ?? 0,
    attemptsOk: sums?.attempts_ok ?? 0,
    attemptsFailed: sums?.attempts_failed ?? 0,
    failingSince: endpoint.failing_since,
  };
}

// By primary key, once for each hour of each endpoint.
const ATTEMPTS = `
  SELECT c.endpoint_seq, c.hour, c.attempts_ok AS ok, c.attempts_failed AS failed
  FROM counters c
  WHERE c.tenant_seq = ?
    AND c.hour IN (SELECT CAST(value AS INTEGER) FROM json_each(?))
    AND c.endpoint_seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))
    AND (c.attempts_ok > 0 OR c.attempts_failed > 0)`;

export function countEndpointAttempts(
  connection: Connection,
  tenantSeq: Seq,
  endpointSeqs: readonly Seq[],
  from: EpochMs,
  to: EpochMs,
): EndpointHour[] {
  const hours = JSON.stringify(hoursOf(from, to));
  type Row = Omit<EndpointHour, "endpointSeq"> & { readonly endpoint_seq: Seq };
  return all<Row>(connection, ATTEMPTS, tenantSeq, hours, JSON.stringify(endpointSeqs)).map(
    ({ endpoint_seq: endpointSeq, ...counts }) => ({ endpointSeq, ...counts }),
  );
}
