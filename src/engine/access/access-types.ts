/** The types of the engine's access service, as the API sees them. */
import type { Actor, AgentScope, Role } from "../../domain/access/access.ts";
import type { QuotaChanges, QuotaExceeded } from "../../domain/access/quota.ts";
import type { TenantSettings } from "../../domain/access/tenant.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type {
  Cursor,
  KeyPage,
  KeyRow,
  ReceiptKey,
  RevokeKeyResult,
  RotateReceiptKeyResult,
  Tenant,
  TenantPage,
  TenantView,
} from "../../ports/store.ts";
import type { Caller } from "./caller.ts";

export interface CreatedKey {
  readonly kind: "created";
  readonly row: KeyRow;
  /** Shown once. */
  readonly apiKey: string;
}

export interface CreateKeyInput {
  readonly name: string;
  readonly role: Role;
  readonly test: boolean;
  /** Only for the role `agent`. */
  readonly scopes?: readonly AgentScope[];
  /** Null: the key never expires. */
  readonly expiresAt: EpochMs | null;
}

export type CreateKeyOutput = CreatedKey | QuotaExceeded;

/** Only the fields that are present change. */
export interface PatchTenantInput {
  readonly name?: string;
  readonly quotas?: QuotaChanges;
  readonly settings?: Partial<TenantSettings>;
}

export interface AccessService {
  /** The actor that a key belongs to; null when the key is unknown, was revoked or has ended. Counts as use of the key. */
  authenticate(apiKey: string): Promise<Actor | null>;
  findTenant(id: Uuid): Promise<Tenant | null>;
  createKey(caller: Caller, input: CreateKeyInput): Promise<CreateKeyOutput>;
  /** In creation order. */
  listKeys(caller: Caller, cursor: Cursor | null, limit: number): Promise<KeyPage>;
  revokeKey(caller: Caller, id: Uuid): Promise<RevokeKeyResult>;
  /** Replaces the actor's own key. Null when the actor is not a key, or the key was revoked in the meantime. */
  rotateKey(caller: Caller): Promise<string | null>;
  /** The keys that sign receipts, the newest first. */
  listReceiptKeys(): Promise<readonly ReceiptKey[]>;
  rotateReceiptKey(caller: Caller): Promise<RotateReceiptKeyResult>;
  createTenant(caller: Caller, name: string): Promise<{ readonly tenant: Tenant; readonly apiKey: string }>;
  /** With its quotas and its usage. */
  getTenant(id: Uuid): Promise<TenantView | null>;
  /** Null when there is no such tenant. */
  patchTenant(caller: Caller, id: Uuid, input: PatchTenantInput): Promise<TenantView | null>;
  listTenants(cursor: Cursor | null, limit: number): Promise<TenantPage>;
}
