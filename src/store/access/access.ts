/** The verbs that change tenants, users and keys. */
import {
  type Actor,
  type ActorRef,
  AGENT_SCOPES_DEFAULT,
  actorRef,
  includesRole,
  type Role,
} from "../../domain/access/access.ts";
import { quotaExceeded } from "../../domain/access/quota.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Bootstrap, CreateKeyResult, NewKey, NewUser, RevokeKeyResult, Tenant } from "../../ports/store.ts";
import { insert, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { audit } from "./audit.ts";
import { countKeys, findTenant, keyOfId, readScopes } from "./lookups.ts";

export function bootstrap(w: Writing, { tenant, user, key, now }: Bootstrap): boolean {
  if (one(w, "SELECT 1 FROM tenants LIMIT 1") !== undefined) return false;
  const tenantSeq = insertTenant(w, tenant, now);
  insertUser(w, tenantSeq, user, now);
  insertKey(w, { tenantSeq, key, by: null, now });
  return true;
}

export interface CreateKey {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly key: NewKey;
  readonly now: EpochMs;
}

export function createKey(w: Writing, { actor, tenantSeq, key, now }: CreateKey): CreateKeyResult {
  const before = keyOfId(w, key.id);
  if (before !== null) return { kind: "created", key: before };
  const limit = w.usage.quotas(tenantSeq).keys;
  if (countKeys(w, tenantSeq) >= limit) return quotaExceeded("keys", limit);
  insertKey(w, { tenantSeq, key, by: actorRef(actor), now });
  auditKey(w, { actor, tenantSeq, type: "key.created", key, now });
  const { hash, ...row } = key;
  const createdBy = actorRef(actor);
  return { kind: "created", key: { ...row, scopes: scopesOf(key), createdAt: now, createdBy, usedAt: null } };
}

function scopesOf({ role, scopes = AGENT_SCOPES_DEFAULT }: Pick<NewKey, "role" | "scopes">) {
  return role === "agent" ? scopes : null;
}

export interface RevokeKey {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly now: EpochMs;
}

interface StoredKey {
  readonly tenant_seq: Seq;
  readonly name: string;
  readonly role: Role;
  readonly test: number;
  readonly expires_at: EpochMs | null;
  readonly idle_ms: number | null;
  readonly scopes: string | null;
  readonly agent_id: Uint8Array | null;
  readonly created_by_kind: ActorRef["kind"] | null;
  readonly created_by: Uint8Array | null;
}

const LIVE_KEY = `
  SELECT tenant_seq, name, role, test, expires_at, idle_ms, scopes, agent_id, created_by_kind, created_by
  FROM keys
  WHERE id = ? AND revoked_at IS NULL`;
// The row stays until retention deletes it, so that the same hash cannot be inserted again meanwhile.
const REVOKE = "UPDATE keys SET revoked_at = ? WHERE id = ?";

// Scans all keys. No other operation on keys is as rare.
const OTHER_ADMIN = `
  SELECT 1
  FROM keys
  WHERE
    role = 'global_admin' AND revoked_at IS NULL AND id <> ? AND idle_ms IS NULL
    AND (expires_at IS NULL OR expires_at > ?)
  LIMIT 1`;

export function revokeKey(w: Writing, { actor, tenantSeq, id, now }: RevokeKey): RevokeKeyResult {
  const key = one<StoredKey>(w, LIVE_KEY, uuidBytes(id));
  if (key === undefined || key.tenant_seq !== tenantSeq) return "unknown";
  if (!includesRole(actor.role, key.role)) return "forbidden";
  if (key.role === "global_admin" && one(w, OTHER_ADMIN, uuidBytes(id), now) === undefined) return "lastAdmin";
  w.prepare(REVOKE).run(now, uuidBytes(id));
  auditKey(w, { actor, tenantSeq, type: "key.revoked", key: { id, ...nameAndRights(key) }, now });
  return "revoked";
}

function nameAndRights({ name, role, scopes }: StoredKey): Pick<NewKey, "name" | "role" | "scopes"> {
  return { name, role, scopes: readScopes(scopes) ?? [] };
}

export interface RotateKey {
  readonly actor: Actor;
  readonly id: Uuid;
  readonly hash: string;
  readonly now: EpochMs;
}

export function rotateKey(w: Writing, { actor, id, hash, now }: RotateKey): boolean {
  if (one(w, LIVE_KEY, uuidBytes(id)) !== undefined) return true;
  const old = actor.kind === "key" ? one<StoredKey>(w, LIVE_KEY, uuidBytes(actor.id)) : undefined;
  if (old === undefined) return false;
  const { expires_at: expiresAt, idle_ms: idleMs } = old;
  const key = { id, hash, ...nameAndRights(old), test: old.test === 1, expiresAt, idleMs };
  w.prepare(REVOKE).run(now, uuidBytes(actor.id));
  const agentId = old.agent_id === null ? id : uuidText(old.agent_id);
  insertKey(w, { tenantSeq: old.tenant_seq, key, agentId, by: creatorOf(old), now });
  auditKey(w, { actor, tenantSeq: old.tenant_seq, type: "key.rotated", key, now });
  return true;
}

/** A rotated key keeps its creator: retention deletes the old key, and who is behind the new one must remain known. */
function creatorOf({ created_by_kind: kind, created_by: id }: StoredKey): ActorRef | null {
  return kind === null || id === null ? null : { kind, id: uuidText(id) };
}

export interface CreateTenant {
  readonly actor: Actor;
  readonly id: Uuid;
  readonly name: string;
  readonly key: NewKey;
  readonly now: EpochMs;
}

export function createTenant(w: Writing, { actor, id, name, key, now }: CreateTenant): Tenant {
  const before = findTenant(w, id);
  if (before !== null) return before;
  const seq = insertTenant(w, { id, name }, now);
  insertKey(w, { tenantSeq: seq, key, by: actorRef(actor), now });
  auditKey(w, { actor, tenantSeq: seq, type: "key.created", key, now });
  return { seq, id, name, createdAt: now, settings: { portalOrigins: [], links: "shown" } };
}

function insertTenant(w: Writing, tenant: { readonly id: Uuid; readonly name: string }, now: EpochMs): Seq {
  return insert(
    w,
    "INSERT INTO tenants (id, name, created_at) VALUES (?, ?, ?) RETURNING seq",
    uuidBytes(tenant.id),
    tenant.name,
    now,
  );
}

const INSERT_USER = `
  INSERT INTO users (id, tenant_seq, email, password_hash, role, created_at)
  VALUES (?, ?, ?, ?, ?, ?)`;

export function insertUser(w: Writing, tenantSeq: Seq, user: NewUser, now: EpochMs): void {
  w.prepare(INSERT_USER).run(uuidBytes(user.id), tenantSeq, user.email, user.passwordHash, user.role, now);
}

const INSERT_KEY = `
  INSERT INTO keys (
    id, tenant_seq, hash, name, role, test, created_at, expires_at, idle_ms, created_by_kind, created_by, scopes,
    agent_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

interface InsertKey {
  readonly tenantSeq: Seq;
  readonly key: NewKey;
  /** Whom a key of the role `agent` stands for. By default, it is an agent's first key. */
  readonly agentId?: Uuid;
  readonly by: ActorRef | null;
  readonly now: EpochMs;
}

export function insertKey(w: Writing, { tenantSeq, key, agentId = key.id, by, now }: InsertKey): void {
  const scopes = scopesOf(key);
  w.prepare(INSERT_KEY).run(
    uuidBytes(key.id),
    tenantSeq,
    Buffer.from(key.hash, "hex"),
    key.name,
    key.role,
    key.test ? 1 : 0,
    now,
    key.expiresAt,
    key.idleMs,
    by?.kind ?? null,
    by === null ? null : uuidBytes(by.id),
    scopes === null ? null : scopes.join(","),
    scopes === null ? null : uuidBytes(agentId),
  );
}

const RECORD_USE = "UPDATE keys SET used_at = max(ifnull(used_at, 0), ?) WHERE id = ?";

export function recordKeyUse(w: Writing, id: Uuid, now: EpochMs): void {
  w.prepare(RECORD_USE).run(now, uuidBytes(id));
}

interface KeyChange {
  readonly actor: Pick<Actor, "kind" | "id">;
  readonly tenantSeq: Seq;
  readonly type: "key.created" | "key.rotated" | "key.revoked";
  readonly key: Pick<NewKey, "id" | "name" | "role" | "scopes">;
  readonly now: EpochMs;
}

export function auditKey(w: Writing, { key, ...entry }: KeyChange): void {
  const { id, name, role } = key;
  const scopes = scopesOf(key);
  const data = { keyId: id, name, role, ...(scopes !== null && { scopes: scopes.join(",") }) };
  audit(w, { ...entry, subject: id, data });
}
