/** What one tenant may have: a limit for each kind of thing, with a default that the operator may change per tenant. */
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

/** As callers, the database and the command line spell them. */
export const QUOTA_NAMES = [
  "endpoints",
  "keys",
  "sources",
  "open_pauses",
  "stored_bytes",
  "events_per_second",
] as const;
export type QuotaName = (typeof QUOTA_NAMES)[number];

/** A limit for each quota. */
export type Quotas = Readonly<Record<QuotaName, number>>;

/** The quotas that count what a tenant has; the other one, `events_per_second`, is a rate. */
export type CountedQuota = Exclude<QuotaName, "events_per_second">;
export type QuotaUse = Readonly<Record<CountedQuota, number>>;

/** What a tenant's quotas are set to; one that is left out has its default. */
export type QuotaSettings = Readonly<Partial<Record<QuotaName, number>>>;

/** A change of them; null sets one back to its default. */
export type QuotaChanges = Readonly<Partial<Record<QuotaName, number | null>>>;

export const QUOTA_DEFAULTS: Quotas = {
  endpoints: ENDPOINTS_PER_TENANT_MAX,
  keys: KEYS_PER_TENANT_COUNT_DEFAULT,
  sources: SOURCES_PER_TENANT_COUNT_DEFAULT,
  open_pauses: OPEN_PAUSES_PER_TENANT_COUNT_DEFAULT,
  stored_bytes: STORED_BYTES_PER_TENANT_DEFAULT,
  events_per_second: EVENTS_PER_SECOND_DEFAULT,
};

/** The least and the most that each may be set to. No events a second at all would be a 429 without an end. */
export const QUOTA_BOUNDS: Readonly<Record<QuotaName, { readonly min: number; readonly max: number }>> = {
  endpoints: { min: 0, max: ENDPOINTS_PER_TENANT_MAX },
  keys: { min: 0, max: KEYS_PER_TENANT_COUNT_MAX },
  sources: { min: 0, max: SOURCES_PER_TENANT_COUNT_MAX },
  open_pauses: { min: 0, max: OPEN_PAUSES_PER_TENANT_COUNT_MAX },
  stored_bytes: { min: 0, max: STORED_BYTES_PER_TENANT_MAX },
  events_per_second: { min: 1, max: EVENTS_PER_SECOND_MAX },
};

/** A tenant has as much of something as it may; nothing was made. */
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
 * What content counts as stored: its own bytes, and what its rows take beside it.
 *
 * @param rows an event's is one, and one for each delivery made with it; a pause's or a received request's is one
 */
export function storedBytes(contentBytes: number, rows: number): number {
  return contentBytes + rows * STORED_BYTES_PER_ROW;
}
