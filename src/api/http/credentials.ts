/** Who may use a route. */
import { type Actor, type AgentScope, includesRole, type Role } from "../../domain/access/access.ts";

/** What a route accepts: a key, the session of a user, or either. */
export type Credentials = "key" | "session" | "keyOrSession";

/** The lowest role that may use a route. */
export type NeededRole = Role | "any";

/** What reads needs the role viewer, and what changes something the role developer, unless the route says otherwise. */
export function neededRole(method: string, { needs }: { readonly needs?: NeededRole }): NeededRole {
  return needs ?? (method === "GET" || method === "HEAD" ? "viewer" : "developer");
}

/** Who may use a route, as its configuration says. */
export interface Access {
  /** See {@link neededRole}. */
  readonly needs?: NeededRole;
  /** A key of the role `agent` with this scope may use the route too. Without it, no agent may. */
  readonly agent?: AgentScope;
}

/** The role that the caller lacks for a route, in words; null when the caller may use it. */
export function missingRole({ role, agent }: Actor, method: string, access: Access): string | null {
  const needs = neededRole(method, access);
  if (needs === "any" || includesRole(role, needs)) return null;
  if (access.agent === undefined) return needs;
  return agent?.scopes.includes(access.agent) === true ? null : `${needs}, or agent with the scope ${access.agent}`;
}
