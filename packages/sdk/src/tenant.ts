/** An owner of endpoints, events and keys. */
export interface Tenant {
  /** `dev_…`. */
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  /** The origins of the sites that may show the tenant's portal in a frame. */
  readonly portal_origins: readonly string[];
  /** `withheld`: `respond_url` is null in every response. */
  readonly links: "shown" | "withheld";
}

/** A new tenant with its first key, which is not shown again. */
export interface CreatedTenant extends Pick<Tenant, "id" | "name" | "created_at"> {
  readonly api_key: string;
}

/** One limit of a tenant. */
export interface Quota {
  readonly limit: number;
  /** The limit when none is set. */
  readonly default: number;
  /** The current usage. */
  readonly used: number;
}

/** A tenant with its quotas. */
export interface TenantDetails extends Tenant {
  readonly quotas: {
    readonly endpoints: Quota;
    readonly keys: Quota;
    readonly sources: Quota;
    readonly open_pauses: Quota;
    readonly stored_bytes: Quota;
    readonly events_per_second: Omit<Quota, "used">;
  };
}

/** Changes to a tenant. Null resets a quota to its default. */
export interface TenantChanges {
  readonly name?: string;
  readonly portal_origins?: readonly string[];
  readonly links?: "shown" | "withheld";
  readonly quotas?: { readonly [Name in keyof TenantDetails["quotas"]]?: number | null };
}
