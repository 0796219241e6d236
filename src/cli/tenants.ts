/** `signalbox tenants`. */
import { ID_PREFIX } from "../domain/ids.ts";
import { wholeSeconds } from "../domain/time.ts";
import type { Tenant } from "../ports/store.ts";
import { type Command, type Fields, failed } from "./command.ts";
import { allTenants, chooseTenants, operatorIn } from "./tenant-choice.ts";

const group = "tenants";

export const TENANT_COMMANDS: readonly Command[] = [
  {
    group,
    action: "list",
    operand: null,
    options: {},
    about: "list all tenants",
    prepare:
      () =>
      async ({ store }) => ({ kind: "list", rows: (await allTenants(store)).map(tenantFields) }),
  },
  {
    group,
    action: "add",
    operand: "NAME",
    options: {},
    about: "make a tenant and its first key, an org_admin's",
    prepare(given) {
      const name = given.name();
      return async ({ store, access }) => {
        const chosen = await chooseTenants(store, null);
        if ("fault" in chosen) return failed(chosen.fault);
        const { tenant, apiKey } = await access.createTenant(operatorIn(chosen.tenants[0]), name);
        return { kind: "one", fields: { ...tenantFields(tenant), api_key: apiKey }, secret: "api_key" };
      };
    },
  },
];

function tenantFields({ id, name, createdAt }: Tenant): Fields {
  return { id: ID_PREFIX.tenant + id, name, created_at: wholeSeconds(createdAt) };
}
