/** getTenant, findQuotas: a tenant's quotas, and how much of them it uses. */

import { type Quotas, quotasOf } from "../../domain/access/quota.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { TenantView } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { countEndpoints } from "../endpoints/endpoint-rows.ts";
import { countSources } from "../inbound/source-views.ts";
import { one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import { countKeys, readSettings, type SettingColumns } from "./lookups.ts";
import { readQuotas } from "./usage.ts";

interface TenantColumns extends SettingColumns {
  readonly seq: Seq;
  readonly name: string;
  readonly created_at: EpochMs;
  readonly quotas: string;
  readonly open_pauses: number;
  readonly stored_bytes: number;
}

const TENANT = `
  SELECT seq, name, created_at, quotas, open_pauses, stored_bytes, portal_origins, links_withheld
  FROM tenants
  WHERE id = ?`;

export function getTenant(connection: Connection, id: Uuid): TenantView | null {
  const row = one<TenantColumns>(connection, TENANT, uuidBytes(id));
  if (row === undefined) return null;
  const { seq, name, created_at, quotas, open_pauses, stored_bytes } = row;
  return {
    seq,
    id,
    name,
    createdAt: created_at,
    settings: readSettings(row),
    quotas: readQuotas(quotas),
    use: {
      endpoints: countEndpoints(connection, seq),
      keys: countKeys(connection, seq),
      sources: countSources(connection, seq),
      open_pauses,
      stored_bytes,
    },
  };
}

export function findQuotas(connection: Connection, tenantSeq: Seq): Quotas {
  const row = one<{ quotas: string }>(connection, "SELECT quotas FROM tenants WHERE seq = ?", tenantSeq);
  return row === undefined ? quotasOf({}) : readQuotas(row.quotas);
}
