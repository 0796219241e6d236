/** The first start: an empty store gets a tenant, its administrator and a key. */
import { UNNAMED_TENANT } from "../../domain/access/tenant.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import { hashKey } from "./access.ts";
import { hashPassword } from "./passwords.ts";
import { makePassword } from "./users.ts";

/** What the operator fixed; null values are generated, but for the tenant's name. */
export interface FoundingWishes {
  readonly adminEmail: string | null;
  readonly adminPassword: string | null;
  readonly apiKey: string | null;
  readonly tenantName: string | null;
}

/** What was made; `null` for a secret that the operator fixed, which is not repeated. */
export interface Founded {
  readonly email: string;
  readonly password: string | null;
  readonly apiKey: string | null;
}

const EMAIL = "admin@localhost";
const KEY_RANDOM_BYTES = 24;

/** Found the store, or answer null when it was founded before; then nothing changes, whatever the wishes. */
export async function found(store: Store, clock: Clock, wishes: FoundingWishes): Promise<Founded | null> {
  const tenants = await store.listTenants(null, 1);
  if (tenants.length > 0) return null;
  const password = wishes.adminPassword ?? makePassword(clock);
  const apiKey = wishes.apiKey ?? `sb_live_${clock.randomHex(KEY_RANDOM_BYTES)}`;
  const email = wishes.adminEmail ?? EMAIL;
  const isNew = await store.found({
    tenant: { id: clock.uuid(), name: wishes.tenantName ?? UNNAMED_TENANT },
    user: { id: clock.uuid(), email, passwordHash: await hashPassword(password), role: "global_admin" },
    key: {
      id: clock.uuid(),
      hash: hashKey(apiKey),
      name: "first key",
      role: "global_admin",
      test: apiKey.startsWith("sb_test_"),
    },
    now: clock.now(),
  });
  if (!isNew) return null;
  return {
    email,
    password: wishes.adminPassword === null ? password : null,
    apiKey: wishes.apiKey === null ? apiKey : null,
  };
}
