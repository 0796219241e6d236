/** `signalbox admin tenants`. */

import { QUOTA_NAMES, type QuotaName } from "../domain/access/quota.ts";
import { ID_PREFIX } from "../domain/ids.ts";
import { wholeSeconds } from "../domain/text/time.ts";
import type { PatchTenantInput } from "../engine/access/access-types.ts";
import type { Tenant, TenantView } from "../ports/store.ts";
import { type Command, type Fields, failed, type Option, type Run } from "./command.ts";
import { allTenants, chooseTenants, ONE_TENANT, operatorIn } from "./tenant-choice.ts";

const group = "tenants";

/** `--open-pauses` for `open_pauses`. */
function optionOf(quota: QuotaName): string {
  return quota.replaceAll("_", "-");
}

const QUOTA_ABOUT: Readonly<Record<QuotaName, string>> = {
  endpoints: "endpoints; this and each limit below is a number or `default`",
  keys: "API keys that are not revoked",
  sources: "sources of inbound webhooks",
  open_pauses: "pauses that wait for an answer",
  stored_bytes: "stored bytes of events, inbound requests and pauses",
  events_per_second: "events published per second",
};

const QUOTA_OPTIONS: Readonly<Record<string, Option>> = Object.fromEntries(
  QUOTA_NAMES.map((quota) => [optionOf(quota), { value: "N", about: QUOTA_ABOUT[quota] }]),
);

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
    about: "create a tenant and its first key, with role org_admin",
    prepare(args) {
      const name = args.tenantName();
      return async ({ store, access }) => {
        const chosen = await chooseTenants(store, null);
        if ("fault" in chosen) return { kind: "failed", failure: chosen.fault };
        const { tenant, apiKey } = await access.createTenant(operatorIn(chosen.tenants[0]), name);
        return { kind: "one", fields: { ...tenantFields(tenant), api_key: apiKey }, secret: "api_key" };
      };
    },
  },
  {
    group,
    action: "show",
    operand: null,
    options: { tenant: ONE_TENANT },
    about: "show a tenant, its quotas and their usage",
    prepare(args) {
      const named = args.optional("tenant");
      return async ({ store, access }) => {
        const chosen = await chooseTenants(store, named);
        if ("fault" in chosen) return { kind: "failed", failure: chosen.fault };
        const tenant = await access.getTenant(chosen.tenants[0].id);
        return tenant === null
          ? failed("missing", "the tenant no longer exists")
          : { kind: "one", fields: detailFields(tenant) };
      };
    },
  },
  {
    group,
    action: "rename",
    operand: "NAME",
    options: { tenant: ONE_TENANT },
    about: "rename a tenant; people see the new name immediately",
    prepare(args) {
      const name = args.tenantName();
      return change(args.optional("tenant"), { name });
    },
  },
  {
    group,
    action: "set",
    operand: null,
    options: { ...QUOTA_OPTIONS, tenant: ONE_TENANT },
    about: "change a tenant's quotas; a running server applies them within a second",
    prepare(args) {
      const quotas = args.quotas(optionOf);
      return change(args.optional("tenant"), { quotas });
    },
  },
];

function change(named: string | null, input: PatchTenantInput): Run {
  return async ({ store, access }) => {
    const chosen = await chooseTenants(store, named);
    if ("fault" in chosen) return { kind: "failed", failure: chosen.fault };
    const [tenant] = chosen.tenants;
    const changed = await access.patchTenant(operatorIn(tenant), tenant.id, input);
    return changed === null
      ? failed("missing", "the tenant no longer exists")
      : { kind: "one", fields: detailFields(changed) };
  };
}

function tenantFields({ id, name, createdAt }: Tenant): Fields {
  return { id: ID_PREFIX.tenant + id, name, created_at: wholeSeconds(createdAt) };
}

function detailFields(tenant: TenantView): Fields {
  const quotas = QUOTA_NAMES.flatMap((quota): [string, number][] => {
    const limit: [string, number] = [`${quota}_limit`, tenant.quotas[quota]];
    return quota === "events_per_second" ? [limit] : [limit, [`${quota}_used`, tenant.use[quota]]];
  });
  return { ...tenantFields(tenant), ...Object.fromEntries(quotas) };
}
