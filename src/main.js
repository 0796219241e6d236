#!/usr/bin/env node
// The entry point, in JavaScript because an old Node fails on a `.ts` file before it can run any of it. `main.ts` is a
// link to this file, so that `node src/main.ts` gives the same result.

import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import module from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { endWithLauncher, launch } from "./launcher.js";

const FILE = fileURLToPath(import.meta.url);
const ROOT = path.join(path.dirname(FILE), "..");
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"];
const IF_THERE = { throwIfNoEntry: false };

/** The server and its data. Its commands run in the Node that the server needs. */
const SERVER = { source: "src/program.ts", built: "dist/program.js", folders: ["src"] };
/** The commands that talk to a server. They run in the Node that is running. */
const CLIENT = {
  source: "packages/cli/src/main.ts",
  built: "dist/cli.js",
  folders: ["packages/cli/src", "packages/sdk/src"],
};

const NEEDED = [24, 15]; // for argon2, and for `node:sqlite` without a warning in every thread
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isNewEnough = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);

const words = process.argv.slice(2);
const program = words.length === 0 || words[0] === "serve" || words[0] === "admin" ? SERVER : CLIENT;
const runsBuilt = isBuilt(program);

endWithLauncher();
if (isNewEnough || (program === CLIENT && runsBuilt)) {
  // A start reads the code that an earlier one has compiled, which saves a third of its CPU time. The folder is not a
  // temporary one, where another user could put other code. If it cannot be written, the program runs without it.
  module.enableCompileCache?.(path.join(ROOT, "node_modules/.cache/signalbox"));
  import(pathToFileURL(path.join(ROOT, runsBuilt ? program.built : program.source)).href)
    .then(({ run }) => run(words))
    .catch(explain);
} else {
  const newer = installedNode();
  if (newer === null) {
    fail(
      `Signalbox needs Node ${NEEDED.join(".")} or later, but this is Node ${process.versions.node}, and the Node that ` +
        "comes with Signalbox is not installed. Install one of them",
    );
  } else {
    continueWith(newer).catch(({ message }) => fail(`the Node that comes with Signalbox does not start: ${message}`));
  }
}

/** The program of the Node package that is installed with this one. Null: there is none for this machine. */
function installedNode() {
  const { platform, arch } = process;
  const system = platform === "win32" ? "win" : platform;
  const prefix = platform === "darwin" && arch === "arm64" ? "node-bin" : "node";
  try {
    const manifest = module.createRequire(import.meta.url).resolve(`${prefix}-${system}-${arch}/package.json`);
    return path.join(manifest, "../bin", platform === "win32" ? "node.exe" : "node");
  } catch {
    return null;
  }
}

/** Run this file in another Node, which gets all signals and whose end is this process's end. */
async function continueWith(node) {
  const { spawn } = await import("node:child_process");
  const child = spawn(node, [FILE, ...words], launch(process.env, "inherit", "inherit", "inherit"));
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  const [code, signal] = await once(child, "exit");
  process.exitCode = code;
  if (signal === null) return;
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Whether to run the build, which takes half the CPU time to start. In the repository, it may be older than a source file. */
function isBuilt({ source, built, folders }) {
  if (statSync(path.join(ROOT, source), IF_THERE) === undefined) return true;
  const builtAt = statSync(path.join(ROOT, built), IF_THERE)?.mtimeMs ?? 0;
  // A file that is gone meanwhile, or a link to nothing, is one that an editor made.
  const changedAt = ({ parentPath, name }) => statSync(path.join(parentPath, name), IF_THERE)?.mtimeMs ?? 0;
  const files = (folder) => readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true });
  return builtAt > 0 && folders.flatMap(files).every((file) => changedAt(file) <= builtAt);
}

function explain(error) {
  if (!/^Cannot find package /.test(error.message)) throw error;
  fail("a required package is not installed. Run `npm ci` in the Signalbox folder");
}

function fail(line) {
  process.stderr.write(`signalbox: ${line}\n`);
  process.exitCode = 1;
}
