/** The lines of `docs/cli.md`, pasted in their order. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { newCliFolder, runCli } from "../../../packages/cli/test/run-cli.ts";
import { hasCommand, PROJECT_DIR } from "../../harness/command.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const PAGE = readFileSync(path.join(PROJECT_DIR, "docs/cli.md"), "utf8");
/** Other sections need more than a server, and have tests of their own. */
const SECTIONS = [
  "The command line",
  "Sign in",
  "Publish and watch",
  "Receive on your machine",
  "Events and deliveries",
  "Endpoints",
  "Completion",
];

function linesOf(section: string): readonly string[] {
  const text = PAGE.split(/^#+ /m).find((part) => part.startsWith(`${section}\n`)) ?? assert.fail(section);
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) => block.trimEnd().split("\n"));
}

/** The words that a shell makes of a line. It runs nothing. */
function wordsOf(line: string, env: Readonly<Record<string, string>>): readonly string[] {
  const print = `npx() { shift; printf '%s\\0' "$@"; }\n${line}`;
  return execFileSync("sh", ["-c", print], { encoding: "utf8", env: { ...env, PATH: process.env.PATH } })
    .split("\0")
    .slice(0, -1);
}

const skip = hasCommand("sh") ? false : "this machine has no sh";
test("every line of docs/cli.md works", { skip }, async (t) => {
  const { apiKey } = await newTenant(server);
  const folder = await newCliFolder(t);
  const env = { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: apiKey, SIGNALBOX_CONFIG: folder };
  const lines = SECTIONS.flatMap(linesOf);
  assert.ok(lines.length >= 18, `${lines.length} lines`);
  for (const line of lines) {
    const words = wordsOf(line, env);
    assert.ok(words.length > 0, line);
    const { code, stderr } = await runCli(words, { env, folder, input: apiKey });
    assert.equal(code, 0, `${line}\n${stderr}`);
  }
});
