/** The Python SDK: installed in an empty virtual environment, and its tests with pytest against one server. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { CHILD_KEY, newDataDir } from "../../../test/harness/child.ts";
import { startHere } from "../../../test/harness/in-process.ts";
import type { Scope } from "../../../test/harness/server.ts";

const run = promisify(execFile);
const PACKAGE = path.join(import.meta.dirname, "..");
/** One try for each file: a machine without a package index should find that out soon. */
const PIP = ["--isolated", "--disable-pip-version-check", "--no-input", "--quiet", "--no-compile", "--retries", "0"];
const NO_INDEX = /No matching distribution|Failed to establish a new connection|name resolution|timed out|ProxyError/;
/** For an environment without its own pip, which takes as long to install as the package. */
const PIP_MIN = "22.3";

/** Whether `python3` is recent enough and can import the modules. */
function canImport(python: string, ...modules: readonly string[]): Promise<boolean> {
  const code = `import sys; assert sys.version_info >= (3, 10); ${modules.map((name) => `import ${name}; `).join("")}`;
  return run(python, ["-c", code]).then(
    () => true,
    () => false,
  );
}

const HAS_PYTHON = await canImport("python3");
const place = await mkdtemp(path.join(tmpdir(), "signalbox-python-"));
after(() => rm(place, { recursive: true, force: true }));
const installed = path.join(place, "environment/bin/python");

const installs = "pip installs the package in an empty virtual environment";
test(HAS_PYTHON ? installs : `not run: ${installs}, because there is no Python 3.10 or later`, async (t) => {
  // tidy-allow skip: Python and its packages
  if (!HAS_PYTHON) return t.skip("no Python 3.10 or later");
  const pip = `import pip; assert tuple(map(int, pip.__version__.split(".")[:2])) >= (${PIP_MIN.replace(".", ", ")})`;
  const environment = path.join(place, "environment");
  const prepared = await run("python3", ["-c", pip])
    .then(() => run("python3", ["-m", "venv", "--without-pip", environment]))
    .catch(() => null);
  // tidy-allow skip: Python and its packages
  if (prepared === null) return t.skip(`no venv, or no pip ${PIP_MIN} or later`);
  const words = ["-m", "pip", "--python", installed, "install", ...PIP, `${PACKAGE}[test]`];
  const failure = await run("python3", words).then(
    () => null,
    (error: { readonly stderr: string }) => error.stderr,
  );
  // tidy-allow skip: Python and its packages
  if (failure !== null && NO_INDEX.test(failure)) return t.skip("no package index can be reached");
  assert.equal(failure, null);
  const { stdout } = await run(installed, ["-c", "import signalbox_sdk; print(signalbox_sdk.__file__)"]);
  assert.ok(stdout.startsWith(environment), stdout);
});

const passes = "its tests pass";
test(passes, async (t) => {
  const python = (await canImport(installed, "signalbox_sdk", "pytest")) ? installed : "python3";
  // tidy-allow skip: Python and its packages
  if (!(await canImport(python, "httpx", "pytest"))) return t.skip("no Python 3.10 or later with httpx and pytest");
  const env = { ...process.env, ...(await startRestarting(t)) };
  const words = ["-m", "pytest", "-q", "--color=no", ...(python === installed ? ["-o", "pythonpath=test"] : [])];
  await run(python, words, { cwd: PACKAGE, env }).then(
    ({ stdout }) => t.diagnostic(stdout.trim().split("\n").at(-1) ?? ""),
    (error: { readonly stdout: string }) => assert.fail(error.stdout),
  );
});

/** A server that the tests restart. Its address stays, and its clients see the end of a killed server. */
async function startRestarting(scope: Scope): Promise<Readonly<Record<string, string>>> {
  const dataDir = await newDataDir(scope);
  let running: Awaited<ReturnType<typeof startHere>> | null = await startHere(scope, dataDir);
  const sockets = new Set<Socket>();
  const front = createServer((client) => {
    const port = running === null ? null : Number(new URL(running.url).port);
    if (port === null) return client.destroy();
    const server = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const control = createHttpServer(async (_request, response) => {
    const stopped = running;
    running = null;
    for (const socket of sockets) socket.destroy();
    await stopped?.close();
    running = await startHere(scope, dataDir);
    response.end();
  });
  return {
    SIGNALBOX_TEST_URL: await urlOf(scope, front),
    SIGNALBOX_TEST_KEY: CHILD_KEY,
    SIGNALBOX_TEST_CONTROL: await urlOf(scope, control),
  };
}

async function urlOf(scope: Scope, server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scope.after(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
