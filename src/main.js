#!/usr/bin/env node
// The entry point, in JavaScript because an old Node fails on a `.ts` file before it can run any of it. `main.ts` is a
// link to this file, so that `node src/main.ts` gives the same result.

import { readdirSync, statSync } from "node:fs";
import module from "node:module";
import path from "node:path";

const SOURCES = import.meta.dirname;
const IF_THERE = { throwIfNoEntry: false };
const BUILT = path.join(SOURCES, "../dist/program.js");

const NEEDED = [24, 15]; // for argon2, and for `node:sqlite` without a warning in every thread
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  // A start reads the code that an earlier one has compiled, which saves a third of its CPU time. The folder is not a
  // temporary one, where another user could put other code. If it cannot be written, the program runs without it.
  module.enableCompileCache(path.join(SOURCES, "../node_modules/.cache/signalbox"));
  (isBuilt() ? import(BUILT) : import("./program.ts")).then(({ run }) => run(process.argv.slice(2))).catch(explain);
} else {
  fail(
    `Signalbox needs Node ${NEEDED.join(".")} or later, but this is Node ${process.versions.node}. ` +
      "Run `npm ci` to install a Node for Signalbox, then start with `npm start`",
  );
}

/** Whether there is a build that is newer than every source file. A start from it takes half the CPU time. */
function isBuilt() {
  const built = statSync(BUILT, IF_THERE)?.mtimeMs ?? 0;
  // A file that is gone meanwhile, or a link to nothing, is one that an editor made.
  const changedAt = ({ parentPath, name }) => statSync(path.join(parentPath, name), IF_THERE)?.mtimeMs ?? 0;
  return (
    built > 0 &&
    readdirSync(SOURCES, { recursive: true, withFileTypes: true }).every((file) => changedAt(file) <= built)
  );
}

function explain(error) {
  if (!/^Cannot find package /.test(error.message)) throw error;
  fail("a required package is not installed. Run `npm ci` in the Signalbox folder");
}

function fail(line) {
  process.stderr.write(`signalbox: ${line}\n`);
  process.exitCode = 1;
}
