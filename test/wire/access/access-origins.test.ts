/** CSRF: only the server's own pages can use a person's session. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CLOSED_ROUTES, nameOf } from "../../fixtures/routes.ts";
import { snapshot } from "../../harness/resources.ts";
import {
  askerFor,
  askRoute,
  type Credentials,
  isOnce,
  newTeam,
  pairsOf,
  resourceFor,
  resourcesFor,
  statusFor,
  variantsInTurn,
  waysOf,
} from "../../harness/team.ts";
import { sharedPeople } from "../../processes/one-server.ts";

const stage = await sharedPeople({ after });
const { server } = stage;
const team = await newTeam(stage);

/** The headers that a browser adds to a page's request. */
const FOREIGN: readonly Credentials[] = [
  { origin: "https://evil.example" },
  { origin: "null" },
  { "sec-fetch-site": "cross-site" },
];
const OWN: readonly Credentials[] = [{ origin: server.url }, { "sec-fetch-site": "same-origin" }];

test("a page of another site cannot change anything with a session, on any route", async () => {
  const { tenant, members } = team;
  const ids = await resourcesFor(tenant);
  const before = await snapshot(tenant);
  const changing = CLOSED_ROUTES.filter((route) => route.method !== "GET" && waysOf(route).includes("session"));
  const variantsOf = variantsInTurn(pairsOf([true, false], FOREIGN), 1);
  for (const route of changing) {
    for (const { by, role } of members) {
      for (const [exists, headers] of variantsOf(route)) {
        const credentials = { ...by.session, ...headers };
        const id = exists ? (ids.get(route) ?? "") : "nonsense";
        const answer = await askRoute(server, route, { credentials, id });
        const what = `${role}: ${nameOf(route)} ${id} ${JSON.stringify(headers)}`;
        assert.deepEqual([answer.status, answer.code], [403, "FOREIGN_ORIGIN"], what);
      }
    }
  }
  assert.deepEqual(await snapshot(tenant), before);
});

test("the server's own pages can change everything with a session, any page can with a key, and reading needs no origin", async () => {
  const { tenant } = team;
  const member = team.members.at(-1) ?? assert.fail();
  const ids = await resourcesFor(tenant);
  const [anyOf, ownOf] = [variantsInTurn([...OWN, ...FOREIGN], 1), variantsInTurn(OWN, 1)];
  for (const route of CLOSED_ROUTES) {
    for (const way of waysOf(route)) {
      const isFree = way === "key" || route.method === "GET";
      for (const headers of isFree ? anyOf(route) : ownOf(route)) {
        const asker = await askerFor(stage, tenant, { route, member, way });
        const id = isOnce(route) ? await resourceFor(route, tenant) : (ids.get(route) ?? "");
        const answer = await askRoute(server, route, { credentials: { ...asker.by[way], ...headers }, id });
        const what = `${way}: ${nameOf(route)} ${JSON.stringify(headers)} ${answer.text}`;
        assert.equal(answer.status, statusFor(route, member.role, way), what);
      }
    }
  }
});
