/** `signalbox export` and `jobs`. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { after, type TestContext, test } from "node:test";
import { newCliFolder, runCli, startCli } from "../../../packages/cli/test/run-cli.ts";
import { signalled } from "../../harness/deadline.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

/** A tenant with deliveries that are held. */
async function newCli(t: TestContext, events = 0) {
  const tenant = await newTenant(server);
  const folder = await newCliFolder(t);
  const env = { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: tenant.apiKey };
  if (events > 0) {
    const { body } = await tenant.request("POST", "/v1/endpoints", { body: { url: "http://127.0.0.1:9/" } });
    await tenant.request("PATCH", `/v1/endpoints/${body.id}`, { body: { status: "PAUSED" } });
    const batch = {
      events: Array.from({ length: events }, (_, n) => ({ type: "a", payload: { n } })),
    };
    await tenant.request("POST", "/v1/events/batch", { body: batch });
  }
  return { tenant, folder, env, run: (words: readonly string[]) => runCli(words, { env, folder }) };
}

/** A server that does what ours does only by accident. */
async function serve(t: TestContext, answer: http.RequestListener): Promise<string> {
  const other = http.createServer((request, response) => answer(request, response.setHeader("x-signalbox", "1")));
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  t.after(() => void other.close());
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
}

test("an export is a whole file or none", async (t) => {
  const { folder, run } = await newCli(t, 3);
  const written = await run(["export", "--out", "all.csv"]);
  assert.deepEqual([written.code, written.stderr], [0, ""]);
  assert.match(written.stdout, /^all\.csv: 3 deliveries, [\d,]+ bytes\n$/);
  assert.match(readFileSync(path.join(folder, "all.csv"), "utf8"), /^\ufeffid,.*\r\n(del_.*\r\n){3}$/);
  assert.deepEqual(readdirSync(folder), ["all.csv"]);
  const asJson = await run(["export", "--out", "all.csv", "--format", "ndjson", "--json"]);
  const { deliveries, bytes } = JSON.parse(asJson.stdout);
  const text = readFileSync(path.join(folder, "all.csv"), "utf8");
  assert.deepEqual([deliveries, bytes, text.trimEnd().split("\n").length], [3, Buffer.byteLength(text), 3]);
  const lines = (await run(["export", "--json"])).stdout.trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).status),
    ["pending", "pending", "pending"],
  );
  assert.match((await run(["export", "--status", "FAILED"])).stdout, /^\ufeffid,.*\r\n$/);
  const unwritable = await run(["export", "--out", "none/all.csv"]);
  assert.deepEqual([unwritable.code, unwritable.stdout], [1, ""]);
  assert.match(unwritable.stderr, /^signalbox: none\/all\.csv cannot be written: /);
});

test("an export replaces a file and nothing else", async (t) => {
  const { folder, run } = await newCli(t);
  mkdirSync(path.join(folder, "folder"));
  for (const target of ["folder", "/dev/null"]) {
    const refused = await run(["export", "--out", target]);
    assert.deepEqual([refused.code, refused.stdout], [2, ""]);
    assert.match(refused.stderr, /is not a file; without --out/);
  }
  assert.deepEqual(readdirSync(folder), ["folder"]);
});

test("an export is written through a link, also when its file does not exist yet", async (t) => {
  const { folder, run } = await newCli(t, 1);
  mkdirSync(path.join(folder, "elsewhere"));
  writeFileSync(path.join(folder, "elsewhere/old.csv"), "yesterday");
  for (const name of ["old.csv", "new.csv"]) {
    symlinkSync(`elsewhere/${name}`, path.join(folder, name));
    assert.equal((await run(["export", "--out", name])).code, 0);
    assert.equal(readlinkSync(path.join(folder, name)), `elsewhere/${name}`);
    assert.match(readFileSync(path.join(folder, "elsewhere", name), "utf8"), /^\ufeffid,.*\r\ndel_/);
  }
  assert.deepEqual(readdirSync(path.join(folder, "elsewhere")).sort(), ["new.csv", "old.csv"]);
});

test("an export that breaks off leaves the file as it was, says so, and is exit 9", async (t) => {
  const { folder, env } = await newCli(t);
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/csv" });
    response.write('a,b\r\n1,"2\r\n3"\r\n4,', () => response.destroy());
  });
  const there = { ...env, SIGNALBOX_URL: url };
  writeFileSync(path.join(folder, "all.csv"), "yesterday");
  const broken = await runCli(["export", "--out", "all.csv"], { env: there, folder });
  assert.deepEqual([broken.code, broken.stdout], [9, ""]);
  assert.match(broken.stderr, /broke off: .*, after 1 delivery\. all\.csv is as it was\. Run/);
  assert.equal(readFileSync(path.join(folder, "all.csv"), "utf8"), "yesterday");
  assert.deepEqual(readdirSync(folder), ["all.csv"]);
  const printed = await runCli(["export", "--json"], { env: there, folder });
  assert.equal(printed.code, 9);
  assert.match(JSON.parse(printed.stderr).error.message, /the output is not whole/);
});

test("exports to the same file do not mix, and an interrupted one leaves nothing", async (t) => {
  const { folder, env } = await newCli(t);
  const open: http.ServerResponse[] = [];
  const { promise: allOpen, give } = signalled<void>("three requests");
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/csv" }).write("a\r\n");
    if (open.push(response) === 3) give();
  });
  const start = () => startCli(["export", "--out", "all.csv"], { env: { ...env, SIGNALBOX_URL: url }, folder });
  const running = [start(), start(), start()] as const;
  await allOpen;
  assert.equal(readdirSync(folder).length, 3);
  running[2].interrupt();
  assert.equal(readdirSync(folder).length, 2);
  await running[2].says(/all\.csv is not written/);
  for (const response of open) response.end("b\r\n");
  const [first, second] = await Promise.all(running.map(({ finished }) => finished));
  assert.deepEqual([first?.code, second?.code], [0, 0]);
  assert.equal(readFileSync(path.join(folder, "all.csv"), "utf8"), "a\r\nb\r\n");
  assert.deepEqual(readdirSync(folder), ["all.csv"]);
});

test("a file that cannot be written is named, and not the temporary one", async (t) => {
  const { folder, run } = await newCli(t);
  symlinkSync("missing/all.csv", path.join(folder, "link.csv"));
  for (const [name, named] of [
    ["missing/all.csv", "missing/all.csv"],
    ["link.csv", `link.csv, a link to ${folder}/missing/all.csv,`],
  ] as const) {
    const { code, stderr } = await run(["export", "--out", name]);
    assert.deepEqual(
      [code, stderr],
      [1, `signalbox: ${named} cannot be written: ENOENT: no such file or directory.\n`],
    );
  }
});

test("a job is watched until it has ended, listed and not cancelled twice", async (t) => {
  const { run, tenant } = await newCli(t, 3);
  assert.equal((await run(["jobs", "list"])).stderr, "There are no jobs.\n");
  const bulk = { action: "cancel", filter: {} };
  const { body } = await tenant.request("POST", "/v1/deliveries/bulk", { body: bulk });
  const watched = await run(["jobs", "watch", body.job_id]);
  assert.equal(watched.code, 0);
  assert.match(watched.stdout, /^job +job_\S+\nkind +bulk_cancel\nstate +done\ndone +3 of 3\nfailed +0\n/);
  const listed = await run(["jobs", "list", "--state", "done", "--kind", "bulk_cancel"]);
  assert.match(listed.stdout, new RegExp(`^ID +KIND .*\n${body.job_id} +bulk_cancel +done +3 +3 +0 `));
  const late = await run(["jobs", "cancel", body.job_id]);
  assert.deepEqual([late.code, late.stderr], [8, "signalbox: The job has already ended.\n"]);
});

test("a job of which something failed is exit 3", async (t) => {
  const { env } = await newCli(t);
  const job = {
    id: "job_1",
    kind: "bulk_retry",
    total: 3,
    failures: [{ reason: "changed", count: 1 }],
    failed: 1,
    by: null,
  };
  const states = [
    { ...job, state: "running", done: 1 },
    { ...job, state: "done", done: 2 },
  ];
  const url = await serve(t, (_, response) => response.end(JSON.stringify(states.shift())));
  const { code, stdout } = await runCli(["jobs", "watch", "job_1"], { env: { ...env, SIGNALBOX_URL: url } });
  assert.equal(code, 3);
  assert.match(stdout, /\ndone +2 of 3\nfailed +1\n {2}changed +1\nstarted/);
});

test("a cancelled job is exit 5", async (t) => {
  const { run, tenant } = await newCli(t, 3);
  const slow = { action: "cancel", filter: {}, per_second: 1 };
  const { body } = await tenant.request("POST", "/v1/deliveries/bulk", { body: slow });
  assert.equal((await run(["jobs", "cancel", body.job_id, "--quiet"])).stdout, `${body.job_id}\n`);
  assert.equal((await run(["jobs", "watch", body.job_id])).code, 5);
});
