/** The verbs that change users. */
import { type Actor, includesRole, type Role } from "../../domain/access/access.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { USERS_PER_TENANT_COUNT_MAX } from "../../domain/limits.ts";
import type {
  ChangeUserRefusal,
  CreateUserResult,
  NewUser,
  PasswordLink,
  PatchUserResult,
  UserRow,
} from "../../ports/store.ts";
import { one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { insertUser } from "./access.ts";
import { audit, withPrevious } from "./audit.ts";
import { auditPassword, endSessionsOf } from "./sessions.ts";
import { findUser, isPasswordLink, userOfId } from "./user-views.ts";

export interface CreateUser {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly user: NewUser;
  readonly link: PasswordLink | null;
  readonly now: EpochMs;
}

// Served by users_of_tenant.
const COUNT = "SELECT count(*) AS count FROM users INDEXED BY users_of_tenant WHERE tenant_seq = ?";

export function createUser(w: Writing, { actor, tenantSeq, user, link, now }: CreateUser): CreateUserResult {
  const before = findUser(w, user.email);
  if (before !== null) return before.id === user.id ? { kind: "created", user: before } : { kind: "emailTaken" };
  const count = one<{ count: number }>(w, COUNT, tenantSeq)?.count ?? 0;
  if (count >= USERS_PER_TENANT_COUNT_MAX) return { kind: "tooMany" };
  insertUser(w, tenantSeq, user, now);
  if (link !== null) setLink(w, user.id, link);
  const data = { email: user.email, role: user.role };
  audit(w, { tenantSeq, actor, type: "user.created", subject: user.id, data, now });
  return { kind: "created", user: load(w, user.id) };
}

export interface PatchUser {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly role?: Role;
  readonly disabled?: boolean;
  readonly now: EpochMs;
}

// Scans all users. No other operation on users is as rare.
const OTHER_ADMIN = "SELECT 1 FROM users WHERE role = 'global_admin' AND disabled_at IS NULL AND id <> ? LIMIT 1";

export function patchUser(w: Writing, request: PatchUser): PatchUserResult {
  const { id, role, disabled, now } = request;
  const found = findFor(w, request);
  if ("kind" in found) return found;
  const remains = (disabled ?? found.disabledAt !== null) === false && (role ?? found.role) === "global_admin";
  const isAdmin = found.role === "global_admin" && found.disabledAt === null;
  if (isAdmin && !remains && one(w, OTHER_ADMIN, uuidBytes(id)) === undefined) return { kind: "lastAdmin" };
  if (role !== undefined) w.prepare("UPDATE users SET role = ? WHERE id = ?").run(role, uuidBytes(id));
  if (disabled !== undefined) setUserDisabled(w, { id, disabled, now });
  const user = load(w, id);
  if (user.role !== found.role || user.disabledAt !== found.disabledAt) auditUpdate(w, request, found, user);
  return { kind: "patched", user };
}

function auditUpdate(w: Writing, { actor, tenantSeq, now }: PatchUser, before: UserRow, user: UserRow): void {
  const { id, email } = user;
  const data = { email, ...withPrevious(auditedOf(before), auditedOf(user)) };
  audit(w, { tenantSeq, actor, type: "user.updated", subject: id, data, now });
}

function auditedOf({ role, disabledAt }: UserRow) {
  return { role, state: disabledAt === null ? "enabled" : "disabled" };
}

export interface LinkUser {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly link: PasswordLink;
  readonly now: EpochMs;
}

export function linkUser(w: Writing, request: LinkUser): { readonly kind: "linked" } | ChangeUserRefusal {
  const found = findFor(w, request);
  if ("kind" in found) return found;
  setLink(w, found.id, request.link);
  const { actor, tenantSeq, now } = request;
  const data = { email: found.email };
  audit(w, { tenantSeq, actor, type: "user.link_created", subject: found.id, data, now });
  return { kind: "linked" };
}

function setLink(w: Writing, id: Uuid, { hash, until }: PasswordLink): void {
  const hashBytes = Buffer.from(hash, "hex");
  w.prepare("UPDATE users SET link_hash = ?, link_until = ? WHERE id = ?").run(hashBytes, until, uuidBytes(id));
}

export interface UsePasswordLink {
  readonly hash: string;
  readonly passwordHash: string;
  readonly now: EpochMs;
}

const LINKED = "SELECT id, password_hash FROM users WHERE link_hash = ?";
const END_LINK = "UPDATE users SET link_until = 0 WHERE id = ?";

export function usePasswordLink(w: Writing, { hash, passwordHash, now }: UsePasswordLink): boolean {
  const linked = one<{ id: Uint8Array; password_hash: string }>(w, LINKED, Buffer.from(hash, "hex"));
  if (linked?.password_hash === passwordHash) return true; // the call is repeated after an ambiguous result
  if (linked === undefined || !isPasswordLink(w, hash, now)) return false;
  w.prepare(END_LINK).run(linked.id);
  const user = load(w, uuidText(linked.id));
  auditPassword(w, user, now);
  return resetPassword(w, { id: user.id, passwordHash, now });
}

type Subject = Pick<PatchUser, "actor" | "tenantSeq" | "id">;

function findFor(w: Writing, { actor, tenantSeq, id }: Subject): UserRow | ChangeUserRefusal {
  const user = userOfId(w, uuidBytes(id));
  if (user === null || user.tenantSeq !== tenantSeq) return { kind: "unknown" };
  return includesRole(actor.role, user.role) ? user : { kind: "forbidden" };
}

function load(w: Writing, id: Uuid): UserRow {
  const user = userOfId(w, uuidBytes(id));
  if (user === null) throw new Error(`no user ${id}`);
  return user;
}

export interface SetUserDisabled {
  readonly id: Uuid;
  readonly disabled: boolean;
  readonly now: EpochMs;
}

/** Disabling ends the sessions in their rows. If it only ignored them, enabling the user would revive them. */
export function setUserDisabled(w: Writing, { id, disabled, now }: SetUserDisabled): UserRow | null {
  const key = uuidBytes(id);
  if (disabled) {
    w.prepare("UPDATE users SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL").run(now, key);
    endSessionsOf(w, id, now);
  } else {
    w.prepare("UPDATE users SET disabled_at = NULL WHERE id = ?").run(key);
  }
  return userOfId(w, key);
}

export interface ResetPassword {
  readonly id: Uuid;
  readonly passwordHash: string;
  readonly now: EpochMs;
}

const SET_PASSWORD = "UPDATE users SET password_hash = ?, password_changed_at = ? WHERE id = ?";

export function resetPassword(w: Writing, { id, passwordHash, now }: ResetPassword): boolean {
  const key = uuidBytes(id);
  const { changes } = w.prepare(SET_PASSWORD).run(passwordHash, now, key);
  endSessionsOf(w, id, now);
  return changes === 1;
}
