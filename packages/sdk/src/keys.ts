/** Roles and API keys. */
export type Role = "agent" | "viewer" | "developer" | "org_admin" | "global_admin";

/** `ask`: ask people. `read`: read deliveries and explain them. `operate`: publish, test, retry and replay. */
export type AgentScope = "ask" | "read" | "operate";

/** The settings of a new key. */
export interface KeyInput {
  readonly name: string;
  /** A role that the caller's own includes. Default: `developer`. */
  readonly role?: Role;
  /** Only for the role `agent`. Default: `ask` and `read`. */
  readonly scopes?: readonly AgentScope[] | null;
  /** True for an `sb_test_` key, which sends no notifications. */
  readonly test?: boolean;
  /** In the future: from then on the key is refused. Default: never. */
  readonly expires_at?: string | null;
}

/** An API key without its secret part. */
export interface Key {
  /** `key_…`. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Null unless the role is `agent`. */
  readonly scopes: readonly AgentScope[] | null;
  readonly test: boolean;
  readonly created_at: string;
  /** `key_…` or `usr_…`. Null for a key from the first start or the command line. */
  readonly created_by: string | null;
  /** From then on the key is refused. Null: never. */
  readonly expires_at: string | null;
  /** The key ends when it was not used for so many days. Null if it need not be used. */
  readonly idle_days: number | null;
  /** Accurate to an hour. Null if the key was never used. */
  readonly last_used_at: string | null;
}

/** A new key. `api_key` is not shown again. */
export interface CreatedKey extends Pick<Key, "id" | "name" | "role" | "scopes" | "created_at" | "expires_at"> {
  readonly api_key: string;
}
