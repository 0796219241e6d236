import assert from "node:assert/strict";
import { watch } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, type TestContext, test } from "node:test";
import { dataFiles, tryLockDir } from "../../src/store/sqlite/files/files.ts";
import { CHILD_KEY, type Child, newDataDir, spawnServer, startChild } from "../harness/child.ts";
import { startCommand } from "../harness/command.ts";
import { polled } from "../harness/deadline.ts";
import { type Hooks, leaveOpen, startHooks } from "../harness/hooks.ts";
import { startHere } from "../harness/in-process.ts";
import { type Client, clientOf } from "../harness/server.ts";
import { followOutcomes } from "../harness/stream.ts";

async function ended(child: Child): Promise<number | null> {
  child.signal("SIGTERM");
  return (await child.exited).code;
}

const rowsOf = (dataDir: string, sql: string) => {
  const db = new DatabaseSync(path.join(dataDir, "signalbox.db"), { readOnly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
};

/** Starts a server with one endpoint, whose receiver has just received an event and leaves it unanswered. */
async function startWithOpenAttempt(
  t: TestContext,
  fields: object = {},
): Promise<{ server: Awaited<ReturnType<typeof startChild>>; dataDir: string; hooks: Hooks; deliveryId: string }> {
  const dataDir = await newDataDir(t);
  const hooks = await startHooks(t);
  hooks.react(leaveOpen);
  const server = await startChild(t, dataDir);
  const made = await server.request("POST", "/v1/endpoints", {
    body: { url: hooks.url, timeout_seconds: 30, ...fields },
  });
  assert.equal(made.status, 201, made.text);
  const deliveryId = await publish(server);
  await hooks.nth(1);
  return { server, dataDir, hooks, deliveryId };
}

/** A free port below the range of ephemeral ports, which the other tests use. */
async function freePort(): Promise<number> {
  for (let port = 20_000 + (process.pid % 10_000); ; port += 1) {
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((closed) => server.close(closed));
    return port;
  }
}

async function publish(client: Client): Promise<string> {
  const published = await client.request("POST", "/v1/events", { body: { type: "order.paid", payload: {} } });
  assert.equal(published.status, 202, published.text);
  return published.body.deliveries[0]?.delivery_id ?? "";
}

suite("starting and stopping", { concurrency: 3 }, () => {
  // First, because it takes long and the others can run meanwhile.
  test("a stop abandons a hanging receiver after 8 s, and the attempt does not count", async (t) => {
    const { server, dataDir, hooks, deliveryId } = await startWithOpenAttempt(t);
    const signalledAt = performance.now();
    server.signal("SIGTERM");
    await hooks.all[0]?.over;
    const tookMs = performance.now() - signalledAt;
    assert.ok(tookMs >= 7900, `${tookMs} ms`);
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    assert.deepEqual(rowsOf(dataDir, "SELECT 1 FROM deliveries WHERE lease IS NOT NULL"), []);
    assert.deepEqual(rowsOf(dataDir, "SELECT 1 FROM attempts"), []);

    hooks.react((hook) => hook.answer(200));
    await startHere(t, dataDir);
    const { headers } = await hooks.nth(2);
    assert.deepEqual([headers["x-webhook-delivery"], headers["x-webhook-attempt"]], [deliveryId, "1"]);
    assert.equal(hooks.all.length, 2);
  });

  test("the first start prints address, data, user, password and key, and later starts print no secrets and stop on SIGHUP too", async (t) => {
    const dataDir = await newDataDir(t);
    const first = spawnServer(t, { SIGNALBOX_DATA_DIR: dataDir });
    const [said, url, shownDir, user, password, key] = await first.says(
      /listens on (http:\/\/127\.0\.0\.1:\d+)\n {2}data +(\S+)\n {2}console +\S+\/console\/\n.*\n {2}user +(\S+)\n {2}password +(\S+)\n {2}API key +(\S+)\n/,
    );
    assert.equal(said.length > 0, true);
    assert.equal(shownDir, dataDir);
    assert.match(user ?? "", /^\S+@\S+$/);
    assert.match(key ?? "", /^sb_live_[0-9a-f]{48}$/);
    assert.equal((password ?? "").length >= 16, true);
    const answer = await fetch(`${url}/v1/endpoints`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(answer.status, 200);
    assert.equal(await ended(first), 0);

    const mail = { SMTP_URL: "smtp://127.0.0.1:9", SIGNALBOX_MAIL_FROM: "ops@example.com" };
    const second = spawnServer(t, { SIGNALBOX_DATA_DIR: dataDir, LOG_LEVEL: "info", ...mail });
    await second.says(/listens on \S+\n {2}data +\S+\n/);
    await second.says(
      /"links":"http:\/\/localhost:\d+","set":"SIGNALBOX_PUBLIC_URL","msg":"links_to_people_lead_to_localhost"\}\n.*"msg":"started"/,
    );
    // As closing the terminal does. It stops the server like SIGTERM.
    second.signal("SIGHUP");
    assert.deepEqual(await second.exited, { code: 0, signal: null });
    assert.match(second.stdout, /"msg":"stopping".*\n.*"msg":"stopped"\}\n$/);
    for (const secret of [password, key]) assert.equal(second.stdout.includes(secret ?? "?"), false);
    assert.doesNotMatch(second.stdout, /password|sb_live|sb_test|user/);
    assert.equal(first.stderr + second.stderr, "");
  });

  test("a first start uses and does not print the settings' password and key, and only /healthz answers until they exist", async (t) => {
    const dataDir = await newDataDir(t);
    const key = `sb_test_${"0a".repeat(24)}`;
    const login = { email: "ada@example.com", password: "correct horse battery staple" };
    const port = await freePort();
    const child = spawnServer(t, {
      SIGNALBOX_DATA_DIR: dataDir,
      PORT: String(port),
      SIGNALBOX_ADMIN_EMAIL: login.email,
      SIGNALBOX_ADMIN_PASSWORD: login.password,
      SIGNALBOX_API_KEY: key,
      SIGNALBOX_TENANT_NAME: "Acme Robotics",
    });
    const client = clientOf(`http://127.0.0.1:${port}`, key);
    const seen = new Set<string>();
    const ask = async (method: string, path: string, body?: object): Promise<number> => {
      const answer = await client
        .request(method, path, body === undefined ? {} : { key: null, body })
        .catch(() => null);
      if (answer !== null) seen.add(`${path} ${answer.status} ${answer.code ?? ""}`);
      return answer?.status ?? 0;
    };
    const askAll = async () => [
      await ask("GET", "/v1/endpoints"),
      await ask("POST", "/dashboard/auth/login", login),
      await ask("GET", "/readyz"),
    ];
    let isStarting = true;
    const noteEnd = () => {
      isStarting = false;
    };
    const started = child.says(/listens on (\S+)\n.*user +ada@example\.com\n.*API key [^\n]+\n/s);
    started.then(noteEnd, noteEnd);
    await polled(async () => {
      await askAll();
      return isStarting ? null : true;
    }, "the start");
    await started;
    assert.deepEqual(await askAll(), [200, 200, 200]);
    for (const answer of seen) assert.match(answer, / (200 |503 STARTING)$/);
    const tenantNames = async (at: Client) => {
      const { rows } = await at.request("GET", "/v1/tenants", { key });
      return rows.map(({ name }) => name);
    };
    assert.deepEqual(await tenantNames(client), ["Acme Robotics"]);
    assert.equal(await ended(child), 0);
    for (const secret of [login.password, key]) assert.equal(child.stdout.includes(secret), false);

    const later = await startHere(t, dataDir, { SIGNALBOX_TENANT_NAME: "Another" });
    assert.deepEqual(await tenantNames(later), ["Acme Robotics"], "the setting applies only to an empty store");
  });

  test("a later start does not restore a revoked key", async (t) => {
    const dataDir = await newDataDir(t);
    const first = await startHere(t, dataDir);
    const rotated = await first.request("POST", "/v1/auth/keys/rotate");
    assert.equal(rotated.status, 200, rotated.text);
    await first.close();
    const second = await startHere(t, dataDir);
    assert.equal((await second.request("GET", "/v1/endpoints")).status, 401);
    assert.equal((await second.request("GET", "/v1/endpoints", { key: rotated.body.api_key })).status, 200);
  });

  test("on SIGTERM the attempts in flight finish and the other leases are released", async (t) => {
    const { server, dataDir, hooks, deliveryId } = await startWithOpenAttempt(t, { max_in_flight: 1 });
    const waiting = await publish(server);
    const outcomes = await followOutcomes(t, server.url, CHILD_KEY);
    server.signal("SIGTERM");
    await outcomes.ended();
    await assert.rejects(fetch(server.url), "the server accepts no more connections");
    hooks.react((hook) => hook.answer(200));
    hooks.all[0]?.answer(200);
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    assert.equal(server.stderr, "");
    assert.equal(hooks.all.length, 1, "no attempt was started after the signal");
    assert.deepEqual(rowsOf(dataDir, "SELECT 1 FROM deliveries WHERE lease IS NOT NULL"), []);

    const again = await startHere(t, dataDir);
    const first = await again.request("GET", `/v1/deliveries/${deliveryId}`);
    assert.deepEqual([first.body.status, first.body.attempts_count], ["DELIVERED", 1]);
    assert.equal((await hooks.nth(2)).headers["x-webhook-delivery"], waiting);
  });

  test("events accepted while the server stops are kept", async (t) => {
    const dataDir = await newDataDir(t);
    const hooks = await startHooks(t);
    const server = await startChild(t, dataDir);
    const made = await server.request("POST", "/v1/endpoints", { body: { url: hooks.url } });
    assert.equal(made.status, 201, made.text);
    const accepted: string[] = [];
    const publishOn = async (): Promise<void> => {
      for (;;) {
        const body = { type: "order.paid", payload: {} };
        const answer = await server.request("POST", "/v1/events", { body }).catch(() => null);
        if (answer?.status !== 202) return;
        accepted.push(answer.body.event_id);
        if (accepted.length === 50) server.signal("SIGTERM");
      }
    };
    await Promise.all([1, 2, 3, 4].map(publishOn));
    assert.equal((await server.exited).code, 0);
    assert.ok(accepted.length >= 50);
    assert.deepEqual(rowsOf(dataDir, "SELECT 1 FROM deliveries WHERE lease IS NOT NULL"), []);
    const again = await startHere(t, dataDir);
    const missing = new Set(accepted);
    for (let count = 1; missing.size > 0; count += 1) {
      missing.delete(String((await hooks.nth(count)).headers["webhook-id"]));
    }
    await again.close();
    assert.equal(
      new Set(hooks.all.map(({ headers }) => headers["webhook-id"])).size,
      hooks.all.length,
      "no event was sent twice",
    );
  });

  const STOPPED_BY = [
    ["start", "SIGTERM"],
    ["dev", "SIGINT"],
  ] as const;
  for (const [script, signal] of STOPPED_BY) {
    test(`${signal} to npm run ${script} stops the server, and its last log lines are shown`, async (t) => {
      const env = { SIGNALBOX_DATA_DIR: await newDataDir(t), PORT: "0", LOG_LEVEL: "info" };
      const npm = startCommand(t, ["npm", "run", script], env);
      await npm.until(/API key/);
      await npm.until(/started/);
      // On Ctrl-C the terminal signals every process of the group, and npm also forwards the signal.
      if (signal === "SIGINT") npm.signalGroup(signal);
      else npm.signal(signal);
      await npm.until(/stopping/);
      await npm.until(/stopped/);
      assert.equal(await npm.ended, 0);
      const lock = tryLockDir(dataFiles(env.SIGNALBOX_DATA_DIR));
      assert(lock !== null, "the server has released its lock");
      lock.release();
    });
  }

  test("after the banner, Node's warnings and uncaught errors are logged as JSON lines too", async (t) => {
    const script =
      'process.on("SIGUSR2", () => process.emitWarning("careful"));' +
      'process.on("SIGWINCH", () => { throw new Error("broken"); });';
    const env = { LOG_LEVEL: "info", NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` };
    const child = spawnServer(t, { SIGNALBOX_DATA_DIR: await newDataDir(t), ...env });
    await child.says(/"msg":"started"/);
    child.signal("SIGUSR2");
    await child.says(/"name":"Warning","message":"careful","msg":"node_warning"/);
    child.signal("SIGWINCH");
    assert.deepEqual(await child.exited, { code: 1, signal: null });
    assert.equal(child.stderr, "");
    const [, lines = ""] = /API key.*?\n(.*)$/s.exec(child.stdout) ?? [];
    const logged = lines
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly msg: string });
    assert.deepEqual(
      logged.map(({ msg }) => msg),
      ["started", "node_warning", "crashed"],
    );
  });

  test("a signal during the start stops the server after it has started", async (t) => {
    const dataDir = await newDataDir(t);
    const child = spawnServer(t, { SIGNALBOX_DATA_DIR: dataDir });
    for await (const { filename } of watch(dataDir)) if (filename === "signalbox.db") break;
    assert.equal(await ended(child), 0);
    assert.match(child.stdout, /password +\S+\n {2}API key +sb_live_/, "the generated secrets are shown all the same");
  });

  test("a second signal stops the server at once", async (t) => {
    const { server } = await startWithOpenAttempt(t);
    const outcomes = await followOutcomes(t, server.url, CHILD_KEY);
    server.signal("SIGTERM");
    await outcomes.ended();
    server.signal("SIGINT");
    // An orderly stop waits for the attempt and exits with 0.
    assert.deepEqual(await server.exited, { code: 1, signal: null });
  });
});
