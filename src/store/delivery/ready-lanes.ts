/** Finds ready lanes without an owner. Tenants take turns; of each tenant, the longest-ready lane is first. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { Adopt } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all } from "../read-connection.ts";

interface ReadyLanes {
  readonly lanes: readonly Seq[];
  /** Whether there are more, not counting those of `exceptTenants`. */
  readonly more: boolean;
  /** Whether lanes of `exceptTenants` are ready. */
  readonly passedOver: boolean;
}

// Served by lanes_ready.
const LONGEST_READY = `
  SELECT endpoint_seq, tenant_seq
  FROM lanes
  WHERE ready_at <= ? AND owner IS NULL
  ORDER BY ready_at
  LIMIT ?`;

// A loose index scan of lanes_ready_of_tenant: one seek for each tenant, however many lanes it has.
const TENANTS = `
  WITH RECURSIVE tenants (tenant_seq) AS (
    SELECT min(tenant_seq)
    FROM lanes
    WHERE ready_at IS NOT NULL AND owner IS NULL
    UNION ALL
    SELECT (
      SELECT min(l.tenant_seq)
      FROM lanes l
      WHERE l.tenant_seq > t.tenant_seq AND l.ready_at IS NOT NULL AND l.owner IS NULL)
    FROM tenants t
    WHERE t.tenant_seq IS NOT NULL)
  SELECT tenant_seq
  FROM (
    SELECT t.tenant_seq, (
      SELECT min(l.ready_at)
      FROM lanes l
      WHERE l.tenant_seq = t.tenant_seq AND l.ready_at IS NOT NULL AND l.owner IS NULL) AS ready_at
    FROM tenants t
    WHERE t.tenant_seq IS NOT NULL) AS ready
  WHERE ready_at <= ?
  ORDER BY ready_at`;

// Served by lanes_ready_of_tenant.
const LONGEST_READY_OF_TENANT = `
  SELECT endpoint_seq
  FROM lanes
  WHERE tenant_seq = ? AND ready_at <= ? AND owner IS NULL
  ORDER BY ready_at
  LIMIT ?`;

export function readyLanes(connection: Connection, { lanesMax, exceptTenants }: Adopt, now: EpochMs): ReadyLanes {
  const rows = all<{ endpoint_seq: Seq; tenant_seq: Seq }>(connection, LONGEST_READY, now, lanesMax + 1);
  // These may all be lanes of one tenant that has many of them.
  if (rows.length > lanesMax) return ofEachTenant(connection, { lanesMax, exceptTenants }, now);
  const wanted = rows.filter(({ tenant_seq: tenantSeq }) => !exceptTenants.includes(tenantSeq));
  const lines = [...Map.groupBy(wanted, ({ tenant_seq: tenantSeq }) => tenantSeq).values()];
  const lanes = inTurn(lines).map(({ endpoint_seq: endpointSeq }) => endpointSeq);
  return { lanes, more: false, passedOver: wanted.length < rows.length };
}

function ofEachTenant(
  connection: Connection,
  { lanesMax, exceptTenants }: Pick<Adopt, "lanesMax" | "exceptTenants">,
  now: EpochMs,
): ReadyLanes {
  const ready = all<{ tenant_seq: Seq }>(connection, TENANTS, now);
  const tenants = ready.filter(({ tenant_seq: tenantSeq }) => !exceptTenants.includes(tenantSeq));
  const served = tenants.slice(0, lanesMax);
  const each = Math.ceil(lanesMax / served.length);
  const lines = served.map(({ tenant_seq: tenantSeq }) =>
    all<{ endpoint_seq: Seq }>(connection, LONGEST_READY_OF_TENANT, tenantSeq, now, each + 1),
  );
  const lanes = inTurn(lines).slice(0, lanesMax);
  const more =
    served.length < tenants.length || lines.some((line) => line.length > each) || lines.flat().length > lanes.length;
  return {
    lanes: lanes.map(({ endpoint_seq: endpointSeq }) => endpointSeq),
    more,
    passedOver: tenants.length < ready.length,
  };
}

/** The first of each list, then the second of each, and so on. */
function inTurn<T>(lines: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lines.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lines.flatMap((line) => line.slice(index, index + 1))).flat();
}
