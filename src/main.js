#!/usr/bin/env node
// The way in, in JavaScript that every Node reads: one that is too old fails on a `.ts` file before it runs a line of it.
// `main.ts` is a link to this file, so that `node src/main.ts` gets the same answer.

const NEEDED = [24, 15]; // argon2, and `node:sqlite` without a warning in each thread
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  import("./program.ts").then(({ run }) => run(process.argv.slice(2)), complain);
} else {
  fail(
    `Signalbox needs Node ${NEEDED.join(".")} or later, and this is Node ${process.versions.node}. ` +
      "Run `npm ci`, which installs a Node for Signalbox, then `npm start`, which uses it",
  );
}

function complain(error) {
  if (!/^Cannot find package /.test(error.message)) throw error;
  fail("a package that Signalbox needs is not installed. Run `npm ci` in its folder");
}

function fail(line) {
  process.stderr.write(`signalbox: ${line}\n`);
  process.exitCode = 1;
}
