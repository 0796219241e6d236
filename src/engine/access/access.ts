/** Who may come in: keys, looked up once and remembered until anything about keys changes. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Actor, KEY_PATTERN } from "../../domain/access/access.ts";
import type { Seq } from "../../domain/ids.ts";
import { CREDENTIAL_CACHE_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AccessVerbs, NewKey } from "../../ports/store.ts";
import type { AccessService } from "../engine-types.ts";

export interface Access extends AccessService {
  /** Keys were changed elsewhere. */
  forget(): void;
}

const KEY_RANDOM_BYTES = 24;

/** Hexadecimal SHA-256 of a key: all that is ever stored of it. */
export function hashKey(apiKey: string): string {
  return hash("sha256", apiKey, "hex");
}

/**
 * @param onChange called when a key may no longer be good: what it opened has to be opened again
 * @param onQuotas called when a tenant's quotas may have changed
 */
export function createAccess(
  store: AccessVerbs,
  clock: Clock,
  onChange: () => void,
  onQuotas: (tenantSeq: Seq) => void,
): Access {
  const actors = new LRUCache<string, Actor>({ max: CREDENTIAL_CACHE_MAX });
  /** Counts what changed, so that a lookup that began before a change is not remembered after it. */
  let changes = 0;

  function forget(): void {
    changes += 1;
    actors.clear();
    onChange();
  }

  async function lookUp(keyHash: string): Promise<Actor | null> {
    const before = changes;
    const actor = await store.findKey(keyHash);
    if (actor !== null && before === changes) actors.set(keyHash, actor);
    return actor;
  }

  function newKey(input: { name: string; role: NewKey["role"]; test: boolean }): { apiKey: string; key: NewKey } {
    const apiKey = `sb_${input.test ? "test" : "live"}_${clock.randomHex(KEY_RANDOM_BYTES)}`;
    return { apiKey, key: { ...input, id: clock.uuid(), hash: hashKey(apiKey) } };
  }

  return {
    forget,
    async authenticate(apiKey) {
      if (!KEY_PATTERN.test(apiKey)) return null;
      const keyHash = hashKey(apiKey);
      return actors.get(keyHash) ?? lookUp(keyHash);
    },
    findTenant: (id) => store.findTenant(id),
    async createKey({ actor, tenantSeq }, input) {
      const { apiKey, key } = newKey(input);
      const created = await store.createKey({ actor, tenantSeq, key, now: clock.now() });
      return created.kind === "created" ? { kind: "created", row: created.key, apiKey } : created;
    },
    listKeys: ({ tenantSeq }, cursor, limit) => store.listKeys(tenantSeq, cursor, limit),
    async revokeKey({ actor, tenantSeq }, id) {
      const result = await store.revokeKey({ actor, tenantSeq, id, now: clock.now() });
      forget();
      return result;
    },
    async rotateKey({ actor }) {
      if (actor.kind !== "key") return null;
      const apiKey = `sb_${actor.test ? "test" : "live"}_${clock.randomHex(KEY_RANDOM_BYTES)}`;
      const request = { actor, id: clock.uuid(), hash: hashKey(apiKey), now: clock.now() };
      const rotated = await store.rotateKey(request);
      forget();
      return rotated ? apiKey : null;
    },
    async createTenant({ actor }, name) {
      const { apiKey, key } = newKey({ name: "first key", role: "org_admin", test: false });
      const tenant = await store.createTenant({ actor, id: clock.uuid(), name: name.trim(), key, now: clock.now() });
      return { tenant, apiKey };
    },
    getTenant: (id) => store.getTenant(id),
    async patchTenant({ actor }, id, { name, quotas }) {
      const renamed = name === undefined ? {} : { name: name.trim() };
      const changed = quotas === undefined ? {} : { quotas };
      const tenant = await store.patchTenant({ actor, id, ...renamed, ...changed, now: clock.now() });
      if (tenant !== null) onQuotas(tenant.seq);
      return tenant;
    },
    listTenants: (cursor, limit) => store.listTenants(cursor, limit),
  };
}
