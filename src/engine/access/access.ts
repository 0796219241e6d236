/** API keys and tenants. Keys are cached until any key changes. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Actor, hasEnded, KEY_PATTERN, type KeyActor } from "../../domain/access/access.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { CREDENTIAL_CACHE_MAX, entriesMax, KEY_USE_RECORDED_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  AccessVerbs,
  Cursor,
  KeyPage,
  NewKey,
  ReceiptKey,
  RevokeKeyResult,
  RotateReceiptKeyResult,
  Tenant,
  TenantPage,
  TenantView,
} from "../../ports/store.ts";
import type { AccessService, CreateKeyInput, CreateKeyOutput, PatchTenantInput } from "./access-types.ts";
import type { Caller } from "./caller.ts";

export interface AccessOptions {
  readonly store: AccessVerbs;
  readonly clock: Clock;
  /** A key may have become invalid: whatever was opened with a key has to be opened again. */
  readonly onKeysChanged: () => void;
  /** This tenant's quotas may have changed. */
  readonly onQuotasChanged: (tenantSeq: Seq) => void;
}

/** A cached key. Its use is recorded here first, and in the store once per `KEY_USE_RECORDED_MS`. */
type CachedKey = { -readonly [Field in keyof KeyActor]: KeyActor[Field] };

const KEY_RANDOM_BYTES = 24;

/** Hexadecimal SHA-256 of a key. The store never sees the key itself. */
export function hashKey(apiKey: string): string {
  return hash("sha256", apiKey, "hex");
}

/** A new key, `sb_live_…` or `sb_test_…`. */
export function generateKey(clock: Pick<Clock, "randomHex">, test: boolean): string {
  return `sb_${test ? "test" : "live"}_${clock.randomHex(KEY_RANDOM_BYTES)}`;
}

export class Access implements AccessService {
  readonly #options: AccessOptions;
  readonly #store: AccessVerbs;
  readonly #clock: Clock;
  readonly #actors = new LRUCache<string, CachedKey>(entriesMax(CREDENTIAL_CACHE_MAX));
  /** Counts changes. A lookup that began before a change is not cached. */
  #changes = 0;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** Another process changed keys. */
  forget(): void {
    this.#changes += 1;
    this.#actors.clear();
    this.#options.onKeysChanged();
  }

  async authenticate(apiKey: string): Promise<Actor | null> {
    if (!KEY_PATTERN.test(apiKey)) return null;
    const keyHash = hashKey(apiKey);
    const cached = this.#actors.get(keyHash);
    const now = this.#clock.now();
    if (cached !== undefined && !hasEnded(cached, now)) return this.#used(cached, now);
    // Another node may have recorded a later use than the one that is cached.
    this.#actors.delete(keyHash);
    const key = await this.#lookUp(keyHash);
    return key === null || hasEnded(key, now) ? null : this.#used(key, now);
  }

  findTenant(id: Uuid): Promise<Tenant | null> {
    return this.#store.findTenant(id);
  }

  async createKey({ actor, tenantSeq }: Caller, input: CreateKeyInput): Promise<CreateKeyOutput> {
    const { apiKey, key } = this.#newKey(input);
    const created = await this.#store.createKey({ actor, tenantSeq, key, now: this.#clock.now() });
    return created.kind === "created" ? { kind: "created", row: created.key, apiKey } : created;
  }

  listKeys({ tenantSeq }: Caller, cursor: Cursor | null, limit: number): Promise<KeyPage> {
    return this.#store.listKeys(tenantSeq, cursor, limit);
  }

  async revokeKey({ actor, tenantSeq }: Caller, id: Uuid): Promise<RevokeKeyResult> {
    const result = await this.#store.revokeKey({ actor, tenantSeq, id, now: this.#clock.now() });
    this.forget();
    return result;
  }

  async rotateKey({ actor }: Caller): Promise<string | null> {
    if (actor.kind !== "key") return null;
    const apiKey = generateKey(this.#clock, actor.test);
    const request = { actor, id: this.#clock.uuid(), hash: hashKey(apiKey), now: this.#clock.now() };
    const rotated = await this.#store.rotateKey(request);
    this.forget();
    return rotated ? apiKey : null;
  }

  listReceiptKeys(): Promise<readonly ReceiptKey[]> {
    return this.#store.listReceiptKeys();
  }

  rotateReceiptKey({ actor, tenantSeq }: Caller): Promise<RotateReceiptKeyResult> {
    return this.#store.rotateReceiptKey({ actor, tenantSeq, now: this.#clock.now() });
  }

  async createTenant({ actor }: Caller, name: string): Promise<{ tenant: Tenant; apiKey: string }> {
    const { apiKey, key } = this.#newKey({ name: "first key", role: "org_admin", test: false, expiresAt: null });
    const request = { actor, id: this.#clock.uuid(), name: name.trim(), key, now: this.#clock.now() };
    return { tenant: await this.#store.createTenant(request), apiKey };
  }

  getTenant(id: Uuid): Promise<TenantView | null> {
    return this.#store.getTenant(id);
  }

  async patchTenant({ actor }: Caller, id: Uuid, input: PatchTenantInput): Promise<TenantView | null> {
    const { name, ...rest } = input;
    const change = { ...rest, ...(name === undefined ? {} : { name: name.trim() }) };
    const tenant = await this.#store.patchTenant({ actor, id, ...change, now: this.#clock.now() });
    if (tenant !== null) this.#options.onQuotasChanged(tenant.seq);
    return tenant;
  }

  listTenants(cursor: Cursor | null, limit: number): Promise<TenantPage> {
    return this.#store.listTenants(cursor, limit);
  }

  async #lookUp(keyHash: string): Promise<CachedKey | null> {
    const changesBefore = this.#changes;
    const key = await this.#store.findKey(keyHash);
    // Concurrent lookups must share one cached key, because its use is recorded in it.
    const cached = this.#actors.get(keyHash);
    if (cached !== undefined) return cached;
    if (key !== null && this.#changes === changesBefore) this.#actors.set(keyHash, key);
    return key;
  }

  /**
   * The actor of a key that is used now. The use is recorded without waiting for the store. If the store fails, only the
   * next hour tries again: a store in trouble must not get a write for each request.
   */
  #used(key: CachedKey, now: EpochMs): Actor {
    if (key.usedAt === null || now - key.usedAt >= KEY_USE_RECORDED_MS) {
      key.usedAt = now;
      this.#store.recordKeyUse(key.id, now).catch(() => undefined);
    }
    return key;
  }

  #newKey(input: CreateKeyInput): { readonly apiKey: string; readonly key: NewKey } {
    const apiKey = generateKey(this.#clock, input.test);
    return { apiKey, key: { ...input, idleMs: null, id: this.#clock.uuid(), hash: hashKey(apiKey) } };
  }
}
