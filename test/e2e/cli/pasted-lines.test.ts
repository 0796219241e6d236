/** Runs the lines of docs/cli.md, as somebody who pastes them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { newCliFolder, runCli } from "../../../packages/cli/test/run-cli.ts";
import type { Finished } from "../../harness/child.ts";
import { PROJECT_DIR } from "../../harness/command.ts";
import { fromNewAddress, signatureOf } from "../../harness/inbound.ts";
import { ask, respond } from "../../harness/pauses.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });
const tenant = await newTenant(server);
const folder = await newCliFolder({ after });
const settings = { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: tenant.apiKey };

const DOCS = readFileSync(path.join(PROJECT_DIR, "docs/cli.md"), "utf8");
const MAIN = path.join(PROJECT_DIR, "src/main.js");

/** The lines of the code blocks in a section. */
function linesOf(section: string): readonly string[] {
  const from = DOCS.indexOf(`\n## ${section}\n`);
  assert.notEqual(from, -1, section);
  const part = DOCS.slice(from, DOCS.indexOf("\n## ", from + 1));
  const blocks = [...part.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = ""]) => code.replaceAll("\\\n", ""));
  return blocks.flatMap((code) => code.trimEnd().split("\n"));
}

/** Paste a line. One that needs no shell runs in this process. */
async function paste(line: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const given = { ...settings, ...env };
  if (/[|>]|&&/.test(line)) return pasteIntoShell(line, given);
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare = ""]) => quoted ?? bare);
  const known = words.map((word) => word.replaceAll(/\$(\w+)/g, (_, name: string) => env[name] ?? ""));
  assert.deepEqual(known.slice(0, 2), ["npx", "signalbox"], line);
  return runCli(known.slice(2), { env: given, folder });
}

async function pasteIntoShell(line: string, env: Readonly<Record<string, string>>): Promise<Finished> {
  const script = `npx() { shift; "$NODE" "$MAIN" "$@"; }; set -o pipefail; ${line}`;
  const shell = spawn("bash", ["-c", script], {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE: process.execPath, MAIN, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = new Promise<number | null>((resolve) => shell.on("close", resolve));
  let found = "";
  shell.stderr.setEncoding("utf8").on("data", (piece: string) => {
    found += piece;
    const [, token] = /\/respond\/(\S+)\n/.exec(found) ?? [];
    if (token !== undefined) void respond(tenant, token, { choice: "Deploy" });
  });
  const stdout = await text(shell.stdout);
  return { code: await closed, stdout, stderr: found };
}

test("a question is asked, waited for and cancelled as the lines say", async () => {
  const [asked = "", ...lines] = linesOf("Ask a person");
  const deployed = await paste(asked);
  assert.deepEqual([deployed.code, deployed.stdout], [0, "Deploy\ndeploying\n"], deployed.stderr);
  const { id, token } = await ask(tenant, { options: ["Deploy", "Stop"] });
  await respond(tenant, token, { choice: "Deploy" });
  const codes: (number | null)[] = [];
  for (const line of lines) codes.push((await paste(line, { QUESTION: id, CI_JOB_ID: "job-1" })).code);
  assert.deepEqual(codes, [0, 0, 0, 0, 8, 8], "the question has ended, so it can be neither extended nor cancelled");
});

test("a source is made and its quarantine emptied as the lines say", async () => {
  writeFileSync(path.join(folder, "secret"), "a secret\n");
  writeFileSync(path.join(folder, "other-secret"), "another secret\n");
  const lines = linesOf("Inbound webhooks");
  for (const line of lines.slice(0, 3)) assert.equal((await paste(line)).code, 0, line);
  const { id } = JSON.parse((await paste(lines[3] ?? "")).stdout);
  const headers = { "x-hub-signature-256": signatureOf("{}", "another secret"), "x-github-event": "push" };
  await server.request("POST", `/in/${id}`, { key: null, body: "{}", headers: { ...headers, ...fromNewAddress() } });
  const { body } = await tenant.request("GET", "/v1/inbound-events?valid=false");
  const [request] = (body as unknown as { data: { id: string }[] }).data;
  for (const line of lines.slice(4)) {
    const { code, stderr } = await paste(line, { REQUEST: request?.id ?? "" });
    assert.equal(code, 0, `${line}: ${stderr}`);
  }
  const { body: events } = await tenant.request("GET", "/v1/events?type=git.push");
  assert.equal(events.results.length, 1);
});

test("jobs are listed and the history is exported as the lines say", async () => {
  const [jobs = "", file = "", piped = ""] = linesOf("Jobs and exports");
  assert.equal((await paste(jobs)).code, 0);
  assert.equal((await paste(file)).code, 0);
  assert.ok(readdirSync(folder).includes("deliveries.csv"));
  const { code, stderr } = await paste(piped);
  assert.deepEqual([code, stderr], [0, ""]);
});

test("bodies are signed and verified as the lines say", async () => {
  writeFileSync(path.join(folder, "endpoint-secret"), "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0\n");
  for (const name of ["order.json", "status.json"]) writeFileSync(path.join(folder, name), '{"n":1}');
  for (const line of linesOf("Signatures")) {
    const { code, stderr } = await paste(line);
    assert.equal(code, 0, `${line}: ${stderr}`);
  }
});
