/** Tests of `signalbox admin backup|restore|verify` and `signalbox --version`. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, lstatSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type Finished, newDataDir, runSignalbox } from "../harness/child.ts";
import { startHooks } from "../harness/hooks.ts";
import { runHere, startHere } from "../harness/in-process.ts";

function assertRefused({ code, stdout, stderr }: Finished, exit: number, line: RegExp): void {
  assert.deepEqual([code, stdout], [exit, ""], stderr);
  assert.match(stderr, /^signalbox: [^\n]+\n$/);
  assert.match(stderr, line);
}

test("a backup of a busy server contains every event accepted before it, and a server can start from it", async (t) => {
  const dataDir = await newDataDir(t);
  const hooks = await startHooks(t);
  hooks.react((hook) => hook.answer(200));
  const server = await startHere(t, dataDir);
  const made = await server.request("POST", "/v1/endpoints", { body: { url: hooks.url } });
  assert.equal(made.status, 201, made.text);
  const accepted: string[] = [];
  let isBusy = true;
  const publishOn = async (): Promise<void> => {
    while (isBusy) {
      const answer = await server.request("POST", "/v1/events", { body: { type: "order.paid", payload: {} } });
      assert.equal(answer.status, 202, answer.text);
      accepted.push(answer.body.event_id);
    }
  };
  const publishing = [1, 2, 3, 4].map(publishOn);
  await hooks.nth(20);
  const before = [...accepted];
  const folder = await newDataDir(t);
  const file = path.join(folder, "signalbox.db");
  const { code, stdout, stderr } = await runSignalbox(dataDir, ["admin", "backup", file, "--json"]);
  isBusy = false;
  await Promise.all(publishing);
  assert.deepEqual([code, stderr], [0, ""]);
  const { bytes, schema, ...said } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual(said, { file, master_key: path.join(dataDir, "master.key") });
  const { mode, size } = statSync(file);
  assert.deepEqual([mode & 0o777, size], [0o600, bytes]);
  assert.equal(typeof schema, "number");
  assert.deepEqual(readdirSync(folder), ["signalbox.db"], "the backup leaves no other files");
  assert(accepted.length > before.length, "the server accepted events during the backup");

  copyFileSync(path.join(dataDir, "master.key"), path.join(folder, "master.key"));
  const restored = await startHere(t, folder);
  for (const id of before) assert.equal((await restored.request("GET", `/v1/events/${id}`)).status, 200);
});

test("a failed backup leaves no file, and a backup replaces a file only with --force", async (t) => {
  const dataDir = await newDataDir(t);
  const folder = await newDataDir(t);
  const file = path.join(folder, "copy.db");
  assertRefused(await runSignalbox(dataDir, ["admin", "backup", file]), 7, /there is no data in .*SIGNALBOX_DATA_DIR/);
  await (await startHere(t, dataDir)).close();

  await writeFile(file, "precious");
  await mkdir(path.join(folder, "deep"));
  const [fifo, link] = [path.join(folder, "fifo"), path.join(folder, "link.db")];
  execFileSync("sh", ["-c", 'mkfifo "$0"', fifo]);
  const database = path.join(dataDir, "signalbox.db");
  const toData = path.join(folder, "data.db");
  symlinkSync(database, toData);
  for (const [words, exit, line] of [
    [[file], 8, /copy\.db: there is a file of this name.*--force/],
    [[path.join(folder, "deep")], 8, /it is a directory; name a file in it/],
    [[path.join(folder, "nowhere", "copy.db")], 7, /there is no directory .*nowhere/],
    [[database, "--force"], 8, /a file of the running data/],
    [[`${database}-wal`], 8, /a file of the running data/],
    [[toData, "--force"], 8, /a file of the running data/],
    [[fifo, "--force"], 8, /it is no regular file/],
    [["/proc/copy.db"], 1, /\/proc\/copy\.db cannot be written/],
  ] as const) {
    assertRefused(await runHere(dataDir, ["admin", "backup", ...words]), exit, line);
  }
  assert.equal(readFileSync(file, "utf8"), "precious");
  assert.deepEqual(readdirSync(folder).sort(), ["copy.db", "data.db", "deep", "fifo"]);
  assert(lstatSync(fifo).isFIFO() && lstatSync(toData).isSymbolicLink());

  // A backup of damaged data fails and creates no file.
  const env = { SIGNALBOX_MASTER_KEY: Buffer.alloc(32, 1).toString("base64") };
  symlinkSync("copy.db", link);
  assert.equal(
    (await runHere(dataDir, ["admin", "backup", link, "--force"], { env })).code,
    0,
    "a backup needs no master key",
  );
  const db = new DatabaseSync(file, { readOnly: true });
  assert.equal(db.prepare("SELECT count(*) AS tenants FROM tenants").get()?.tenants, 1);
  db.close();
  const damaged = await newDataDir(t);
  const bytes = readFileSync(file);
  bytes.fill(0xff, 4096, 4096 * 8);
  await writeFile(path.join(damaged, "signalbox.db"), bytes);
  assertRefused(await runHere(damaged, ["admin", "backup", path.join(folder, "no.db")]), 1, /damaged/);
  assert.deepEqual(readdirSync(folder).sort(), ["copy.db", "data.db", "deep", "fifo", "link.db"]);
  assert(lstatSync(link).isSymbolicLink());
});

test("a backup replaces the data when no server runs and the key is its own", async (t) => {
  const dataDir = await newDataDir(t);
  const server = await startHere(t, dataDir);
  const publish = async (on: typeof server) => {
    const answer = await on.request("POST", "/v1/events", { body: { type: "order.paid", payload: {} } });
    return `/v1/events/${answer.body.event_id}`;
  };
  const kept = await publish(server);
  const folder = await newDataDir(t);
  const file = path.join(folder, "copy.db");
  const admin = (dir: string, words: readonly string[], env = {}) => runHere(dir, ["admin", ...words], { env });
  assert.equal((await admin(dataDir, ["backup", file])).code, 0);
  const lost = await publish(server);
  assert.equal((await admin(dataDir, ["verify"])).code, 0, "also while a server runs");
  assertRefused(await admin(dataDir, ["restore", file, "--force"]), 8, /another Signalbox is running/);
  await server.close();

  assertRefused(await admin(dataDir, ["restore", file]), 8, /there is data in .*--force/);
  assertRefused(await admin(dataDir, ["restore", path.join(folder, "no.db")]), 7, /there is no file/);
  assertRefused(await admin(dataDir, ["restore", path.join(dataDir, "signalbox.db")]), 8, /a file of the data itself/);
  const wrong = { SIGNALBOX_MASTER_KEY: Buffer.alloc(32, 1).toString("base64") };
  assertRefused(await admin(dataDir, ["restore", file, "--force"], wrong), 1, /the master key is not the one that/);
  const fresh = await newDataDir(t);
  assertRefused(await admin(fresh, ["restore", file]), 1, /needs its master key: put your copy into .*master\.key/);
  const damaged = path.join(folder, "damaged.db");
  const bytes = readFileSync(file);
  bytes.fill(0xff, 4096, 4096 * 8);
  await writeFile(damaged, bytes);
  assertRefused(await admin(dataDir, ["restore", damaged, "--force"]), 1, /damaged/);
  await writeFile(damaged, "");
  assertRefused(await admin(dataDir, ["restore", damaged, "--force"]), 1, /is no backup of Signalbox/);
  const elsewhere = { DATABASE_URL: "postgres://a@127.0.0.1/b", ...wrong };
  for (const word of ["backup", "restore"]) {
    assertRefused(await admin(dataDir, [word, file], elsewhere), 1, /the data is in PostgreSQL/);
  }

  const [database, link] = [path.join(dataDir, "signalbox.db"), path.join(folder, "data.db")];
  symlinkSync(database, link);
  assertRefused(await admin(dataDir, ["restore", link, "--force"]), 8, /a file of the data itself/);
  renameSync(database, path.join(folder, "elsewhere.db"));
  symlinkSync(path.join(folder, "elsewhere.db"), database);

  const { code, stdout, stderr } = await admin(dataDir, ["restore", file, "--force"]);
  assert.deepEqual([code, stderr], [0, ""], stdout);
  assert(![dataDir, folder].flatMap((dir) => readdirSync(dir)).some((name) => name.endsWith(".unfinished")));
  assert(lstatSync(database).isSymbolicLink());
  const restored = await startHere(t, dataDir);
  assert.equal((await restored.request("GET", kept)).status, 200);
  assert.equal((await restored.request("GET", lost)).status, 404);
  await restored.close();

  const db = new DatabaseSync(path.join(dataDir, "signalbox.db"));
  db.exec("UPDATE tenants SET open_pauses = 1");
  db.close();
  const verified = await admin(dataDir, ["verify", "--json"]);
  assert.equal(verified.code, 1);
  assert.match(verified.stderr, /^\{"error":\{"code":"FAILED","message":"1 of \d+ rules are broken/);
  const broken = (JSON.parse(verified.stdout) as { wrong: number }[]).filter(({ wrong: count }) => count > 0);
  assert.deepEqual(broken, [{ rule: "a tenant has as many open pauses as it counts", rows: 1, wrong: 1, first: 1 }]);
});

test("--version prints the package's version", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  const printed = { code: 0, stdout: `signalbox ${version}\n`, stderr: "" };
  assert.deepEqual(await runSignalbox("/nowhere", ["--version"]), printed);
});
