/** findUser, listUsers, isPasswordLink: users without their password hashes. */
import type { Role } from "../../domain/access/access.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { Cursor, UserPage, UserRow } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { nextCursor, seqAfter } from "../cursors.ts";
import { all, one } from "../read-connection.ts";
import { uuidText } from "../rows.ts";

interface UserColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly tenant_seq: Seq;
  readonly email: string;
  readonly role: Role;
  readonly created_at: EpochMs;
  readonly disabled_at: EpochMs | null;
  readonly seen_at: EpochMs | null;
  readonly has_password: number;
}

// The latest use is served by sessions_live.
const COLUMNS = `
  seq, id, tenant_seq, email, role, created_at, disabled_at, password_hash <> '' AS has_password,
  (SELECT max(s.seen_at) FROM sessions s WHERE s.user_seq = users.seq AND s.ended_at IS NULL) AS seen_at`;
// Served by users_by_email.
const USER = `SELECT ${COLUMNS} FROM users WHERE email = ? COLLATE NOCASE`;
const USER_OF_ID = `SELECT ${COLUMNS} FROM users WHERE id = ?`;
// Served by users_of_tenant, which ends in the sequence, so no sort is needed.
const USERS = `
  SELECT ${COLUMNS}
  FROM users INDEXED BY users_of_tenant
  WHERE tenant_seq = ? AND seq > ?
  ORDER BY seq
  LIMIT ?`;

export function findUser(connection: Connection, email: string): UserRow | null {
  const row = one<UserColumns>(connection, USER, email);
  return row === undefined ? null : toUser(row);
}

export function userOfId(connection: Connection, id: Uint8Array): UserRow | null {
  const row = one<UserColumns>(connection, USER_OF_ID, id);
  return row === undefined ? null : toUser(row);
}

export function listUsers(connection: Connection, tenantSeq: Seq, cursor: Cursor | null, limit: number): UserPage {
  const rows = all<UserColumns>(connection, USERS, tenantSeq, seqAfter(cursor), limit + 1);
  const shown = rows.slice(0, limit);
  return { users: shown.map(toUser), next: nextCursor(shown, rows.length > limit) };
}

// Served by users_by_link.
const LINK = "SELECT 1 FROM users WHERE link_hash = ? AND link_until > ? AND disabled_at IS NULL";

export function isPasswordLink(connection: Connection, hash: string, now: EpochMs): boolean {
  return one(connection, LINK, Buffer.from(hash, "hex"), now) !== undefined;
}

function toUser(row: UserColumns): UserRow {
  return {
    id: uuidText(row.id),
    tenantSeq: row.tenant_seq,
    email: row.email,
    role: row.role,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
    seenAt: row.seen_at,
    hasPassword: row.has_password === 1,
  };
}
