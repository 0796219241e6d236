/** `/v1/sources`: the senders of inbound webhooks, and how the server verifies their requests. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { Engine } from "../../engine/engine-types.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, problem } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import {
  errorResponses,
  INBOUND_EVENT_NOT_FOUND,
  invalidState,
  refuse,
  SOURCE_NOT_FOUND,
} from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { type ById, deleteById, readById } from "../http/by-id.ts";
import { sendPages } from "../lists/pages.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedSourceResponse,
  CreateSourceBody,
  PatchSourceBody,
  parseCreateSource,
  parsePatchSource,
  parseRotateSource,
  parseTrySource,
  RotateSourceBody,
  RotateSourceResponse,
  SOURCE_LIST,
  SourceResponse,
  sourceJson,
  TrySourceBody,
  TrySourceResponse,
  trialJson,
} from "./source-wire.ts";

const tags = ["Sources"];
const config = { needs: "org_admin" } as const;
const SOURCES = { parseId: parseSourceId, notFound: SOURCE_NOT_FOUND, refuse };

export function registerSourceRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { engine } = deps;
  const json = (source: Source) => sourceJson(source, { publicUrl: deps.publicUrl(), now: deps.clock.now() });
  app.post("/v1/sources", CREATE, createSource(engine, json));
  app.get("/v1/sources", LIST, listSources(engine, json));
  app.get<ById>("/v1/sources/:id", READ, readSource(engine, json));
  app.patch<ById>("/v1/sources/:id", UPDATE, patchSource(engine, json));
  app.delete<ById>("/v1/sources/:id", DELETE, deleteSource(engine));
  app.post<ById>("/v1/sources/:id/rotate-secret", ROTATE_SECRET, rotateSecret(engine));
  app.post<ById>("/v1/sources/:id/try", TRY, trySource(engine));
}

type Json = (source: Source) => ReturnType<typeof sourceJson>;

export function parseSourceId(text: string): Uuid | null {
  return parseId(ID_PREFIX.source, text);
}

const CREATE = {
  config,
  schema: {
    tags,
    operationId: "createSource",
    summary: "Register a source",
    description:
      "Without `secret`, the server generates one and shows it once. Sources with the scheme `none` have no secret.",
    body: CreateSourceBody,
    response: { 201: CreatedSourceResponse, ...errorResponses(409, 413, 415) },
  },
};

function createSource({ inbound }: Engine, json: Json) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = parseCreateSource(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const output = await inbound.sources.create(request.caller, body.value);
    switch (output.kind) {
      case "created": {
        const secret = output.generatedSecret === null ? {} : { secret: output.generatedSecret };
        return reply.code(201).send({ ...json(output.source), ...secret });
      }
      case "nameTaken":
        return refuse(reply, NAME_TAKEN);
      case "quotaExceeded":
        return refuse(reply, quotaProblem(output));
    }
  };
}

const NAME_TAKEN = problem(
  409,
  "SOURCE_NAME_TAKEN",
  "Another source on this server has this name. Choose a different one.",
  [{ field: "name", rule: "is the name of another source" }],
);

const LIST = {
  config,
  schema: {
    tags,
    operationId: "listSources",
    summary: "List the sources in creation order",
    description: "If there are more, the Link header leads to the next page. A page can be shorter than `limit`.",
    querystring: SOURCE_LIST.Query,
    response: { 200: Type.Array(SourceResponse), ...errorResponses() },
  },
};

function listSources(engine: Engine, json: Json) {
  return sendPages(engine, refuse, SOURCE_LIST, {
    read: async (caller, { cursor, limit }) => {
      const { sources, next } = await engine.inbound.sources.list(caller, cursor, limit);
      return { rows: sources, next };
    },
    text: (source) => JSON.stringify(json(source)),
  });
}

const READ = {
  config,
  schema: {
    tags,
    operationId: "getSource",
    summary: "Read a source",
    params: PathId,
    response: { 200: SourceResponse, ...errorResponses(404) },
  },
};

function readSource({ inbound }: Engine, json: Json) {
  return readById(SOURCES, (caller, id) => inbound.sources.get(caller, id), json);
}

const UPDATE = {
  config,
  schema: {
    tags,
    operationId: "updateSource",
    summary: "Change a source",
    description:
      "Only the given fields change, all of them at once. `event_type`, `hmac` and `basic` are replaced as a whole. A new " +
      "secret takes effect immediately, and the old secret stops working.",
    params: PathId,
    body: PatchSourceBody,
    response: { 200: SourceResponse, ...errorResponses(404, 409, 413, 415) },
  },
};

function patchSource({ inbound }: Engine, json: Json) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseSourceId(request.params.id);
    // Read first, since the source's scheme decides which fields the body may have.
    const source = id === null ? null : await inbound.sources.get(request.caller, id);
    if (source === null) return refuse(reply, SOURCE_NOT_FOUND);
    const body = parsePatchSource(bodyOf(request).value, source.scheme);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const output = await inbound.sources.patch(request.caller, source.id, body.value);
    switch (output.kind) {
      case "patched":
        return json(output.source);
      case "unknown":
        return refuse(reply, SOURCE_NOT_FOUND);
      case "nameTaken":
        return refuse(reply, NAME_TAKEN);
    }
  };
}

const DELETE = {
  config,
  schema: {
    tags,
    operationId: "deleteSource",
    summary: "Delete a source",
    description:
      "The server refuses further requests from the source and erases its secrets. What the source sent remains available.",
    params: PathId,
    response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
  },
};

function deleteSource({ inbound }: Engine) {
  return deleteById(SOURCES, (caller, id) => inbound.sources.remove(caller, id));
}

const ROTATE_SECRET = {
  config,
  schema: {
    tags,
    operationId: "rotateSourceSecret",
    summary: "Replace the secret, and accept the previous one for a while",
    description: "Without `secret`, the server generates one and shows it once.",
    params: PathId,
    body: RotateSourceBody,
    response: { 200: RotateSourceResponse, ...errorResponses(404, 409, 413, 415) },
  },
};

function rotateSecret({ inbound }: Engine) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseSourceId(request.params.id);
    const source = id === null ? null : await inbound.sources.get(request.caller, id);
    if (source === null) return refuse(reply, SOURCE_NOT_FOUND);
    const body = parseRotateSource(bodyOf(request).value, source.scheme);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const { secret, overlapSeconds } = body.value;
    const output = await inbound.sources.rotate(request.caller, source.id, secret, overlapSeconds);
    switch (output.kind) {
      case "rotated": {
        const generated = output.generatedSecret === null ? {} : { secret: output.generatedSecret };
        return { ...generated, previous_expires_at: wholeSeconds(output.previousUntil) };
      }
      case "unknown":
        return refuse(reply, SOURCE_NOT_FOUND);
      case "noSecret":
        return refuse(reply, NO_SECRET);
    }
  };
}

const TRY = {
  config,
  schema: {
    tags,
    operationId: "trySource",
    summary: "Try another secret or other options on rejected requests",
    description:
      "Verifies the requests as of their receipt, and saves nothing. Without `secret` and `hmac`, the present settings are " +
      "tried: the result is what reprocessing would do.",
    params: PathId,
    body: TrySourceBody,
    response: { 200: TrySourceResponse, ...errorResponses(404, 413, 415) },
  },
};

function trySource({ inbound }: Engine) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseSourceId(request.params.id);
    const source = id === null ? null : await inbound.sources.get(request.caller, id);
    if (source === null) return refuse(reply, SOURCE_NOT_FOUND);
    const body = parseTrySource(bodyOf(request).value, source.scheme);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const output = await inbound.tryOn(request.caller, source.id, body.value);
    switch (output.kind) {
      case "tried":
        return trialJson(output);
      case "unknownSource":
        return refuse(reply, SOURCE_NOT_FOUND);
      case "unknownRecord":
        return refuse(reply, INBOUND_EVENT_NOT_FOUND);
    }
  };
}

const NO_SECRET = invalidState('Sources with the scheme "none" have no secret.');
