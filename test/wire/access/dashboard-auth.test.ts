/** Signing in: passwords, sessions and what ends them, on every surface that accepts sessions. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Role } from "../../../src/domain/access/access.ts";
import { type Jar, newJar, signedIn } from "../../harness/jar.ts";
import { PASSWORD, stagePeople } from "../../harness/people.ts";
import { type Answer, clientOf, newTenant, startServer } from "../../harness/server.ts";

const HOUR = 3_600_000;
const LOGIN = "/dashboard/auth/login";

const shared = await stagePeople({ after }, { commentMs: 5 });
const { server } = shared;

interface Data {
  readonly id: string;
  readonly email: string | null;
  readonly role: Role;
  readonly tenant: { readonly id: string; readonly name: string };
}

const dataOf = (answer: Answer): Data => (JSON.parse(answer.text) as { data: Data }).data;
const me = (jar: Jar) => jar.request("GET", "/dashboard/auth/me");
const statusOfMe = async (jar: Jar) => (await me(jar)).status;

test("signing in sets a cookie that replaces a key", async () => {
  const { email, tenantId } = await shared.person("org_admin");
  const jar = newJar(server.url);
  assert.equal(await statusOfMe(jar), 401);
  const answer = await jar.signIn(email, PASSWORD);
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.text), { success: true, data: { email, role: "org_admin" } });
  const who = dataOf(await me(jar));
  assert.match(who.id, /^usr_[0-9a-f-]{36}$/);
  assert.deepEqual(
    { ...who, id: "" },
    { id: "", email, role: "org_admin", scopes: null, tenant: { id: tenantId, name: "a test's own" } },
  );
});

test("the cookie is for this server's own pages only, and Secure if the public URL is https", async (t) => {
  const { email } = await shared.person("developer");
  const answer = await newJar(server.url).signIn(email, PASSWORD);
  const expected = /^signalbox_session=[0-9a-f]{64}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/;
  assert.match(answer.headers.get("set-cookie") ?? "", expected);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const secure = await startServer(t, {
    SIGNALBOX_PUBLIC_URL: "https://signalbox.example.com",
    SIGNALBOX_ADMIN_EMAIL: "ann@example.com",
    SIGNALBOX_ADMIN_PASSWORD: PASSWORD,
  });
  const jar = newJar(secure.url);
  assert.match((await jar.signIn("Ann@Example.com", PASSWORD)).headers.get("set-cookie") ?? "", /; Secure$/);
  const out = await jar.request("POST", "/dashboard/auth/logout");
  assert.equal(
    out.headers.get("set-cookie"),
    "signalbox_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure",
  );
});

test("a wrong password and an unknown account get the same response", async () => {
  const { email } = await shared.person("developer");
  const jar = newJar(server.url);
  const wrong = await jar.signIn(email, "correct horse batterx");
  const unknown = await jar.signIn("nobody@example.com", PASSWORD);
  for (const answer of [wrong, unknown]) {
    assert.equal(answer.status, 401);
    assert.deepEqual(JSON.parse(answer.text), {
      statusCode: 401,
      error: "INVALID_CREDENTIALS",
      message: "The email address or the password is wrong.",
    });
    assert.equal(answer.headers.get("set-cookie"), null);
  }
});

test("the response to an invalid body lists every invalid field, in the dashboard's envelope", async () => {
  const { email } = await shared.person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  const cases: readonly [string, unknown, number, RegExp][] = [
    [LOGIN, {}, 400, /email is required.*password is required/],
    [LOGIN, { email: "a", pasword: "x" }, 400, /did you mean "password"/],
    [LOGIN, { email: 1, password: "" }, 400, /email must be.*password must be/],
    [LOGIN, "{", 400, /valid JSON/],
    [`${LOGIN}?tenant=x&a=b`, { email: "a", password: "b" }, 400, /a is not a query parameter/],
    [
      "/dashboard/auth/password",
      { currentPassword: PASSWORD, newPassword: "short" },
      400,
      /newPassword must be .* 8 to 1024/,
    ],
    ["/dashboard/auth/password", {}, 400, /currentPassword is required.*newPassword is required/],
    ["/dashboard/auth/logout", { a: 1 }, 400, /a is not a field/],
    ["/dashboard/auth/nothing", {}, 404, /nothing at this path/],
    ["/dashboard/auth/me", {}, 405, /accepts GET/],
  ];
  for (const [where, body, status, message] of cases) {
    const answer = await jar.request("POST", where, { body });
    const {
      statusCode,
      error,
      message: said,
      details: _faults,
      ...rest
    } = JSON.parse(answer.text) as Record<string, unknown>;
    assert.deepEqual([answer.status, statusCode, rest], [status, status, {}], `${where} ${answer.text}`);
    assert.equal(typeof error, "string");
    assert.match(String(said), message, where);
  }
  assert.equal(await statusOfMe(jar), 200);
});

test("signing out ends the session, and no other session of the user", async () => {
  const { email } = await shared.person("developer");
  const [jar, other] = [await signedIn(server.url, email, PASSWORD), await signedIn(server.url, email, PASSWORD)];
  const { cookie } = jar;
  const out = await jar.request("POST", "/dashboard/auth/logout");
  assert.deepEqual(JSON.parse(out.text), { success: true, message: "Signed out." });
  assert.equal(jar.cookie, null);
  const again = await newJar(server.url).request("GET", "/dashboard/auth/me", { headers: { cookie: cookie ?? "" } });
  assert.equal(again.status, 401);
  assert.equal(await statusOfMe(other), 200);
});

test("signing in again creates another session, and ends the session of the request", async () => {
  const { email } = await shared.person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  const { cookie } = jar;
  await jar.signIn(email, "wrong password");
  assert.equal(await statusOfMe(jar), 200, "a wrong password ends nothing");
  await jar.signIn(email, PASSWORD);
  assert.notEqual(jar.cookie, cookie);
  assert.equal(await statusOfMe(jar), 200);
  const before = await newJar(server.url).request("GET", "/dashboard/auth/me", { headers: { cookie: cookie ?? "" } });
  assert.equal(before.status, 401);
});

test("a session ends twelve hours after its last use", async () => {
  const { later, person } = shared;
  const { email } = await person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  for (const hours of [11, 11]) {
    later(hours * HOUR);
    assert.equal(await statusOfMe(jar), 200);
  }
  later(12 * HOUR);
  assert.equal(await statusOfMe(jar), 401);
  assert.equal((await jar.signIn(email, PASSWORD)).status, 200);
  assert.equal(await statusOfMe(jar), 200);
});

test("a session ends seven days after it began, however often it is used", async () => {
  const { later, person } = shared;
  const { email } = await person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  for (let hours = 11; hours <= 165; hours += 11) {
    later(11 * HOUR);
    assert.equal(await statusOfMe(jar), 200, `${hours} h`);
  }
  later(3 * HOUR);
  assert.equal(await statusOfMe(jar), 401);
});

test("disabling a user ends their sessions immediately, and they cannot sign in again", async () => {
  const { person } = shared;
  const { email } = await person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  const user = (await server.store.findUser(email)) ?? assert.fail();
  // Changed in the store, without the server: only a session that the server has not cached yet shows it.
  const fresh = await signedIn(server.url, email, PASSWORD);
  await server.store.setUserDisabled({ id: user.id, disabled: true, now: server.clock.now() });
  assert.equal(await statusOfMe(fresh), 401);
  assert.equal((await jar.signIn(email, PASSWORD)).status, 401);
});

/** Headers that a browser sends, and whether a change with them is allowed. */
const ORIGINS: readonly (readonly [Readonly<Record<string, string>>, boolean])[] = [
  [{}, true],
  [{ origin: server.url }, true],
  [{ origin: "http://localhost" }, true],
  [{ "sec-fetch-site": "same-origin" }, true],
  [{ "sec-fetch-site": "none" }, true],
  [{ origin: server.url, "sec-fetch-site": "same-origin" }, true],
  [{ origin: "https://evil.example" }, false],
  [{ origin: "https://evil.example", "sec-fetch-site": "cross-site" }, false],
  [{ origin: "null" }, false],
  [{ origin: "http://127.0.0.1:1" }, false],
  [{ "sec-fetch-site": "cross-site" }, false],
  [{ "sec-fetch-site": "same-site" }, false],
];

test("a change with the cookie must come from the server's own origin, if the browser sends one", async () => {
  const { email, apiKey } = await shared.person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  for (const [headers, passes] of ORIGINS) {
    const said = JSON.stringify(headers);
    const changes: readonly [string, string, unknown, number][] = [
      ["POST", "/v1/events", { type: "a", payload: {} }, 202],
      ["PATCH", "/v1/endpoints/x", {}, 404],
      ["DELETE", "/v1/endpoints/x", undefined, 404],
      ["POST", "/dashboard/auth/password", {}, 400],
    ];
    for (const [method, where, body, status] of changes) {
      const answer = await jar.request(method, where, { headers, ...(body !== undefined && { body }) });
      assert.equal(answer.status, passes ? status : 403, `${method} ${where} ${said} ${answer.text}`);
      if (!passes) assert.equal(answer.code, "FOREIGN_ORIGIN");
    }
    assert.equal((await jar.request("GET", "/v1/endpoints", { headers })).status, 200, said);
    const keyed = { key: apiKey, headers, body: { type: "a", payload: {} } };
    assert.equal((await jar.request("POST", "/v1/events", keyed)).status, 202, "a key is no cookie");
    const login = await newJar(server.url).request("POST", LOGIN, { headers, body: { email, password: PASSWORD } });
    assert.equal(login.status, passes ? 200 : 403, said);
  }
});

test("a session opens every surface, and a bad key is not made good by it", async () => {
  const { email, apiKey } = await shared.person("org_admin");
  const jar = await signedIn(server.url, email, PASSWORD);
  for (const where of ["/v1/endpoints", "/v1/deliveries", "/dashboard/auth/me", "/v1/pause", "/v1/audit"]) {
    assert.equal((await jar.request("GET", where)).status, 200, where);
    assert.equal((await jar.request("GET", where, { key: apiKey })).status, 200, where);
    const both = await jar.request("GET", where, { key: `${apiKey.slice(0, -1)}x` });
    assert.equal(both.status, 401, "a bad key is not made good by a cookie");
  }
  const rotation = await jar.request("POST", "/v1/auth/keys/rotate");
  assert.deepEqual([rotation.status, rotation.code], [401, "INVALID_API_KEY"], "a session has no key to replace");
});

test("what a user creates belongs to the tenant, and the audit log names the user", async () => {
  const { email, apiKey } = await shared.person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  const made = await jar.request("POST", "/v1/endpoints", { body: { url: "http://127.0.0.1:9/" } });
  assert.equal(made.status, 201, made.text);
  const client = clientOf(server.url, apiKey);
  assert.equal((await client.request("GET", `/v1/endpoints/${made.body.id}`)).status, 200);
  assert.match((await client.request("GET", "/v1/audit")).text, /"actor":"developer"/);
  const [entry] = (await client.request("GET", "/v1/audit?event_type=webhook.created")).body
    .events as unknown as readonly {
    readonly actor_user: { readonly id: string; readonly email: string };
  }[];
  assert.deepEqual(entry?.actor_user, { id: dataOf(await jar.request("GET", "/dashboard/auth/me")).id, email });
});

test("users have the same roles, and only a global_admin may choose a tenant", async () => {
  const other = await newTenant({ ...server, close: server.close });
  for (const role of ["developer", "org_admin", "global_admin"] as const) {
    const { email } = await shared.person(role);
    const jar = await signedIn(server.url, email, PASSWORD);
    const isGlobal = role === "global_admin";
    const chosen = await jar.request("GET", `/dashboard/auth/me?tenant=${other.id}`);
    assert.equal(chosen.status, isGlobal ? 200 : 403, role);
    if (isGlobal) assert.deepEqual(dataOf(chosen).tenant, { id: other.id, name: "a test's own" });
    const unknown = await jar.request("GET", "/dashboard/auth/me?tenant=dev_x");
    assert.deepEqual([unknown.status, unknown.code], isGlobal ? [404, "TENANT_NOT_FOUND"] : [403, "FORBIDDEN"]);
    for (const where of ["/v1/tenants", "/metrics"]) {
      assert.equal((await jar.request("GET", where)).status, isGlobal ? 200 : 403, `${role} ${where}`);
    }
  }
});

test("a key can read who it is, but cannot sign out or change a password", async () => {
  const { apiKey, tenantId } = await shared.person("developer");
  const client = clientOf(server.url, apiKey);
  const who = dataOf(await client.request("GET", "/dashboard/auth/me"));
  assert.match(who.id, /^key_/);
  assert.deepEqual([who.email, who.role, who.tenant.id], [null, "org_admin", tenantId]);
  const bodies = { logout: {}, password: { currentPassword: PASSWORD, newPassword: PASSWORD } };
  for (const [what, body] of Object.entries(bodies)) {
    const answer = await client.request("POST", `/dashboard/auth/${what}`, { body });
    assert.deepEqual([answer.status, answer.code], [403, "FORBIDDEN"], what);
  }
});

test("changing a password ends the user's other sessions, but not this one", async () => {
  const { email } = await shared.person("developer");
  const [jar, other] = [await signedIn(server.url, email, PASSWORD), await signedIn(server.url, email, PASSWORD)];
  const change = (currentPassword: string) =>
    jar.request("POST", "/dashboard/auth/password", { body: { currentPassword, newPassword: "a longer secret" } });
  const wrong = await change("not my password");
  assert.deepEqual([wrong.status, wrong.code], [401, "INVALID_CREDENTIALS"]);
  assert.equal(await statusOfMe(other), 200);
  const changed = await change(PASSWORD);
  assert.equal(changed.status, 200, changed.text);
  assert.deepEqual([await statusOfMe(jar), await statusOfMe(other)], [200, 401]);
  assert.equal((await other.signIn(email, PASSWORD)).status, 401);
  assert.equal((await other.signIn(email, "a longer secret")).status, 200);
});

test("a stream ends with its session", async () => {
  const { email } = await shared.person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  const stream = await fetch(`${server.url}/v1/stream`, { headers: { cookie: jar.cookie ?? "" } });
  assert.equal(stream.status, 200);
  await jar.request("POST", "/dashboard/auth/logout");
  await stream.text(); // comes to its end
});

test("a stream ends when its session expires", async () => {
  const { later, person } = shared;
  const { email } = await person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  const stream = await fetch(`${server.url}/v1/stream`, { headers: { cookie: jar.cookie ?? "" } });
  later(13 * HOUR);
  await stream.text(); // comes to its end
});

test("the log has neither passwords nor tokens", async () => {
  const { person } = shared;
  const { email } = await person("developer");
  const jar = await signedIn(server.url, email, PASSWORD);
  await jar.signIn(email, "a wrong password");
  await jar.request("POST", LOGIN, { body: `{"password": "${PASSWORD}", nonsense` });
  const token = jar.cookie?.split("=")[1] ?? assert.fail();
  await jar.request("POST", "/dashboard/auth/logout");
  for (const secret of [PASSWORD, "a wrong password", token]) assert.equal(server.log.includes(secret), false);
});
