/** findUser, listUsers: users without their password hashes. */
import type { Role } from "../../../domain/access/access.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import type { UserRow } from "../../../ports/store.ts";
import { uuidText } from "../../rows.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";

interface UserColumns {
  readonly id: Uint8Array;
  readonly tenant_seq: Seq;
  readonly email: string;
  readonly role: Role;
  readonly created_at: EpochMs;
  readonly disabled_at: EpochMs | null;
}

const COLUMNS = "id, tenant_seq, email, role, created_at, disabled_at";
// Served by users_by_email.
const USER = `SELECT ${COLUMNS} FROM users WHERE email = ? COLLATE NOCASE`;
const USER_OF_ID = `SELECT ${COLUMNS} FROM users WHERE id = ?`;
// Served by users_of_tenant.
const USERS = `SELECT ${COLUMNS} FROM users INDEXED BY users_of_tenant WHERE tenant_seq = ? ORDER BY seq`;

export function findUser(connection: Connection, email: string): UserRow | null {
  const row = one<UserColumns>(connection, USER, email);
  return row === undefined ? null : toUser(row);
}

export function userOfId(connection: Connection, id: Uint8Array): UserRow | null {
  const row = one<UserColumns>(connection, USER_OF_ID, id);
  return row === undefined ? null : toUser(row);
}

export function listUsers(connection: Connection, tenantSeq: Seq): UserRow[] {
  return all<UserColumns>(connection, USERS, tenantSeq).map(toUser);
}

function toUser(row: UserColumns): UserRow {
  return {
    id: uuidText(row.id),
    tenantSeq: row.tenant_seq,
    email: row.email,
    role: row.role,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
  };
}
