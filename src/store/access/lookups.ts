/** findKey, findKeyTenant, findTenant, listKeys, listTenants. */
import type { AgentScope, KeyActor, Role } from "../../domain/access/access.ts";
import type { TenantSettings } from "../../domain/access/tenant.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Cursor, KeyPage, KeyRow, Tenant, TenantPage } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { nextCursor, seqAfter } from "../cursors.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";

const KEY = `
  SELECT k.id, k.role, k.test, k.tenant_seq, t.id AS tenant_id, k.created_at, k.expires_at, k.idle_ms, k.used_at,
    k.name, k.scopes, k.agent_id
  FROM keys k CROSS JOIN tenants t ON t.seq = k.tenant_seq
  WHERE k.hash = ? AND k.revoked_at IS NULL`;

export function findKey(connection: Connection, hash: string): KeyActor | null {
  type Row = {
    id: Uint8Array;
    role: Role;
    test: number;
    tenant_seq: Seq;
    tenant_id: Uint8Array;
    created_at: EpochMs;
    expires_at: EpochMs | null;
    idle_ms: number | null;
    used_at: EpochMs | null;
    name: string;
    scopes: string | null;
    agent_id: Uint8Array | null;
  };
  const row = one<Row>(connection, KEY, Buffer.from(hash, "hex"));
  if (row === undefined) return null;
  const { name, agent_id: agentId } = row;
  const scopes = readScopes(row.scopes);
  return {
    kind: "key",
    id: uuidText(row.id),
    role: row.role,
    tenantId: uuidText(row.tenant_id),
    tenantSeq: row.tenant_seq,
    test: row.test === 1,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    idleMs: row.idle_ms,
    usedAt: row.used_at,
    ...(scopes !== null && agentId !== null && { agent: { id: uuidText(agentId), name, scopes } }),
  };
}

export function readScopes(scopes: string | null): readonly AgentScope[] | null {
  return scopes === null ? null : (scopes.split(",") as AgentScope[]);
}

interface KeyColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly name: string;
  readonly role: Role;
  readonly test: number;
  readonly created_at: EpochMs;
  readonly expires_at: EpochMs | null;
  readonly idle_ms: number | null;
  readonly used_at: EpochMs | null;
  readonly created_by_kind: "key" | "user" | null;
  readonly created_by: Uint8Array | null;
  readonly scopes: string | null;
}

const KEY_COLUMNS = `
  seq, id, name, role, test, created_at, expires_at, idle_ms, used_at, created_by_kind, created_by, scopes`;

export function keyOfId(connection: Connection, id: Uuid): KeyRow | null {
  const row = one<KeyColumns>(connection, `SELECT ${KEY_COLUMNS} FROM keys WHERE id = ?`, uuidBytes(id));
  return row === undefined ? null : toKey(row);
}

// The index ends in the sequence, so no sort is needed.
const KEYS = `
  SELECT ${KEY_COLUMNS}
  FROM keys INDEXED BY keys_live
  WHERE tenant_seq = ? AND revoked_at IS NULL AND seq > ?
  ORDER BY seq
  LIMIT ?`;

export function listKeys(connection: Connection, tenantSeq: Seq, cursor: Cursor | null, limit: number): KeyPage {
  // If there is one row more than the page has, there is a next page.
  const rows = all<KeyColumns>(connection, KEYS, tenantSeq, seqAfter(cursor), limit + 1);
  const shown = rows.slice(0, limit);
  return { keys: shown.map(toKey), next: nextCursor(shown, rows.length > limit) };
}

function toKey(row: KeyColumns): KeyRow {
  const { created_by_kind: kind, created_by: by } = row;
  return {
    id: uuidText(row.id),
    name: row.name,
    role: row.role,
    test: row.test === 1,
    expiresAt: row.expires_at,
    idleMs: row.idle_ms,
    createdAt: row.created_at,
    createdBy: kind === null || by === null ? null : { kind, id: uuidText(by) },
    usedAt: row.used_at,
    scopes: readScopes(row.scopes),
  };
}

const COUNT_KEYS = `
  SELECT count(*) AS count
  FROM keys INDEXED BY keys_live
  WHERE tenant_seq = ? AND revoked_at IS NULL`;

export function countKeys(connection: Connection, tenantSeq: Seq): number {
  return one<{ count: number }>(connection, COUNT_KEYS, tenantSeq)?.count ?? 0;
}

const TENANT_COLUMNS = "t.seq, t.id, t.name, t.created_at, t.portal_origins, t.links_withheld";
const TENANT = `SELECT ${TENANT_COLUMNS} FROM tenants t WHERE t.id = ?`;
const TENANTS = `SELECT ${TENANT_COLUMNS} FROM tenants t WHERE t.seq > ? ORDER BY t.seq LIMIT ?`;

interface TenantColumns extends SettingColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly name: string;
  readonly created_at: EpochMs;
}

/** The columns for `readSettings`. */
export interface SettingColumns {
  /** JSON array. */
  readonly portal_origins: string;
  readonly links_withheld: number;
}

export function readSettings({ portal_origins, links_withheld }: SettingColumns): TenantSettings {
  return {
    portalOrigins: JSON.parse(portal_origins) as string[],
    links: links_withheld === 1 ? "withheld" : "shown",
  };
}

export function findTenant(connection: Connection, id: Uuid): Tenant | null {
  const row = one<TenantColumns>(connection, TENANT, uuidBytes(id));
  return row === undefined ? null : toTenant(row);
}

export function listTenants(connection: Connection, cursor: Cursor | null, limit: number): TenantPage {
  const rows = all<TenantColumns>(connection, TENANTS, seqAfter(cursor), limit + 1);
  const shown = rows.slice(0, limit);
  return { tenants: shown.map(toTenant), next: nextCursor(shown, rows.length > limit) };
}

const KEY_TENANT = `
  SELECT ${TENANT_COLUMNS}
  FROM keys k CROSS JOIN tenants t ON t.seq = k.tenant_seq
  WHERE k.id = ? AND k.revoked_at IS NULL`;

export function findKeyTenant(connection: Connection, id: Uuid): Tenant | null {
  const row = one<TenantColumns>(connection, KEY_TENANT, uuidBytes(id));
  return row === undefined ? null : toTenant(row);
}

function toTenant({ seq, id, name, created_at, ...settings }: TenantColumns): Tenant {
  return { seq, id: uuidText(id), name, createdAt: created_at, settings: readSettings(settings) };
}
