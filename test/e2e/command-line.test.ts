/** `signalbox admin tenants|users|keys`, with and without a running server. */
import assert from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { after, suite, type TestContext, test } from "node:test";
import { openCommandLineStore } from "../../src/store/sqlite/command-line-store.ts";
import { assembleServer } from "../harness/assembled.ts";
import { CHILD_KEY, type Finished, newDataDir, runSignalbox, spawnServer } from "../harness/child.ts";
import { polled } from "../harness/deadline.ts";
import { copyOfData, initializedData, runHere, startHere } from "../harness/in-process.ts";
import type { Answer, Client } from "../harness/server.ts";

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const uuid = (prefix: string) => new RegExp(`^${prefix}[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`);

type Fields = Readonly<Record<string, string | number>>;
type Json = Readonly<Record<string, string | boolean | null>>;

const initialized = await initializedData({ after });
const newInitializedData = (t: TestContext) => copyOfData(t, initialized);

/** Runs a command that must succeed, and returns its JSON output. */
async function asked<T = Json>(dataDir: string, ...words: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await runHere(dataDir, ["admin", ...words, "--json"]);
  assert.deepEqual([code, stderr], [0, ""], stdout);
  return JSON.parse(stdout) as T;
}

/** Asserts that the command printed one matching line to standard error and nothing to standard output. */
function assertRefused({ code, stdout, stderr }: Finished, exit: number, line: RegExp): void {
  assert.deepEqual([code, stdout], [exit, ""], stderr);
  assert.match(stderr, /^signalbox: [^\n]+\n$/);
  assert.match(stderr, line);
}

/** Repeats a request until the server answers with the status. */
async function untilAccess(client: Client, credentials: string | { readonly cookie: string }, status: number) {
  const sent = typeof credentials === "string" ? { key: credentials } : { key: null, headers: credentials };
  await untilStatus(() => client.request("GET", "/v1/endpoints", sent), status);
}

async function untilStatus(ask: () => Promise<Answer>, status: number) {
  await polled(async () => ((await ask()).status === status ? true : null), `a response with status ${status}`);
}

/** Signs in. Returns the session cookie, or null if the server rejects the password. */
async function signIn(client: Client, email: string, password: string): Promise<{ readonly cookie: string } | null> {
  const answer = await client.request("POST", "/dashboard/auth/login", { key: null, body: { email, password } });
  if (answer.status === 401) return null;
  assert.equal(answer.status, 200, answer.text);
  return { cookie: answer.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
}

suite("the command line", { concurrency: 3 }, () => {
  test("a running server accepts new tenants and keys within a second, and rejects revoked keys", async (t) => {
    const dataDir = await newDataDir(t);
    const server = await startHere(t, dataDir);

    const tenant = await asked(dataDir, "tenants", "add", "Ünï Shop");
    assert.deepEqual(Object.keys(tenant), ["id", "name", "created_at", "api_key"]);
    assert.match(String(tenant.id), uuid("dev_"));
    assert.match(String(tenant.created_at), ISO);
    await untilAccess(server, String(tenant.api_key), 200);

    const key = await asked(dataDir, "keys", "add", "--name", "ci", "--role", "developer", "--tenant", "Ünï Shop");
    assert.deepEqual(Object.keys(key), ["id", "name", "role", "test", "tenant", "created_at", "api_key"]);
    assert.match(String(key.id), uuid("key_"));
    assert.match(String(key.api_key), /^sb_live_[0-9a-f]{48}$/);
    assert.deepEqual([key.name, key.role, key.test, key.tenant], ["ci", "developer", false, tenant.id]);
    await untilAccess(server, String(key.api_key), 200);

    assert.deepEqual(await asked(dataDir, "keys", "revoke", String(key.id)), { id: key.id, revoked: true });
    await untilAccess(server, String(key.api_key), 401);
    await untilAccess(server, String(tenant.api_key), 200);
    assertRefused(
      await runHere(dataDir, ["admin", "keys", "revoke", String(key.id)]),
      7,
      /there is no key key_.*already/,
    );

    const audit = await server.request("GET", "/v1/audit", { key: String(tenant.api_key) });
    assert.deepEqual(
      audit.body.events.map((entry) => {
        const { event_type: type, actor } = entry as unknown as { event_type: string; actor: string };
        return [type, actor];
      }),
      [
        ["key.revoked", "system"],
        ["key.created", "system"],
        ["key.created", "system"],
      ],
    );
  });

  test("disabling a user or changing the password ends the user's sessions within a second", async (t) => {
    const dataDir = await newDataDir(t);
    const server = await startHere(t, dataDir);
    const email = "ada@example.com";
    const made = await asked(dataDir, "users", "add", "--email", email, "--role", "developer");
    const first = await signIn(server, email, String(made.password));
    assert(first !== null);
    await untilAccess(server, first, 200);

    const reset = await asked(dataDir, "users", "reset-password", email);
    await untilAccess(server, first, 401);
    assert.equal(await signIn(server, email, String(made.password)), null);
    const second = await signIn(server, email, String(reset.password));
    assert(second !== null);
    await untilAccess(server, second, 200);

    await asked(dataDir, "users", "disable", email);
    await untilAccess(server, second, 401);
    assert.equal(await signIn(server, email, String(reset.password)), null);
    await asked(dataDir, "users", "enable", email);
    await untilAccess(server, second, 401);
    assert.notEqual(await signIn(server, email, String(reset.password)), null);
  });

  test("the server also notices a change made before it first checks for changes", async (t) => {
    const dataDir = await newDataDir(t);
    const server = await assembleServer(t, { dataDir });
    const made = await server.request("POST", "/v1/auth/keys", { body: { name: "second" } });
    await untilAccess(server, made.body.api_key, 200);
    const commandLine = openCommandLineStore({ dataDir, masterKey: null, newId: () => server.clock.uuid() });
    const actor = (await commandLine.findKey(hash("sha256", server.apiKey, "hex"))) ?? assert.fail();
    const key = (await commandLine.findKey(hash("sha256", made.body.api_key, "hex"))) ?? assert.fail();
    await commandLine.revokeKey({ actor, tenantSeq: actor.tenantSeq, id: key.id, now: server.clock.now() });
    await commandLine.close();
    await untilAccess(server, made.body.api_key, 401);
  });

  test("lists show all tenants, or the one given by its id or name", async (t) => {
    const dataDir = await newInitializedData(t);
    const shop = await asked(dataDir, "tenants", "add", "shop");
    const made = await asked(
      dataDir,
      "keys",
      "add",
      "--name",
      "x",
      "--role",
      "developer",
      "--test",
      "--tenant",
      String(shop.id),
    );
    assert.match(String(made.api_key), /^sb_test_/);

    const tenants = await asked<readonly Json[]>(dataDir, "tenants", "list");
    assert.deepEqual(
      tenants.map(({ name }) => name),
      ["default", "shop"],
    );
    assert.deepEqual(Object.keys(tenants[0] ?? {}), ["id", "name", "created_at"]);

    const names = async (...words: readonly string[]) => {
      const keys = await asked<readonly Json[]>(dataDir, "keys", "list", ...words);
      assert.deepEqual(Object.keys(keys[0] ?? {}), ["id", "name", "role", "test", "tenant", "created_at"]);
      return keys.map(({ name, tenant }) => [name, tenant === shop.id ? "shop" : "default"]);
    };
    const shops = [
      ["first key", "shop"],
      ["x", "shop"],
    ];
    assert.deepEqual(await names(), [["first key", "default"], ...shops]);
    assert.deepEqual(await names("--tenant", "shop"), shops);
    assert.deepEqual(await names("--tenant", String(shop.id)), shops);

    const unknown = await runHere(dataDir, ["admin", "keys", "list", "--tenant", "shopp"]);
    assertRefused(unknown, 7, /there is no tenant "shopp"; did you mean "shop"\?/);
    const asJson = await runHere(dataDir, ["admin", "keys", "list", "--tenant", "shopp", "--json"]);
    assert.deepEqual([asJson.code, asJson.stdout], [7, ""]);
    assert.match(asJson.stderr, /^\{"error":\{"code":"NOT_FOUND","message":"there is no tenant .*"\}\}\n$/);
    await asked(dataDir, "tenants", "add", "shop");
    const ambiguous = await runHere(dataDir, ["admin", "users", "list", "--tenant", "shop"]);
    assertRefused(ambiguous, 2, new RegExp(`2 tenants are named "shop"; .*${shop.id}, dev_`));
  });

  test("a running server applies a tenant's new name and quotas within a second", async (t) => {
    const dataDir = await newDataDir(t);
    const server = await startHere(t, dataDir);
    const before = await asked<Fields>(dataDir, "tenants", "show");
    assert.deepEqual([before.name, before.keys_used, before.open_pauses_used], ["default", 1, 0]);
    const renamed = await asked<Fields>(dataDir, "tenants", "rename", " Acme ");
    assert.deepEqual(renamed, { ...before, name: "Acme" });
    const set = await asked<Fields>(
      dataDir,
      ...["tenants", "set", "--keys", "1", "--events-per-second", "1", "--tenant", "Acme"],
    );
    assert.deepEqual(set, { ...renamed, keys_limit: 1, events_per_second_limit: 1 });
    const full = await runHere(dataDir, ["admin", "keys", "add", "--name", "x", "--role", "developer"]);
    assertRefused(full, 8, /the tenant has reached its quota of 1 keys/);

    // Until the server knows the new rate it accepts each batch. The first batch after that uses up the quota for the
    // next.
    const events = Array.from({ length: 1000 }, () => ({ type: "a", payload: {} }));
    await untilStatus(() => server.request("POST", "/v1/events/batch", { body: { events } }), 429);
    const shown = await server.request("GET", `/v1/tenants/${before.id}`);
    const { name, quotas } = shown.body as unknown as { name: string; quotas: { keys: { limit: number } } };
    assert.deepEqual([name, quotas.keys.limit], ["Acme", 1]);
    const back = await asked<Fields>(dataDir, "tenants", "set", "--keys", "default", "--events-per-second=default");
    assert.deepEqual(
      [back.keys_limit, back.events_per_second_limit],
      [before.keys_limit, before.events_per_second_limit],
    );
  });

  test("users can be added, disabled, enabled and given new passwords", async (t) => {
    const dataDir = await newInitializedData(t);
    const ada = ["--email", "Ada@example.com", "--role", "org_admin"];
    const made = await asked(dataDir, "users", "add", ...ada);
    const shape = ["id", "email", "role", "tenant", "created_at", "disabled_at"];
    assert.deepEqual(Object.keys(made), [...shape, "password"]);
    assert.match(String(made.id), uuid("usr_"));
    assert.equal(String(made.password).length, 20);
    assert.deepEqual([made.email, made.role, made.disabled_at], ["Ada@example.com", "org_admin", null]);

    const again = ["admin", "users", "add", "--email", "ada@EXAMPLE.com", "--role", "developer"];
    assertRefused(await runHere(dataDir, again), 8, /the user ada@EXAMPLE\.com already exists/);

    const disabled = await asked(dataDir, "users", "disable", "ada@example.com");
    assert.deepEqual(Object.keys(disabled), shape);
    assert.match(String(disabled.disabled_at), ISO);
    const listed = await asked<readonly Json[]>(dataDir, "users", "list");
    assert.deepEqual(
      listed.map(({ email, disabled_at: at }) => [email, at]),
      [
        ["admin@localhost", null],
        ["Ada@example.com", disabled.disabled_at],
      ],
    );
    assert.equal((await asked(dataDir, "users", "enable", "ada@example.com")).disabled_at, null);

    const reset = ["users", "reset-password", "ada@example.com"];
    assert.equal(String((await asked(dataDir, ...reset)).password).length, 20);
    const typed = await runSignalbox(dataDir, ["admin", ...reset, "--password-stdin"], { input: "correct horse\n" });
    assert.equal(typed.code, 0, typed.stderr);
    assert.doesNotMatch(typed.stdout, /correct horse|password/);
    const short = await runHere(dataDir, ["admin", ...reset, "--password-stdin"], { input: "short\n" });
    assertRefused(short, 2, /the password on standard input must have 8 to 1024 characters/);
    const unknown = await runHere(dataDir, ["admin", "users", "disable", "nobody@example.com"]);
    assertRefused(unknown, 7, /there is no user nobody@example\.com/);
  });

  test("without --json the output is tables and lines for people", async (t) => {
    const dataDir = await newInitializedData(t);
    const listed = await runSignalbox(dataDir, ["admin", "keys", "list"]);
    assert.match(
      listed.stdout,
      /^ID +NAME +ROLE +TEST +TENANT +CREATED_AT\nkey_\S+ +first key +global_admin +no +dev_\S+ +\S+Z\n$/,
    );
    const made = await runSignalbox(dataDir, [
      "admin",
      "users",
      "add",
      "--email",
      "a@example.com",
      "--role",
      "developer",
    ]);
    assert.match(
      made.stdout,
      /^id +usr_.*\nemail +a@example\.com\n(.*\n)*password +\S{20}\n\nthe password is shown only once; store it now\n$/,
    );
    const help = await runSignalbox(dataDir, ["admin", "users", "--help"]);
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    assert.match(help.stdout, /signalbox admin users reset-password EMAIL/);
  });

  test("an unknown command exits with code 2 and suggests the closest one", async (t) => {
    const dataDir = await newDataDir(t);
    assertRefused(
      await runSignalbox(dataDir, ["admin", "user", "list"]),
      2,
      /unknown command "admin user"; did you mean admin users\?/,
    );
    assertRefused(
      await runHere(dataDir, ["admin", "keys", "list", "--tenat", "x"]),
      2,
      /unknown option --tenat; .* --tenant\?/,
    );
    assertRefused(
      await runHere(dataDir, ["admin", "users", "add", "--email", "x"]),
      2,
      /--email must be .*; --role is missing/,
    );
  });

  test("commands work without a server, and the next server sees the changes", async (t) => {
    const dataDir = await newInitializedData(t);
    const key = await asked(dataDir, "keys", "add", "--name", "ci", "--role", "developer");
    const [first] = await asked<readonly Json[]>(dataDir, "keys", "list");
    const revoke = ["keys", "revoke", String(first?.id)];
    assertRefused(
      await runHere(dataDir, ["admin", ...revoke]),
      8,
      /the last key of role global_admin; create another one first/,
    );
    await asked(dataDir, "keys", "add", "--name", "admin", "--role", "global_admin");
    await asked(dataDir, ...revoke);
    const server = await startHere(t, dataDir);
    assert.equal((await server.request("GET", "/v1/endpoints", { key: String(key.api_key) })).status, 200);
    assert.equal((await server.request("GET", "/v1/endpoints", { key: CHILD_KEY })).status, 401);
  });

  test("a command creates no data, so that the first start still shows its secrets", async (t) => {
    const dataDir = await newDataDir(t);
    assertRefused(
      await runSignalbox(dataDir, ["admin", "tenants", "add", "x"]),
      7,
      /there is no data in .*SIGNALBOX_DATA_DIR/,
    );
    const server = spawnServer(t, { SIGNALBOX_DATA_DIR: dataDir });
    await server.says(/password +\S+\n {2}API key +sb_live_/);
  });

  test("commands use the server's settings and master key", async (t) => {
    const dataDir = await newInitializedData(t);
    const env = { SIGNALBOX_MASTER_KEY: randomBytes(32).toString("base64") };
    assertRefused(await runSignalbox(dataDir, ["admin", "keys", "list"], { env }), 1, /the master key is not the one/);
    const wrong = { SIGNALBOX_RETENTION_DAYS: "0" };
    assertRefused(await runHere(dataDir, ["admin", "keys", "list"], { env: wrong }), 1, /SIGNALBOX_RETENTION_DAYS/);
  });
});
