/** `/v1/auth/keys`: who may come in. */
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { includesRole } from "../../domain/access/access.ts";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import { LIST_PAGE_MAX } from "../../domain/limits.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, KEY_NOT_FOUND, refuse } from "../errors/pauses-errors.ts";
import { invalid, problem, UNAUTHORIZED } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { bodyOf } from "../http/body.ts";
import { checkNoBody } from "../http/no-body.ts";
import { decodeCursor, sealCursor } from "../lists/cursor.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedKeyResponse,
  CreateKeyBody,
  checkCreateKey,
  checkKeysQuery,
  createdKeyJson,
  KeysQuery,
  KeysResponse,
  keyJson,
  RotatedKeyResponse,
} from "./key-wire.ts";

const tags = ["Keys"];
const config = { needs: "org_admin" } as const;
const ABOVE_CALLER = problem(403, "FORBIDDEN", "The key's role must not be above your own.");
const LAST_ADMIN_KEY = problem(
  409,
  "LAST_ADMIN_KEY",
  "This is the last key of role global_admin. Make another one first, or replace it with POST /v1/auth/keys/rotate.",
);

export function registerKeyRoutes(app: FastifyInstance, { engine }: ApiDeps): void {
  const { access } = engine;
  app.post(
    "/v1/auth/keys",
    {
      config,
      schema: {
        tags,
        operationId: "createKey",
        summary: "Make a key",
        body: CreateKeyBody,
        response: { 201: CreatedKeyResponse, ...errorResponses(409, 413, 415) },
      },
    },
    async (request, reply) => {
      const body = checkCreateKey(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const { name, role = "developer", test = false } = body.value;
      if (!includesRole(request.caller.actor.role, role)) return refuse(reply, ABOVE_CALLER);
      const answer = await access.createKey(request.caller, { name, role, test });
      if (answer.kind === "quotaExceeded") return refuse(reply, quotaProblem(answer));
      return reply.code(201).send(createdKeyJson(answer));
    },
  );

  app.get(
    "/v1/auth/keys",
    {
      config,
      schema: {
        tags,
        operationId: "listKeys",
        summary: "List the keys that are not revoked, in creation order",
        querystring: KeysQuery,
        response: { 200: KeysResponse, ...errorResponses() },
      },
    },
    async (request, reply) => {
      const query = checkKeysQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const { cursor, limit = LIST_PAGE_MAX } = query.value;
      const after = cursor === undefined ? null : decodeCursor("keys", cursor);
      const { keys, nextAfter } = await access.listKeys(request.caller, after, limit);
      const nextCursor = nextAfter === null ? null : sealCursor(engine, "keys", nextAfter);
      return { keys: keys.map(keyJson), has_more: nextCursor !== null, next_cursor: nextCursor };
    },
  );

  app.delete<{ Params: { id: string } }>(
    "/v1/auth/keys/:id",
    {
      config,
      schema: {
        tags,
        operationId: "revokeKey",
        summary: "Revoke a key, at once",
        description: "The last key of role global_admin stays: 409 LAST_ADMIN_KEY.",
        params: PathId,
        response: { 204: Type.Null({ description: "Revoked." }), ...errorResponses(404, 409) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseId(ID_PREFIX.key, request.params.id);
      const result = id === null ? "unknown" : await access.revokeKey(request.caller, id);
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
    },
  );

  app.post(
    "/v1/auth/keys/rotate",
    {
      schema: {
        tags,
        operationId: "rotateKey",
        summary: "Replace your own key",
        description: "The old one stops at once.",
        response: { 200: RotatedKeyResponse, ...errorResponses(413, 415) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const apiKey = await access.rotateKey(request.caller);
      return apiKey === null ? refuse(reply, UNAUTHORIZED) : { api_key: apiKey };
    },
  );
}
