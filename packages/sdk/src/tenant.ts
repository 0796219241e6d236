/** An owner of endpoints, events and keys. */
export interface Tenant {
  /** `dev_…`. */
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
}

/** A new tenant with its first key, which is not shown again. */
export interface CreatedTenant extends Tenant {
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
  readonly quotas?: { readonly [Name in keyof TenantDetails["quotas"]]?: number | null };
}
