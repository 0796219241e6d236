/** `signalbox login` by a code that a person approves. */
import assert from "node:assert/strict";
import { after, suite, type TestContext, test } from "node:test";
import { newCliFolder, runCli, startCli } from "../../../packages/cli/test/run-cli.ts";
import { json, serve } from "../../../packages/sdk/test/server.ts";
import { stagePeople } from "../../harness/people.ts";
import { newSession } from "../../harness/team.ts";

const people = await stagePeople({ after });
const { server } = people;
const NO_PROFILES = "There are no profiles. Run `signalbox login URL`.\n";

/** A terminal that shows a code, and a person who can decide. */
async function asking(t: TestContext) {
  const folder = await newCliFolder(t);
  const env = { SIGNALBOX_CONFIG: folder, NO_COLOR: "1" };
  const terminal = startCli(["login", server.url, "--role", "viewer"], { env, columns: 80, folder });
  const [, user_code = ""] = await terminal.says(
    /^Your code is ([A-Z]{4}-[A-Z]{4})\. Approve it here:\n {2}http\S+code=\1\n/,
  );
  const headers = await newSession(people, (await people.person("org_admin")).email);
  const decide = async (verb: "approve" | "deny") => {
    const answer = await server.request("POST", `/v1/cli/code/${verb}`, { key: null, headers, body: { user_code } });
    assert.equal(answer.status, 200, answer.text);
  };
  return { env, folder, terminal, decide };
}

// Each waits for the interval that the server wants between two questions.
suite("a terminal that signs in", { concurrency: true }, () => {
  test("gets a key when a person approves it, and revokes it when it signs out", async (t) => {
    const { env, folder, terminal, decide } = await asking(t);
    await decide("approve");
    const { code, stdout, stderr } = await terminal.finished;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\nrole {10}viewer\n/);
    const who = JSON.parse((await runCli(["whoami", "--json"], { env, folder })).stdout);
    assert.equal(who.role, "viewer");
    const out = await runCli(["logout", "--json"], { env, folder });
    assert.deepEqual([out.code, JSON.parse(out.stdout).revoked], [0, true]);
    assert.equal((await runCli(["whoami"], { env, folder })).code, 6);
  });

  test("stores nothing when the person denies it", async (t) => {
    const { env, terminal, decide } = await asking(t);
    await decide("deny");
    const { code, stdout, stderr } = await terminal.finished;
    assert.deepEqual([code, stdout], [6, ""]);
    assert.match(stderr, /\nsignalbox: The sign-in was denied in the console\.\n$/);
    assert.equal((await runCli(["profile", "list"], { env })).stderr, NO_PROFILES);
  });
});

const OPENED = {
  device_code: "0a".repeat(32),
  user_code: "WDJB-MJHT",
  verification_uri: "https://x.example/console/cli",
  verification_uri_complete: "https://x.example/console/cli?code=WDJB-MJHT",
  expires_in: 600,
  interval: 0,
};

test("a terminal waits through failures, and learns that its code has expired", async (t) => {
  const { url, seen } = await serve(
    t,
    json(201, OPENED),
    json(200, { status: "slow_down", interval: 0 }),
    json(503, { error: { code: "STORE_UNAVAILABLE", message: "later" } }),
    json(200, { status: "pending", interval: 0 }),
    json(200, { status: "expired" }),
    json(201, { ...OPENED, verification_uri_complete: "http://localhost:8080/console/cli?code=WDJB-MJHT" }),
    json(200, { status: "expired" }),
  );
  const expired = await runCli(["login", url], { columns: 80, env: { NO_COLOR: "1" } });
  assert.equal(expired.code, 4);
  assert.match(
    expired.stderr,
    /^ {2}https:\/\/x\.example\/console\/cli\?code=WDJB-MJHT$[\s\S]*Nobody approved the code in time/m,
  );
  assert.equal(seen.length, 5);
  assert.ok(seen.every(({ headers }) => headers.authorization === undefined));
  assert.doesNotMatch(expired.stdout + expired.stderr, /0a0a/);
  const unnamed = await runCli(["login", url], { columns: 80, env: { NO_COLOR: "1" } });
  assert.ok(unnamed.stderr.includes(`  ${url}/console/cli?code=WDJB-MJHT\n`), "a server without a public URL");
});
