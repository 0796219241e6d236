/** The verbs that change users. */
import type { EpochMs, Seq, Uuid } from "../../../domain/ids.ts";
import type { NewUser, UserRow } from "../../../ports/store.ts";
import { uuidBytes } from "../../rows.ts";
import type { Writing } from "../writing.ts";
import { insertUser } from "./access.ts";
import { endSessionsOf } from "./sessions.ts";
import { findUser, userOfId } from "./user-views.ts";

export interface CreateUser {
  readonly tenantSeq: Seq;
  readonly user: NewUser;
  readonly now: EpochMs;
}

export function createUser(w: Writing, { tenantSeq, user, now }: CreateUser): UserRow | null {
  const before = findUser(w, user.email);
  if (before !== null) return before.id === user.id ? before : null;
  insertUser(w, tenantSeq, user, now);
  return userOfId(w, uuidBytes(user.id));
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
