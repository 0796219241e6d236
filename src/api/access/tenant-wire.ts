/** `/v1/tenants` on the wire. */
import Type, { type Static } from "typebox";
import {
  type CountedQuota,
  QUOTA_BOUNDS,
  QUOTA_DEFAULTS,
  QUOTA_NAMES,
  type QuotaName,
} from "../../domain/access/quota.ts";
import { ID_PREFIX } from "../../domain/ids.ts";
import {
  PORTAL_ORIGIN_CHARS_MAX,
  PORTAL_ORIGINS_COUNT_MAX,
  STORED_BYTES_PER_ROW,
  TENANT_NAME_CHARS_MAX,
} from "../../domain/limits.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { PatchTenantInput } from "../../engine/access/access-types.ts";
import type { Tenant, TenantView } from "../../ports/store.ts";
import { TENANTS_PAGE_MAX } from "../http/limits.ts";
import { listOf } from "../lists/pages.ts";
import { checker, converted } from "../schema/check.ts";
import { NameText, Nullable, Time } from "../schema/schemas.ts";

const TenantName = NameText(
  TENANT_NAME_CHARS_MAX,
  "The name that people see on response pages, in email subjects and in text messages. Leading and trailing white space is removed.",
);

export const CreateTenantBody = Type.Object(
  { name: TenantName },
  { title: "TenantInput", additionalProperties: false, examples: [{ name: "Acme" }] },
);
export const checkCreateTenant = checker(CreateTenantBody);

const PortalOrigins = Type.Array(Type.String({ maxLength: PORTAL_ORIGIN_CHARS_MAX, format: "origin" }), {
  maxItems: PORTAL_ORIGINS_COUNT_MAX,
  description: "The origins of the sites that may show the tenant's portal in a frame.",
});
const Links = Type.Enum(["shown", "withheld"], {
  description:
    "`withheld`: `respond_url` is null in every response, so that the program that asks a question cannot answer it. Messages to people still contain the link.",
});

export const TENANT_LIST = listOf("tenants", { limitMax: TENANTS_PAGE_MAX, filters: {} });

const TenantResponse = Type.Object(
  { id: Type.String(), name: Type.String(), created_at: Time, portal_origins: PortalOrigins, links: Links },
  { title: "Tenant" },
);
export const TenantsResponse = Type.Array(TenantResponse);
export const CreatedTenantResponse = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    api_key: Type.String({ description: "The tenant's first key, with the role org_admin. It is never shown again." }),
    created_at: Time,
  },
  { title: "CreatedTenant" },
);

/** What each quota limits. */
const QUOTA_MEANING: Readonly<Record<QuotaName, string>> = {
  endpoints: "Endpoints that are not deleted.",
  keys: "Keys that are not revoked.",
  sources: "Sources that are not deleted.",
  open_pauses: "Pauses that have not ended.",
  stored_bytes: `The payloads of events, verified inbound requests and pauses, plus ${STORED_BYTES_PER_ROW} bytes for each of them and for each of their deliveries.`,
  events_per_second: "Events published per second, one by one and in batches.",
};

function forEachQuota<T>(names: readonly QuotaName[], make: (name: QuotaName) => T): Record<QuotaName, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<QuotaName, T>;
}

const QuotaValue = (name: QuotaName) =>
  Type.Optional(
    Nullable(
      Type.Integer({
        minimum: QUOTA_BOUNDS[name].min,
        maximum: QUOTA_BOUNDS[name].max,
        description: QUOTA_MEANING[name],
      }),
    ),
  );

export const UpdateTenantBody = Type.Object(
  {
    name: Type.Optional(TenantName),
    quotas: Type.Optional(Type.Object(forEachQuota(QUOTA_NAMES, QuotaValue), { additionalProperties: false })),
    portal_origins: Type.Optional(PortalOrigins),
    links: Type.Optional(Links),
  },
  { title: "TenantChanges", additionalProperties: false, examples: [{ quotas: { endpoints: 100 } }] },
);
export const parseUpdateTenant = converted(checker(UpdateTenantBody), (body): PatchTenantInput => {
  const { portal_origins: portalOrigins, links, ...rest } = body;
  const settings = {
    ...(portalOrigins !== undefined && { portalOrigins: [...new Set(portalOrigins)] }),
    ...(links !== undefined && { links }),
  };
  return { ...rest, settings };
});

const Limit = Type.Integer({ description: "The tenant's limit." });
const Default = Type.Integer({ description: "The limit of a tenant whose quota is not set." });
const QuotaResponse = (name: QuotaName) =>
  Type.Object(
    { limit: Limit, default: Default, used: Type.Integer({ description: "The current usage." }) },
    { description: QUOTA_MEANING[name] },
  );
const QuotasResponse = Type.Object(
  {
    endpoints: QuotaResponse("endpoints"),
    keys: QuotaResponse("keys"),
    sources: QuotaResponse("sources"),
    open_pauses: QuotaResponse("open_pauses"),
    stored_bytes: QuotaResponse("stored_bytes"),
    events_per_second: Type.Object(
      { limit: Limit, default: Default },
      { description: QUOTA_MEANING.events_per_second },
    ),
  },
  { title: "Quotas" },
);
export const TenantDetailsResponse = Type.Object(
  { ...TenantResponse.properties, quotas: QuotasResponse },
  { title: "TenantDetails" },
);

export function tenantDetailsJson(tenant: TenantView): Static<typeof TenantDetailsResponse> {
  const { quotas, use } = tenant;
  const limits = (name: QuotaName) => ({ limit: quotas[name], default: QUOTA_DEFAULTS[name] });
  const counted = (name: CountedQuota) => ({ ...limits(name), used: use[name] });
  return {
    ...tenantJson(tenant),
    quotas: {
      endpoints: counted("endpoints"),
      keys: counted("keys"),
      sources: counted("sources"),
      open_pauses: counted("open_pauses"),
      stored_bytes: counted("stored_bytes"),
      events_per_second: limits("events_per_second"),
    },
  };
}

export function tenantJson(tenant: Tenant): Static<typeof TenantResponse> {
  return {
    id: ID_PREFIX.tenant + tenant.id,
    name: tenant.name,
    created_at: wholeSeconds(tenant.createdAt),
    portal_origins: [...tenant.settings.portalOrigins],
    links: tenant.settings.links,
  };
}

export function createdTenantJson(tenant: Tenant, apiKey: string): Static<typeof CreatedTenantResponse> {
  const { id, name, created_at } = tenantJson(tenant);
  return { id, name, api_key: apiKey, created_at };
}
