/** Roles and what they include, the authenticated actor, and the form of API keys and passwords. */
import type { EpochMs, Seq, Uuid } from "../ids.ts";
import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "../limits.ts";

export const ROLES = ["agent", "viewer", "developer", "org_admin", "global_admin"] as const;
export type Role = (typeof ROLES)[number];

/** The roles whose rights each role has too. A viewer only reads, and an agent acts for somebody: neither includes the other. */
const INCLUDED: Readonly<Record<Role, readonly Role[]>> = {
  agent: [],
  viewer: [],
  developer: ["agent", "viewer"],
  org_admin: ["agent", "viewer", "developer"],
  global_admin: ["agent", "viewer", "developer", "org_admin"],
};

/** The roles of people. `agent` is for programs alone: it is the role of keys that act on somebody's behalf. */
export const USER_ROLES = ["viewer", "developer", "org_admin", "global_admin"] as const satisfies readonly Role[];
export type UserRole = (typeof USER_ROLES)[number];

/**
 * What a key of the role `agent` may do. `ask`: ask people, and see the own questions. `read`: read deliveries and explain
 * them. `operate`: publish, test, retry and replay.
 */
export const AGENT_SCOPES = ["ask", "read", "operate"] as const;
export type AgentScope = (typeof AGENT_SCOPES)[number];
export const AGENT_SCOPES_DEFAULT: readonly AgentScope[] = ["ask", "read"];

/** Whom a key of the role `agent` stands for. */
export interface Agent {
  /** Stays the same when the key is rotated, so that the agent keeps its questions and its limits. */
  readonly id: Uuid;
  /** The key's name. */
  readonly name: string;
  readonly scopes: readonly AgentScope[];
}

/** The authenticated caller of a request. */
export interface Actor {
  readonly kind: "key" | "user" | "system";
  readonly id: Uuid;
  readonly role: Role;
  readonly tenantId: Uuid;
  readonly tenantSeq: Seq;
  /** True for a `sb_test_` key, which sends no notifications. */
  readonly test: boolean;
  /** Only for a key of the role `agent`. */
  readonly agent?: Agent;
}

/** When a key ends by itself. */
export interface KeyTimes {
  /** From then on the key is refused; null: it never expires. */
  readonly expiresAt: EpochMs | null;
  /** The key ends when it was not used for this long; null: it need not be used. */
  readonly idleMs: number | null;
  readonly createdAt: EpochMs;
  /** When the key was last used, to the hour; null: never. */
  readonly usedAt: EpochMs | null;
}

/** The actor of a key that is not revoked. */
export interface KeyActor extends Actor, KeyTimes {}

/** Whether a key has ended by itself: it has expired, or it was not used for too long. */
export function hasEnded({ expiresAt, idleMs, createdAt, usedAt }: KeyTimes, now: EpochMs): boolean {
  if (expiresAt !== null && now >= expiresAt) return true;
  return idleMs !== null && now >= (usedAt ?? createdAt) + idleMs;
}

/** The key or the user who did something; null for the server itself and for its command line. */
export interface ActorRef {
  readonly kind: "key" | "user";
  readonly id: Uuid;
}

export function actorRef({ kind, id }: Actor): ActorRef | null {
  return kind === "system" ? null : { kind, id };
}

/** Whether `role` includes everything that `needed` may do. */
export function includesRole(role: Role, needed: Role): boolean {
  return role === needed || INCLUDED[role].includes(needed);
}

/** The form of an API key: `sb_live_` or `sb_test_` followed by 48 hex digits. */
export const KEY_PATTERN = /^sb_(live|test)_[0-9a-f]{48}$/;

/**
 * The rule that a new password breaks, such as "must have 8 to 1024 characters", or null when the password is valid.
 */
export function passwordFault(password: string): string | null {
  return password.length >= PASSWORD_CHARS_MIN && password.length <= PASSWORD_CHARS_MAX
    ? null
    : `must have ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters`;
}
