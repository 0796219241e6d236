/** Who may do what. */
import type { Seq, Uuid } from "../ids.ts";
import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "../limits.ts";

export const ROLES = ["developer", "org_admin", "global_admin"] as const;
/** In rising order; each may all that the one before it may. */
export type Role = (typeof ROLES)[number];

/** Whoever makes a request, after authentication. */
export interface Actor {
  readonly kind: "key" | "user" | "system";
  readonly id: Uuid;
  readonly role: Role;
  readonly tenantId: Uuid;
  readonly tenantSeq: Seq;
  /** Made by a `sb_test_` key: notifies nobody. */
  readonly test: boolean;
}

/** Whether `role` includes everything that `needed` may do. */
export function includesRole(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** A key's form: `sb_live_` or `sb_test_` and 48 hex digits. */
export const KEY_PATTERN = /^sb_(live|test)_[0-9a-f]{48}$/;

/** What is wrong with a new password, as in "must have 8 to 1024 characters"; null when nothing is. */
export function passwordFault(password: string): string | null {
  return password.length >= PASSWORD_CHARS_MIN && password.length <= PASSWORD_CHARS_MAX
    ? null
    : `must have ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters`;
}
