/** `signalbox pause`: questions to people, and the exit codes of their outcomes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { after, test } from "node:test";
import { type CliOptions, runCli, startCli } from "../../../packages/cli/test/run-cli.ts";
import { spawnServer } from "../../harness/child.ts";
import { PROJECT_DIR } from "../../harness/command.ts";
import { signalled } from "../../harness/deadline.ts";
import { ask, readPause, respond } from "../../harness/pauses.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const tenant = await newTenant(server);
const env = { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: tenant.apiKey };

const MAIN = path.join(PROJECT_DIR, "src/main.js");
const QUESTION = ["pause", "ask", "Deploy?", "--option", "Deploy", "--option", "Stop", "--wait"];
const start = (words: readonly string[], options: CliOptions = {}) => startCli(words, { env, ...options });
const run = (words: readonly string[]) => runCli(words, { env });

/** Ask in a terminal of its own, and answer through the link that it prints. */
async function answered(choice: string, ...more: readonly string[]) {
  const asking = start([...QUESTION, ...more]);
  const [, token = ""] = await asking.says(/\/respond\/(\S+)/);
  await asking.says(/Waiting for an answer/);
  assert.equal((await respond(tenant, token, { choice })).status, 200);
  return asking.finished;
}

test("the exit code is the person's answer, and the choice is on standard output", async () => {
  const [accepted, other, named] = await Promise.all([
    answered("Deploy"),
    answered("Stop"),
    answered("Stop", "--ok", "Stop", "--require-human", "--default", "Deploy"),
  ]);
  assert.deepEqual([accepted.code, accepted.stdout], [0, "Deploy\n"]);
  assert.match(accepted.stderr, /^Asked as psr_.*\nOpen to answer: .*\nWaiting .*Z\.\nAnswered through the link\.\n$/);
  assert.deepEqual([other.code, other.stdout], [3, "Stop\n"]);
  assert.deepEqual([named.code, named.stdout], [0, "Stop\n"]);
});

test("details are pairs of a label and a value", async () => {
  const details = ["--detail", "Commit=4f2a", "--detail", "Flags=--force=yes"];
  const asked = await run([...QUESTION.slice(0, -1), ...details, "--quiet"]);
  assert.deepEqual((await readPause(tenant, asked.stdout.trim())).details, [
    { label: "Commit", value: "4f2a" },
    { label: "Flags", value: "--force=yes" },
  ]);
  const wrong = await run([...QUESTION.slice(0, -1), "--detail", "Commit"]);
  assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
  assert.match(wrong.stderr, /--detail must be LABEL=VALUE, not "Commit"/);
});

test("a question that nobody answers ends with its default, which --require-human does not accept", async () => {
  const asked = [...QUESTION, "--timeout", "1s"];
  const [none, refused, taken, human] = await Promise.all([
    run(asked),
    run([...asked, "--default", "Stop"]),
    run([...asked, "--default", "Stop", "--ok", "Stop"]),
    run([...asked, "--default", "Stop", "--ok", "Stop", "--require-human"]),
  ]);
  assert.deepEqual([none.code, none.stdout], [4, ""]);
  assert.deepEqual([refused.code, refused.stdout], [3, "Stop\n"]);
  assert.deepEqual([taken.code, taken.stdout], [0, "Stop\n"]);
  assert.deepEqual([human.code, human.stdout], [4, ""]);
  assert.match(human.stderr, /The default is "Stop", which does not count with --require-human\.\n$/);
});

test("a cancelled question is exit 5, for everyone who waits", async () => {
  const { id } = await ask(tenant);
  const waiting = start(["pause", "wait", id, "--json"]);
  const second = start(["pause", "wait", id]);
  await second.says(/Waiting/);
  const cancelled = await run(["pause", "cancel", id]);
  assert.deepEqual([cancelled.code, cancelled.stdout], [0, `${id} is cancelled.\n`]);
  const [asJson, forPeople] = await Promise.all([waiting.finished, second.finished]);
  assert.deepEqual([asJson.code, JSON.parse(asJson.stdout).status, asJson.stderr], [5, "cancelled", ""]);
  assert.deepEqual([forPeople.code, forPeople.stdout], [5, ""]);
  assert.match(forPeople.stderr, /The question was cancelled\.\n$/);
  const again = await run(["pause", "cancel", id]);
  assert.deepEqual([again.code, again.stderr], [8, "signalbox: The pause has already been cancelled.\n"]);
});

test("the same key asks once, and the command that runs again waits for the same question", async () => {
  const words = ["pause", "ask", "Go?", "--option", "Yes", "--option", "No", "--idempotency-key", "job-7"];
  const first = await run([...words, "--quiet"]);
  const id = first.stdout.trim();
  assert.match(id, /^psr_/);
  const { pause_id: again, respond_url: url } = JSON.parse((await run([...words, "--json"])).stdout);
  assert.equal(again, id);
  const waiting = start([...words, "--wait", "--quiet"]);
  await respond(tenant, url.slice(url.lastIndexOf("/") + 1), { choice: "No" });
  const asked = `Asked as ${id}.\nOpen to answer: ${url}\n`;
  assert.deepEqual(await waiting.finished, { code: 3, stdout: "No\n", stderr: asked });
  const late = await run(["pause", "wait", id, "--ok", "No"]);
  assert.deepEqual([late.code, late.stdout], [0, "No\n"]);
  const never = await run(["pause", "wait", id, "--ok", "Never"]);
  assert.deepEqual([never.code, never.stdout], [2, ""]);
  assert.match(never.stderr, /--ok "Never" is none of the options, which are "Yes", "No"/);
  const other = await run([...words.with(2, "Stay?"), "--wait"]);
  assert.deepEqual([other.code, other.stdout], [8, ""]);
});

test("questions are listed and shown", async () => {
  const own = await newTenant(server);
  const { id } = await ask(own, { message: "Pay?", metadata: { invoice: 7 } });
  const as = { env: { ...env, SIGNALBOX_API_KEY: own.apiKey } };
  const listed = await runCli(["pause", "list", "--status", "pending", "--search", "invoice"], as);
  assert.match(listed.stdout, /^ID +STATUS +ANSWER +QUESTION .*\npsr_\S+ +pending +- +Pay/);
  assert.equal((await runCli(["pause", "list", "--deadline", "--quiet"], as)).stdout, `${id}\n`);
  assert.equal(JSON.parse((await runCli(["pause", "get", id, "--json"], as)).stdout).pause_id, id);
  const details = [
    { label: "Supplier", value: "Acme\nVienna" },
    { label: "Amount", value: "340 EUR" },
  ];
  const { id: paid, token } = await ask(own, { details });
  const open = await runCli(["pause", "get", paid], as);
  assert.match(open.stdout, /\ndetails +Supplier: Acme\\nVienna\n +Amount: 340 EUR\n.*\noptions +Approve · Reject\n/);
  assert.match(open.stdout, /\nreceipt +-\n/);
  await respond(own, token, { choice: "Approve" });
  const { receipt } = (await readPause(own, paid)) as unknown as { receipt: { decided_at: string; key_id: string } };
  const decided = await runCli(["pause", "get", paid], as);
  const signed = /\nreceipt +signed (\S+) with the key (\S+)\n/.exec(decided.stdout)?.slice(1);
  assert.deepEqual(signed, [receipt.decided_at, receipt.key_id]);
  const missing = await runCli(["pause", "wait", "psr_1"], as);
  assert.deepEqual([missing.code, missing.stdout], [7, ""]);
});

test("words that do not go together are a mistake before anybody is asked", async () => {
  const own = await newTenant(server);
  for (const [more, message] of [
    [["--ok", "Stop"], /--ok, --require-human and --cancel-on-exit need --wait/],
    [["--wait", "--ok", "Never"], /--ok "Never" is none of the options, which are "Yes", "No"/],
    [["--to", "ann@example.com"], /--to and --channel need each other/],
    [["--metadata", "[1]"], /--metadata must be a JSON object/],
    [["--timeout", "soon"], /--timeout must be a duration/],
  ] as const) {
    const words = ["pause", "ask", "Go?", "--option", "Yes", "--option", "No", ...more];
    const { code, stdout, stderr } = await runCli(words, { env: { ...env, SIGNALBOX_API_KEY: own.apiKey } });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, message);
  }
  const { body } = await own.request("GET", "/v1/pause/counts");
  assert.equal((body as unknown as { pending: { count: number } }).pending.count, 0);
});

test("Ctrl-C leaves the question open and prints how to go on, and with --cancel-on-exit cancels it", async (t) => {
  const spawned = (...more: readonly string[]) =>
    // Both outputs in one.
    spawnServer(t, env, ["sh", "-c", 'exec "$@" 2>&1', "sh", process.execPath, MAIN, ...QUESTION, ...more]);
  const leaving = spawned("--ok", "Stop", "--require-human");
  const cancelling = spawned("--cancel-on-exit");
  const ids: string[] = [];
  for (const child of [leaving, cancelling]) {
    ids.push((await child.says(/Asked as (\S+)\.\n(?:.*\n)*Waiting/))[1] ?? "");
    child.signal("SIGINT");
    assert.deepEqual(await child.exited, { code: 130, signal: null });
  }
  const [left = "", cancelled = ""] = ids;
  const line = `signalbox pause wait ${left} --ok Stop --require-human`;
  assert.ok(leaving.stdout.endsWith(`signalbox: the question stays open; continue with: ${line}\n`), leaving.stdout);
  assert.equal((await readPause(tenant, left)).status, "pending");
  assert.ok(cancelling.stdout.endsWith(`signalbox: ${cancelled} is cancelled\n`), cancelling.stdout);
  assert.equal((await readPause(tenant, cancelled)).status, "cancelled");
});

test("Ctrl-C before the server has answered still says which question is open", async (t) => {
  const id = "psr_1";
  const asked = signalled<() => void>("the question");
  const slow = createHttpServer((request, response) => {
    response.setHeader("x-signalbox", "1");
    if (request.method === "POST") asked.give(() => response.end(JSON.stringify({ pause_id: id, respond_url: null })));
    else response.end(JSON.stringify({ pause_id: id, status: "cancelled", notification: { status: "none" } }));
  }).listen(0, "127.0.0.1");
  await once(slow, "listening");
  t.after(() => void slow.close());
  const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
  const asking = start(QUESTION, { env: { ...env, SIGNALBOX_URL: url } });
  const answer = await asked.promise;
  asking.interrupt();
  answer();
  await asking.says(new RegExp(`the question stays open; continue with: signalbox pause wait ${id}\n`));
  assert.equal((await asking.finished).code, 5);
});
