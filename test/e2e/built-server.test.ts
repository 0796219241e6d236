/** The build of the server: when it is used, and that it finds its files. In a copy of the project. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, cp, mkdtemp, rm, stat, symlink, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { PROJECT_DIR } from "../harness/command.ts";

const folder = await mkdtemp(path.join(tmpdir(), "signalbox-build-"));
after(() => rm(folder, { recursive: true, force: true }));
for (const part of ["build.js", "src", "packages/cli", "packages/sdk/src", "package.json"])
  await cp(path.join(PROJECT_DIR, part), path.join(folder, part), { recursive: true });

interface Run {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Not the suite's own environment, whose compile cache is in the working folder's `node_modules`. */
const CLEAN = { PATH: process.env.PATH };

function runNode(...args: readonly string[]): Promise<Run> {
  const { promise, resolve } = Promise.withResolvers<Run>();
  execFile(process.execPath, args, { cwd: folder, env: CLEAN }, (error, stdout, stderr) =>
    resolve({ code: error?.code ?? 0, stdout, stderr }),
  );
  return promise;
}

test("without the toolchain there is no build, which fails no installation", async () => {
  const { code, stderr } = await runNode("build.js");
  assert.equal(code, 0);
  assert.match(stderr, /^The server was not built: its toolchain is not installed\.\nIt starts from its sources/);
  assert.equal((await runNode("build.js", "--strict")).code, 1);
});

test("a build finds its files, answers as the sources do, and is used until a source file changes", async (t) => {
  await symlink(path.join(PROJECT_DIR, "node_modules"), path.join(folder, "node_modules"));
  assert.deepEqual(await runNode("build.js", "--strict"), { code: 0, stdout: "", stderr: "" });
  const { mtimeMs: builtAt, ctimeMs: writtenAt } = await stat(path.join(folder, "dist/program.js"));
  assert.ok(builtAt < writtenAt, "a source file that changes during a build is newer than the build");

  const env = { ...CLEAN, PORT: "0", LOG_LEVEL: "silent", SIGNALBOX_DATA_DIR: path.join(folder, "data") };
  const server = spawn(process.execPath, ["src/main.js"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => server.kill("SIGKILL"));
  let banner = "";
  for await (const chunk of server.stdout) {
    banner += String(chunk);
    if (banner.includes("listens on")) break;
  }
  const [, url = ""] = /listens on (\S+)/.exec(banner) ?? [];
  for (const file of ["/docs", "/docs/page.css", "/docs/page.js", "/docs/swagger-ui-bundle.js", "/openapi.json"]) {
    assert.equal((await fetch(url + file)).status, 200, file);
  }
  assert.equal((await fetch(`${url}/v1/respond/nothing`)).status, 404);

  await symlink("nobody@nowhere:1", path.join(folder, "src/.#program.ts")); // as Emacs marks an open file
  await utimes(path.join(folder, "src"), new Date(0), new Date(0));
  assert.equal((await runNode("src/main.js", "serve", "--help")).stderr, "");
  await appendFile(path.join(folder, "src/program.ts"), '\nprocess.stderr.write("from its sources\\n");\n');
  const changed = await runNode("src/main.js", "serve", "--help");
  assert.match(changed.stderr, /^from its sources\n/);
  assert.deepEqual(await runNode("build.js", "--strict"), { code: 0, stdout: "", stderr: "" });
  await appendFile(path.join(folder, "dist/program.js"), '\nprocess.stderr.write("from the build\\n");\n');
  const built = await runNode("src/main.js", "serve", "--help");
  assert.match(built.stderr, /from the build\n$/);
  assert.equal(built.stdout, changed.stdout);

  server.kill("SIGKILL");
  await once(server, "exit");
  await rm(path.join(folder, "node_modules"));
  assert.deepEqual(await runNode("src/main.js", "serve", "--help"), built, "a build needs no packages");
  assert.equal((await runNode("build.js")).code, 0);
  assert.equal(existsSync(path.join(folder, "dist")), false, "an older build would be used with other packages");
});
