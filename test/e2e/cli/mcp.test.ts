/** `signalbox mcp` as hosts start it, with the official client. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { startCli } from "../../../packages/cli/test/run-cli.ts";
import { exactNumber } from "../../../src/domain/text/exact-json.ts";
import { newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";
import { agentKey, callTool, newClient, PROTOCOLS } from "../../wire/pauses/mcp-client.ts";

const MAIN = new URL("../../../src/main.js", import.meta.url).pathname;
const QUESTION = { question: "Deploy?", options: ["Deploy", "Stop"], timeout_minutes: 30 };

const server = await sharedServer({ after });

for (const [name, protocol] of Object.entries(PROTOCOLS)) {
  test(`${name} protocol: a host asks, waits, cancels a wait, and goes on`, async (t) => {
    const tenant = await newTenant(server);
    const env = { ...process.env, SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: await agentKey(tenant, ["ask"]) };
    const client = newClient(protocol);
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: [MAIN, "mcp"], env: env as Record<string, string> }),
    );
    t.after(() => client.close());
    assert.equal((await client.listTools()).tools.length, 6);
    const exact = exactNumber("12345678901234567890.10");
    const asked = await callTool(client, "ask_human", { ...QUESTION, question: "Déployer ?", context: { exact } });
    assert(typeof asked === "object");
    const { pause_id: id } = asked;
    assert.match(
      (await tenant.request("GET", `/v1/pause/${String(id)}`)).text,
      /"metadata":\{"exact":12345678901234567890\.10\}/,
    );
    const cancelled = new AbortController();
    const given = callTool(client, "wait_for_decision", { pause_id: id }, { signal: cancelled.signal });
    cancelled.abort();
    await assert.rejects(given);
    const waiting = callTool(client, "wait_for_decision", { pause_id: id });
    assert.equal((await tenant.request("DELETE", `/v1/pause/${String(id)}`)).status, 200);
    const ended = await waiting;
    assert(typeof ended === "object");
    assert.deepEqual([ended.status, ended.question, ended.retry_after_seconds], ["cancelled", "Déployer ?", null]);
  });
}

test("a server that is away and a line that is no message get an error, and the command goes on", async () => {
  const list = (id: number) => `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/list" })}\n`;
  const env = { SIGNALBOX_URL: "http://127.0.0.1:9", SIGNALBOX_API_KEY: `sb_live_${"0".repeat(48)}` };
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* host() {
    yield "nonsense\n";
    yield list(1).slice(0, 10);
    yield `${list(1).slice(10)}\n${list(2)}`;
    await ended;
  }
  const running = startCli(["mcp"], { env, stdin: host() });
  await running.says(/"id":2/);
  await running.says(/"id":1/);
  end();
  const { code, stdout } = await running.finished;
  assert.equal(code, 0);
  const messages = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: unknown; error: { message: string } });
  assert.deepEqual(messages.map(({ id }) => id).toSorted(), [1, 2, null]);
  for (const { id, error } of messages) {
    assert.match(error.message, id === null ? /not a JSON object/ : /http:\/\/127\.0\.0\.1:9 is out of reach/);
  }
});

test("a key of another role does not start the command", async () => {
  const tenant = await newTenant(server);
  const env = { SIGNALBOX_URL: server.url, SIGNALBOX_API_KEY: tenant.apiKey };
  const { code, stdout, stderr } = await startCli(["mcp"], { env }).finished;
  assert.deepEqual([code, stdout], [6, ""]);
  assert.match(stderr, /This key has the role org_admin, .* Give it a key of the role agent/);
});
