/**
 * Which of a tenant's endpoints are active, held or deleted. The states HELD and CANCELLED of their deliveries follow.
 */

import { LRUCache } from "lru-cache";
import type { EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { LIST_ROWS_PER_REQUEST, LIST_ROWS_PER_STATEMENT } from "../../domain/limits.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";

export interface Controls {
  /** The version of the tenant's endpoints that was read. */
  readonly version: number;
  readonly active: readonly Seq[];
  readonly held: readonly Seq[];
  readonly deleted: readonly Seq[];
}

/** The limit of the cache, over all tenants. Reading 10,000 endpoints for each list took 15 ms. */
const REMEMBERED_ENDPOINTS_MAX = 200_000;

const remembered = new WeakMap<Connection, LRUCache<Seq, Controls>>();

const VERSION = "SELECT endpoint_version FROM tenants WHERE seq = ?";
// Served by endpoints_of_tenant.
const ENDPOINTS = `
  SELECT seq, status, deleted_at
  FROM endpoints INDEXED BY endpoints_of_tenant
  WHERE tenant_seq = ? AND seq > ?
  ORDER BY seq
  LIMIT ?`;

export function controlsOf(connection: Connection, tenantSeq: Seq): Controls {
  let cache = remembered.get(connection);
  if (cache === undefined) {
    cache = new LRUCache({
      maxSize: REMEMBERED_ENDPOINTS_MAX,
      sizeCalculation: ({ active, held, deleted }) => 1 + active.length + held.length + deleted.length,
    });
    remembered.set(connection, cache);
  }
  const version = one<{ endpoint_version: number }>(connection, VERSION, tenantSeq)?.endpoint_version ?? 0;
  let controls = cache.get(tenantSeq);
  if (controls?.version !== version) {
    controls = { version, ...readControls(connection, tenantSeq) };
    cache.set(tenantSeq, controls);
  }
  return controls;
}

function readControls(connection: Connection, tenantSeq: Seq): Omit<Controls, "version"> {
  const active: Seq[] = [];
  const held: Seq[] = [];
  const deleted: Seq[] = [];
  type Row = { seq: Seq; status: EndpointStatus; deleted_at: EpochMs | null };
  for (let after: Seq | null = 0; after !== null; ) {
    const rows: Row[] = all<Row>(connection, ENDPOINTS, tenantSeq, after, LIST_ROWS_PER_STATEMENT);
    for (const row of rows) (row.deleted_at !== null ? deleted : row.status === "ACTIVE" ? active : held).push(row.seq);
    after = rows.length < LIST_ROWS_PER_STATEMENT ? null : (rows.at(-1)?.seq ?? null);
  }
  return { active, held, deleted };
}

/** Those of these endpoints with deliveries in this waiting state. Served by deliveries_exceptional_of_endpoint. With
 * OFFSET, PostgreSQL looks there for each endpoint in turn. */
const WAITING_IN = `
  SELECT CAST(value AS INTEGER) AS seq
  FROM json_each(?)
  WHERE EXISTS (
    SELECT 1
    FROM deliveries d INDEXED BY deliveries_exceptional_of_endpoint
    WHERE d.endpoint_seq = CAST(value AS INTEGER) AND d.state = ? AND d.state NOT IN (2, 3)
    LIMIT 1 OFFSET 0)
  LIMIT ?`;

/** Null when more than `countMax` have some, or when there are too many endpoints to look at. */
export function waitingIn(
  connection: Connection,
  endpoints: readonly Seq[],
  state: 0 | 1,
  countMax: number,
): readonly Seq[] | null {
  if (endpoints.length > LIST_ROWS_PER_REQUEST) return null;
  const found: Seq[] = [];
  for (let at = 0; at < endpoints.length; at += LIST_ROWS_PER_STATEMENT) {
    const some = JSON.stringify(endpoints.slice(at, at + LIST_ROWS_PER_STATEMENT));
    const rows = all<{ seq: Seq }>(connection, WAITING_IN, some, state, countMax + 1 - found.length);
    for (const { seq } of rows) found.push(seq);
    if (found.length > countMax) return null;
  }
  return found;
}
