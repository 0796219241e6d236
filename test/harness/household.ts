/** A tenant with somebody of each role in it, who has a key and a session; and how they ask. */
import assert from "node:assert/strict";
import { includesRole, ROLES, type Role } from "../../src/domain/access/access.ts";
import { CLOSED_ROUTES, type Route } from "../fixtures/routes.ts";
import { make } from "./belongings.ts";
import { signedIn } from "./jar.ts";
import { PASSWORD, type PeopleStage } from "./people.ts";
import { type Answer, type Client, newTenant, type Tenant } from "./server.ts";

export type Way = "key" | "session";
/** The headers that say who asks. */
export type Credentials = Readonly<Record<string, string>>;

export interface Member {
  readonly role: Role;
  readonly email: string;
  readonly by: Readonly<Record<Way, Credentials>>;
}

export interface Household {
  /** With an `org_admin`'s key, which no test gives away. */
  readonly tenant: Tenant;
  readonly members: readonly Member[];
}

export async function newHousehold(stage: PeopleStage): Promise<Household> {
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

/** The ways in which a route lets in at all. */
export function waysOf({ accepts }: Route): readonly Way[] {
  return accepts === "key" ? ["key"] : ["key", "session"];
}

export interface Asking {
  readonly credentials: Credentials;
  /** Stands for the route's id; a route without one takes none. */
  readonly id?: string;
  readonly query?: string;
}

/** One request to a route, with the body that it takes. */
export function askRoute(client: Client, route: Route, { credentials, id = "", query = "" }: Asking): Promise<Answer> {
  const body = route.bodyOf(id);
  const path = pathOf(route, id) + query;
  return client.request(route.method, path, {
    key: null,
    headers: credentials,
    ...(body !== undefined && { body }),
  });
}

/** A path with several ids has them with a slash between; a single one stands for each. */
function pathOf({ path }: Route, id: string): string {
  const ids = id.split("/");
  let at = 0;
  return path.replace(/\{\w+\}/g, () => ids[at++] ?? ids.at(-1) ?? "");
}

/** What the route names, made anew in the tenant. */
export async function belongingOf(route: Route, owner: Client): Promise<string> {
  if (route.of !== null) return make(route.of, owner);
  return route.path.includes("{") ? "nobody" : "";
}

/** The same for every route, so that a test can look before and after all of them that nothing has changed. */
export async function belongingsOf(owner: Client): Promise<ReadonlyMap<Route, string>> {
  const ids = new Map<Route, string>();
  for (const route of CLOSED_ROUTES) ids.set(route, await belongingOf(route, owner));
  return ids;
}

/** Who asks: for a route that spends the credentials somebody else of the same role, made in this tenant. */
export async function askerFor(
  stage: PeopleStage,
  tenant: Tenant,
  { route, member, way }: { readonly route: Route; readonly member: Member; readonly way: Way },
): Promise<Member> {
  return route.spends !== way ? member : newMember(stage, tenant, member.role);
}

/** What the answer of a route to somebody of the own tenant has to be, when nothing but the role can be in the way. */
export function statusFor(route: Route, role: Role, way: Way): number {
  if (!waysOf(route).includes(way)) return 401;
  if (!includesRole(role, route.needs)) return 403;
  return way === "key" && route.spends === "session" ? 403 : route.done;
}

/** The code of a refusal, as the route's surface calls it. */
export function codeOf(route: Route, status: 401 | 403): string {
  if (status === 403) return "FORBIDDEN";
  return route.envelope === "pauses" ? "INVALID_API_KEY" : "UNAUTHORIZED";
}

/** Fails unless an error has the body that the route's surface gives it. */
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
