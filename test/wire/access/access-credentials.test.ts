/** Missing, invalid and revoked credentials: every route refuses all of them in the same way. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Users } from "../../../src/engine/access/users.ts";
import { openCommandLineStore } from "../../../src/store/sqlite/command-line-store.ts";
import { CLOSED_ROUTES, nameOf, type Route } from "../../fixtures/routes.ts";
import { within } from "../../harness/deadline.ts";
import { PASSWORD, stagePeople } from "../../harness/people.ts";
import { snapshot } from "../../harness/resources.ts";
import { type Answer, newTenant } from "../../harness/server.ts";
import {
  askRoute,
  assertEnvelope,
  bearer,
  type Credentials,
  codeOf,
  type Member,
  newMember,
  newSession,
  newTeam,
  resourcesFor,
  sameTexts,
  variantsInTurn,
  waysOf,
} from "../../harness/team.ts";

const HOUR = 3_600_000;
const NO_KEY = `sb_live_${"f".repeat(48)}`;
const NO_TOKEN = "f".repeat(64);
const cookie = (value: string): Credentials => ({ cookie: `signalbox_session=${value}` });

const stage = await stagePeople({ after });
const { server, later } = stage;
const team = await newTeam(stage);
const admin = team.members.at(-1) ?? assert.fail();
/** One existing resource for each route, so that only the credentials are wrong. */
const ids = await resourcesFor(team.tenant);

/** The hint about the form of the credentials. It does not depend on stored data. */
const FORM_HINT = /(?:The Authorization header|The key must be) [^.]*\. /;

/** Request every route with some of the credentials, and check that the refusals differ only in that hint. */
async function assertAllRefused(
  routes: readonly Route[],
  credentials: Readonly<Record<string, Credentials>>,
  few = 1,
): Promise<void> {
  const before = await snapshot(team.tenant);
  const variantsOf = variantsInTurn(Object.entries(credentials), few);
  const assertSame = sameTexts();
  for (const route of routes) {
    for (const [name, headers] of variantsOf(route)) {
      const what = `${name}: ${nameOf(route)}`;
      for (const given of [route, ...(route.method === "GET" ? [] : [{ ...route, bodyOf: () => "{not json" }])]) {
        const answer = await askRoute(server, given, { credentials: headers, id: ids.get(route) ?? "" });
        assertUnknown(route, answer, what);
        assertSame([route.envelope, route.accepts], answer.text.replace(FORM_HINT, ""), what);
      }
    }
  }
  assert.deepEqual(await snapshot(team.tenant), before, "something has changed");
}

function assertUnknown(route: Route, answer: Answer, what: string): void {
  assert.deepEqual([answer.status, answer.code], [401, codeOf(route, 401, "key")], what);
  assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/, what);
  assertEnvelope(route, answer, what);
}

const bySession = CLOSED_ROUTES.filter((route) => waysOf(route).includes("session"));

test("without valid credentials every route is 401, whatever the body", async () => {
  const key = admin.by.key.authorization?.slice("Bearer ".length) ?? assert.fail();
  const token = admin.by.session.cookie?.slice("signalbox_session=".length) ?? assert.fail();
  const credentials = {
    nothing: {},
    "a word": { authorization: "Bearer x" },
    "a key of another form": bearer("sb_live_x"),
    "an unknown key": bearer(NO_KEY),
    "a key in capitals": bearer(key.toUpperCase()),
    "the beginning of a key": bearer(key.slice(0, -1)),
    "a key and more": bearer(`${key}0`),
    "a key without a scheme": { authorization: key },
    "a key by another scheme": { authorization: `Basic ${btoa(`${key}:`)}` },
    "a key in a header of another name": { "x-api-key": key },
    "a key as a session": cookie(key),
    "a session as a key": bearer(token),
    "an empty cookie": cookie(""),
    "an unknown session": cookie(NO_TOKEN),
    "a session in capitals": cookie(token.replace(/.$/, "A")),
    "a session in a cookie of another name": { cookie: `session=${token}` },
    "two sessions": { cookie: `signalbox_session=${token}; signalbox_session=${NO_TOKEN}` },
    "a bad key beside a good session": { ...bearer(NO_KEY), ...cookie(token) },
  };
  await assertAllRefused(CLOSED_ROUTES, credentials, 2);
});

test("a valid key counts, whatever cookie is sent with it", async () => {
  for (const route of CLOSED_ROUTES.filter(({ method, spends }) => method === "GET" && spends === null)) {
    const credentials = { ...admin.by.key, ...cookie(NO_TOKEN) };
    const answer = await askRoute(server, route, { credentials, id: ids.get(route) ?? "" });
    assert.equal(answer.status, route.done, nameOf(route));
  }
});

test("a revoked or replaced key opens no route, although it was used a moment before", async () => {
  const { tenant } = team;
  const [revoked, rotated] = [
    await newMember(stage, tenant, "global_admin"),
    await newMember(stage, tenant, "global_admin"),
  ];
  const ask = (method: string, path: string, { by }: Member) =>
    server.request(method, path, { key: null, headers: by.key });
  const own = await ask("GET", "/dashboard/auth/me", revoked);
  assert.equal(own.status, 200);
  assert.equal((await ask("POST", "/v1/auth/keys/rotate", rotated)).status, 200);
  const { id } = own.body.data as unknown as { id: string };
  assert.equal((await tenant.request("DELETE", `/v1/auth/keys/${id}`)).status, 403, "an org_admin's is below it");
  assert.equal((await server.request("DELETE", `/v1/auth/keys/${id}?tenant=${tenant.id}`)).status, 204);
  await assertAllRefused(CLOSED_ROUTES, { revoked: revoked.by.key, replaced: rotated.by.key });
});

test("a session that has been ended in any way opens no route, although it was used a moment before", async (t) => {
  // Like the command line.
  const beside = openCommandLineStore({ dataDir: stage.dataDir, masterKey: null, newId: () => server.clock.uuid() });
  t.after(() => beside.close());
  const users = new Users(beside, server.clock);
  const ends: Readonly<Record<string, (member: Member) => Promise<unknown>>> = {
    "signed out": ({ by }) => post("/dashboard/auth/logout", by.session),
    "signed in again": ({ by, email }) => post("/dashboard/auth/login", by.session, { email, password: PASSWORD }),
    "password changed in another session": async ({ email }) => {
      const body = { currentPassword: PASSWORD, newPassword: "a longer secret" };
      return post("/dashboard/auth/password", await newSession(stage, email), body);
    },
    "password reset": async ({ email }) => users.resetPassword((await found(email)).id, null),
    "user disabled": async ({ email }) => users.setDisabled((await found(email)).id, true),
    "user disabled and enabled again": async ({ email }) => {
      const { id } = await found(email);
      await users.setDisabled(id, true);
      return users.setDisabled(id, false);
    },
  };
  const ended: Record<string, Credentials> = {};
  for (const [name, end] of Object.entries(ends)) {
    const member = await newMember(stage, team.tenant, "global_admin");
    assert.equal((await get("/dashboard/auth/me", member.by.session)).status, 200);
    assert.notEqual(await end(member), null);
    ended[name] = member.by.session;
  }
  for (const [name, headers] of Object.entries(ended)) await within(isOver(headers), `the end of: ${name}`);
  await assertAllRefused(bySession, ended);
});

test("a session that has not been used for twelve hours, or is seven days old, opens no route", async () => {
  const fresh = await newTenant(server);
  const begin = () => newMember(stage, fresh, "global_admin");
  const old = await begin();
  for (let hours = 0; hours < 165; hours += 11) {
    later(11 * HOUR);
    assert.equal((await get("/dashboard/auth/me", old.by.session)).status, 200, `${hours} h`);
  }
  const [left, used] = [await begin(), await begin()];
  later(2 * HOUR);
  assert.equal((await get("/dashboard/auth/me", old.by.session)).status, 200, "167 h");
  later(10 * HOUR - 1000);
  assert.equal((await get("/dashboard/auth/me", used.by.session)).status, 200);
  later(1000);
  const age = { "seven days old, and used ten hours ago": old.by.session, "unused for twelve hours": left.by.session };
  await assertAllRefused(bySession, age);
  assert.equal((await get("/dashboard/auth/me", used.by.session)).status, 200, "only those two are over");
  assert.equal((await get("/dashboard/auth/me", old.by.key)).status, 200, "a key is never too old");
});

test("no other method and no other spelling of a path bypasses authentication", async () => {
  const spellings: readonly ((path: string) => string)[] = [
    (path) => path,
    (path) => `${path}/`,
    (path) => `/${path}`,
    (path) => `/.${path}`,
    (path) => path.toUpperCase(),
    (path) => `${path};x`,
    (path) => `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
  ];
  const spellingsOf = variantsInTurn(spellings, 2);
  for (const route of CLOSED_ROUTES) {
    const path = route.path.replace(/\{\w+\}/, ids.get(route) ?? "");
    for (const spell of spellingsOf(route)) {
      for (const method of [route.method, ...(route.method === "GET" ? ["HEAD", "OPTIONS"] : [])]) {
        const answer = await server.request(method, spell(path), { key: null });
        assert.match(String(answer.status), /^40[145]$/, `${method} ${spell(path)}`);
      }
    }
  }
});

async function found(email: string) {
  return (await server.store.findUser(email)) ?? assert.fail(email);
}

/** The server notices the change of another process a moment later. */
async function isOver(session: Credentials): Promise<void> {
  while ((await get("/dashboard/auth/me", session)).status !== 401);
}

function get(path: string, headers: Credentials): Promise<Answer> {
  return server.request("GET", path, { key: null, headers });
}

async function post(path: string, headers: Credentials, body: object = {}): Promise<Answer> {
  const answer = await server.request("POST", path, { key: null, headers, body });
  assert.equal(answer.status, 200, answer.text);
  return answer;
}
