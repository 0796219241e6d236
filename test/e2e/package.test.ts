/** The package `signalbox`: packed, installed in an empty folder, and run there as its users run it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { CHILD_KEY, newDataDir, spawnServer } from "../harness/child.ts";
import { PROJECT_DIR } from "../harness/command.ts";

const run = promisify(execFile);
const QUIET = ["--offline", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
/** An older Node, to the entry point. It says nothing about the Node that comes with the package. */
const OLDER = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})`;
/** The Node that runs the installed package: another one can be named here. */
const NODE = process.env.PACKAGE_NODE ?? process.execPath;

interface Manifest {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

describe("the package", () => {
  let place: string;
  const installed = (...names: readonly string[]) => path.join(place, "node_modules/signalbox", ...names);
  const signalbox = async (...words: readonly string[]) =>
    (await run(NODE, [path.join(place, "node_modules/.bin/signalbox"), ...words], { cwd: place })).stdout;

  before(async () => {
    place = await mkdtemp(path.join(tmpdir(), "signalbox-package-"));
    const npm = (args: readonly string[], cwd: string) =>
      run("npm", [...args, ...QUIET, "--cache", path.join(place, ".npm")], { cwd });
    // What `npm test` has built just now.
    await npm(["pack", "--ignore-scripts", "--pack-destination", place], PROJECT_DIR);
    const [tarball = ""] = (await readdir(place)).filter((name) => name.endsWith(".tgz"));
    await npm(["install", "--omit=optional", `./${tarball}`], place);
  });
  after(() => rm(place, { recursive: true, force: true }));

  /** The package of Node for this machine, which npm would have downloaded. */
  async function bringNode(): Promise<void> {
    const { optionalDependencies }: Manifest = JSON.parse(await readFile(installed("package.json"), "utf8"));
    for (const name of Object.keys(optionalDependencies)) {
      const from = path.join(PROJECT_DIR, "node_modules", name);
      await symlink(from, path.join(place, "node_modules", name)).catch(() => undefined);
    }
  }

  test("contains JavaScript with source maps, the console and licenses, but no sources and no other packages", async () => {
    const files = await readdir(installed(), { recursive: true });
    for (const name of ["README.md", "LICENSE", "CHANGELOG.md", "dist/LICENSES.txt", "console/dist/index.html"])
      assert.ok(files.includes(name), name);
    const scripts = files.filter((name) => /^dist\/.*thread\.js$|^dist\/(program|server)\.js$/.test(name));
    assert.equal(scripts.length, 7);
    for (const name of scripts) assert.ok(files.includes(`${name}.map`), name);
    assert.deepEqual(
      files.filter((name) => /\.tsx?$|\btest\b|node_modules/.test(name)),
      [],
    );
    const others = (await readdir(path.join(place, "node_modules"))).filter((name) => !name.startsWith("."));
    assert.deepEqual(others, ["signalbox"]);
  });

  test("has one version everywhere", async () => {
    const { version }: Manifest = JSON.parse(await readFile(installed("package.json"), "utf8"));
    assert.equal(await signalbox("--version"), `signalbox ${version}\n`);
    assert.match(await readFile(installed("CHANGELOG.md"), "utf8"), new RegExp(`^[^]*?\n## \\[?${version}\\b`));
    for (const other of ["console", "packages/cli", "packages/sdk"]) {
      const manifest: Manifest = JSON.parse(await readFile(path.join(PROJECT_DIR, other, "package.json"), "utf8"));
      assert.equal(manifest.version, version, other);
    }
    assert.match(await signalbox("--help"), /^ {2}serve +start the server/m);
  });

  test("runs a server with its pages and its command line", async (t) => {
    const dataDir = await newDataDir(t);
    const server = spawnServer(t, { SIGNALBOX_DATA_DIR: dataDir }, [NODE, installed("src/main.js"), "serve"]);
    const [, url = ""] = await server.says(/listens on (\S+)\n/);
    const page = await (await fetch(`${url}/console/`)).text();
    const [, script = ""] = /src="([^"]+\.js)"/.exec(page) ?? [];
    for (const file of [script, "/docs", "/docs/page.js", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"])
      assert.equal((await fetch(new URL(file, url))).status, 200, file);
    const listed = await run(NODE, [installed("src/main.js"), "admin", "tenants", "list", "--json"], {
      env: { PATH: process.env.PATH, SIGNALBOX_DATA_DIR: dataDir },
    });
    assert.equal(JSON.parse(listed.stdout).length, 1);
    server.signal("SIGTERM");
    assert.deepEqual(await server.exited, { code: 0, signal: null });
  });

  test("says what is missing when Node is too old", async () => {
    await assert.rejects(run(NODE, ["--import", OLDER, installed("src/main.js")]), (error: { stderr?: string }) => {
      assert.match(
        error.stderr ?? "",
        /^signalbox: Signalbox needs Node 24\.15 or later, but this is Node 20\.20\.2,.*\n$/,
      );
      return true;
    });
  });

  test("continues in the Node that comes with it when Node is too old, and passes signals on", async (t) => {
    await bringNode();
    const dataDir = await newDataDir(t);
    const settings = { SIGNALBOX_DATA_DIR: dataDir, SIGNALBOX_API_KEY: CHILD_KEY };
    const server = spawnServer(t, settings, [NODE, "--import", OLDER, installed("src/main.js")]);
    const [, url = ""] = await server.says(/listens on (\S+)\n/);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    const env = { PATH: process.env.PATH, SIGNALBOX_URL: url, SIGNALBOX_API_KEY: CHILD_KEY };
    const client = [NODE, "--import", OLDER, installed("src/main.js"), "trigger", "a.b", "--wait"] as const;
    const { stderr } = await run(client[0], client.slice(1), { env });
    assert.match(stderr, /^evt_\S+: no endpoint wants it\.\n$/, "the client runs in the older Node");
    server.signal("SIGINT");
    assert.deepEqual(await server.exited, { code: 0, signal: null });
  });
});
