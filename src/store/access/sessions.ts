/** The verbs that change sessions and passwords. */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { SESSIONS_PER_USER_COUNT_MAX } from "../../domain/limits.ts";
import type { NewSession } from "../../ports/store.ts";
import { one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { type AuditEntry, audit } from "./audit.ts";

export interface CreateSession {
  readonly session: NewSession;
  readonly passwordHash: string;
  readonly replaces: string | null;
  readonly now: EpochMs;
}

interface StoredUser {
  readonly seq: Seq;
  readonly tenant_seq: Seq;
  readonly password_hash: string;
}

const USER = "SELECT seq, tenant_seq, password_hash FROM users WHERE id = ? AND disabled_at IS NULL";
// A repeated insert changes nothing: a session that was ended meanwhile stays ended.
const INSERT = `
  INSERT INTO sessions (hash, user_seq, created_at, seen_at, expires_at, address, user_agent)
  VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)
  ON CONFLICT (hash) DO NOTHING`;
// Served by sessions_live.
const END_OLDEST = `
  UPDATE sessions
  SET ended_at = ?
  WHERE seq IN (
    SELECT seq
    FROM sessions
    WHERE user_seq = ? AND ended_at IS NULL
    ORDER BY seq DESC
    LIMIT -1 OFFSET ?)`;

export function createSession(w: Writing, { session, passwordHash, replaces, now }: CreateSession): boolean {
  const user = one<StoredUser>(w, USER, uuidBytes(session.userId));
  if (user === undefined || user.password_hash !== passwordHash) return false;
  if (replaces !== null) endSession(w, replaces, now);
  const { hash, expiresAt, address, userAgent } = session;
  const { changes } = w.prepare(INSERT).run(hashBytes(hash), user.seq, now, expiresAt, address, userAgent);
  const by = { id: session.userId, tenantSeq: user.tenant_seq };
  if (changes === 1) auditSelf(w, by, { type: "session.created", data: { address }, now });
  w.prepare(END_OLDEST).run(now, user.seq, SESSIONS_PER_USER_COUNT_MAX);
  return true;
}

const RECORD_USE = "UPDATE sessions SET seen_at = max(seen_at, ?) WHERE hash = ? AND ended_at IS NULL";

export function recordSessionUse(w: Writing, hash: string, now: EpochMs): void {
  w.prepare(RECORD_USE).run(now, hashBytes(hash));
}

const END = "UPDATE sessions SET ended_at = ? WHERE hash = ? AND ended_at IS NULL RETURNING user_seq";
const USER_OF_SEQ = "SELECT id, tenant_seq FROM users WHERE seq = ?";

export function endSession(w: Writing, hash: string, now: EpochMs): void {
  const ended = one<{ user_seq: Seq }>(w, END, now, hashBytes(hash));
  const user = ended && one<{ id: Uint8Array; tenant_seq: Seq }>(w, USER_OF_SEQ, ended.user_seq);
  if (user === undefined) return;
  auditSelf(w, { id: uuidText(user.id), tenantSeq: user.tenant_seq }, { type: "session.ended", data: {}, now });
}

/** Users sign in and out, and set their passwords, themselves. */
function auditSelf(
  w: Writing,
  { id, tenantSeq }: { readonly id: Uuid; readonly tenantSeq: Seq },
  entry: Pick<AuditEntry, "type" | "data" | "now">,
): void {
  audit(w, { ...entry, tenantSeq, actor: { kind: "user", id }, subject: id });
}

/** A user has set a password. */
export function auditPassword(w: Writing, user: { readonly id: Uuid; readonly tenantSeq: Seq }, now: EpochMs): void {
  auditSelf(w, user, { type: "user.password_set", data: {}, now });
}

// Served by sessions_live.
const END_ALL = `
  UPDATE sessions
  SET ended_at = ?
  WHERE user_seq = (SELECT seq FROM users WHERE id = ?) AND ended_at IS NULL`;

/** End all sessions of the user. */
export function endSessionsOf(w: Writing, userId: Uuid, now: EpochMs): void {
  w.prepare(END_ALL).run(now, uuidBytes(userId));
}

export interface ChangePassword {
  readonly userId: Uuid;
  readonly from: string;
  readonly to: string;
  readonly keep: string;
  readonly now: EpochMs;
}

const SET_PASSWORD = "UPDATE users SET password_hash = ?, password_changed_at = ? WHERE seq = ?";
const END_OTHERS = "UPDATE sessions SET ended_at = ? WHERE user_seq = ? AND ended_at IS NULL AND hash <> ?";

export function changePassword(w: Writing, { userId, from, to, keep, now }: ChangePassword): boolean {
  const user = one<StoredUser>(w, USER, uuidBytes(userId));
  if (user?.password_hash === to) return true; // the call is repeated after an ambiguous result
  if (user === undefined || user.password_hash !== from) return false;
  w.prepare(SET_PASSWORD).run(to, now, user.seq);
  w.prepare(END_OTHERS).run(now, user.seq, hashBytes(keep));
  auditPassword(w, { id: userId, tenantSeq: user.tenant_seq }, now);
  return true;
}

function hashBytes(hash: string): Uint8Array {
  return Buffer.from(hash, "hex");
}
