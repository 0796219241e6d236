/** Starts that fail with one line, which says what is wrong and how to fix it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, cp, mkdir, realpath, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { type Child, type ChildEnvironment, newDataDir, spawnServer } from "../harness/child.ts";
import { PROJECT_DIR } from "../harness/command.ts";
import { initializedData, refusalOf, startHere } from "../harness/in-process.ts";

/** Asserts that the server does not start, prints one matching line to standard error, and exits with code 1. */
async function assertRefusal(child: Child, line: RegExp): Promise<void> {
  assert.deepEqual(await child.exited, { code: 1, signal: null });
  assert.match(child.stderr, /^signalbox: [^\n]+\n$/);
  assert.match(child.stderr, line);
  assert.doesNotMatch(child.stdout, /listens/);
}

/** Asserts that the server does not start in this process, for a reason of one line, which a process would print. */
/** A start that was refused in this process closes its files a moment later. */
const LATER = { timeout: 5000 };

async function assertRefusalHere(env: ChildEnvironment, line: RegExp): Promise<void> {
  const reason = await refusalOf(env);
  assert.match(reason, /^[^\n]+$/);
  assert.match(reason, line);
}

async function ended(child: Child): Promise<number | null> {
  child.signal("SIGTERM");
  return (await child.exited).code;
}

suite("refused starts", { concurrency: 3 }, () => {
  test("a port in use", async (t) => {
    const taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
    t.after(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const dataDir = await newDataDir(t);
    await assertRefusal(
      spawnServer(t, { SIGNALBOX_DATA_DIR: dataDir, PORT: String(port) }),
      new RegExp(`port ${port} .*in use`),
    );
    // The secrets that the failed start generated were never shown, so the next start must show its own.
    const again = spawnServer(t, { SIGNALBOX_DATA_DIR: dataDir });
    await again.says(/password +\S+\n {2}API key +sb_live_/);
    assert.equal(await ended(again), 0);
  });

  test("an unwritable data directory", async (t) => {
    const dir = await newDataDir(t);
    const file = path.join(dir, "file");
    await writeFile(file, "");
    for (const place of [path.join(file, "data"), "/proc/signalbox"]) {
      await assertRefusalHere({ SIGNALBOX_DATA_DIR: place }, /cannot be written.*SIGNALBOX_DATA_DIR/);
    }
  });

  test("a file that is not a database", async (t) => {
    const dataDir = await newDataDir(t);
    await writeFile(
      path.join(dataDir, "signalbox.db"),
      "this is not a database, and it is long enough to test ".repeat(99),
    );
    const masterKey = randomBytes(32).toString("base64");
    await assertRefusalHere({ SIGNALBOX_DATA_DIR: dataDir, SIGNALBOX_MASTER_KEY: masterKey }, /signalbox\.db/);
  });

  test("all invalid settings are reported at once, one per line", async (t) => {
    const dataDir = await newDataDir(t);
    const child = spawnServer(t, {
      SIGNALBOX_DATA_DIR: dataDir,
      PORT: "http",
      SIGNALBOX_API_KEY: "topsecret",
      SIGNALBOX_RETENTION_DAYS: "0",
      SIGNALBOX_MASTER_KEY: "c2hvcnQ=",
      SIGNALBOX_ALOW_HTTP: "true",
    });
    assert.equal((await child.exited).code, 1);
    const lines = child.stderr.trimEnd().split("\n");
    assert.equal(lines.length, 5, child.stderr);
    for (const line of lines) assert.match(line, /^signalbox: [A-Z_]+: /);
    assert.match(child.stderr, /SIGNALBOX_ALOW_HTTP: .*did you mean SIGNALBOX_ALLOW_HTTP/);
    assert.doesNotMatch(child.stderr, /topsecret|c2hvcnQ=/);
  });

  test("data of a newer version, and a wrong or missing master key", async (t) => {
    const dataDir = await initializedData(t);
    const env = { SIGNALBOX_DATA_DIR: dataDir };

    const another = { ...env, SIGNALBOX_MASTER_KEY: randomBytes(32).toString("base64") };
    await assertRefusalHere(another, /master key is not the one/);

    const file = path.join(dataDir, "signalbox.db");
    const db = new DatabaseSync(file, LATER);
    const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
    db.exec("PRAGMA user_version = 9999");
    db.close();
    await assertRefusalHere(env, /newer Signalbox \(schema 9999/);
    const back = new DatabaseSync(file, LATER);
    back.exec(`PRAGMA user_version = ${version}`);
    back.close();

    await rm(path.join(dataDir, "master.key"));
    await assertRefusalHere(env, /master key is missing/);
  });

  test("a second process on the same data", async (t) => {
    const dataDir = await newDataDir(t);
    const first = await startHere(t, dataDir);
    await assertRefusal(spawnServer(t, { SIGNALBOX_DATA_DIR: dataDir }), /another Signalbox is running/);
    assert.equal((await first.request("GET", "/v1/endpoints")).status, 200);
  });

  test("a data directory that is a file, or a HOST that is not an address of this machine", async (t) => {
    const dataDir = await newDataDir(t);
    const file = path.join(dataDir, "file");
    await writeFile(file, "");
    await chmod(file, 0o700);
    await assertRefusalHere({ SIGNALBOX_DATA_DIR: file }, /file is a file; set SIGNALBOX_DATA_DIR/);
    for (const [host, why] of [
      ["no.such.host.invalid", /no\.such\.host\.invalid does not resolve.*HOST/],
      ["203.0.113.7", /203\.0\.113\.7 is not an address of this machine.*HOST/],
      ["http://localhost", /HOST: must be an address or a host name/],
    ] as const) {
      await assertRefusalHere({ SIGNALBOX_DATA_DIR: dataDir, HOST: host }, why);
    }
    const later = spawnServer(t, { SIGNALBOX_DATA_DIR: dataDir });
    await later.says(/password +\S+\n {2}API key +sb_live_/);
    assert.equal(await ended(later), 0);
  });

  test("an invalid master key, and a directory where a file is expected", async (t) => {
    const dataDir = await newDataDir(t);
    await writeFile(path.join(dataDir, "master.key"), "YWJj\n");
    await assertRefusalHere({ SIGNALBOX_DATA_DIR: dataDir }, /master\.key holds no master key.*SIGNALBOX_MAS/);
    await rm(path.join(dataDir, "master.key"));
    for (const name of ["signalbox.lock", "signalbox.db"]) {
      await rm(path.join(dataDir, name), { force: true });
      await mkdir(path.join(dataDir, name));
      const env = { SIGNALBOX_DATA_DIR: dataDir, SIGNALBOX_MASTER_KEY: randomBytes(32).toString("base64") };
      await assertRefusalHere(env, new RegExp(`${name} cannot be opened.*SIGNALBOX_DATA_DIR`));
      await rm(path.join(dataDir, name), { recursive: true });
    }
  });

  test("a Node version that is too old, when the program is started as main.ts", async (t) => {
    assert.equal(await realpath(path.join(PROJECT_DIR, "src/main.ts")), path.join(PROJECT_DIR, "src/main.js"));
    const dir = await newDataDir(t);
    await mkdir(path.join(dir, "src"));
    for (const name of ["package.json", "src/launcher.js", "src/main.js"])
      await cp(path.join(PROJECT_DIR, name), path.join(dir, name));
    const older = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
    const { code, stderr } = await runNode(["--import", `data:text/javascript,${older}`, "src/main.js"], dir);
    assert.equal(code, 1);
    assert.match(stderr, /^signalbox: Signalbox needs Node 24\.15 or later, but this is Node 20\.20\.2,.*\n$/);
  });

  test("packages that are not installed", async (t) => {
    const dir = await newDataDir(t);
    for (const name of ["src", "package.json"])
      await cp(path.join(PROJECT_DIR, name), path.join(dir, name), { recursive: true });
    const { code, stderr } = await runNode(["src/main.js"], dir);
    assert.equal(code, 1);
    assert.match(stderr, /^signalbox: a required package is not installed\. Run `npm ci`.*\n$/);
  });
});

function runNode(args: readonly string[], cwd: string): Promise<{ readonly code: unknown; readonly stderr: string }> {
  const { promise, resolve } = Promise.withResolvers<{ readonly code: unknown; readonly stderr: string }>();
  execFile(process.execPath, args, { cwd }, (error, _stdout, stderr) => resolve({ code: error?.code ?? 0, stderr }));
  return promise;
}
