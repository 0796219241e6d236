/** The verbs on tenants, users and keys. */
import type { Actor, ActorRef, AgentScope, KeyActor, Role } from "../../domain/access/access.ts";
import type { QuotaChanges, QuotaExceeded, Quotas, QuotaUse } from "../../domain/access/quota.ts";
import type { TenantSettings } from "../../domain/access/tenant.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Cursor } from "./cursor.ts";

export interface Tenant {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly name: string;
  readonly createdAt: EpochMs;
  readonly settings: TenantSettings;
}

export interface TenantPage {
  readonly tenants: readonly Tenant[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

export interface TenantView extends Tenant {
  readonly quotas: Quotas;
  /** How much of each quota is used now. */
  readonly use: QuotaUse;
}

/** A new key. The store gets its hash and never the key itself. */
export interface NewKey {
  readonly id: Uuid;
  /** Hexadecimal SHA-256 of the whole key. */
  readonly hash: string;
  readonly name: string;
  readonly role: Role;
  readonly test: boolean;
  /** From then on the key is refused; null: it never expires. */
  readonly expiresAt: EpochMs | null;
  /** The key ends when it was not used for this long; null: it need not be used. */
  readonly idleMs: number | null;
  /** Only for the role `agent`. `AGENT_SCOPES_DEFAULT` by default. */
  readonly scopes?: readonly AgentScope[];
}

export interface KeyRow extends Omit<NewKey, "hash" | "scopes"> {
  /** Null unless the role is `agent`. */
  readonly scopes: readonly AgentScope[] | null;
  readonly createdAt: EpochMs;
  /** Null for keys that the server's first start or the command line created. */
  readonly createdBy: ActorRef | null;
  /** When the key was last used, to the hour; null: never. */
  readonly usedAt: EpochMs | null;
}

export interface KeyPage {
  readonly keys: readonly KeyRow[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

export type CreateKeyResult = { readonly kind: "created"; readonly key: KeyRow } | QuotaExceeded;

export interface NewUser {
  readonly id: Uuid;
  readonly email: string;
  /** A PHC string, argon2id. Empty: nobody can sign in until a link has set a password. */
  readonly passwordHash: string;
  readonly role: Role;
}

/** A link with which a user sets a password, once. The store gets the hash of its token and never the token itself. */
export interface PasswordLink {
  /** Hexadecimal SHA-256 of the token. */
  readonly hash: string;
  readonly until: EpochMs;
}

/** A user as lists show it, without the password's hash. */
export interface UserRow extends Omit<NewUser, "passwordHash"> {
  readonly tenantSeq: Seq;
  readonly createdAt: EpochMs;
  /** Since when nobody can sign in as this user; null while the user is not disabled. */
  readonly disabledAt: EpochMs | null;
  /** The latest use of the user's live sessions, to the minute; null when there is none. */
  readonly seenAt: EpochMs | null;
  /** False while the user has never set a password. */
  readonly hasPassword: boolean;
}

export interface UserPage {
  readonly users: readonly UserRow[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

export type CreateUserResult =
  | { readonly kind: "created"; readonly user: UserRow }
  /** A user of any tenant has this email address already, ignoring letter case. */
  | { readonly kind: "emailTaken" }
  /** The tenant has `USERS_PER_TENANT_COUNT_MAX` users. */
  | { readonly kind: "tooMany" };

/** `forbidden`: the user's role is above the actor's. */
export type ChangeUserRefusal = { readonly kind: "unknown" } | { readonly kind: "forbidden" };

export type PatchUserResult =
  | { readonly kind: "patched"; readonly user: UserRow }
  | ChangeUserRefusal
  /** It is the only user of role `global_admin` who is not disabled. */
  | { readonly kind: "lastAdmin" };

/** The first tenant, user and key of an empty store, created in one transaction. */
export interface Bootstrap {
  readonly tenant: { readonly id: Uuid; readonly name: string };
  readonly user: NewUser;
  readonly key: NewKey;
  readonly now: EpochMs;
}

/** A key that signs the receipts of decisions. */
export interface ReceiptKey {
  readonly id: string;
  /** Ed25519: the 32 bytes in base64. */
  readonly publicKey: string;
  readonly createdAt: EpochMs;
  /** When the next key replaced it. Null: it signs. */
  readonly retiredAt: EpochMs | null;
}

export type RotateReceiptKeyResult =
  | { readonly kind: "rotated"; readonly key: ReceiptKey }
  /** There are `RECEIPT_KEYS_COUNT_MAX` keys. */
  | { readonly kind: "tooMany" };

export type RevokeKeyResult = "revoked" | "unknown" | "forbidden" | "lastAdmin";

export interface AccessVerbs {
  /** Set up an empty store. Returns false, and changes nothing, when the store has a tenant. */
  bootstrap(bootstrap: Bootstrap): Promise<boolean>;
  /** Null when there is no such key or it was revoked. The caller checks whether the key has ended. */
  findKey(hash: string): Promise<KeyActor | null>;
  /** Record that a key was used at `now`. Never sets the time back. */
  recordKeyUse(id: Uuid, now: EpochMs): Promise<void>;
  findTenant(id: Uuid): Promise<Tenant | null>;
  createKey(request: { actor: Actor; tenantSeq: Seq; key: NewKey; now: EpochMs }): Promise<CreateKeyResult>;
  /** The keys that are not revoked, in creation order. */
  listKeys(tenantSeq: Seq, cursor: Cursor | null, limit: number): Promise<KeyPage>;
  /** `forbidden`: the key's role is above the actor's. `lastAdmin`: it is the only key of role `global_admin` that has not expired and does not end when it is not used. */
  revokeKey(request: { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs }): Promise<RevokeKeyResult>;
  /** Replace the actor's own key by one with the same name, role, scopes, expiry and idle time. False when that key was revoked meanwhile. */
  rotateKey(request: { actor: Actor; id: Uuid; hash: string; now: EpochMs }): Promise<boolean>;
  /** The newest first. The retired ones stay, because they verify older receipts. */
  listReceiptKeys(): Promise<readonly ReceiptKey[]>;
  /** Sign the receipts of later decisions with a new key. The audit of this tenant records it. */
  rotateReceiptKey(request: { actor: Actor; tenantSeq: Seq; now: EpochMs }): Promise<RotateReceiptKeyResult>;
  createTenant(request: { actor: Actor; id: Uuid; name: string; key: NewKey; now: EpochMs }): Promise<Tenant>;
  /** Change only what is present. Null when there is no such tenant. */
  patchTenant(request: {
    actor: Actor;
    id: Uuid;
    name?: string;
    quotas?: QuotaChanges;
    settings?: Partial<TenantSettings>;
    now: EpochMs;
  }): Promise<TenantView | null>;
  getTenant(id: Uuid): Promise<TenantView | null>;
  findQuotas(tenantSeq: Seq): Promise<Quotas>;
  /** In creation order. */
  listTenants(cursor: Cursor | null, limit: number): Promise<TenantPage>;
  /** The tenant of a key that is not revoked; null when there is no such key. */
  findKeyTenant(id: Uuid): Promise<Tenant | null>;
  createUser(request: {
    actor: Actor;
    tenantSeq: Seq;
    user: NewUser;
    /** Null when the user has a password. */
    link: PasswordLink | null;
    now: EpochMs;
  }): Promise<CreateUserResult>;
  /** In creation order, disabled users included. */
  listUsers(tenantSeq: Seq, cursor: Cursor | null, limit: number): Promise<UserPage>;
  /** A user of any tenant, ignoring letter case, disabled users included. */
  findUser(email: string): Promise<UserRow | null>;
  /** Change only what is present. Disabling also ends the user's sessions. */
  patchUser(request: {
    actor: Actor;
    tenantSeq: Seq;
    id: Uuid;
    role?: Role;
    disabled?: boolean;
    now: EpochMs;
  }): Promise<PatchUserResult>;
  /** Replaces the user's earlier link. The present password works until the link is used. */
  linkUser(request: {
    actor: Actor;
    tenantSeq: Seq;
    id: Uuid;
    link: PasswordLink;
    now: EpochMs;
  }): Promise<{ readonly kind: "linked" } | ChangeUserRefusal>;
  /** Whether a link can set a password now: it was not used or replaced, it has not expired, and its user is not disabled. */
  isPasswordLink(hash: string, now: EpochMs): Promise<boolean>;
  /** Set the password of a link's user, and end the user's sessions. False, and nothing happens, unless `isPasswordLink`. */
  usePasswordLink(request: { hash: string; passwordHash: string; now: EpochMs }): Promise<boolean>;
  /**
   * Disabling also ends the user's sessions. A user who is disabled already keeps the earlier `disabledAt`. Null when
   * there is no such user.
   */
  setUserDisabled(request: { id: Uuid; disabled: boolean; now: EpochMs }): Promise<UserRow | null>;
  /** Also ends the user's sessions: someone who knew the old password is signed out. False when there is no such user. */
  resetPassword(request: { id: Uuid; passwordHash: string; now: EpochMs }): Promise<boolean>;
}

/** The verbs that another process can call while a server runs: those of the command line. */
export interface AccessStore extends AccessVerbs {
  close(): Promise<void>;
}
