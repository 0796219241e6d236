/** Tenant isolation: a request reaches only its own tenant, or with `?tenant=` another one for a global_admin. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CLOSED_ROUTES, nameOf, ROUTES_BY_ID, type Route } from "../../fixtures/routes.ts";
import { createResource, snapshot } from "../../harness/resources.ts";
import { newTenant } from "../../harness/server.ts";
import {
  askerFor,
  askRoute,
  isOnce,
  newTeam,
  pairsOf,
  resourceFor,
  resourcesFor,
  sameTexts,
  statusFor,
  variantsInTurn,
  waysOf,
} from "../../harness/team.ts";
import { sharedPeople } from "../../processes/one-server.ts";

const UNKNOWN = "00000000-0000-7000-8000-000000000000";
const ENDPOINT_PREFIXES = ["ep_", "webhook_", "wh_"];
const ANY_ID = /[a-z]+_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const MALFORMED = ["nonsense", "%00", "%F0%9F%98%80", "x".repeat(3000), "del_", "ep_'%20OR%201=1--"];

const stage = await sharedPeople({ after });
const { server } = stage;
const team = await newTeam(stage);
const admin = team.members.find(({ role }) => role === "global_admin") ?? assert.fail();

/** Ids that are not of the caller's tenant, beginning with the one that exists. */
function strangeIds(route: Route, foreign: string): readonly string[] {
  const [outer = "", inner] = foreign.split("/");
  if (inner !== undefined) {
    const others = strangeIds(route, outer);
    return strangeIds(route, inner).map((id, at) => `${others[at % others.length]}/${id}`);
  }
  const [prefix = "", uuid = ""] = foreign.split(/(?<=_)/);
  const isEndpoint = route.of === "endpoint" || route.of === "webhook";
  const prefixes = isEndpoint ? ENDPOINT_PREFIXES : [prefix];
  return [
    ...prefixes.flatMap((one) => [one + uuid, one + UNKNOWN]),
    uuid,
    `${prefix}${uuid.toUpperCase()}`,
    ...MALFORMED,
    // With an empty id it would be another path.
  ].filter((id) => id !== "");
}

test("another tenant's ids, unknown ids and malformed ids get the same 404 on every route, for every role, and change nothing", async () => {
  const owner = await newTenant(server);
  const ids = await resourcesFor(owner);
  const before = await snapshot(owner);
  // Each kind of id is parsed in its own way.
  const thorough = new Set(new Map(ROUTES_BY_ID.map((route) => [`${route.envelope} ${route.of}`, route])).values());
  let turn = 0;
  for (const route of ROUTES_BY_ID) {
    const [foreign = "", ...others] = strangeIds(route, ids.get(route) ?? assert.fail());
    for (const { role, by } of team.members) {
      for (const way of waysOf(route)) {
        const status = statusFor(route, role, way) === 403 ? 403 : 404;
        const answers = new Set<string>();
        turn += 1;
        const isThorough = thorough.has(route) && role === "global_admin" && way === "session";
        const asked = isThorough ? others : others.slice(turn % others.length).slice(0, 1);
        for (const id of [foreign, ...asked]) {
          const answer = await askRoute(server, route, { credentials: by[way], id });
          const what = `${role}'s ${way}: ${nameOf(route)} with ${id.slice(0, 60)}`;
          assert.deepEqual([answer.status, answer.code], [status, status === 403 ? "FORBIDDEN" : route.missing], what);
          answers.add(answer.text);
        }
        assert.equal(answers.size, 1, `${nameOf(route)} tells them apart: ${[...answers].join(" ")}`);
      }
    }
  }
  assert.deepEqual(await snapshot(owner), before);
});

test("another tenant's ids find nothing in filters, and count as unknown in bodies", async () => {
  const [owner, stranger] = [await newTenant(server), await newTenant(server)];
  const theirs = {
    endpoint: await createResource("endpoint", owner),
    event: await createResource("event", owner),
    delivery: await createResource("delivery", owner),
    pause: await createResource("pause", owner),
  };
  const filters = [
    `/v1/deliveries?endpoint_id=${theirs.endpoint}`,
    `/v1/deliveries?event_id=${theirs.event}`,
    ...Object.values(theirs).map((id) => `/v1/deliveries?search=${id}`),
    `/v1/audit?pause_id=${theirs.pause}`,
    `/v1/pause?q=${theirs.pause}`,
    `/dashboard/webhooks/deliveries?asOf=2100-01-01T00:00:00Z&webhookId=${theirs.endpoint}`,
    `/dashboard/webhooks/deliveries/export?webhookId=${theirs.endpoint}`,
  ];
  for (const filter of filters) {
    const found = await stranger.request("GET", filter);
    const none = await stranger.request("GET", filter.replace(/_[0-9a-f-]{36}/, `_${UNKNOWN}`));
    assert.deepEqual([found.status, found.text], [200, none.text], filter);
    assert.doesNotMatch(found.text, ANY_ID, filter);
  }
  const bodies: readonly (readonly [string, string, (id: string) => object])[] = [
    ["/v1/replays", theirs.delivery, (id) => ({ delivery_ids: [id] })],
    ["/v1/replays", theirs.delivery, (id) => ({ delivery_ids: [id], dry_run: true })],
    ["/v1/events", theirs.endpoint, (id) => ({ type: "a", payload: {}, endpoint_ids: [id] })],
  ];
  const before = await snapshot(owner);
  for (const [path, id, bodyOf] of bodies) {
    const unknown = id.replace(/_.*/, `_${UNKNOWN}`);
    const [foreign, none] = [
      await stranger.request("POST", path, { body: bodyOf(id) }),
      await stranger.request("POST", path, { body: bodyOf(unknown) }),
    ];
    assert.deepEqual([foreign.status, foreign.code], [400, "VALIDATION_ERROR"], path);
    assert.equal(foreign.text.replaceAll(id, unknown), none.text, path);
  }
  assert.deepEqual(await snapshot(owner), before);
});

test("a cursor of another tenant's list leads to none of its rows", async () => {
  const [owner, stranger] = [await newTenant(server), await newTenant(server)];
  for (const client of [owner, stranger, owner, owner]) {
    for (const kind of ["endpoint", "delivery", "pause", "source", "user"] as const) await createResource(kind, client);
  }
  const cursor = async (path: string) => {
    const { body, headers } = await owner.request("GET", `${path}?limit=1`);
    return (
      body.next_cursor ??
      new URL(/<([^>]+)>/.exec(headers.get("link") ?? "")?.[1] ?? "", server.url).searchParams.get("cursor")
    );
  };
  for (const path of ["/v1/endpoints", "/v1/deliveries", "/v1/pause", "/v1/sources", "/v1/users"]) {
    const own = await stranger.request("GET", path);
    const page = await stranger.request("GET", `${path}?limit=10&cursor=${await cursor(path)}`);
    const idsOf = (text: string) => text.match(/(ep|del|psr|evt|src|usr)_[0-9a-f-]{36}/g) ?? [];
    assert.deepEqual(
      idsOf(page.text).filter((id) => !own.text.includes(id)),
      [],
      path,
    );
  }
});

test("?tenant= is refused on every route to anyone but a global_admin, even for the own tenant, and reveals nothing", async () => {
  const other = await newTenant(server);
  const ids = await resourcesFor(team.tenant);
  const before = await snapshot(team.tenant);
  const asked = [team.tenant.id, other.id, `dev_${UNKNOWN}`, "x", "", `${other.id}&tenant=${other.id}`];
  const assertSame = sameTexts();
  const askedOf = variantsInTurn(pairsOf(asked, ["key", "session"] as const), 1);
  for (const route of CLOSED_ROUTES) {
    const id = ids.get(route) ?? "";
    for (const { role, by } of team.members.filter(({ role }) => role !== "global_admin")) {
      for (const [tenant, way] of askedOf(route)) {
        if (!waysOf(route).includes(way)) continue;
        const answer = await askRoute(server, route, { credentials: by[way], id, query: `?tenant=${tenant}` });
        const what = `${role}'s ${way}: ${nameOf(route)} with ${tenant}`;
        assert.deepEqual([answer.status, answer.code], [403, "FORBIDDEN"], what);
        assertSame([route.envelope, route.needs, route.agent ?? "", role, way], answer.text, what);
      }
    }
  }
  assert.deepEqual(await snapshot(team.tenant), before);
});

test("with ?tenant= a global_admin acts for that tenant on every route, and without it finds nothing of that tenant", async () => {
  const other = await newTenant(server);
  // A tenant outside the team, for the routes that use up what they act on.
  const elsewhere = await newTenant(server);
  const query = `?tenant=${other.id}`;
  const before = await snapshot(team.tenant);
  const ids = await resourcesFor(other);
  for (const route of CLOSED_ROUTES) {
    for (const way of waysOf(route)) {
      const what = `${way}: ${nameOf(route)}`;
      const asker = await askerFor(stage, elsewhere, { route, member: admin, way });
      const id = isOnce(route) ? await resourceFor(route, other) : (ids.get(route) ?? "");
      if (ROUTES_BY_ID.includes(route) && route.spends !== "session") {
        assert.equal((await askRoute(server, route, { credentials: asker.by[way], id })).status, 404, what);
      }
      const answer = await askRoute(server, route, { credentials: asker.by[way], id, query });
      assert.equal(answer.status, statusFor(route, "global_admin", way), `${what} ${answer.text}`);
    }
  }
  assert.deepEqual(await snapshot(team.tenant), before);
});

test("what a global_admin creates with ?tenant= belongs to that tenant", async () => {
  const making: readonly (readonly [string, string])[] = [
    ["/v1/endpoints", "/v1/endpoints"],
    ["/v1/webhooks", "/v1/webhooks"],
    ["/dashboard/webhooks", "/dashboard/webhooks?limit=100"],
    ["/v1/pause", "/v1/pause"],
    ["/v1/auth/keys", "/v1/auth/keys"],
    ["/v1/sources", "/v1/sources"],
    ["/v1/users", "/v1/users"],
  ];
  const other = await newTenant(server);
  for (const [path, list] of making) {
    const route = CLOSED_ROUTES.find((one) => one.method === "POST" && one.path === path) ?? assert.fail(path);
    for (const way of waysOf(route)) {
      const made = await askRoute(server, route, { credentials: admin.by[way], query: `?tenant=${other.id}` });
      const id = /"\w*id":"(\w+_[0-9a-f-]{36})"/.exec(made.text)?.[1] ?? assert.fail(made.text);
      assert.equal((await other.request("GET", list)).text.includes(id), true, path);
      assert.equal((await team.tenant.request("GET", list)).text.includes(id), false, path);
    }
  }
});

test("an unknown tenant, and a repeated ?tenant=, are the same 404 on every route", async () => {
  const ids = await resourcesFor(team.tenant);
  const { id: known } = team.tenant;
  const asked = [
    `dev_${UNKNOWN}`,
    "dev_x",
    "x",
    "",
    known.replace("dev_", ""),
    known.toUpperCase(),
    `${known}&tenant=${known}`,
  ];
  const assertSame = sameTexts();
  const askedOf = variantsInTurn(asked, 1);
  for (const route of CLOSED_ROUTES) {
    const id = ids.get(route) ?? "";
    for (const way of waysOf(route)) {
      for (const tenant of askedOf(route)) {
        const answer = await askRoute(server, route, { credentials: admin.by[way], id, query: `?tenant=${tenant}` });
        const what = `${way}: ${nameOf(route)} ${tenant}`;
        assert.deepEqual([answer.status, answer.code], [404, "TENANT_NOT_FOUND"], what);
        assertSame([route.envelope], answer.text, what);
      }
    }
  }
});
