/** `/v1/cli`: a terminal signs in with a code that a person approves. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  TERMINAL_CODE_MS,
  TERMINAL_KEY_IDLE_MS,
  TERMINALS_PER_NETWORK_COUNT_MAX,
  WRONG_USER_CODES_COUNT_MAX,
} from "../../../src/domain/limits.ts";
import { type Jar, newJar, signedIn } from "../../harness/jar.ts";
import { PASSWORD, type Person, stagePeople } from "../../harness/people.ts";
import type { Answer } from "../../harness/server.ts";

const stage = await stagePeople({ after });
const { server } = stage;
const anybody = newJar(server.url);
const INTERVAL_MS = 2000;

interface Device {
  readonly device_code: string;
  readonly user_code: string;
}

interface Token {
  readonly status: string;
  readonly api_key: string;
  readonly key: { readonly id: string; readonly role: string };
  readonly tenant: { readonly id: string; readonly name: string };
  readonly user: { readonly id: string; readonly email: string };
}

interface AuditPage {
  readonly events: readonly { readonly event_type: string; readonly data: object }[];
}

function begin(body: object = {}): Promise<Answer> {
  return anybody.request("POST", "/v1/cli/device", { body: { name: "ada@laptop", ...body } });
}

async function open(body: object = {}): Promise<Device> {
  const answer = await begin(body);
  assert.equal(answer.status, 201, answer.text);
  return JSON.parse(answer.text) as Device;
}

/** Ask for the key, after the interval. */
async function poll({ device_code }: Device, waitMs = INTERVAL_MS): Promise<Token> {
  stage.later(waitMs);
  const answer = await anybody.request("POST", "/v1/cli/token", { body: { device_code } });
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text) as Token;
}

function browserOf(person: Person): Promise<Jar> {
  return signedIn(server.url, person.email, PASSWORD);
}

type Action = "" | "/approve" | "/deny";

function ask(browser: Jar, action: Action, device: Pick<Device, "user_code">, more: object = {}, query = "") {
  const body = { user_code: device.user_code, ...more };
  return browser.request("POST", `/v1/cli/code${action}${query}`, { body });
}

const told = ({ status, code }: Answer) => [status, code];

test("a terminal gets a key once a person has approved it, and the same key when it asks again", async () => {
  const person = await stage.person("org_admin");
  const browser = await browserOf(person);
  const opened = await begin();
  const { device_code, user_code, ...rest } = JSON.parse(opened.text) as Device;
  assert.match(device_code, /^[0-9a-f]{64}$/);
  assert.match(user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assert.deepEqual(rest, {
    verification_uri: "http://localhost/console/cli",
    verification_uri_complete: `http://localhost/console/cli?code=${user_code}`,
    expires_in: 600,
    interval: 2,
  });
  const device = { device_code, user_code };
  assert.deepEqual(await poll(device), { status: "pending", interval: 2 });
  const typed = { user_code: ` ${user_code.replace("-", " ").toLowerCase()} ` };
  const { created_at: _, expires_at: __, ...shown } = JSON.parse((await ask(browser, "", typed)).text);
  assert.deepEqual(shown, { name: "ada@laptop", address: "127.0.0.1", role: "developer", state: "pending" });
  assert.deepEqual(await poll(device), { status: "pending", interval: 2 }, "who only looks approves nothing");
  const approved = await ask(browser, "/approve", device);
  assert.deepEqual([approved.status, approved.text], [200, '{"state":"approved"}']);
  const { api_key, key, user, ...token } = await poll(device);
  const { tenant } = token;
  assert.deepEqual(token, { status: "approved", tenant: { id: person.tenantId, name: tenant.name } });
  assert.deepEqual(key, { id: key.id, name: "cli ada@laptop", role: "developer", idle_days: 90 });
  assert.equal(user.email, person.email);
  const asked = Array.from({ length: 20 }, () => poll(device));
  for (const again of await Promise.all(asked))
    assert.deepEqual(again, { status: "approved", api_key, key, user, tenant });
  const me = await server.request("GET", "/dashboard/auth/me", { key: api_key });
  assert.deepEqual(me.body.data, { id: key.id, email: null, role: "developer", scopes: null, tenant });
  const audit = await browser.request("GET", `/v1/audit?actor=${user.id}&limit=2`);
  assert.deepEqual(
    (JSON.parse(audit.text) as AuditPage).events.map(({ event_type, data }) => [event_type, data]),
    [
      ["key.created", { key_id: key.id, name: "cli ada@laptop", role: "developer" }],
      ["terminal.approved", { name: "ada@laptop", role: "developer", address: "127.0.0.1" }],
    ],
  );
  assert.equal((await server.request("POST", "/v1/auth/keys/revoke", { key: api_key })).status, 204);
  assert.equal((await server.request("GET", "/dashboard/auth/me", { key: api_key })).status, 401, "it has signed out");
  assert.deepEqual(await poll(device), { status: "expired" });
});

test("of two browsers that decide at once, one wins, and a denied terminal gets no key", async () => {
  const [first, second] = await Promise.all([1, 2].map(async () => browserOf(await stage.person("org_admin"))));
  const device = await open();
  const answers = await Promise.all([ask(first ?? anybody, "/deny", device), ask(second ?? anybody, "/deny", device)]);
  assert.deepEqual(answers.map(told).toSorted(), [
    [200, undefined],
    [409, "CODE_USED"],
  ]);
  assert.deepEqual(told(await ask(second ?? anybody, "/approve", device)), [409, "CODE_USED"]);
  assert.deepEqual(await poll(device), { status: "denied" });
});

test("nobody gives a higher role than their own, and a person who may not create keys approves nothing", async () => {
  const admin = await stage.person("org_admin");
  const [browser, weak] = [await browserOf(admin), await browserOf(await stage.person("developer"))];
  const device = await open({ role: "global_admin" });
  assert.equal((await ask(weak, "", device)).status, 200, "everybody sees who asks");
  assert.deepEqual(told(await ask(weak, "/approve", device, { role: "viewer" })), [403, "FORBIDDEN"]);
  assert.deepEqual(told(await ask(weak, "/deny", device)), [403, "FORBIDDEN"]);
  assert.deepEqual(told(await ask(browser, "/approve", device)), [403, "FORBIDDEN"]);
  assert.deepEqual(told(await ask(browser, "/approve", device, { role: "global_admin" })), [403, "FORBIDDEN"]);
  assert.deepEqual(told(await server.request("POST", "/v1/cli/code", { body: { user_code: device.user_code } })), [
    403,
    "SESSION_REQUIRED",
  ]);
  const foreign = { body: { user_code: device.user_code }, headers: { origin: "https://elsewhere.example" } };
  assert.deepEqual(told(await browser.request("POST", "/v1/cli/code/approve", foreign)), [403, "FOREIGN_ORIGIN"]);
  assert.equal((await ask(browser, "/approve", device, { role: "viewer" })).status, 200);
  assert.equal((await poll(device)).key.role, "viewer");
});

test("a global_admin approves a terminal for the tenant that the request names", async () => {
  const { tenantId } = await stage.person("viewer");
  const browser = await browserOf(await stage.person("global_admin"));
  const device = await open();
  assert.equal((await ask(browser, "/approve", device, {}, `?tenant=${tenantId}`)).status, 200);
  assert.equal((await poll(device)).tenant.id, tenantId);
});

test("a person who was disabled or lost the role after approving gives no key", async () => {
  for (const change of [{ disabled: true }, { role: "developer" }]) {
    const admin = await stage.person("org_admin");
    const colleague = await stage.person("org_admin", { id: admin.tenantId, apiKey: admin.apiKey });
    const device = await open();
    const browser = await browserOf(colleague);
    assert.equal((await ask(browser, "/approve", device)).status, 200);
    const { id } = (await browser.request("GET", "/dashboard/auth/me")).body.data as unknown as { id: string };
    const other = await browserOf(admin);
    assert.equal((await other.request("PATCH", `/v1/users/${id}`, { body: change })).status, 200);
    assert.deepEqual(await poll(device), { status: "denied" });
  }
});

test("a tenant with as many keys as it may have says so in the browser and in the terminal", async () => {
  const person = await stage.person("org_admin");
  const browser = await browserOf(person);
  const [late, device] = [await open(), await open()];
  const limit = async (keys: number | null) => {
    const body = { quotas: { keys } };
    assert.equal((await server.request("PATCH", `/v1/tenants/${person.tenantId}`, { body })).status, 200);
  };
  assert.equal((await ask(browser, "/approve", late)).status, 200);
  await limit(0);
  assert.deepEqual(told(await ask(browser, "/approve", device)), [409, "QUOTA_EXCEEDED"]);
  const { device_code } = late;
  const full = await anybody.request("POST", "/v1/cli/token", { body: { device_code } });
  assert.deepEqual(told(full), [409, "QUOTA_EXCEEDED"]);
  await limit(null);
  assert.equal((await poll(late)).status, "approved", "nothing was lost");
});

test("after ten minutes a code is worth nothing, and a terminal that asks too often is told to wait longer", async () => {
  const browser = await browserOf(await stage.person("org_admin"));
  const [device, approved] = [await open(), await open()];
  assert.equal((await ask(browser, "/approve", approved)).status, 200);
  assert.deepEqual(await poll(device), { status: "pending", interval: 2 });
  assert.deepEqual(await poll(device, 0), { status: "slow_down", interval: 7 });
  assert.deepEqual(await poll(device, 3 * INTERVAL_MS - 1000), { status: "slow_down", interval: 12 });
  assert.deepEqual(await poll(device, 12_000), { status: "pending", interval: 12 });
  stage.later(TERMINAL_CODE_MS);
  for (const late of [device, approved]) {
    assert.deepEqual(await poll(late), { status: "expired" });
    assert.deepEqual(told(await ask(browser, "/approve", late)), [404, "CODE_NOT_FOUND"]);
  }
  assert.deepEqual(await poll({ ...device, device_code: "0".repeat(64) }), { status: "expired" });
});

test("after five wrong codes a person waits, even with all of them at once; others do not", async () => {
  const [browser, other] = [
    await browserOf(await stage.person("org_admin")),
    await browserOf(await stage.person("org_admin")),
  ];
  const device = await open();
  const wrong = ["BCDF-GHJK", "nonsense", "BCDF-GHJL", "", "aeiou", "BCDF-GHJM", "BCDF-GHJN"];
  const answers = await Promise.all(
    wrong.map((user_code) => ask(browser, "/approve", { user_code }, { role: "viewer" })),
  );
  const codes = answers.map(told).map(String);
  assert.equal(
    codes.filter((code) => code === "404,CODE_NOT_FOUND").length,
    WRONG_USER_CODES_COUNT_MAX,
    codes.join(" "),
  );
  const refused = await ask(browser, "/approve", device);
  assert.deepEqual(told(refused), [429, "RATE_LIMITED"]);
  assert(Number(refused.headers.get("retry-after")) > 500);
  assert.equal((await ask(other, "", device)).status, 200);
  stage.later(TERMINAL_CODE_MS);
  assert.deepEqual(told(await ask(browser, "", device)), [404, "CODE_NOT_FOUND"]);
});

test("an address has so many open terminals, and no more until they expire", async () => {
  stage.later(TERMINAL_CODE_MS);
  for (let count = 0; count < TERMINALS_PER_NETWORK_COUNT_MAX; count += 1) await open();
  const refused = await begin();
  assert.deepEqual(told(refused), [429, "RATE_LIMITED"]);
  assert(Number(refused.headers.get("retry-after")) > 500);
  stage.later(TERMINAL_CODE_MS);
  await open();
});

test("a terminal's key ends when it was not used for 90 days, and only then", async () => {
  const browser = await browserOf(await stage.person("org_admin"));
  const device = await open();
  await ask(browser, "/approve", device);
  const polled = await Promise.all(Array.from({ length: 20 }, () => poll(device)));
  const key = polled[0]?.api_key ?? "";
  assert.deepEqual(new Set(polled.map((token) => token.api_key)), new Set([key]), "asked at once");
  const use = async () => (await server.request("GET", "/dashboard/auth/me", { key })).status;
  stage.later(TERMINAL_CODE_MS);
  assert.deepEqual(await poll(device), { status: "expired" }, "the key is handed out for ten minutes");
  stage.later(TERMINAL_KEY_IDLE_MS - TERMINAL_CODE_MS - 60_000);
  assert.equal(await use(), 200, "it was never used before");
  stage.later(TERMINAL_KEY_IDLE_MS - 10_000);
  assert.equal(await use(), 200);
  stage.later(TERMINAL_KEY_IDLE_MS);
  assert.equal(await use(), 401);
});

test("a malformed request names its fields, and no answer but the approved one has the key", async () => {
  const bad = await anybody.request("POST", "/v1/cli/device", { body: { name: "a\u001bb", role: "root", more: 1 } });
  assert.deepEqual(
    [told(bad), bad.faultyFields.toSorted()],
    [
      [400, "VALIDATION_ERROR"],
      ["more", "name", "role"],
    ],
  );
  const token = await anybody.request("POST", "/v1/cli/token", { body: { device_code: "x" } });
  assert.deepEqual([told(token), token.faultyFields], [[400, "VALIDATION_ERROR"], ["device_code"]]);
});
