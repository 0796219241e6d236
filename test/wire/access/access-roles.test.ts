/** The role that each route needs, with a key and with a session. No route is left out. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CLOSED_ROUTES, HIDDEN_ROUTES, nameOf, OPEN_ROUTES, type Route } from "../../fixtures/routes.ts";
import { snapshot } from "../../harness/resources.ts";
import {
  askerFor,
  askRoute,
  assertEnvelope,
  codeOf,
  isOnce,
  mayUse,
  newTeam,
  OF_ANOTHER_SITE,
  ofOwnPage,
  pairsOf,
  resourceFor,
  resourcesFor,
  statusFor,
  variantsInTurn,
  type Way,
  waysOf,
} from "../../harness/team.ts";
import { sharedPeople } from "../../processes/one-server.ts";

const stage = await sharedPeople({ after });
const { server } = stage;
const WAYS: readonly Way[] = ["key", "session"];
const OWN_BODY = Symbol("the body that the route accepts");

/** Returns the values one after the other, over and over. */
function inTurn<V>(values: readonly V[]): () => V {
  let turn = 0;
  return () => values[turn++ % values.length] as V;
}

test("every route of the server is in the table, with the role that it needs", async () => {
  const document = JSON.parse((await server.request("GET", "/openapi.json")).text) as {
    paths: Record<string, Record<string, { security: readonly Record<string, readonly string[]>[] }>>;
  };
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security }]) => {
      const schemes = security.flatMap((one) => Object.entries(one));
      // The document calls a key `bearer`.
      const shown = schemes.map(
        ([scheme, roles]) => `${scheme === "bearer" ? "key" : scheme} of ${roles.join(" with ") || "any"}`,
      );
      return `${nameOf({ method: method.toUpperCase(), path })}: ${shown.join(" or ") || "nothing"}`;
    }),
  );
  const listed = [
    ...CLOSED_ROUTES.map((route) => {
      const agent = route.agent === null ? [] : [`key of agent with ${route.agent}`];
      const shown = [...waysOf(route).map((way) => `${way} of ${route.needs}`), ...agent];
      return `${nameOf(route)}: ${shown.join(" or ")}`;
    }),
    ...OPEN_ROUTES.map((route) => `${nameOf(route)}: nothing`),
  ];
  const missing = documented.filter((name) => !listed.includes(name));
  assert.deepEqual(missing, [], "add these to test/fixtures/routes.ts, then every test of access tries them");
  assert.deepEqual(
    listed.filter((name) => !documented.includes(name)),
    [],
    "the server has no such route",
  );
});

test("each role can use its routes with a key from any page and with a session from the server's own pages", async () => {
  const team = await newTeam(stage);
  const ids = await resourcesFor(team.tenant);
  const expected: Record<string, number> = {};
  const got: Record<string, number> = {};
  const ownPages = [{}, ...ofOwnPage(server.url)];
  const [nextOwnPage, nextPage] = [inTurn(ownPages), inTurn([...ownPages, ...OF_ANOTHER_SITE])];
  for (const route of CLOSED_ROUTES) {
    for (const member of team.members) {
      for (const way of WAYS) {
        // The next test tries the roles that are too low.
        if (waysOf(route).includes(way) && !mayUse(route, member.role)) continue;
        const headers = way === "key" || route.method === "GET" ? nextPage() : nextOwnPage();
        const what = `${member.role}'s ${way}: ${nameOf(route)} ${route.of ?? ""} ${JSON.stringify(headers)}`;
        expected[what] = statusFor(route, member.role, way);
        const asker = await askerFor(stage, team.tenant, { route, member, way });
        const isConsumed = isOnce(route) && expected[what] === route.done;
        const id = isConsumed ? await resourceFor(route, team.tenant) : (ids.get(route) ?? "");
        const answer = await askRoute(server, route, { credentials: { ...asker.by[way], ...headers }, id });
        got[what] = answer.status;
        if (answer.status !== 401 && answer.status !== 403) continue;
        assert.equal(answer.code, codeOf(route, answer.status, way), what);
        assertEnvelope(route, answer, what);
      }
    }
  }
  assert.deepEqual(got, expected);
});

test("a role that is too low gets a 403, whatever the id and the body, and changes nothing", async () => {
  const { tenant, members } = await newTeam(stage);
  const ids = await resourcesFor(tenant);
  const before = await snapshot(tenant);
  const unknown = (id: string) => id.replace(/_.*/, "_00000000-0000-7000-8000-000000000000");
  const idsAsked = [(id: string) => id, unknown, () => "nonsense"];
  const variantsOf = variantsInTurn(pairsOf(idsAsked, [undefined, {}, { nonsense: true }, "{", OWN_BODY]), 2);
  for (const route of CLOSED_ROUTES) {
    for (const { role, by } of members.filter(({ role }) => !mayUse(route, role))) {
      const texts = new Set<string>();
      for (const way of waysOf(route)) {
        for (const [idOf, body] of variantsOf(route)) {
          const given: Route = route.method === "GET" || body === OWN_BODY ? route : { ...route, bodyOf: () => body };
          const id = idOf(ids.get(route) ?? "");
          const answer = await askRoute(server, given, { credentials: by[way], id });
          assert.deepEqual([answer.status, answer.code], [403, "FORBIDDEN"], `${role} ${nameOf(route)} ${id}`);
          assertEnvelope(route, answer, nameOf(route));
          texts.add(answer.text);
        }
      }
      assert.equal(texts.size, 1, `${role} ${nameOf(route)}: ${[...texts].join(" ")}`);
    }
  }
  assert.deepEqual(await snapshot(tenant), before);
});

test("open routes need no credentials, and invalid credentials do not matter there", async () => {
  for (const route of [...OPEN_ROUTES, ...HIDDEN_ROUTES]) {
    for (const headers of [{}, { authorization: "Bearer x" }, { cookie: `signalbox_session=${"0".repeat(64)}` }]) {
      const answer = await server.request(route.method, route.path.replace(/\{\w+\}/, "x"), {
        key: null,
        headers,
        ...(route.body !== undefined && { body: route.body }),
      });
      assert.equal(answer.status, route.status, `${nameOf(route)} ${JSON.stringify(headers)} ${answer.text}`);
    }
  }
});
