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
/** A machine without a package index should find that out soon. The pip that installs the build backend reads these too. */
const PIP_SETTINGS = {
  PIP_RETRIES: "0",
  PIP_DEFAULT_TIMEOUT: "15",
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  PIP_QUIET: "1",
};
const NO_INDEX = /No matching distribution|establish a new connection|name resolution|timed out|ProxyError|SSLError/;
/** The first pip that installs into another environment: one of its own would take as long to install as the package. */
const HAS_PIP = 'import pip; assert tuple(map(int, pip.__version__.split(".")[:2])) >= (22, 3)';

/** Takes six seconds. Only tests that hang take this long. */
const RUN_MS_MAX = 300_000;

const place = await mkdtemp(path.join(tmpdir(), "signalbox-python-"));
after(() => rm(place, { recursive: true, force: true }));
const environment = path.join(place, "environment");
const installed = path.join(environment, "bin/python");

/** Whether this Python is recent enough, and this code does not fail there. */
function works(python: string, code: string): Promise<boolean> {
  return run(python, ["-c", `import sys; assert sys.version_info >= (3, 10)\n${code}`]).then(
    () => true,
    () => false,
  );
}

/** Whether this Python has the modules. To import them takes a second. */
function finds(python: string, ...modules: readonly string[]): Promise<boolean> {
  return works(python, `from importlib.util import find_spec; assert all(map(find_spec, ${JSON.stringify(modules)}))`);
}

test("pip installs the package in an empty virtual environment", async (t) => {
  // tidy-allow skip: Python is not a part of the project
  if (!(await works("python3", HAS_PIP))) return t.skip("no python3 of version 3.10 or later with pip 22.3 or later");
  const venv = await run("python3", ["-m", "venv", "--without-pip", environment]).catch(() => null);
  // tidy-allow skip: Python is not a part of the project
  if (venv === null) return t.skip("this python3 makes no virtual environments");
  const words = ["-m", "pip", "--python", installed, "install", "--no-compile", `${PACKAGE}[test]`];
  const refusal = await run("python3", words, { env: { ...process.env, ...PIP_SETTINGS } }).then(
    () => null,
    (error: { readonly stderr: string }) => error.stderr,
  );
  // tidy-allow skip: Python is not a part of the project
  if (refusal !== null && NO_INDEX.test(refusal)) return t.skip("pip reaches no package index");
  assert.equal(refusal, null);
  assert.ok(await finds(installed, "signalbox_sdk", "httpx"));
});

test("its tests pass with pytest", async (t) => {
  const isInstalled = await finds(installed, "signalbox_sdk", "pytest");
  const python = isInstalled ? installed : "python3";
  const canRun = await finds(python, "httpx", "pytest", "cryptography");
  // tidy-allow skip: Python is not a part of the project
  if (!canRun) return t.skip("no python3 of version 3.10 or later with httpx, cryptography and pytest");
  const env = { ...process.env, ...(await startRestarting(t)) };
  // To rewrite the assertions, so that they show their values, takes 0.6 s of CPU time. The local variables show them too.
  const options = ["-q", "--color=no", "--assert=plain", "--showlocals"];
  const words = ["-m", "pytest", ...options, ...(isInstalled ? ["-o", "pythonpath=test"] : [])];
  await run(python, words, { cwd: PACKAGE, env, timeout: RUN_MS_MAX }).then(
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
    // Nothing listens on port 0, as on that of a server that is down.
    const server = connect(running === null ? 0 : Number(new URL(running.url).port), "127.0.0.1");
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
