/** `/v1/sources`: whose webhooks are received, and how theirs are known to be theirs. */
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, problem } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { errorResponses, invalidState, refuse, SOURCE_NOT_FOUND } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { SOURCES_PAGE_MAX } from "../http/limits.ts";
import { checkNoBody } from "../http/no-body.ts";
import { decodeCursor, sealCursor } from "../lists/cursor.ts";
import { nextLink } from "../lists/paging.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedSourceResponse,
  CreateSourceBody,
  checkSourcesQuery,
  PatchSourceBody,
  parseCreateSource,
  parsePatchSource,
  parseRotateSource,
  RotateSourceBody,
  RotateSourceResponse,
  type Shown,
  SourceResponse,
  SourcesQuery,
  sourceJson,
} from "./source-wire.ts";

const tags = ["Sources"];
const config = { needs: "org_admin" } as const;
type ById = { Params: { id: string } };

const NAME_TAKEN = problem(409, "SOURCE_NAME_TAKEN", "Another source of this installation has this name; choose one.", [
  { field: "name", rule: "is another source's" },
]);
const NO_SECRET = invalidState('A source of scheme "none" has no secret.');

export function registerSourceRoutes(app: FastifyInstance, deps: ApiDeps): void {
  registerSources(app, deps);
  registerSource(app, deps);
  registerRotation(app, deps);
}

export function parseSourceId(text: string): Uuid | null {
  return parseId(ID_PREFIX.source, text);
}

function shownNow({ publicUrl, clock }: ApiDeps): Shown {
  return { publicUrl, now: clock.now() };
}

function registerSources(app: FastifyInstance, deps: ApiDeps): void {
  const { engine } = deps;
  const { inbound } = engine;
  app.post(
    "/v1/sources",
    {
      config,
      schema: {
        tags,
        operationId: "createSource",
        summary: "Register a source",
        description: "Without a secret one is generated and shown once; scheme `none` has none.",
        body: CreateSourceBody,
        response: { 201: CreatedSourceResponse, ...errorResponses(409, 413, 415) },
      },
    },
    async (request, reply) => {
      const body = parseCreateSource(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const answer = await inbound.sources.create(request.caller, body.value);
      switch (answer.kind) {
        case "created": {
          const secret = answer.generatedSecret === null ? {} : { secret: answer.generatedSecret };
          return reply.code(201).send({ ...sourceJson(answer.source, shownNow(deps)), ...secret });
        }
        case "nameTaken":
          return refuse(reply, NAME_TAKEN);
        case "quotaExceeded":
          return refuse(reply, quotaProblem(answer));
      }
    },
  );

  app.get(
    "/v1/sources",
    {
      config,
      schema: {
        tags,
        operationId: "listSources",
        summary: "List the sources in creation order",
        description: "When there are more, the Link header names the next page. A page can be shorter than `limit`.",
        querystring: SourcesQuery,
        response: { 200: Type.Array(SourceResponse), ...errorResponses() },
      },
    },
    async (request, reply) => {
      const query = checkSourcesQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const { cursor, limit = SOURCES_PAGE_MAX } = query.value;
      const after = cursor === undefined ? null : decodeCursor("sources", cursor);
      const page = await inbound.sources.list(request.caller, after, limit);
      if (page.nextAfter !== null) {
        reply.header("link", nextLink(request, { limit, cursor: sealCursor(engine, "sources", page.nextAfter) }));
      }
      return page.sources.map((source) => sourceJson(source, shownNow(deps)));
    },
  );
}

function registerSource(app: FastifyInstance, deps: ApiDeps): void {
  const { inbound } = deps.engine;
  app.get<ById>(
    "/v1/sources/:id",
    {
      config,
      schema: {
        tags,
        operationId: "getSource",
        summary: "Read a source",
        params: PathId,
        response: { 200: SourceResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const id = parseSourceId(request.params.id);
      const source = id === null ? null : await inbound.sources.get(request.caller, id);
      return source === null ? refuse(reply, SOURCE_NOT_FOUND) : sourceJson(source, shownNow(deps));
    },
  );

  app.patch<ById>(
    "/v1/sources/:id",
    {
      config,
      schema: {
        tags,
        operationId: "updateSource",
        summary: "Change a source",
        description:
          "Only what is given changes, all of it at once; `event_type`, `hmac` and `basic` are replaced whole. " +
          "A new secret takes effect immediately, and the old one ends.",
        params: PathId,
        body: PatchSourceBody,
        response: { 200: SourceResponse, ...errorResponses(404, 409, 413, 415) },
      },
    },
    async (request, reply) => {
      const id = parseSourceId(request.params.id);
      // Looked up first: its scheme says what may be given.
      const source = id === null ? null : await inbound.sources.get(request.caller, id);
      if (source === null) return refuse(reply, SOURCE_NOT_FOUND);
      const body = parsePatchSource(bodyOf(request).value, source.scheme);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const answer = await inbound.sources.patch(request.caller, source.id, body.value);
      switch (answer.kind) {
        case "patched":
          return sourceJson(answer.source, shownNow(deps));
        case "unknown":
          return refuse(reply, SOURCE_NOT_FOUND);
        case "nameTaken":
          return refuse(reply, NAME_TAKEN);
      }
    },
  );

  app.delete<ById>(
    "/v1/sources/:id",
    {
      config,
      schema: {
        tags,
        operationId: "deleteSource",
        summary: "Delete a source",
        description: "Nothing more is taken from it, and its secrets are erased; what came from it stays.",
        params: PathId,
        response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseSourceId(request.params.id);
      const removed = id !== null && (await inbound.sources.remove(request.caller, id));
      return removed ? reply.code(204).send() : refuse(reply, SOURCE_NOT_FOUND);
    },
  );
}

function registerRotation(app: FastifyInstance, { engine }: ApiDeps): void {
  const { inbound } = engine;
  app.post<ById>(
    "/v1/sources/:id/rotate-secret",
    {
      config,
      schema: {
        tags,
        operationId: "rotateSourceSecret",
        summary: "Replace the secret; for a while the one before is believed too",
        description: "Without a secret one is generated and shown once.",
        params: PathId,
        body: RotateSourceBody,
        response: { 200: RotateSourceResponse, ...errorResponses(404, 409, 413, 415) },
      },
    },
    async (request, reply) => {
      const id = parseSourceId(request.params.id);
      const source = id === null ? null : await inbound.sources.get(request.caller, id);
      if (source === null) return refuse(reply, SOURCE_NOT_FOUND);
      const body = parseRotateSource(bodyOf(request).value, source.scheme);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const answer = await inbound.sources.rotate(
        request.caller,
        source.id,
        body.value.secret,
        body.value.overlapSeconds,
      );
      switch (answer.kind) {
        case "rotated": {
          const secret = answer.generatedSecret === null ? {} : { secret: answer.generatedSecret };
          return { ...secret, previous_expires_at: wholeSeconds(answer.previousUntil) };
        }
        case "unknown":
          return refuse(reply, SOURCE_NOT_FOUND);
        case "noSecret":
          return refuse(reply, NO_SECRET);
      }
    },
  );
}
