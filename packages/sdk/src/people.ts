import { type CallOptions, onePath, type Transport } from "./http.ts";
import type { AgentScope, Role } from "./keys.ts";
import { advanced, cursorPage, type LinkedPage, type ListOptions, type PageOptions } from "./paging.ts";

/** A person who signs in. */
export interface User {
  /** `usr_…`. */
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  /** False until the user has set a password with the first link. */
  readonly password_set: boolean;
  readonly created_at: string;
  /** Accurate to a minute. Null if the user is not signed in. */
  readonly last_seen_at: string | null;
  /** Since when nobody can sign in as this user. */
  readonly disabled_at: string | null;
}

/** A link with which a user sets a password. It works once, for three days. */
export interface PasswordLink {
  /** Never shown again. */
  readonly password_url: string;
  readonly password_url_expires_at: string;
}

/** The settings of a new user. */
export interface UserInput {
  readonly email: string;
  /** At most the caller's own role. */
  readonly role: Exclude<Role, "agent">;
}

/** Changes to a user. Only the given fields change. */
export interface UserChanges {
  readonly role?: Exclude<Role, "agent">;
  /** True ends the user's sessions, and nobody can sign in as the user. */
  readonly disabled?: boolean;
}

const USERS = "/v1/users";

/** The tenant's users. The methods need the role `org_admin`. */
export class Users {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** All users in order of creation, including disabled ones. Further pages are fetched as you iterate. */
  async *list(options?: ListOptions): AsyncGenerator<User, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: LinkedPage<User> = await this.page({ ...options, cursor });
      yield* page.rows;
      cursor = advanced(cursor, page.next ?? undefined);
    } while (cursor !== undefined);
  }

  /** One page of users in order of creation. */
  page(options: PageOptions = {}): Promise<LinkedPage<User>> {
    return cursorPage<User>(this.#transport, { path: USERS, field: "users" }, options);
  }

  /** Create a user. Send `password_url` to the user, who sets a password with it. */
  async create(input: UserInput, options?: CallOptions): Promise<User & PasswordLink> {
    const call = { method: "POST", path: USERS, body: JSON.stringify(input), signal: options?.signal } as const;
    return (await this.#transport.call<User & PasswordLink>(call)).body;
  }

  /** Change the role, or disable or enable the user. The last `global_admin` is kept: 409 `LAST_ADMIN`. */
  async update(id: string, changes: UserChanges, options?: CallOptions): Promise<User> {
    const path = onePath(USERS, id);
    const call = { method: "PATCH", path, body: JSON.stringify(changes), signal: options?.signal } as const;
    return (await this.#transport.call<User>(call)).body;
  }

  /** Create a link for a new password. It replaces an earlier one; the present password works until it is used. */
  async resetPassword(id: string, options?: CallOptions): Promise<PasswordLink> {
    const path = `${onePath(USERS, id)}/reset-password`;
    return (await this.#transport.call<PasswordLink>({ method: "POST", path, signal: options?.signal })).body;
  }
}

/** An entry of the audit log. */
export interface AuditEvent {
  /** `aud_…`. */
  readonly id: string;
  /** Such as `key.created` or `webhook.updated`. */
  readonly event_type: string;
  readonly actor: "developer" | "user" | "human" | "system";
  /** `key_…` or `usr_…`. Null for people with a link, and for the server itself. */
  readonly actor_id: string | null;
  readonly actor_user: { readonly id: string; readonly email: string } | null;
  readonly pause_id: string | null;
  /** What the action was about. */
  readonly subject_id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
  readonly created_at: string;
}

/** All conditions must hold. */
export interface AuditFilter {
  readonly pause_id?: string;
  readonly event_type?: string;
  /** The id of an endpoint, a delivery, a key, a user, a source, … */
  readonly subject_id?: string;
  /** `usr_…` or `key_…`. */
  readonly actor?: string;
  /** A time, or a day in UTC. */
  readonly from_date?: string;
  readonly to_date?: string;
  readonly limit?: number;
  readonly offset?: number;
}

export interface AuditPage {
  readonly events: readonly AuditEvent[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

/** The audit log. It needs the role `org_admin`. */
export class Audit {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page, newest first, with the exact total. */
  async list(filter: AuditFilter = {}, options?: CallOptions): Promise<AuditPage> {
    const call = { method: "GET", path: "/v1/audit", query: { ...filter }, signal: options?.signal } as const;
    return (await this.#transport.call<AuditPage>(call)).body;
  }
}

/** One of the caller's sessions. */
export interface OwnSession {
  readonly id: string;
  /** Whether it is the session of this client. */
  readonly current: boolean;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
}

const OWN = "/dashboard/auth";
const SESSIONS = `${OWN}/sessions`;

/** Who calls: a person with a session, or a key. */
export interface Me {
  /** `usr_…` for a person, `key_…` for a key. */
  readonly id: string;
  /** Null for a key. */
  readonly email: string | null;
  readonly role: Role;
  /** Null unless the role is `agent`. */
  readonly scopes: readonly AgentScope[] | null;
  readonly tenant: { readonly id: string; readonly name: string };
}

/** Who has signed in. */
export interface SignedIn {
  readonly email: string;
  readonly role: Role;
}

/** The caller's own session. Signing in sets a cookie, so a program that uses it needs a cookie jar, as browsers have. */
export class Session {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Sign in with a password. A wrong address and a wrong password give the same error. */
  async signIn(input: { readonly email: string; readonly password: string }, options?: CallOptions): Promise<SignedIn> {
    return (await this.#post<{ data: SignedIn }>("login", input, options)).data;
  }

  /** Read who the caller is. With the option `tenant`, the tenant is that one. */
  async me(options?: CallOptions): Promise<Me> {
    const call = { method: "GET", path: `${OWN}/me`, signal: options?.signal } as const;
    return (await this.#transport.call<{ data: Me }>(call)).body.data;
  }

  /** End the session. */
  async signOut(options?: CallOptions): Promise<void> {
    await this.#post("logout", undefined, options);
  }

  /** Change your own password. Your other sessions end. */
  async changePassword(
    input: { readonly currentPassword: string; readonly newPassword: string },
    options?: CallOptions,
  ): Promise<void> {
    await this.#post("password", input, options);
  }

  /** Set a password with the token of a link. It needs no session. */
  async setPassword(
    input: { readonly token: string; readonly newPassword: string },
    options?: CallOptions,
  ): Promise<void> {
    await this.#post("set-password", input, options);
  }

  /** All sessions of the caller, oldest first. */
  async list(options?: CallOptions): Promise<readonly OwnSession[]> {
    const call = { method: "GET", path: SESSIONS, signal: options?.signal } as const;
    return (await this.#transport.call<{ data: OwnSession[] }>(call)).body.data;
  }

  /** End one session of the caller. */
  async end(id: string, options?: CallOptions): Promise<void> {
    await this.#transport.call({ method: "DELETE", path: onePath(SESSIONS, id), signal: options?.signal });
  }

  /** End all sessions of the caller but this one. */
  async endOthers(options?: CallOptions): Promise<void> {
    await this.#transport.call({ method: "DELETE", path: SESSIONS, signal: options?.signal });
  }

  async #post<Body>(name: string, input: object | undefined, options: CallOptions | undefined): Promise<Body> {
    const body = input === undefined ? undefined : JSON.stringify(input);
    const call = { method: "POST", path: `${OWN}/${name}`, body, signal: options?.signal } as const;
    return (await this.#transport.call<Body>(call)).body;
  }
}
