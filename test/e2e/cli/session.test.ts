/** `signalbox login`, `whoami`, `profile` and `logout` against a server. */
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, type TestContext, test } from "node:test";
import { newCliFolder, runCli } from "../../../packages/cli/test/run-cli.ts";
import { type Answering, serve } from "../../../packages/sdk/test/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

async function signedIn(t: TestContext) {
  const folder = await newCliFolder(t);
  const env = { SIGNALBOX_CONFIG: folder };
  const login = await runCli(["login", server.url, "--api-key-stdin"], { env, input: `${server.apiKey}\n`, folder });
  assert.deepEqual([login.code, login.stderr], [0, ""]);
  return { folder, env, login };
}

test("a key on standard input signs in, and the profile is used from then on", async (t) => {
  const { folder, env, login } = await signedIn(t);
  assert.match(login.stdout, /^signed in to {2}http:\/\/127\.0\.0\.1:\d+\nprofile {7}default\nkey {11}key_/);
  assert.doesNotMatch(login.stdout, /sb_live/);
  const credentials = path.join(folder, "credentials.json");
  assert.equal(statSync(credentials).mode & 0o777, 0o600);
  assert.equal(JSON.parse(readFileSync(credentials, "utf8")).profiles.default.api_key, server.apiKey);
  assert.doesNotMatch(readFileSync(path.join(folder, "config.json"), "utf8"), /sb_live/);

  const who = JSON.parse((await runCli(["whoami", "--json"], { env, folder })).stdout);
  assert.deepEqual([who.url, who.profile, who.role], [server.url, "default", "global_admin"]);
  assert.deepEqual(Object.keys(who.tenant), ["id", "name"]);
  assert.equal((await runCli(["whoami", "--quiet"], { env, folder })).stdout, `${who.id}\n`);
  assert.match((await runCli(["whoami"], { env, folder })).stdout, /^server {4}http.*\nfrom {6}profile "default"\n/);
});

test("several servers are profiles, one of which is current", async (t) => {
  const { folder, env } = await signedIn(t);
  const more = ["login", server.url, "--api-key-stdin", "--profile", "other", "--quiet"];
  assert.equal((await runCli(more, { env, input: server.apiKey, folder })).code, 0);
  const listed = await runCli(["profile", "list", "--json"], { env });
  const rows = listed.stdout.trimEnd().split("\n");
  assert.deepEqual(
    rows.map((row) => JSON.parse(row)).map(({ name, current, signed_in }) => [name, current, signed_in]),
    [
      ["default", false, true],
      ["other", true, true],
    ],
  );
  assert.equal((await runCli(["profile", "use", "default"], { env })).code, 0);
  assert.match((await runCli(["profile", "list"], { env })).stdout, /^NAME +URL +SIGNED IN\ndefault \* +http/);
  const unknown = await runCli(["profile", "use", "defualt"], { env });
  assert.deepEqual([unknown.code, unknown.stdout], [7, ""]);
});

test("a deleted profile is gone with its key, and is not the current one", async (t) => {
  const { folder, env } = await signedIn(t);
  await runCli(["login", server.url, "--api-key-stdin", "--profile", "other"], { env, input: server.apiKey, folder });
  const unknown = await runCli(["profile", "delete", "othr"], { env });
  assert.deepEqual([unknown.code, unknown.stdout], [7, ""]);
  assert.match(unknown.stderr, /There is no profile "othr"; the profiles are default, other\./);
  const deleted = await runCli(["profile", "delete", "other", "--json"], { env });
  assert.deepEqual(JSON.parse(deleted.stdout), { profile: "other", url: server.url, key: "kept" });
  assert.equal((await runCli(["profile", "list", "--quiet"], { env })).stdout, "default\n");
  for (const file of ["config.json", "credentials.json"])
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(path.join(folder, file), "utf8")).profiles), ["default"]);
  const none = await runCli(["whoami"], { env, folder });
  assert.deepEqual([none.code, none.stdout], [6, ""]);
  assert.equal((await runCli(["profile", "use", "default"], { env })).code, 0);
  assert.equal((await runCli(["whoami"], { env, folder })).code, 0);
});

test("signing out deletes the key, but does not revoke one that was passed in", async (t) => {
  const { folder, env } = await signedIn(t);
  const out = await runCli(["logout", "--json"], { env });
  assert.deepEqual(JSON.parse(out.stdout), { profile: "default", url: server.url, revoked: false });
  assert.doesNotMatch(readFileSync(path.join(folder, "credentials.json"), "utf8"), /sb_live/);
  const refused = await runCli(["whoami"], { env, folder });
  assert.deepEqual([refused.code, refused.stdout], [6, ""]);
  assert.match(refused.stderr, /^signalbox: You are not signed in to http.*Run `signalbox login http/);
  assert.equal((await runCli(["logout"], { env })).code, 0, "a second time is no failure");
  const direct = { ...env, SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: server.apiKey };
  assert.equal((await runCli(["whoami"], { env: direct, folder })).code, 0);
});

test("after signing out, no other profile's key takes the place of the deleted one", async (t) => {
  const { folder, env } = await signedIn(t);
  const second = ["login", server.url, "--api-key-stdin", "--profile", "second"];
  assert.equal((await runCli(second, { env, input: server.apiKey, folder })).code, 0);
  assert.equal((await runCli(["logout"], { env, folder })).code, 0);
  for (const words of [["whoami"], ["whoami", "--url", server.url], ["endpoints", "list", "--profile", "second"]]) {
    const refused = await runCli(words, { env, folder });
    assert.deepEqual([refused.code, refused.stdout], [6, ""], words.join(" "));
    assert.match(refused.stderr, /not signed in to http.*Run `signalbox login http\S+ --profile second`/);
  }
  const other = await runCli(["whoami", "--profile", "default"], { env, folder });
  assert.match(other.stdout, /^key from {2}profile "default"$/m);
  const { port } = new URL(server.url);
  const named = await runCli(["whoami", "--profile", "default", "--url", `http://localhost:${port}`], { env, folder });
  assert.match(named.stdout, new RegExp(`^server {4}${server.url}$`, "m"));
  writeFileSync(path.join(folder, ".signalbox.json"), '{"profile": "default"}');
  const { stdout } = await runCli(["logout", "--json"], { env, folder });
  assert.equal(JSON.parse(stdout).profile, "default", "the profile that the other commands use here");
});

test("what cannot sign in says why, and stores nothing", async (t) => {
  const folder = await newCliFolder(t);
  const env = { SIGNALBOX_CONFIG: folder };
  const wrong = `sb_live_${"0".repeat(48)}`;
  for (const [words, input, code, message] of [
    [["login", server.url], "", 6, /no terminal to sign in on. Pass a key with --api-key-stdin/],
    [["login", server.url, "--api-key-stdin"], wrong, 6, /does not accept this key.*`signalbox login URL`/],
    [["login", server.url, "--api-key-stdin"], "", 2, /needs an API key on standard input/],
    [["login", server.url, "--api-key-stdin"], "two keys", 2, /needs an API key on standard input/],
    [["login", "http://127.0.0.1:1", "--api-key-stdin"], wrong, 9, /^signalbox: No response from the server: .*\n$/],
    [["login", "http://hooks.example.com"], "", 6, /plain text/],
    [["login", server.url, "--profile", "a b"], "", 2, /--profile must be a name/],
  ] as const) {
    const refused = await runCli(words, { env, input, folder });
    assert.deepEqual([refused.code, refused.stdout], [code, ""], refused.stderr);
    assert.match(refused.stderr, message);
    assert.doesNotMatch(refused.stderr, /sb_live_0/);
  }
  assert.match((await runCli(["profile", "list"], { env })).stderr, /no profiles\. Run `signalbox login URL`/);
});

test("files that cannot be read fail before a key is made", async (t) => {
  const folder = await newCliFolder(t);
  writeFileSync(path.join(folder, "credentials.json"), "{", { mode: 0o600 });
  const words = ["login", "http://127.0.0.1:1", "--api-key-stdin"];
  const { code, stderr } = await runCli(words, { env: { SIGNALBOX_CONFIG: folder }, input: "key", folder });
  assert.equal(code, 1);
  assert.match(stderr, /credentials\.json is not valid JSON/);
});

test("the project's file names the server, and an error is the API's with --json", async (t) => {
  const folder = await newCliFolder(t);
  writeFileSync(path.join(folder, ".signalbox.json"), JSON.stringify({ url: server.url }));
  const settings = { SIGNALBOX_CONFIG: path.join(folder, "settings") };
  const env = { ...settings, SIGNALBOX_API_KEY: server.apiKey };
  const unknown = await runCli(["whoami"], { env, folder });
  assert.equal(unknown.code, 6);
  assert.match(unknown.stderr, /SIGNALBOX_API_KEY is not sent there/);
  await runCli(["login", server.url, "--api-key-stdin"], { env: settings, folder, input: server.apiKey });
  const who = await runCli(["whoami"], { env, folder });
  assert.match(who.stdout, new RegExp(`\nfrom {6}${folder}/\\.signalbox\\.json\n`));
  const refused = await runCli(["whoami", "--json"], { env: { ...env, SIGNALBOX_API_KEY: "sb_live_x" }, folder });
  assert.deepEqual([refused.code, refused.stdout], [6, ""]);
  const { error } = JSON.parse(refused.stderr);
  assert.deepEqual([typeof error.code, typeof error.message], ["string", "string"]);
});

const FOREIGN: readonly (readonly [name: string, status: number, body: string, exit: number, said: RegExp])[] = [
  ["JSON", 200, '{"hello":1}', 9, /the status 200/],
  ["a list", 200, "[]", 9, /the status 200/],
  ["a page", 200, "<html>", 9, /the status 200/],
  ["nothing", 200, "", 9, /the status 200/],
  ["a redirect", 301, "", 9, /a redirect to https:\/\/elsewhere\.example\//],
  ["its own 401", 401, '{"message":"Bad credentials"}', 9, /the status 401/],
  ["its own 404", 404, "nope", 9, /the status 404/],
];

test("another server is not taken for Signalbox, whatever it responds", async (t) => {
  const folder = await newCliFolder(t);
  for (const [name, status, body, exit, said] of FOREIGN) {
    const answer: Answering = (_, response) => {
      response.writeHead(status, status === 301 ? { location: "https://elsewhere.example/" } : {}).end(body);
    };
    const { url, seen } = await serve(t, answer);
    const env = { SIGNALBOX_URL: url, SIGNALBOX_API_KEY: server.apiKey, SIGNALBOX_CONFIG: folder };
    const commands = ["whoami", "whoami --json", "deliveries list", "trigger a.b", "tail", "listen --forward-to 1"];
    for (const line of commands) {
      const { code, stdout, stderr } = await runCli(line.split(" "), { env, folder });
      assert.deepEqual([code, stdout], [exit, ""], `${name}: ${line}: ${stderr}`);
      assert.match(stderr, /^[^\n]+\n$/);
      assert.ok(stderr.includes(`${url} does not look like a Signalbox server`), stderr);
      assert.match(stderr, said);
    }
    assert.equal(seen.length, commands.length, "no request is repeated");
  }
});

test("a proxy's own error is not taken for another server", async (t) => {
  const folder = await newCliFolder(t);
  for (const [status, exit] of [
    [413, 1],
    [500, 1],
    [502, 9],
  ] as const) {
    const { url } = await serve(t, (_, response) => response.writeHead(status).end("<html>"));
    const env = { SIGNALBOX_URL: url, SIGNALBOX_API_KEY: server.apiKey };
    const { code, stderr } = await runCli(["whoami"], { env, folder });
    assert.equal(code, exit);
    assert.match(stderr, new RegExp(`^signalbox: The server responded with status ${status}\\.`));
  }
});
