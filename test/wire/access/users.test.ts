/** `/v1/users`, password links, and a user's own sessions. Authorization is in `access-*.test.ts`. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PASSWORD_LINK_MS } from "../../../src/domain/limits.ts";
import { newJar, signedIn } from "../../harness/jar.ts";
import { PASSWORD, stagePeople } from "../../harness/people.ts";
import { newTenant, type Tenant } from "../../harness/server.ts";

const stage = await stagePeople({ after });
const { server } = stage;

interface Link {
  readonly id: string;
  readonly password_url: string;
  readonly password_url_expires_at: string;
}

let people = 0;

async function createUser(tenant: Tenant, role = "developer") {
  people += 1;
  const email = `Created${people}@example.com`;
  const made = await tenant.request("POST", "/v1/users", { body: { email, role } });
  assert.equal(made.status, 201, made.text);
  return { email, ...(JSON.parse(made.text) as Link) };
}

const tokenOf = ({ password_url }: Pick<Link, "password_url">) => password_url.split("#")[1] ?? "";

function setPassword(token: string, newPassword = PASSWORD) {
  return newJar(server.url).request("POST", "/dashboard/auth/set-password", { body: { token, newPassword } });
}

test("a new user sets a password with a link that works once, and signs in", async () => {
  const tenant = await newTenant(server);
  const { email, id, ...link } = await createUser(tenant, "org_admin");
  assert.match(link.password_url, /^http:\/\/localhost\/console\/set-password#[0-9a-f]{64}$/);
  assert.equal((await newJar(server.url).signIn(email, "")).status, 400);
  assert.equal((await newJar(server.url).signIn(email, PASSWORD)).status, 401);
  const short = await setPassword(tokenOf(link), "short");
  assert.deepEqual([short.status, short.code], [400, "VALIDATION_ERROR"]);
  assert.equal((await setPassword(tokenOf(link))).status, 200);
  const again = await setPassword(tokenOf(link), "another password");
  assert.deepEqual([again.status, again.code], [401, "INVALID_LINK"]);
  const jar = await signedIn(server.url, email, PASSWORD);
  const list = await jar.request("GET", "/v1/users");
  const [row] = list.body.users;
  assert.deepEqual(Object.keys(row ?? {}), [
    "id",
    "email",
    "role",
    "password_set",
    "created_at",
    "last_seen_at",
    "disabled_at",
  ]);
  assert.deepEqual([row?.id, row?.email, row?.role], [id, email, "org_admin"]);
  assert.equal(list.text.includes("password_url"), false);
});

test("a reset link replaces an earlier one, leaves the password until it is used, and then ends the sessions", async () => {
  const tenant = await newTenant(server);
  const { email, id, ...first } = await createUser(tenant);
  await setPassword(tokenOf(first));
  const jar = await signedIn(server.url, email, PASSWORD);
  const reset = async () => {
    const answer = await tenant.request("POST", `/v1/users/${id}/reset-password`);
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text) as Link;
  };
  const [second, third] = [await reset(), await reset()];
  assert.equal((await setPassword(tokenOf(second))).code, "INVALID_LINK");
  assert.equal((await jar.request("GET", "/dashboard/auth/me")).status, 200);
  assert.equal((await setPassword(tokenOf(third), "a new password")).status, 200);
  assert.equal((await jar.request("GET", "/dashboard/auth/me")).status, 401);
  assert.equal((await newJar(server.url).signIn(email, PASSWORD)).status, 401);
  await signedIn(server.url, email, "a new password");
  const late = await reset();
  stage.later(PASSWORD_LINK_MS);
  assert.equal((await setPassword(tokenOf(late))).code, "INVALID_LINK");
  for (const token of ["x", "0".repeat(64), late.password_url]) {
    assert.equal((await setPassword(token)).code, "INVALID_LINK", token);
  }
  const foreign = await newJar(server.url).request("POST", "/dashboard/auth/set-password", {
    body: { token: "x", newPassword: PASSWORD },
    headers: { origin: "https://elsewhere.example" },
  });
  assert.deepEqual([foreign.status, foreign.code], [403, "FOREIGN_ORIGIN"]);
});

test("a change of the role or of disabled works at once for sessions that are in use", async () => {
  const tenant = await newTenant(server);
  const { email, id, ...link } = await createUser(tenant);
  await setPassword(tokenOf(link));
  const jar = await signedIn(server.url, email, PASSWORD);
  const usersStatus = async () => (await jar.request("GET", "/v1/users")).status;
  const patch = (body: object) => tenant.request("PATCH", `/v1/users/${id}`, { body });
  assert.equal(await usersStatus(), 403);
  assert.equal((await patch({ role: "org_admin" })).body.role, "org_admin");
  assert.equal(await usersStatus(), 200);
  assert.match((await patch({ disabled: true })).text, /"disabled_at":"/);
  assert.equal(await usersStatus(), 401);
  assert.equal((await newJar(server.url).signIn(email, PASSWORD)).status, 401);
  assert.match((await patch({ disabled: false })).text, /"disabled_at":null/);
  assert.equal(await usersStatus(), 401, "a session that ended stays ended");
  await signedIn(server.url, email, PASSWORD);
});

test("nobody raises a user above the own role, and the last global_admin stays one", async () => {
  const tenant = await newTenant(server);
  const { id } = await createUser(tenant);
  const raised = await tenant.request("PATCH", `/v1/users/${id}`, { body: { role: "global_admin" } });
  assert.deepEqual([raised.status, raised.code], [403, "FORBIDDEN"]);
  const above = await tenant.request("POST", "/v1/users", { body: { email: "x@y.example", role: "global_admin" } });
  assert.deepEqual([above.status, above.code], [403, "FORBIDDEN"]);
  const [admin] = (await server.request("GET", "/v1/users")).body.users;
  for (const body of [{ disabled: true }, { role: "developer" }]) {
    const refused = await server.request("PATCH", `/v1/users/${admin?.id}`, { body });
    assert.deepEqual([refused.status, refused.code], [409, "LAST_ADMIN"], refused.text);
  }
});

test("bad input lists every fault, and an address in use is refused", async () => {
  const tenant = await newTenant(server);
  const { email } = await createUser(tenant);
  const faults: readonly (readonly [object, readonly string[]])[] = [
    [{}, ["email", "role"]],
    [{ email: "nobody", role: "agent" }, ["email", "role"]],
    [{ email: "a@b.example", role: "developer", password: "x" }, ["password"]],
    [{ email: `${"a".repeat(300)}@b.example`, role: "developer" }, ["email"]],
  ];
  for (const [body, fields] of faults) {
    const refused = await tenant.request("POST", "/v1/users", { body });
    assert.deepEqual([refused.status, refused.faultyFields.toSorted()], [400, fields], refused.text);
  }
  const taken = await tenant.request("POST", "/v1/users", {
    body: { email: email.toUpperCase(), role: "developer" },
  });
  assert.deepEqual([taken.status, taken.code, taken.faultyFields], [409, "EMAIL_TAKEN", ["email"]]);
  for (const query of ["?limit=0", "?limit=x", "?cursor=x", "?role=developer"]) {
    assert.equal((await tenant.request("GET", `/v1/users${query}`)).status, 400, query);
  }
});

test("a person sees the own sessions, ends one, and ends all others", async () => {
  const { email } = await stage.person("developer");
  const first = newJar(server.url);
  const headers = { "user-agent": "Browser/1" };
  await first.request("POST", "/dashboard/auth/login", { body: { email, password: PASSWORD }, headers });
  const [second, third] = [await signedIn(server.url, email, PASSWORD), await signedIn(server.url, email, PASSWORD)];
  const sessions = async () => {
    const { text } = await first.request("GET", "/dashboard/auth/sessions");
    return (JSON.parse(text) as { data: { id: string; current: boolean; address: string; userAgent: string }[] }).data;
  };
  const shown = await sessions();
  assert.deepEqual(
    shown.map(({ current }) => current),
    [true, false, false],
  );
  assert.match(shown[0]?.address ?? "", /127\.0\.0\.1/);
  assert.equal(shown[0]?.userAgent, "Browser/1");
  const { email: stranger } = await stage.person("developer");
  const other = await signedIn(server.url, stranger, PASSWORD);
  assert.equal((await other.request("DELETE", `/dashboard/auth/sessions/${shown[1]?.id}`)).code, "SESSION_NOT_FOUND");
  assert.equal((await first.request("DELETE", `/dashboard/auth/sessions/${shown[1]?.id}`)).status, 200);
  const status = async (jar: typeof first) => (await jar.request("GET", "/dashboard/auth/me")).status;
  assert.deepEqual([await status(second), await status(third)], [401, 200]);
  assert.equal((await first.request("DELETE", "/dashboard/auth/sessions")).status, 200);
  assert.deepEqual([await status(first), await status(third), await status(other)], [200, 401, 200]);
  assert.equal((await sessions()).length, 1);
});

test("a tenant's settings are changed and shown, and withheld links are in no response", async () => {
  const tenant = await newTenant(server);
  const path = `/v1/tenants/${tenant.id}`;
  const ask = () => tenant.request("POST", "/v1/pause", { body: { message: "Pay?", options: ["Yes", "No"] } });
  const before = await ask();
  assert.match(before.body.respond_url, /\/respond\//);
  const origins = ["https://shop.example.com", "http://localhost:3000"];
  const body = { portal_origins: [...origins, origins[0]], links: "withheld" };
  const changed = await server.request("PATCH", path, { body });
  assert.equal(changed.status, 200, changed.text);
  for (const answer of [changed, await server.request("GET", path)]) {
    const { portal_origins, links } = JSON.parse(answer.text) as { portal_origins: string[]; links: string };
    assert.deepEqual([portal_origins, links], [origins, "withheld"]);
  }
  const asked = await ask();
  assert.deepEqual([asked.status, asked.body.respond_url], [201, null]);
  const listed = (await tenant.request("GET", "/v1/pause")).body.pauses;
  assert.deepEqual([...new Set(listed.map(({ respond_url }) => respond_url))], [null]);
  assert.equal((await tenant.request("GET", `/v1/pause/${before.body.pause_id}`)).body.respond_url, null);
  await server.request("PATCH", path, { body: { links: "shown" } });
  assert.match((await ask()).body.respond_url, /\/respond\//);
  for (const wrong of [
    "https://a.example/",
    "https://a.example/x",
    "ftp://a.example",
    "a.example",
    "https://A.example",
  ]) {
    const refused = await server.request("PATCH", path, { body: { portal_origins: [wrong] } });
    assert.deepEqual([refused.status, refused.faultyFields], [400, ["portal_origins[0]"]], wrong);
  }
  const twentyOne = Array.from({ length: 21 }, (_, index) => `https://s${index}.example`);
  assert.equal((await server.request("PATCH", path, { body: { portal_origins: twentyOne } })).status, 400);
  assert.equal((await server.request("PATCH", path, { body: { links: "hidden" } })).status, 400);
});
