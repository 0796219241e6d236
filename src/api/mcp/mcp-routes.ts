/** `POST /mcp`: the Model Context Protocol, for agents. It takes keys of the role `agent` only. */
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { McpHttpHandler } from "@modelcontextprotocol/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { bearerKey, requireCaller } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { commonEnvelope, problem, send } from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import { JSON_TYPE } from "../http/content-type.ts";
import { isForeignChange } from "../http/origin.ts";
import { createAgentActs } from "./agent-acts.ts";
import type { ApiRequest } from "./tool.ts";

export function registerMcp(app: FastifyInstance, deps: ApiDeps): void {
  app.addHook("onRequest", requireCaller(deps, commonEnvelope));
  const handler = handlerOf(app, deps);
  app.post("/mcp", { config: { accepts: "key", needs: "any" }, schema: { hide: true } }, serve(deps, handler));
}

const AGENT_KEY_REQUIRED = problem(
  403,
  "AGENT_KEY_REQUIRED",
  "The MCP server takes a key of the role agent only: another key could answer its own questions. An org_admin creates one " +
    'with POST /v1/auth/keys {"name": "my agent", "role": "agent"}, or in the console.',
);

const FOREIGN_PAGE = problem(
  403,
  "FOREIGN_ORIGIN",
  "A page of another site sent this request through a browser. Agents that run in a browser can call /mcp only from this server's own address, or from SIGNALBOX_PUBLIC_URL.",
);

/** The handler is made at the first request, and ends with the server. */
function handlerOf(app: FastifyInstance, deps: ApiDeps): () => Promise<McpHttpHandler> {
  const { clock, version } = deps;
  let made: Promise<McpHttpHandler> | null = null;
  app.addHook("onClose", async () => (await made?.catch(() => null))?.close());
  const sendToApi = async (apiKey: string, { method, path, query = {}, body, headers, signal }: ApiRequest) => {
    const response = await app.inject({
      method,
      url: path,
      query: queryOf(query),
      headers: { authorization: `Bearer ${apiKey}`, "content-type": JSON_TYPE, ...headers },
      ...(signal !== undefined && { signal }),
      ...(body !== undefined && { payload: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: response.statusCode, text: response.payload };
  };
  return () => {
    if (made !== null) return made;
    const making = import("./mcp-server.ts").then(({ createMcp }) =>
      createMcp({ version, clock, acts: createAgentActs(deps), send: sendToApi }),
    );
    making.catch(() => {
      // Without memory or file descriptors the import fails, and the next request tries again.
      made = null;
    });
    made = making;
    return making;
  };
}

function queryOf(query: NonNullable<ApiRequest["query"]>): Record<string, string | string[]> {
  const given = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return [];
    // A lone surrogate has no form in a URL.
    const text = (one: string | number) => String(one).toWellFormed();
    return [[name, typeof value === "object" ? value.map(text) : text(value)] as const];
  });
  return Object.fromEntries(given);
}

function serve(deps: ApiDeps, handlerOfServer: () => Promise<McpHttpHandler>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // A page of another site must not reach a server on this machine through a browser (DNS rebinding).
    if (isForeignChange(request, deps.publicUrl())) return send(reply, commonEnvelope, FOREIGN_PAGE);
    const { agent } = request.caller.actor;
    const token = bearerKey(request.headers.authorization);
    if (agent === undefined || token === null) return send(reply, commonEnvelope, AGENT_KEY_REQUIRED);
    const { text, value } = bodyOf(request);
    const authInfo = { token, clientId: agent.id, scopes: [...agent.scopes], extra: { bodyText: text } };
    const handler = await handlerOfServer();
    const response = await handler.fetch(webRequest(request, reply, deps), { authInfo, parsedBody: value });
    reply.code(response.status);
    for (const [name, value] of response.headers) reply.header(name, value);
    return reply.send(response.body === null ? "" : Readable.fromWeb(response.body as ReadableStream));
  };
}

/** The request without its body, which has been read. It is aborted when the client disconnects. */
function webRequest({ headers }: FastifyRequest, reply: FastifyReply, { publicUrl }: ApiDeps): Request {
  const disconnected = new AbortController();
  reply.raw.once("close", () => disconnected.abort());
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string") copied.set(name, value);
  }
  return new Request(`${publicUrl()}/mcp`, { method: "POST", headers: copied, signal: disconnected.signal });
}
