import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { KEY_COMMANDS } from "../../../src/cli/keys.ts";
import { RECEIPT_KEY_COMMANDS } from "../../../src/cli/receipt-keys.ts";
import { STORE_COMMANDS } from "../../../src/cli/stores.ts";
import { TENANT_COMMANDS } from "../../../src/cli/tenants.ts";
import { USER_COMMANDS } from "../../../src/cli/users.ts";
import { hasCommand } from "../../../test/harness/command.ts";
import { json, serve } from "../../sdk/test/server.ts";
import { ADMIN_COMMANDS } from "../src/completion/admin-commands.ts";
import { SCRIPTS, SHELLS } from "../src/completion/scripts.ts";
import { runCli } from "./run-cli.ts";

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), "signalbox-complete-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The candidates, without what they are. */
async function values(line: string, options: Parameters<typeof runCli>[1] = {}, shell = "zsh"): Promise<string[]> {
  const { code, stdout, stderr } = await runCli(["complete", shell, "--", ...line.split(" ")], options);
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((each) => each.split("\t")[0] ?? "");
}

const WORDS: readonly (readonly [string, readonly string[]])[] = [
  ["prof", ["profile"]],
  ["profile ", ["list", "use", "delete"]],
  ["profile u", ["use"]],
  ["deliveries list --st", ["--status"]],
  ["deliveries list --status FA", ["FAILED"]],
  ["deliveries list --status=FA", ["--status=FAILED"]],
  ["deliveries list --status FAILED --json --j", []],
  ["endpoints list --state dis", ["disabled"]],
  ["completion ", SHELLS],
  ["admin re", ["receipt-keys", "restore"]],
  ["admin keys ", ["list", "add", "revoke"]],
  ["admin keys a", ["add"]],
  ["admin keys add --n", ["--name"]],
  ["admin keys xyzzy --n", []],
  ["--pro", ["--profile"]],
  ["--vers", ["--version"]],
  ["--quiet prof", ["profile"]],
  ["--url https://a.example profile u", ["use"]],
  ["--json deliveries list --js", []],
  ["xyzzy ", []],
  ["deliveries xyzzy ", []],
  ["whoami --he", ["--help"]],
];

for (const [line, expected] of WORDS) {
  test(`"signalbox ${line}" is completed`, async () => assert.deepEqual(await values(line), expected));
}

test("bash gets what follows an equals sign, and PowerShell can pass an empty word", async () => {
  assert.deepEqual(await values("deliveries list --status = FA", {}, "bash"), ["FAILED"]);
  assert.deepEqual(await values("profile %", {}, "powershell"), ["list", "use", "delete"]);
});

test("files and profiles are completed", async (t) => {
  const folder = newFolder(t);
  mkdirSync(path.join(folder, "data"));
  for (const name of ["order.json", "other.json", "with space.json"])
    writeFileSync(path.join(folder, "data", name), "");
  assert.deepEqual(await values("trigger order.paid --data @da", { folder }), ["@data/"]);
  assert.deepEqual(await values("trigger order.paid --data @data/or", { folder }), ["@data/order.json"]);
  writeFileSync(path.join(folder, "config.json"), '{"profiles": {"prod": {"url": "https://a.example"}}}');
  for (const line of ["whoami --profile ", "--profile ", "--json --profile p"]) {
    assert.deepEqual(await values(line, { env: { SIGNALBOX_CONFIG: folder } }), ["prod"], line);
  }
  assert.deepEqual(await values("--profile=", { env: { SIGNALBOX_CONFIG: folder } }), ["--profile=prod"]);
  assert.deepEqual(await values("admin backup data/or", { folder }), ["data/order.json"]);
});

test("the commands and options of admin are those that the server's program has", () => {
  const commands = [
    ...TENANT_COMMANDS,
    ...USER_COMMANDS,
    ...KEY_COMMANDS,
    ...RECEIPT_KEY_COMMANDS,
    ...STORE_COMMANDS,
  ].map(
    ({ group, action, options }) =>
      [action === null ? group : `${group} ${action}`, Object.keys(options).map((option) => `--${option}`)] as const,
  );
  assert.deepEqual(ADMIN_COMMANDS, Object.fromEntries(commands));
});

test("ids are completed from the server, and kept for a while", async (t) => {
  const folder = newFolder(t);
  const results = [
    { id: "del_1", status: "FAILED", event_type: "a\u001b" },
    { id: "del_2;rm", status: "HELD", event_type: "b" },
  ];
  const { url, seen } = await serve(t, json(200, { results, has_more: false, next_cursor: null }));
  const env = { SIGNALBOX_CONFIG: folder, SIGNALBOX_URL: url, SIGNALBOX_API_KEY: "sb_live_x" };
  const asked = ["complete", "fish", "--", "deliveries", "get", ""];
  for (let times = 0; times < 2; times++) {
    const { stdout } = await runCli(asked, { env });
    assert.equal(stdout, "del_1\tFAILED a\\u001b\n", "what a shell would run is left out");
  }
  assert.equal(seen.length, 1);
  assert.doesNotMatch(readFileSync(path.join(folder, "completions.json"), "utf8"), /sb_live/);
  assert.deepEqual(await values("deliveries get ", { env: { ...env, SIGNALBOX_API_KEY: "sb_live_y" } }), ["del_1"]);
  assert.equal(seen.length, 2, "another key is another cache");
});

test("without a server, there is silence", async () => {
  const env = { SIGNALBOX_URL: "http://127.0.0.1:9", SIGNALBOX_API_KEY: "x" };
  assert.deepEqual(await values("endpoints get ", { env }), []);
  assert.deepEqual(await values("endpoints get "), []);
});

test("every shell has a script", async () => {
  for (const shell of SHELLS) {
    const { stdout } = await runCli(["completion", shell]);
    assert.equal(stdout, SCRIPTS[shell]);
    assert.match(stdout, new RegExp(`signalbox complete ${shell} `));
  }
});

/** How each shell completes a line that ends at the cursor. */
const REAL: readonly (readonly [shell: "bash" | "zsh" | "fish", script: (file: string) => string])[] = [
  [
    "bash",
    (file) =>
      `source ${file}; COMP_WORDS=(signalbox profile u); COMP_CWORD=2; _signalbox; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  ["fish", (file) => `source ${file}; complete --do-complete "signalbox profile u"`],
  [
    "zsh",
    (file) =>
      `compdef() {}; _describe() { print -l \${candidates%%:*} }; source ${file}; words=(signalbox profile u); CURRENT=3; _signalbox`,
  ],
];

for (const [shell, script] of REAL) {
  test(`${shell} completes`, { skip: hasCommand(shell) ? false : `this machine has no ${shell}` }, (t) => {
    const folder = newFolder(t);
    const main = path.join(import.meta.dirname, "../../../src/main.js");
    writeFileSync(path.join(folder, "signalbox"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
    chmodSync(path.join(folder, "signalbox"), 0o755);
    const file = path.join(folder, "completion");
    writeFileSync(file, SCRIPTS[shell]);
    const args = shell === "bash" ? ["--norc", "-c"] : ["-c"];
    const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder };
    const { stdout, stderr } = spawnSync(shell, [...args, script(file)], { env, encoding: "utf8" });
    assert.match(stdout, /^use(\t.*)?\n$/, stderr);
  });
}
