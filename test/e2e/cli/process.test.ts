/** The client as a process: pipes, signals, and a terminal. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import path from "node:path";
import { after, suite, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { NOWHERE, newCliFolder } from "../../../packages/cli/test/run-cli.ts";
import { spawnServer } from "../../harness/child.ts";
import { hasCommand, PROJECT_DIR } from "../../harness/command.ts";
import { polled } from "../../harness/deadline.ts";
import { respond } from "../../harness/pauses.ts";
import { createEndpoint, publish, publishMany } from "../../harness/scene.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const MAIN = path.join(PROJECT_DIR, "src/main.js");

/** A tenant whose endpoint is paused, so that its deliveries stay as they are. */
async function paused() {
  const client = await newTenant(server);
  const id = await createEndpoint(client, {
    url: "http://127.0.0.1:9/",
    name: "a name that is longer than its column",
  });
  await client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } });
  const env = {
    PATH: process.env.PATH ?? "",
    SIGNALBOX_URL: server.url,
    SIGNALBOX_API_KEY: client.apiKey,
    HOME: NOWHERE,
  };
  return { client, env };
}

interface Ran {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function shell(line: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const own = { ...env, SIGNALBOX: `'${process.execPath}' '${MAIN}'` };
  execFile("sh", ["-c", line], { env: own }, (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, stdout, stderr }),
  );
  return promise;
}

suite("the client as a process", { concurrency: 3 }, () => {
  test("a reader that closes the pipe ends it quietly", async () => {
    const { client, env } = await paused();
    await publishMany(client, 300);
    const { stdout, stderr } = await shell(
      `{ eval "$SIGNALBOX deliveries list --all --json"; echo "code $?" >&2; } | head -1`,
      env,
    );
    assert.equal(JSON.parse(stdout).status, "HELD");
    assert.equal(stderr, "code 0\n");
  });

  test("a closed pipe does not turn an answer into another one", async () => {
    const { client, env } = await paused();
    const question = { message: "Deploy?", options: ["Yes", "No"], expires_in_seconds: 3600 };
    const { body } = await client.request("POST", "/v1/pause", { body: question });
    const token = body.respond_url.split("/").at(-1) ?? "";
    assert.equal((await respond(client, token, { choice: "No" })).status, 200);
    const { stderr } = await shell(
      `{ eval "$SIGNALBOX pause wait ${body.pause_id} 2>&1"; echo "code $?" >&2; } | true`,
      env,
    );
    assert.equal(stderr, "code 3\n");
  });

  test("Ctrl-C ends it with 130", async (t) => {
    const { client, env } = await paused();
    const tail = spawnServer(t, env, [process.execPath, MAIN, "tail", "--pauses"]);
    const seen = tail.says(/psr_\S+ {2}pending/);
    let isSeen = false;
    seen.then(() => {
      isSeen = true;
    }, assert.fail);
    // The stream has no past for questions, so ask until it is open.
    while (!isSeen) {
      await client.request("POST", "/v1/pause", { body: { message: "Deploy?", options: ["Yes", "No"] } });
      await Promise.race([seen, client.request("GET", "/v1/pause?limit=1")]);
    }
    tail.signal("SIGINT");
    assert.deepEqual(await tail.exited, { code: 130, signal: null });
    assert.equal(tail.stderr, "");
  });

  test("a second Ctrl-C ends listen at once, and with it a command that ignores SIGTERM", async (t) => {
    const client = await newTenant(server);
    const folder = await newCliFolder(t);
    const env = {
      PATH: process.env.PATH ?? "",
      SIGNALBOX_URL: server.url,
      SIGNALBOX_API_KEY: client.apiKey,
      SIGNALBOX_CONFIG: folder,
    };
    const pipe = path.join(folder, "pipe");
    execFileSync("sh", ["-c", 'mkfifo "$0"', pipe]);
    const reader = spawnServer(t, env, ["cat", pipe]); // ends with the last process that has the pipe open
    const handler = `trap "" TERM; exec > '${pipe}'; echo started; sleep 600; true`;
    const listening = spawnServer(t, env, [process.execPath, MAIN, "listen", "--name", "ada", "--exec", handler]);
    await polled(async () => (await client.request("GET", "/v1/endpoints")).rows[0] ?? null, "the listener");
    await publish(client);
    await reader.says(/started/);
    const interrupt = () => {
      listening.signal("SIGINT");
      return Promise.race([listening.exited, null]);
    };
    const { code, signal } = await polled(interrupt, "the end of listen");
    // One more signal can end a process that is exiting already. For a shell, both are 130.
    assert.ok(code === 130 || signal === "SIGINT", `${code} ${signal}`);
    assert.deepEqual(await reader.exited, { code: 0, signal: null });
  });

  test("its first line is not delayed by the HTTP client of Node, which takes 0.2 s of CPU time in Node 20", async () => {
    const { env } = await paused();
    const options = "--import=data:text/javascript,Object.defineProperty(globalThis,`fetch`,{get(){throw(0)}})";
    const { code, stderr } = await shell('eval "$SIGNALBOX whoami"', { ...env, NODE_OPTIONS: options });
    assert.deepEqual([code, stderr], [0, ""]);
  });

  const skip = hasCommand("script") ? false : "this machine has no script";
  test("a terminal of 40 columns gets colors, whole ids, and questions", { skip }, async () => {
    const { client, env } = await paused();
    const { deliveryId } = await publish(client);
    const inTerminal = (words: string, typed = "") =>
      shell(`printf '${typed}' | script -qec "stty cols 40; $SIGNALBOX ${words}" /dev/null`, { ...env, TERM: "xterm" });
    const listed = await inTerminal("deliveries list");
    assert.equal(listed.code, 0, listed.stdout);
    assert.ok(listed.stdout.includes("\u001b[33mHELD  \u001b[39m"), listed.stdout);
    const lines = stripVTControlCharacters(listed.stdout).split(/\r?\n/);
    assert.match(lines[1] ?? "", /^HELD +- +0 +\S+/);
    assert.equal(lines[2], deliveryId);
    for (const line of lines) assert.ok(line.length <= 40, line);
    const cancelled = await inTerminal("deliveries cancel --status HELD", "y\\n");
    assert.match(cancelled.stdout, /Cancel 1 delivery\? \[y\/N\]/);
    assert.equal(cancelled.code, 0, cancelled.stdout);
  });
});
