/** `/v1/tenants` on the wire. */
import Type, { type Static } from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import { wholeSeconds } from "../../domain/time.ts";
import type { Tenant } from "../../ports/store.ts";
import { checker } from "../check.ts";
import { TENANTS_PAGE_MAX } from "../limits.ts";
import { queryChecker } from "../query.ts";
import { NameText, Time } from "../schemas.ts";

export const CreateTenantBody = Type.Object({ name: NameText }, { additionalProperties: false });
export const checkCreateTenant = checker(CreateTenantBody);

export const TenantsQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: TENANTS_PAGE_MAX, default: TENANTS_PAGE_MAX })),
    cursor: Type.Optional(Type.String({ format: "tenants-cursor" })),
  },
  { additionalProperties: false },
);
export const checkTenantsQuery = queryChecker(TenantsQuery);

const TenantAnswer = Type.Object({ id: Type.String(), name: Type.String(), created_at: Time });
export const TenantsAnswer = Type.Array(TenantAnswer);
export const CreatedTenantAnswer = Type.Object({
  id: Type.String(),
  name: Type.String(),
  api_key: Type.String({ description: "The tenant's first key, an org_admin's; never shown again." }),
  created_at: Time,
});

export function tenantJson(tenant: Tenant): Static<typeof TenantAnswer> {
  return { id: ID_PREFIX.tenant + tenant.id, name: tenant.name, created_at: wholeSeconds(tenant.createdAt) };
}

export function createdTenantJson(tenant: Tenant, apiKey: string): Static<typeof CreatedTenantAnswer> {
  const { id, name, created_at } = tenantJson(tenant);
  return { id, name, api_key: apiKey, created_at };
}
