/** A client of the MCP server, with the official SDK. */
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { AgentScope } from "../../../src/domain/access/access.ts";
import type { Scope, Tenant } from "../../harness/server.ts";
import { bearer } from "../../harness/team.ts";

export const PROTOCOLS = { newest: { pin: "2026-07-28" }, former: "legacy" } as const;
type Protocol = (typeof PROTOCOLS)[keyof typeof PROTOCOLS];

export async function agentKey(tenant: Tenant, scopes: readonly AgentScope[]): Promise<string> {
  const body = { name: "deploy-bot", role: "agent", scopes };
  const made = await tenant.request("POST", "/v1/auth/keys", { body });
  assert.equal(made.status, 201, made.text);
  return made.body.api_key;
}

export function newClient(mode: Protocol): Client {
  return new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
}

/** A connected client, which is closed at the end of the test. */
export async function connect(
  test: Scope,
  url: string,
  { apiKey, protocol = PROTOCOLS.newest }: { readonly apiKey: string; readonly protocol?: Protocol },
): Promise<Client> {
  const client = newClient(protocol);
  const transport = new StreamableHTTPClientTransport(new URL("/mcp", url), {
    requestInit: { headers: bearer(apiKey) },
  });
  await client.connect(transport);
  test.after(() => client.close());
  return client;
}

/** The result of a tool: its structured content, or the text of its error. */
export async function callTool(
  client: Client,
  name: string,
  input: object,
  options: Parameters<Client["callTool"]>[1] = {},
): Promise<Record<string, unknown> | string> {
  const { isError, content, structuredContent } = await client.callTool(
    { name, arguments: input as Record<string, unknown> },
    options,
  );
  const [first] = content as readonly { readonly type: string; readonly text?: string }[];
  if (isError === true) return first?.text ?? "";
  assert.deepEqual(JSON.parse(first?.text ?? ""), structuredContent);
  return structuredContent as Record<string, unknown>;
}
