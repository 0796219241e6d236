/** Whoever owns endpoints, events and keys. */
export interface Tenant {
  /** `dev_…`. */
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
}

/** A new tenant with its first key, which is never shown again. */
export interface CreatedTenant extends Tenant {
  readonly api_key: string;
}

/** A limit on what a tenant may have. */
export interface Quota {
  readonly limit: number;
  /** The limit unless it is set. */
  readonly default: number;
  /** What counts against it now. */
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

/** What to change of a tenant; a quota of null goes back to its default. */
export interface TenantChanges {
  readonly name?: string;
  readonly quotas?: { readonly [Name in keyof TenantDetails["quotas"]]?: number | null };
}
