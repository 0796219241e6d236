/** CSRF: only the server's own pages can use a person's session. `access-roles` tries what they can do with it. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CLOSED_ROUTES, nameOf } from "../../fixtures/routes.ts";
import { snapshot } from "../../harness/resources.ts";
import {
  askRoute,
  newTeam,
  OF_ANOTHER_SITE,
  pairsOf,
  resourcesFor,
  variantsInTurn,
  waysOf,
} from "../../harness/team.ts";
import { sharedPeople } from "../../processes/one-server.ts";

const stage = await sharedPeople({ after });
const { server } = stage;
const team = await newTeam(stage);

test("a page of another site cannot change anything with a session, on any route", async () => {
  const { tenant, members } = team;
  const ids = await resourcesFor(tenant);
  const before = await snapshot(tenant);
  const changing = CLOSED_ROUTES.filter((route) => route.method !== "GET" && waysOf(route).includes("session"));
  const variantsOf = variantsInTurn(pairsOf([true, false], OF_ANOTHER_SITE), 1);
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
