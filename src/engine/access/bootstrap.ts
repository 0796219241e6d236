/** The first start: an empty store gets a tenant, its administrator and an API key. */
import { UNNAMED_TENANT } from "../../domain/access/tenant.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import { generateKey, hashKey } from "./access.ts";
import { hashPassword } from "./passwords.ts";
import { generatePassword } from "./users.ts";

/** The operator's settings. Null values are generated; a null tenant name becomes `UNNAMED_TENANT`. */
export interface BootstrapOptions {
  readonly adminEmail: string | null;
  readonly adminPassword: string | null;
  readonly apiKey: string | null;
  readonly tenantName: string | null;
}

/** What was created. Secrets that the operator set are null: the server does not repeat them. */
export interface Bootstrapped {
  readonly email: string;
  readonly password: string | null;
  readonly apiKey: string | null;
}

const EMAIL = "admin@localhost";

/** Bootstrap an empty store. Returns null, and changes nothing, if the store is not empty. */
export async function bootstrap(store: Store, clock: Clock, options: BootstrapOptions): Promise<Bootstrapped | null> {
  const { tenants } = await store.listTenants(null, 1);
  if (tenants.length > 0) return null;
  const password = options.adminPassword ?? generatePassword(clock);
  const apiKey = options.apiKey ?? generateKey(clock, false);
  const email = options.adminEmail ?? EMAIL;
  const isNew = await store.bootstrap({
    tenant: { id: clock.uuid(), name: options.tenantName ?? UNNAMED_TENANT },
    user: { id: clock.uuid(), email, passwordHash: await hashPassword(password), role: "global_admin" },
    key: {
      id: clock.uuid(),
      hash: hashKey(apiKey),
      name: "first key",
      role: "global_admin",
      test: apiKey.startsWith("sb_test_"),
      expiresAt: null,
      idleMs: null,
    },
    now: clock.now(),
  });
  if (!isNew) return null;
  return {
    email,
    password: options.adminPassword === null ? password : null,
    apiKey: options.apiKey === null ? apiKey : null,
  };
}
