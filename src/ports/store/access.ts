/** The verbs on tenants, users and keys. */
import type { Actor, Role } from "../../domain/access/access.ts";
import type { QuotaChanges, QuotaExceeded, Quotas, QuotaUse } from "../../domain/access/quota.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Cursor } from "./cursor.ts";

export interface Tenant {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly name: string;
  readonly createdAt: EpochMs;
}

export interface TenantPage {
  readonly tenants: readonly Tenant[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

export interface TenantView extends Tenant {
  readonly quotas: Quotas;
  /** What counts against them now. */
  readonly use: QuotaUse;
}

/** A new key; the key itself never reaches the store. */
export interface NewKey {
  readonly id: Uuid;
  /** Hexadecimal SHA-256 of the whole key. */
  readonly hash: string;
  readonly name: string;
  readonly role: Role;
  readonly test: boolean;
}

export interface KeyRow extends Omit<NewKey, "hash"> {
  readonly createdAt: EpochMs;
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
  /** A PHC string, argon2id. */
  readonly passwordHash: string;
  readonly role: Role;
}

/** A user as lists show it; the password's hash never leaves the store with it. */
export interface UserRow extends Omit<NewUser, "passwordHash"> {
  readonly tenantSeq: Seq;
  readonly createdAt: EpochMs;
  /** Since when nobody may log in as this user; null: one may. */
  readonly disabledAt: EpochMs | null;
}

/** What an empty store is given at its first start, in one transaction. */
export interface Bootstrap {
  readonly tenant: { readonly id: Uuid; readonly name: string };
  readonly user: NewUser;
  readonly key: NewKey;
  readonly now: EpochMs;
}

export type RevokeKeyResult = "revoked" | "unknown" | "forbidden" | "lastAdmin";

export interface AccessVerbs {
  /** Acts only on an empty store: answers false, and changes nothing, when there is a tenant. */
  bootstrap(bootstrap: Bootstrap): Promise<boolean>;
  /** Whom a key belongs to; null when there is no such key or it was revoked. */
  findKey(hash: string): Promise<Actor | null>;
  findTenant(id: Uuid): Promise<Tenant | null>;
  createKey(request: { actor: Actor; tenantSeq: Seq; key: NewKey; now: EpochMs }): Promise<CreateKeyResult>;
  /** The keys that are not revoked, in creation order. */
  listKeys(tenantSeq: Seq, cursor: Cursor | null, limit: number): Promise<KeyPage>;
  /** `forbidden`: its role is above the actor's. `lastAdmin`: no other key of role `global_admin` would be left. */
  revokeKey(request: { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs }): Promise<RevokeKeyResult>;
  /** Replace the actor's own key by one of the same name and role; false when it was revoked meanwhile. */
  rotateKey(request: { actor: Actor; id: Uuid; hash: string; now: EpochMs }): Promise<boolean>;
  createTenant(request: { actor: Actor; id: Uuid; name: string; key: NewKey; now: EpochMs }): Promise<Tenant>;
  /** Only what is present changes. Null: there is no such tenant. */
  patchTenant(request: {
    actor: Actor;
    id: Uuid;
    name?: string;
    quotas?: QuotaChanges;
    now: EpochMs;
  }): Promise<TenantView | null>;
  getTenant(id: Uuid): Promise<TenantView | null>;
  findQuotas(tenantSeq: Seq): Promise<Quotas>;
  /** In creation order. */
  listTenants(cursor: Cursor | null, limit: number): Promise<TenantPage>;
  /** The tenant of a key that is not revoked, whichever it is. */
  findKeyTenant(id: Uuid): Promise<Tenant | null>;
  /** Null: another user has this e-mail address, in whatever tenant and letter case. */
  createUser(request: { tenantSeq: Seq; user: NewUser; now: EpochMs }): Promise<UserRow | null>;
  /** The disabled ones too, in creation order. */
  listUsers(tenantSeq: Seq): Promise<readonly UserRow[]>;
  /** In whatever tenant, the disabled ones too; letter case is ignored. */
  findUser(email: string): Promise<UserRow | null>;
  /** Disabling ends the user's sessions; a user who is disabled already stays so since then. Null: there is no such user. */
  setUserDisabled(request: { id: Uuid; disabled: boolean; now: EpochMs }): Promise<UserRow | null>;
  /** Ends the user's sessions, too: whoever knew the old password is out. False: there is no such user. */
  resetPassword(request: { id: Uuid; passwordHash: string; now: EpochMs }): Promise<boolean>;
}

/** What may be asked of the store beside a running server, by another process. */
export interface AccessStore extends AccessVerbs {
  close(): Promise<void>;
}
