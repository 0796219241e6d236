/** The package `signalbox`: packed, installed in an empty folder, and run there as its users run it. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { CHILD_KEY, newDataDir, spawnServer } from "../harness/child.ts";
import { PROJECT_DIR } from "../harness/command.ts";
import { deadLinks } from "./dead-links.ts";
import { pasteLines } from "./pasted-lines.ts";

const run = promisify(execFile);
/** An older Node, to the entry point. It says nothing about the Node that comes with the package. */
const OLDER = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})`;
/** The Node that runs the installed package: another one can be named here. */
const NODE = process.env.PACKAGE_NODE ?? process.execPath;

const INSTALL = "npm install ./signalbox-0.3.0.tgz";

interface Manifest {
  readonly version: string;
  readonly exports: { readonly ".": Readonly<Record<string, string>> };
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

describe("the package", () => {
  let place: string;
  const installed = (...names: readonly string[]) => path.join(place, "node_modules/signalbox", ...names);
  const signalbox = async (...words: readonly string[]) =>
    (await run(NODE, [path.join(place, "node_modules/.bin/signalbox"), ...words], { cwd: place })).stdout;

  before(async () => {
    place = await mkdtemp(path.join(tmpdir(), "signalbox-package-"));
    // What `npm test` has built just now.
    await run("npm", ["pack", "--ignore-scripts", "--pack-destination", place, "--loglevel=error"], {
      cwd: PROJECT_DIR,
    });
    await pasteToEnd(INSTALL);
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

  test("contains JavaScript with source maps, the console, licenses and what the documentation links to, and no sources", async () => {
    const files = await readdir(installed(), { recursive: true });
    for (const name of ["README.md", "LICENSE", "CHANGELOG.md", "dist/LICENSES.txt", "console/dist/index.html"])
      assert.ok(files.includes(name), name);
    const scripts = files.filter((name) => /^dist\/.*thread\.js$|^dist\/(program|server)\.js$/.test(name));
    assert.equal(scripts.length, 8);
    for (const name of scripts) assert.ok(files.includes(`${name}.map`), name);
    assert.deepEqual(
      files.filter((name) => /\.tsx?$|\btest\b|\btry\b|node_modules/.test(name)),
      ["examples/receiver.ts", "src/start-server.d.ts"],
    );
    assert.deepEqual(deadLinks(installed()), []);
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
    const project = await readFile(path.join(PROJECT_DIR, "packages/python/pyproject.toml"), "utf8");
    assert.match(project, new RegExp(`^version = "${version}"$`, "m"));
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

    const killed = spawnServer(t, settings, [NODE, "--import", OLDER, installed("src/main.js")]);
    await killed.says(/listens on (\S+)\n/);
    killed.signal("SIGKILL");
    // The output is closed once the server that wrote it is gone, too.
    assert.deepEqual(await killed.exited, { code: null, signal: "SIGKILL" });
  });

  test("starts a server for a program, and says why one does not start", async (t) => {
    await bringNode();
    const program = `
      import { startServer } from "signalbox";
      const settings = { PORT: "0", SIGNALBOX_DATA_DIR: ${JSON.stringify(await newDataDir(t))} };
      let said = "";
      const server = await startServer({ settings, onOutput: (text) => { said += text; } });
      const { status } = await fetch(server.url + "/readyz");
      const refused = await startServer({ settings: { PORT: "x" } }).catch(({ message }) => message);
      await server.stop();
      console.log(JSON.stringify([status, await server.exited, said.includes("sb_live_"), refused]));`;
    await writeFile(path.join(place, "program.mjs"), program);
    const { stdout } = await run(NODE, ["program.mjs"], { cwd: place, env: { PATH: process.env.PATH } });
    const [status, exitCode, isShown, refused] = JSON.parse(stdout);
    assert.deepEqual([status, exitCode, isShown], [200, 0, true]);
    assert.match(refused, /^signalbox: PORT: must be /);
    const manifest: Manifest = JSON.parse(await readFile(installed("package.json"), "utf8"));
    for (const file of Object.values(manifest.exports["."])) assert.ok(await readFile(installed(file), "utf8"), file);
  });

  test("a server that a program has started ends when the program is killed", async (t) => {
    await bringNode();
    const settings = { PORT: "0", SIGNALBOX_DATA_DIR: await newDataDir(t) };
    const program = `
      import { startServer } from "signalbox";
      console.log((await startServer({ settings: ${JSON.stringify(settings)} })).url);`;
    await writeFile(path.join(place, "killed.mjs"), program);
    const running = spawn(NODE, ["killed.mjs"], { cwd: place, env: { PATH: process.env.PATH } });
    const [url] = await once(running.stdout.setEncoding("utf8"), "data");
    const { hostname, port } = new URL(url);
    const connection = connect(Number(port), hostname);
    await once(connection, "connect");
    running.kill("SIGKILL");
    await once(connection.resume(), "close");
  });

  const CHANGES_THE_MACHINE = "It changes the machine, as root: deploy/try.sh checks the unit itself";
  const DOWNLOADS = "It downloads packages; .ci/run starts with the same command";

  /** Paste a line into a shell in the folder, where npm asks nothing from the network. */
  function paste(line: string) {
    const npm = { npm_config_offline: "true", npm_config_audit: "false", npm_config_omit: "optional" };
    const everywhere = path.join(place, "everywhere");
    const PATH = `${everywhere}/bin:${process.env.PATH}`;
    const env = { PATH, HOME: place, ...npm, npm_config_prefix: everywhere, PORT: "0", LOG_LEVEL: "silent" };
    return spawn("bash", ["-c", line], { cwd: place, env, detached: true });
  }

  async function pasteToEnd(line: string): Promise<string> {
    const shell = paste(line);
    const [printed, faults, [code]] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, "close")]);
    assert.equal(code, 0, `${line}: ${faults}`);
    return printed;
  }

  /** Ctrl-C reaches every process of the terminal. */
  async function pasteUntilItListens(line: string): Promise<void> {
    const shell = paste(line);
    const ended = once(shell, "close");
    const faults = text(shell.stderr);
    let printed = "";
    for await (const piece of shell.stdout) {
      printed += piece;
      if (/listens on http/.test(printed)) process.kill(-(shell.pid ?? assert.fail()), "SIGINT");
    }
    await ended;
    assert.match(printed, /listens on http/, await faults);
  }

  test("each line that the page about installing has is pasted, or says why not", async () => {
    await pasteLines("docs/install.md", {
      "npm ci && npm pack": DOWNLOADS,
      [INSTALL]: "The tests of this file have begun with it",
      "npx signalbox serve": pasteUntilItListens,
      "npm install -g ./signalbox-0.3.0.tgz": pasteToEnd,
      "source <(signalbox completion bash)": async (line) =>
        assert.equal(await pasteToEnd(`${line} && complete -p signalbox`), "complete -F _signalbox signalbox\n"),
      "npx signalbox login http://127.0.0.1:8080": "A person approves it: the tests of signing in do",
      "npx signalbox listen --exec cat": "A test of the command line pastes it with another program",
      "npx signalbox trigger order.created --data '{\"id\": 1}'": "A test of the command line pastes it",
      "docker compose up": "It needs Docker: deploy/try.sh builds and runs the same image with buildah",
      "useradd --system --home-dir /var/lib/signalbox --shell /usr/sbin/nologin signalbox": CHANGES_THE_MACHINE,
      "mkdir -p /opt/signalbox /etc/signalbox": CHANGES_THE_MACHINE,
      "npm install --prefix /opt/signalbox ./signalbox-0.3.0.tgz": CHANGES_THE_MACHINE,
      "install -m 600 /dev/null /etc/signalbox/env": CHANGES_THE_MACHINE,
      "cp /opt/signalbox/node_modules/signalbox/deploy/systemd/signalbox.service /etc/systemd/system/":
        CHANGES_THE_MACHINE,
      "systemctl enable --now signalbox": CHANGES_THE_MACHINE,
      "npm ci && npm start": DOWNLOADS,
      "npm pack ./packages/sdk": "A test of the SDK packs it in this way",
      "pip install ./packages/python": "A test of the Python SDK installs it in this way",
    });
  });

  test("each line that the page about PostgreSQL has is pasted, or says why not", async () => {
    const ELSEWHERE = "It needs a PostgreSQL server: test/postgres starts nodes with the same settings";
    await pasteLines("docs/deploy.md", {
      "openssl rand -base64 32": async (line) =>
        assert.equal(Buffer.from(await pasteToEnd(line), "base64").byteLength, 32),
      "export DATABASE_URL='postgres://signalbox:choose%20one@db.example.com:5432/signalbox'": ELSEWHERE,
      "export SIGNALBOX_MASTER_KEY='…'": ELSEWHERE,
      "HOST=0.0.0.0 SIGNALBOX_PUBLIC_URL=https://signalbox.example.com npx signalbox serve": ELSEWHERE,
    });
  });
});
