/** findUserByEmail, findSession, listSessions. */
import type { Role } from "../../domain/access/access.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { SessionRow, SessionView, UserCredentials } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";

// Served by users_by_email.
const USER = `
  SELECT id, tenant_seq, email, role, password_hash
  FROM users
  WHERE email = ? COLLATE NOCASE AND disabled_at IS NULL`;

export function findUserByEmail(connection: Connection, email: string): UserCredentials | null {
  type Row = { id: Uint8Array; tenant_seq: Seq; email: string; role: Role; password_hash: string };
  const row = one<Row>(connection, USER, email);
  if (row === undefined) return null;
  return {
    id: uuidText(row.id),
    tenantSeq: row.tenant_seq,
    email: row.email,
    role: row.role,
    passwordHash: row.password_hash,
  };
}

const SESSION = `
  SELECT u.id, u.email, u.role, u.tenant_seq, t.id AS tenant_id, s.seen_at, s.expires_at
  FROM sessions s
  CROSS JOIN users u ON u.seq = s.user_seq
  CROSS JOIN tenants t ON t.seq = u.tenant_seq
  WHERE s.hash = ? AND s.ended_at IS NULL AND u.disabled_at IS NULL`;

export function findSession(connection: Connection, hash: string): SessionRow | null {
  type Row = {
    id: Uint8Array;
    email: string;
    role: Role;
    tenant_seq: Seq;
    tenant_id: Uint8Array;
    seen_at: EpochMs;
    expires_at: EpochMs;
  };
  const row = one<Row>(connection, SESSION, Buffer.from(hash, "hex"));
  if (row === undefined) return null;
  return {
    actor: {
      kind: "user",
      id: uuidText(row.id),
      role: row.role,
      tenantId: uuidText(row.tenant_id),
      tenantSeq: row.tenant_seq,
      test: false,
    },
    email: row.email,
    seenAt: row.seen_at,
    expiresAt: row.expires_at,
  };
}

// Served by sessions_live.
const SESSIONS = `
  SELECT s.hash, s.created_at, s.seen_at, s.expires_at, s.address, s.user_agent
  FROM users u CROSS JOIN sessions s ON s.user_seq = u.seq
  WHERE u.id = ? AND s.ended_at IS NULL
  ORDER BY s.seq`;

export function listSessions(connection: Connection, userId: Uuid): SessionView[] {
  type Row = {
    hash: Uint8Array;
    created_at: EpochMs;
    seen_at: EpochMs;
    expires_at: EpochMs;
    address: string | null;
    user_agent: string | null;
  };
  return all<Row>(connection, SESSIONS, uuidBytes(userId)).map((row) => ({
    hash: Buffer.from(row.hash).toString("hex"),
    createdAt: row.created_at,
    seenAt: row.seen_at,
    expiresAt: row.expires_at,
    address: row.address,
    userAgent: row.user_agent,
  }));
}
