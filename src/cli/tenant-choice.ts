/** Select the tenant that a command works on. */
import type { Actor } from "../domain/access/access.ts";
import { ID_PREFIX, parseId } from "../domain/ids.ts";
import { nearest } from "../domain/text/nearest.ts";
import type { Caller } from "../engine/access/caller.ts";
import type { AccessStore, Cursor, Tenant, TenantPage } from "../ports/store.ts";
import type { Option } from "./command.ts";
import type { CommandFailure } from "./failure.ts";

export type Chosen = { readonly tenants: readonly [Tenant, ...Tenant[]] } | { readonly fault: CommandFailure };

export const ONE_TENANT: Option = {
  value: "TENANT",
  about: "the tenant's id (dev_…) or exact name; default: the first tenant",
};
export const ANY_TENANT: Option = {
  value: "TENANT",
  about: "the tenant's id (dev_…) or exact name; default: all tenants",
};

const PAGE_ROWS = 1000;
const EMPTY =
  "the store has no tenants yet; the server creates the first tenant, user and key when it first starts, so start it or try again";

export async function allTenants(store: AccessStore): Promise<Tenant[]> {
  const tenants: Tenant[] = [];
  let cursor: Cursor | null = null;
  do {
    const page: TenantPage = await store.listTenants(cursor, PAGE_ROWS);
    tenants.push(...page.tenants);
    cursor = page.next;
  } while (cursor !== null);
  return tenants;
}

/** The named tenant, or all tenants in order of creation when `named` is null. */
export async function chooseTenants(store: AccessStore, named: string | null): Promise<Chosen> {
  const [first, ...others] = await allTenants(store);
  if (first === undefined) return { fault: { kind: "missing", message: EMPTY } };
  if (named === null) return { tenants: [first, ...others] };
  const tenants = [first, ...others];
  const id = parseId(ID_PREFIX.tenant, named);
  const [found, ...more] = tenants.filter((tenant) => (id === null ? tenant.name === named : tenant.id === id));
  if (found === undefined) return { fault: { kind: "missing", message: unknownTenant(named, tenants) } };
  if (more.length === 0) return { tenants: [found] };
  const ids = [found, ...more].map((tenant) => ID_PREFIX.tenant + tenant.id).join(", ");
  const message = `${more.length + 1} tenants are named ${JSON.stringify(named)}; use an id instead: ${ids}`;
  return { fault: { kind: "usage", message } };
}

function unknownTenant(named: string, tenants: readonly Tenant[]): string {
  const names = tenants.map(({ name }) => name);
  const meant = nearest(named, names);
  const hint = meant === null ? "; `admin tenants list` shows all tenants" : `; did you mean ${JSON.stringify(meant)}?`;
  return `there is no tenant ${JSON.stringify(named)}${hint}`;
}

/** Access to the data directory grants every permission. The audit log names Signalbox itself as the actor. */
export function operatorIn({ id: tenantId, seq: tenantSeq }: Tenant): Caller {
  const actor: Actor = { kind: "system", id: tenantId, role: "global_admin", tenantId, tenantSeq, test: false };
  return { actor, tenantId, tenantSeq };
}
