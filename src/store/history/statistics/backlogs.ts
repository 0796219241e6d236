/** countBacklogs, countInProgress: how many deliveries wait in the store, and are leased, by tenant. */
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import { BACKLOG_ENTRIES_COUNT_MAX, WAITING_COUNT_MAX } from "../../../domain/limits.ts";
import type { BacklogCount } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { all, one } from "../../read-connection.ts";

// Only lanes that may have a backlog. Of one tenant, served by endpoints_live.
const LANES = (where: string) => `
  SELECT l.endpoint_seq, e.tenant_seq, l.held_since IS NOT NULL AS held, l.held_bytes, l.ready_at
  FROM endpoints e JOIN lanes l ON l.endpoint_seq = e.seq
  WHERE e.deleted_at IS NULL AND (l.ready_at IS NOT NULL OR l.held_since IS NOT NULL) ${where}`;
const ALL_LANES = LANES("");
const LANES_OF_TENANT = LANES("AND e.tenant_seq = ?");

interface LaneColumns {
  readonly endpoint_seq: Seq;
  readonly tenant_seq: Seq;
  readonly held: number;
  readonly held_bytes: number;
  readonly ready_at: EpochMs | null;
}

// Served by deliveries_waiting alone.
const COUNT = `
  SELECT count(*) AS count, count(*) FILTER (WHERE due_at > ?) AS later
  FROM (
    SELECT due_at
    FROM deliveries INDEXED BY deliveries_waiting
    WHERE endpoint_seq = ? AND state < 2
    LIMIT ?) AS waiting`;

// Served by deliveries_waiting.
const OLDEST = `
  SELECT created_at
  FROM deliveries
  WHERE endpoint_seq = ? AND state < 2
  ORDER BY due_at, seq
  LIMIT 1`;

/** When the delivery at the front of the lane was created; null when none waits. */
export function oldestWaiting(connection: Connection, endpointSeq: Seq): EpochMs | null {
  return one<{ created_at: EpochMs }>(connection, OLDEST, endpointSeq)?.created_at ?? null;
}

// Served by deliveries_leased, which has an entry for each delivery in the lane pools. IS TRUE keeps PostgreSQL from the
// index of tenants.
const LEASES = `
  SELECT count(*) AS count
  FROM deliveries INDEXED BY deliveries_leased
  WHERE lease IS NOT NULL AND (tenant_seq = ?) IS TRUE`;

export function countInProgress(connection: Connection, tenantSeq: Seq): number {
  return Number(one<{ count: number }>(connection, LEASES, tenantSeq)?.count);
}

type Sums = { -readonly [K in keyof BacklogCount]: BacklogCount[K] };

export function countBacklogs(connection: Connection, tenantSeq: Seq | null, now: EpochMs): BacklogCount[] {
  const lanes =
    tenantSeq === null
      ? all<LaneColumns>(connection, ALL_LANES)
      : all<LaneColumns>(connection, LANES_OF_TENANT, tenantSeq);
  const byTenant = new Map<Seq, Sums>();
  let left = BACKLOG_ENTRIES_COUNT_MAX;
  for (const lane of lanes) {
    const sums = byTenant.get(lane.tenant_seq) ?? { tenantSeq: lane.tenant_seq, ...NOTHING };
    byTenant.set(lane.tenant_seq, sums);
    const countMax = Math.min(WAITING_COUNT_MAX, left);
    const found = one<{ count: number; later: number }>(connection, COUNT, now, lane.endpoint_seq, countMax + 1);
    const count = Math.min(found?.count ?? 0, countMax);
    const later = Math.min(found?.later ?? 0, count);
    left -= count;
    sums.more ||= (found?.count ?? 0) > countMax;
    if (lane.held === 1) sums.held += count;
    else sums.scheduled += later;
    if (lane.held === 0) sums.ready += count - later;
    sums.heldBytes += lane.held === 1 ? lane.held_bytes : 0;
    const oldest = count === 0 ? null : oldestWaiting(connection, lane.endpoint_seq);
    const { ready_at: readyAt } = lane;
    if (count > later && readyAt !== null && readyAt <= now && (sums.readySince ?? now) >= readyAt) {
      sums.readySince = readyAt;
    }
    if (oldest !== null && (sums.oldestAt === null || oldest < sums.oldestAt)) sums.oldestAt = oldest;
  }
  return [...byTenant.values()];
}

const NOTHING = { held: 0, ready: 0, scheduled: 0, more: false, heldBytes: 0, oldestAt: null, readySince: null };
