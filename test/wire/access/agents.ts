/** Keys of the role `agent`, and requests with them. */
import assert from "node:assert/strict";
import { AGENT_SCOPES, type AgentScope } from "../../../src/domain/access/access.ts";
import type { Answer, Tenant } from "../../harness/server.ts";
import { bearer } from "../../harness/team.ts";

export interface AgentKey {
  readonly id: string;
  readonly apiKey: string;
  request(method: string, path: string, body?: object | string, headers?: Record<string, string>): Promise<Answer>;
}

export async function newAgent(
  tenant: Tenant,
  scopes: readonly AgentScope[] = AGENT_SCOPES,
  more: object = {},
): Promise<AgentKey> {
  const body = { name: "deploy-bot", role: "agent", scopes, ...more };
  const made = await tenant.request("POST", "/v1/auth/keys", { body });
  assert.equal(made.status, 201, made.text);
  return agentOf(tenant, made.body.id, made.body.api_key);
}

export function agentOf(tenant: Tenant, id: string, apiKey: string): AgentKey {
  return {
    id,
    apiKey,
    request: (method, path, body, headers) =>
      tenant.request(method, path, {
        key: null,
        headers: { ...bearer(apiKey), ...headers },
        ...(body !== undefined && { body }),
      }),
  };
}
