/** `/v1/auth/keys`: API keys. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { includesRole } from "../../domain/access/access.ts";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import type { RevokeKeyResult } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, KEY_NOT_FOUND, refuse } from "../errors/pauses-errors.ts";
import { invalid, problem, UNAUTHORIZED } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { sendPages } from "../lists/pages.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedKeyResponse,
  CreateKeyBody,
  createdKeyJson,
  KEY_LIST,
  KeysResponse,
  keyJson,
  parseCreateKey,
  RotatedKeyResponse,
} from "./key-wire.ts";

const tags = ["Keys"];
const config = { needs: "org_admin" } as const;

export function registerKeyRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post("/v1/auth/keys", CREATE, createKey(deps));
  app.get("/v1/auth/keys", LIST, listKeys(deps));
  app.delete<ById>("/v1/auth/keys/:id", REVOKE, revokeKey(deps));
  app.post("/v1/auth/keys/rotate", ROTATE, rotateKey(deps));
  app.post("/v1/auth/keys/revoke", REVOKE_OWN, revokeOwnKey(deps));
}

const CREATE = {
  config,
  schema: {
    tags,
    operationId: "createKey",
    summary: "Create a key",
    body: CreateKeyBody,
    response: { 201: CreatedKeyResponse, ...errorResponses(409, 413, 415) },
  },
};

function createKey({ engine: { access }, clock }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const input = parseCreateKey(bodyOf(request).value, clock.now());
    if (input.kind === "faults") return refuse(reply, invalid(input.faults));
    if (!includesRole(request.caller.actor.role, input.value.role)) return refuse(reply, ABOVE_CALLER);
    const output = await access.createKey(request.caller, input.value);
    if (output.kind === "quotaExceeded") return refuse(reply, quotaProblem(output));
    return reply.code(201).send(createdKeyJson(output));
  };
}

const LIST = {
  config,
  schema: {
    tags,
    operationId: "listKeys",
    summary: "List the keys that are not revoked, in creation order",
    querystring: KEY_LIST.Query,
    response: { 200: KeysResponse, ...errorResponses() },
  },
};

function listKeys({ engine }: ApiDeps) {
  return sendPages(engine, refuse, KEY_LIST, {
    field: "keys",
    read: async (caller, { cursor, limit }) => {
      const { keys, next } = await engine.access.listKeys(caller, cursor, limit);
      return { rows: keys, next };
    },
    text: (row) => JSON.stringify(keyJson(row)),
  });
}

const REVOKED = Type.Null({ description: "Revoked." });

const REVOKE = {
  config,
  schema: {
    tags,
    operationId: "revokeKey",
    summary: "Revoke a key immediately",
    description: "The last key with the role global_admin cannot be revoked: 409 LAST_ADMIN_KEY.",
    params: PathId,
    response: { 204: REVOKED, ...errorResponses(404, 409) },
  },
};

function revokeKey({ engine: { access } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const id = parseId(ID_PREFIX.key, request.params.id);
    return sendRevoked(reply, id === null ? "unknown" : await access.revokeKey(request.caller, id));
  };
}

const REVOKE_OWN = {
  config: { accepts: "key", needs: "any" },
  schema: {
    tags,
    operationId: "revokeOwnKey",
    summary: "Revoke your own key immediately",
    description: "For a program that signs out. The last key with the role global_admin stays: 409 LAST_ADMIN_KEY.",
    response: { 204: REVOKED, ...errorResponses(409, 413, 415) },
  },
} as const;

function revokeOwnKey({ engine: { access } }: ApiDeps) {
  return async ({ caller: { actor } }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // The key's own tenant, whichever tenant the request is about.
    const own = { actor, tenantId: actor.tenantId, tenantSeq: actor.tenantSeq };
    return sendRevoked(reply, await access.revokeKey(own, actor.id));
  };
}

function sendRevoked(reply: FastifyReply, result: RevokeKeyResult): FastifyReply {
  switch (result) {
    case "revoked":
      return reply.code(204).send();
    case "forbidden":
      return refuse(reply, ABOVE_CALLER);
    case "lastAdmin":
      return refuse(reply, LAST_ADMIN_KEY);
    case "unknown":
      return refuse(reply, KEY_NOT_FOUND);
  }
}

const ROTATE = {
  // A session has no key to replace.
  config: { accepts: "key", needs: "any" },
  schema: {
    tags,
    operationId: "rotateKey",
    summary: "Replace your own key",
    description: "The old key stops working immediately.",
    response: { 200: RotatedKeyResponse, ...errorResponses(413, 415) },
  },
} as const;

function rotateKey({ engine: { access } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const apiKey = await access.rotateKey(request.caller);
    return apiKey === null ? refuse(reply, UNAUTHORIZED) : { api_key: apiKey };
  };
}

const ABOVE_CALLER = problem(403, "FORBIDDEN", "The key's role must not be higher than your own.");
const LAST_ADMIN_KEY = problem(
  409,
  "LAST_ADMIN_KEY",
  "This is the last key with the role global_admin. Create another one first, or replace this one with POST /v1/auth/keys/rotate.",
);
