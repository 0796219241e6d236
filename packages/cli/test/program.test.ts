import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { SignalboxError } from "../../sdk/src/index.ts";
import { failureOf } from "../src/failure.ts";
import { widthOf } from "../src/output/text.ts";
import { ENTRIES } from "../src/registry.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(path.join(tmpdir(), "signalbox-program-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const USAGE: readonly (readonly [string, RegExp])[] = [
  ["profil", /^signalbox: unknown command 'profil'; did you mean profile\?\n$/],
  ["xyzzy", /^signalbox: unknown command 'xyzzy'; see signalbox --help\n$/],
  ["profil --help", /^signalbox: unknown command 'profil'; did you mean profile\?\n$/],
  ["help profil", /^signalbox: unknown command 'profil'; did you mean profile\?\n$/],
  ["profile lsit -h", /^signalbox: unknown command 'lsit'; did you mean list\?\n$/],
  ["--json servee --help", /"message":"unknown command 'servee'; did you mean serve\?"/],
  ["profile", /^signalbox: profile needs one of these words: list, use, delete\n$/],
  ["profile --json", /"code":"USAGE","message":"profile needs one of these words: list, use, delete"/],
  ["deliveries list --since 1h", /^signalbox: unknown option '--since'; did you mean --from\?\n$/],
  ["tail --from 1h", /^signalbox: unknown option '--from'; did you mean --since\?\n$/],
  ["profile lsit", /^signalbox: unknown command 'lsit'; did you mean list\?\n$/],
  ["profile use", /^signalbox: missing required argument 'NAME'; see signalbox profile use --help\n$/],
  [
    "profile use a b",
    /^signalbox: too many arguments for 'use'\. Expected 1 argument but got 2; see signalbox profile use --help\n$/,
  ],
  ["profile list --jsn", /^signalbox: unknown option '--jsn'; did you mean --json\?\n$/],
  ["profile list --json --quiet", /--json and --quiet exclude each other/],
  ["profile list --url", /argument missing; see signalbox profile list --help/],
  ["profile list --url --json", /--url needs a value: --url URL/],
  ["profile list --url a --url b", /--url is given twice/],
  ["whoami --url ftp://x", /--url must be a URL that begins with https:\/\/ or http:\/\//],
  ["users list", /^signalbox: `signalbox users` is `signalbox admin users list` now\n$/],
  ["--json serve", /serve must be the first word: signalbox serve/],
  ["", /no command is given; see signalbox --help/],
];

for (const [line, message] of USAGE) {
  test(`signalbox ${line} is a mistake in one line`, async () => {
    const { code, stdout, stderr } = await runCli(line.split(" ").filter((word) => word !== ""));
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, message);
    assert.match(stderr, /^[^\n]+\n$/);
  });
}

const STATUS_EXITS: readonly (readonly [number, string, number])[] = [
  [0, "NETWORK_ERROR", 9],
  [0, "TIMEOUT", 9],
  [200, "PROTOCOL_ERROR", 9],
  [400, "VALIDATION_ERROR", 1],
  [401, "UNAUTHORIZED", 6],
  [403, "FORBIDDEN", 6],
  [404, "NOT_FOUND", 7],
  [409, "INVALID_STATE", 8],
  [410, "TOKEN_USED", 8],
  [422, "VALIDATION_ERROR", 1],
  [429, "RATE_LIMITED", 1],
  [500, "INTERNAL_ERROR", 1],
  [502, "HTTP_502", 9],
  [503, "STORE_UNAVAILABLE", 9],
];

test("the exit code says what kind of failure it is", () => {
  for (const [status, code, exit] of STATUS_EXITS) {
    assert.equal(failureOf(new SignalboxError({ status, code, message: "x" }))?.exit, exit, `${status} ${code}`);
  }
  assert.equal(failureOf(new RangeError("a bug")), null);
});

test("the help has every command, its options and its examples", async () => {
  const { code, stdout } = await runCli(["--help"]);
  assert.equal(code, 0);
  for (const { name, about } of ENTRIES) assert.match(stdout, new RegExp(`^ {2}${name} +${about.slice(0, 20)}`, "m"));
  for (const { name, load } of ENTRIES) {
    const loaded = await load?.();
    const commands = loaded === undefined ? [] : loaded.kind === "command" ? [loaded] : loaded.commands;
    for (const command of commands) {
      const words = loaded?.kind === "command" ? [name] : [name, command.name];
      const help = await runCli([...words, "--help"]);
      assert.equal(help.code, 0);
      assert.match(help.stdout, new RegExp(`^Usage: signalbox ${words.join(" ")} \\[options\\]`));
      assert.match(help.stdout, /--insecure-http/);
      assert.ok(command.examples.length > 0, words.join(" "));
      for (const [line] of command.examples) assert.ok(help.stdout.includes(`$ ${line}`), line);
      assert.deepEqual(await runCli(["help", ...words]), help);
    }
  }
});

test("the help of a command wins over what is wrong with its words", async () => {
  const help = await runCli(["profile", "use", "--help"]);
  for (const line of ["a b --help", "--jsn -h", "--url --help", "--url -h", "--help --url", "--url a --url b --help"])
    assert.deepEqual(await runCli(["profile", "use", ...line.split(" ")]), help, line);
  const operand = await runCli(["profile", "list", "--", "--help"]);
  assert.equal(operand.code, 2);
});

test("the help fits a terminal of 40 columns", async () => {
  for (const words of [["--help"], ["login", "--help"]]) {
    const { stdout } = await runCli(words, { columns: 40, env: { NO_COLOR: "1" } });
    const [help = ""] = stdout.split("\nExamples:");
    assert.deepEqual(
      help.split("\n").filter((line) => widthOf(line) > 40),
      [],
    );
  }
});

const UNEXPECTED = [
  "whoami",
  "login URL --api-key-stdin",
  "listen --forward-to 3000",
  "trigger order.paid --data {}",
  "endpoints list",
  "status",
];

test("a response of a version that does not fit, or of a proxy, is said in a line", async (t) => {
  const server = http.createServer((_request, response) => response.writeHead(200, { "x-signalbox": "1" }).end("{}"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = path.join(folder, "unexpected");
  const env = { SIGNALBOX_URL: url, SIGNALBOX_API_KEY: "whsk_0123456789abcdef", SIGNALBOX_CONFIG: config };
  for (const line of UNEXPECTED) {
    const words = line.replace("URL", url).split(" ");
    const { code, stderr } = await runCli(words, { env, folder, input: "whsk_0123456789abcdef\n" });
    assert.equal(code, 9, line);
    assert.match(stderr, /^signalbox: The server at http:\/\/\S+ responded with something unexpected\. [^\n]+\n$/);
  }
  assert.equal(existsSync(path.join(config, "config.json")), false, "login kept nothing");
  await assert.rejects(runCli(["whoami"], { env: { ...env, SIGNALBOX_DEBUG: "1" }, folder }), TypeError);
});

test("tail waits for a server that is away for as long as it takes", async (t) => {
  let streams = 0;
  const answers: Readonly<Record<string, (response: http.ServerResponse) => unknown>> = {
    "/dashboard/auth/me": (response) => response.writeHead(200).end("{}"),
    "/v1/stream": (response) => {
      streams += 1;
      if (streams === 1) return response.writeHead(200, { "content-type": "text/event-stream" }).end("retry: 0\n\n");
      return response.writeHead(streams < 30 ? 503 : 401).end('{"error":{"code":"X","message":"No."}}');
    },
  };
  const server = http.createServer((request, response) => {
    response.setHeader("x-signalbox", "1");
    answers[(request.url ?? "").split("?")[0] ?? ""]?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { SIGNALBOX_URL: url, SIGNALBOX_API_KEY: "whsk_0123456789abcdef", SIGNALBOX_CONFIG: folder };
  const { code, stderr } = await runCli(["tail"], { env, folder });
  assert.equal(streams, 30);
  assert.equal(code, 6);
  assert.match(stderr, /^The connection is lost; trying again\.\nsignalbox: The server does not accept this key/);
});

test("an unexpected error is no failure of the user's", async () => {
  const { code, stderr } = await runCli(["whoami"], { folder, env: { SIGNALBOX_CONFIG: folder } });
  assert.equal(code, 6);
  assert.match(stderr, /^signalbox: You are not signed in\./);
});
