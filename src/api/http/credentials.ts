/** Who may use a route. */
import type { Role } from "../../domain/access/access.ts";

/** What a route accepts: a key, the session of a user, or either. */
export type Credentials = "key" | "session" | "keyOrSession";

/** The lowest role that may use a route. */
export type NeededRole = Role | "any";

/** What reads needs the role viewer, and what changes something the role developer, unless the route says otherwise. */
export function neededRole(method: string, { needs }: { readonly needs?: NeededRole }): NeededRole {
  return needs ?? (method === "GET" || method === "HEAD" ? "viewer" : "developer");
}
