/** A tenant's quotas. Each one has a default that the operator can change per tenant. */
import {
  ENDPOINTS_PER_TENANT_MAX,
  EVENTS_PER_SECOND_DEFAULT,
  EVENTS_PER_SECOND_MAX,
  KEYS_PER_TENANT_COUNT_DEFAULT,
  KEYS_PER_TENANT_COUNT_MAX,
  OPEN_PAUSES_PER_TENANT_COUNT_DEFAULT,
  OPEN_PAUSES_PER_TENANT_COUNT_MAX,
  SOURCES_PER_TENANT_COUNT_DEFAULT,
  SOURCES_PER_TENANT_COUNT_MAX,
  STORED_BYTES_PER_ROW,
  STORED_BYTES_PER_TENANT_DEFAULT,
  STORED_BYTES_PER_TENANT_MAX,
} from "../limits.ts";

/** The names that the API, the database and the command line use. */
export const QUOTA_NAMES = [
  "endpoints",
  "keys",
  "sources",
  "open_pauses",
  "stored_bytes",
  "events_per_second",
] as const;
export type QuotaName = (typeof QUOTA_NAMES)[number];

/** The limit of each quota. */
export type Quotas = Readonly<Record<QuotaName, number>>;

/** The quotas that limit a count. The remaining one, `events_per_second`, limits a rate. */
export type CountedQuota = Exclude<QuotaName, "events_per_second">;
export type QuotaUse = Readonly<Record<CountedQuota, number>>;

/** The quotas that were set for a tenant. A quota that is absent has its default. */
export type QuotaSettings = Readonly<Partial<Record<QuotaName, number>>>;

/** Changes to a tenant's quotas. Null resets a quota to its default. */
export type QuotaChanges = Readonly<Partial<Record<QuotaName, number | null>>>;

export const QUOTA_DEFAULTS: Quotas = {
  endpoints: ENDPOINTS_PER_TENANT_MAX,
  keys: KEYS_PER_TENANT_COUNT_DEFAULT,
  sources: SOURCES_PER_TENANT_COUNT_DEFAULT,
  open_pauses: OPEN_PAUSES_PER_TENANT_COUNT_DEFAULT,
  stored_bytes: STORED_BYTES_PER_TENANT_DEFAULT,
  events_per_second: EVENTS_PER_SECOND_DEFAULT,
};

/** The range of each quota. `events_per_second` starts at 1: at 0, every publish would get a 429 indefinitely. */
export const QUOTA_BOUNDS: Readonly<Record<QuotaName, { readonly min: number; readonly max: number }>> = {
  endpoints: { min: 0, max: ENDPOINTS_PER_TENANT_MAX },
  keys: { min: 0, max: KEYS_PER_TENANT_COUNT_MAX },
  sources: { min: 0, max: SOURCES_PER_TENANT_COUNT_MAX },
  open_pauses: { min: 0, max: OPEN_PAUSES_PER_TENANT_COUNT_MAX },
  stored_bytes: { min: 0, max: STORED_BYTES_PER_TENANT_MAX },
  events_per_second: { min: 1, max: EVENTS_PER_SECOND_MAX },
};

/** The tenant has reached a quota, so nothing was created. */
export interface QuotaExceeded {
  readonly kind: "quotaExceeded";
  readonly quota: QuotaName;
  readonly limit: number;
}

export function quotaExceeded(quota: QuotaName, limit: number): QuotaExceeded {
  return { kind: "quotaExceeded", quota, limit };
}

export function quotasOf(settings: QuotaSettings): Quotas {
  return { ...QUOTA_DEFAULTS, ...settings };
}

export function changeQuotas(before: QuotaSettings, changes: QuotaChanges): QuotaSettings {
  const entries = Object.entries({ ...before, ...changes });
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => entry[1] !== null));
}

/**
 * The stored size that a piece of content counts for: its own bytes plus a fixed overhead per row.
 *
 * @param rows for an event, 1 plus the number of its deliveries; for a pause or a received request, 1
 */
export function storedBytes(contentBytes: number, rows: number): number {
  return contentBytes + rows * STORED_BYTES_PER_ROW;
}
