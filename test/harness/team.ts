/** A tenant with one member of each role, each with a key and a session, and the requests they send. */
import assert from "node:assert/strict";
import { AGENT_SCOPES_DEFAULT, includesRole, ROLES, type Role } from "../../src/domain/access/access.ts";
import { CLOSED_ROUTES, type Kind, type Route } from "../fixtures/routes.ts";
import { signedIn } from "./jar.ts";
import { PASSWORD, type PeopleStage } from "./people.ts";
import { createResource } from "./resources.ts";
import { type Answer, type Client, newTenant, type Tenant } from "./server.ts";

export type Way = "key" | "session";
/** The headers that authenticate a request. */
export type Credentials = Readonly<Record<string, string>>;

export interface Member {
  readonly role: Role;
  readonly email: string;
  readonly by: Readonly<Record<Way, Credentials>>;
}

export interface Team {
  /** Has an `org_admin` key that no test revokes. */
  readonly tenant: Tenant;
  readonly members: readonly Member[];
}

export async function newTeam(stage: PeopleStage): Promise<Team> {
  const tenant = await newTenant(stage.server);
  const members: Member[] = [];
  for (const role of ROLES) members.push(await newMember(stage, tenant, role));
  return { tenant, members };
}

export async function newMember(stage: PeopleStage, tenant: Tenant, role: Role): Promise<Member> {
  const { server } = stage;
  const made = await server.request("POST", `/v1/auth/keys?tenant=${tenant.id}`, { body: { name: role, role } });
  assert.equal(made.status, 201, made.text);
  const { email } = await stage.person(role, tenant);
  return { role, email, by: { key: bearer(made.body.api_key), session: await newSession(stage, email) } };
}

export async function newSession({ server }: PeopleStage, email: string): Promise<Credentials> {
  return { cookie: (await signedIn(server.url, email, PASSWORD)).cookie ?? assert.fail() };
}

export function bearer(apiKey: string): Credentials {
  return { authorization: `Bearer ${apiKey}` };
}

/** The headers that a browser adds to the request of another site's page. */
export const OF_ANOTHER_SITE: readonly Credentials[] = [
  { origin: "https://evil.example" },
  { origin: "null" },
  { "sec-fetch-site": "cross-site" },
];

/** The headers that a browser adds to the request of the server's own page. */
export function ofOwnPage(url: string): readonly Credentials[] {
  return [{ origin: url }, { "sec-fetch-site": "same-origin" }];
}

/** An agent is a key with the scopes that it gets by default. */
export function mayUse({ needs, agent }: Route, role: Role, way: Way = "key"): boolean {
  if (needs === "any" || includesRole(role, needs)) return true;
  return role === "agent" && way === "key" && agent !== null && AGENT_SCOPES_DEFAULT.includes(agent);
}

/** The authentication methods that a route accepts. */
export function waysOf({ accepts }: Route): readonly Way[] {
  return accepts === "keyOrSession" ? ["key", "session"] : [accepts];
}

export interface RouteRequest {
  readonly credentials: Credentials;
  /** Replaces the id in the route's path. Ignored if the path has none. */
  readonly id?: string;
  readonly query?: string;
}

/** Sends one request to a route, with a body that the route accepts. */
export function askRoute(
  client: Client,
  route: Route,
  { credentials, id = "", query = "" }: RouteRequest,
): Promise<Answer> {
  const body = route.bodyOf(id);
  const parameters = new URLSearchParams([...new URLSearchParams(query), ...Object.entries(route.parameters)]);
  const path = `${pathOf(route, id)}${parameters.size === 0 ? "" : `?${parameters}`}`;
  return client.request(route.method, path, {
    key: null,
    headers: credentials,
    ...(body !== undefined && { body }),
  });
}

/** For a path with several ids, `id` contains them separated by slashes. A single id replaces all of them. */
function pathOf({ path }: Route, id: string): string {
  const ids = id.split("/");
  let at = 0;
  return path.replace(/\{\w+\}/g, () => ids[at++] ?? ids.at(-1) ?? "");
}

/** True if the request cannot be repeated with the same id. */
export function isOnce({ method, path }: Route): boolean {
  return method === "DELETE" || /\/(cancel|decide|reset-password|retry)$/.test(path);
}

/** Creates a resource in the tenant that the route's id can name, and returns that id. */
export async function resourceFor(route: Route, owner: Client): Promise<string> {
  if (route.of !== null) return createResource(route.of, owner);
  return route.path.includes("{") ? "nobody" : "";
}

/** For requests that can be repeated: creates one resource of each kind, and returns the id for each route. */
export async function resourcesFor(owner: Client): Promise<ReadonlyMap<Route, string>> {
  const made = new Map<Kind | null, string>();
  const ids = new Map<Route, string>();
  for (const route of CLOSED_ROUTES) {
    const id = made.get(route.of) ?? (await resourceFor(route, owner));
    if (route.of !== null) made.set(route.of, id);
    ids.set(route, id);
  }
  return ids;
}

/** One route of each error format, with and without a key, that reads and that changes something. */
const THOROUGH: ReadonlySet<Route> = new Set(
  new Map(
    CLOSED_ROUTES.map((route) => [`${route.envelope} ${route.accepts} ${route.method === "GET"}`, route]),
  ).values(),
);

/**
 * Chooses the variants of a request that a route is tried with. All routes share the checks, so two faults are possible.
 * A check that misjudges a variant fails on the few routes that are tried with all variants. A route without the check
 * fails with any variant, so every other route is tried with `few` of them, in turn.
 */
export function variantsInTurn<V>(variants: readonly V[], few: number): (route: Route) => readonly V[] {
  let turn = 0;
  const next = () => variants[turn++ % variants.length] as V;
  return (route) => (THOROUGH.has(route) ? variants : Array.from({ length: Math.min(few, variants.length) }, next));
}

/** Fails when two answers of a group differ, because a difference would reveal why a request is refused. */
export function sameTexts(): (group: readonly string[], text: string, what: string) => void {
  const texts = new Map<string, string>();
  return (group, text, what) => {
    const key = group.join(" ");
    assert.equal(text, texts.get(key) ?? text, `${what} differs from the other answers`);
    texts.set(key, text);
  };
}

/** Each value of `some` with each of `others`. */
export function pairsOf<A, B>(some: readonly A[], others: readonly B[]): readonly (readonly [A, B])[] {
  return some.flatMap((one) => others.map((other) => [one, other] as const));
}

/** The member who sends the request. If the route revokes the credentials, this is a new member with the same role. */
export async function askerFor(
  stage: PeopleStage,
  tenant: Tenant,
  { route, member, way }: { readonly route: Route; readonly member: Member; readonly way: Way },
): Promise<Member> {
  return route.spends !== way ? member : newMember(stage, tenant, member.role);
}

/** The status that a route must return to a member of its own tenant, if only the role can prevent access. */
export function statusFor(route: Route, role: Role, way: Way): number {
  if (!waysOf(route).includes(way)) return way === "key" ? 403 : 401;
  if (!mayUse(route, role, way)) return 403;
  // The question of somebody else, and a request that was not refused.
  if (role === "agent" && (route.of === "pause" || route.of === "inboundEvent")) return 404;
  return way === "key" && route.spends === "session" ? 403 : route.done;
}

/** The error code that the route's surface uses for this status. */
export function codeOf(route: Route, status: 401 | 403, way: Way): string {
  if (status === 403) return way === "key" && route.accepts === "session" ? "SESSION_REQUIRED" : "FORBIDDEN";
  return route.envelope === "pauses" ? "INVALID_API_KEY" : "UNAUTHORIZED";
}

/** Fails unless the error body has the format of the route's surface. */
export function assertEnvelope(route: Route, answer: Answer, what: string): void {
  const fields = Object.keys(answer.body);
  if (route.envelope === "common") {
    assert.deepEqual([fields, Object.keys(answer.body.error)], [["error"], ["code", "message", "details"]], what);
  } else {
    const expected =
      route.envelope === "pauses" ? ["error", "message", "status_code"] : ["statusCode", "error", "message"];
    assert.deepEqual(fields, expected, what);
  }
}
