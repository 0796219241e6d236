/** `/v1/endpoints`: the URLs that receive deliveries. */
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { ID_PREFIX, parseEndpointId } from "../../domain/ids.ts";
import { ENDPOINTS_PAGE_MAX, ROTATE_OVERLAP_SECONDS_DEFAULT } from "../../domain/limits.ts";
import { parseTime, wholeSeconds } from "../../domain/text/time.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { ENDPOINT_NOT_FOUND, errorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { checkNoBody } from "../http/no-body.ts";
import { decodeCursor, sealCursor } from "../lists/cursor.ts";
import { nextLink } from "../lists/paging.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedEndpointResponse,
  CreateEndpointBody,
  checkCreate,
  checkEndpointsQuery,
  checkPatch,
  checkRecover,
  checkRotate,
  createInput,
  EndpointResponse,
  EndpointsQuery,
  endpointJson,
  endpointViewJson,
  PatchEndpointBody,
  patchInput,
  RecoverBody,
  RecoverResponse,
  RotateSecretBody,
  RotateSecretResponse,
  TestResponse,
} from "./endpoint-wire.ts";
import { urlRule, withUrlFault } from "./url-fault.ts";

const tags = ["Endpoints"];
type ById = { Params: { id: string } };

const urlRefused = (reason: string) => invalid([{ field: "url", rule: urlRule(reason) }]);

export function registerEndpointRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { engine } = deps;
  app.post(
    "/v1/endpoints",
    {
      schema: {
        tags,
        operationId: "createEndpoint",
        summary: "Register an endpoint",
        body: CreateEndpointBody,
        response: { 201: CreatedEndpointResponse, ...errorResponses(409, 413, 415) },
      },
    },
    async (request, reply) => {
      const { value } = bodyOf(request);
      const body = checkCreate(value);
      if (body.kind === "faults") return refuse(reply, invalid(await withUrlFault(deps, value, body.faults)));
      const answer = await engine.endpoints.create(request.caller, createInput(body.value));
      if (answer.kind === "urlRefused") return refuse(reply, urlRefused(answer.reason));
      if (answer.kind === "quotaExceeded") return refuse(reply, quotaProblem(answer));
      const secret = answer.generatedSecret === null ? {} : { secret: answer.generatedSecret };
      return reply.code(201).send({ ...endpointJson(answer.endpoint, { count: 0, more: false }), ...secret });
    },
  );

  app.get(
    "/v1/endpoints",
    {
      schema: {
        tags,
        operationId: "listEndpoints",
        summary: "List the endpoints in creation order",
        description: "When there are more, the Link header names the next page. A page can be shorter than `limit`.",
        querystring: EndpointsQuery,
        response: { 200: Type.Array(EndpointResponse), ...errorResponses() },
      },
    },
    async (request, reply) => {
      const query = checkEndpointsQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const { cursor, limit = ENDPOINTS_PAGE_MAX } = query.value;
      const after = cursor === undefined ? null : decodeCursor("endpoints", cursor);
      const page = await engine.endpoints.list(request.caller, after, limit);
      if (page.nextAfter !== null) {
        reply.header("link", nextLink(request, { limit, cursor: sealCursor(engine, "endpoints", page.nextAfter) }));
      }
      return page.views.map(endpointViewJson);
    },
  );

  app.get<ById>(
    "/v1/endpoints/:id",
    {
      schema: {
        tags,
        operationId: "getEndpoint",
        summary: "Read an endpoint",
        params: PathId,
        response: { 200: EndpointResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const id = parseEndpointId(request.params.id);
      const view = id === null ? null : await engine.endpoints.get(request.caller, id);
      return view === null ? refuse(reply, ENDPOINT_NOT_FOUND) : endpointViewJson(view);
    },
  );

  app.patch<ById>(
    "/v1/endpoints/:id",
    {
      schema: {
        tags,
        operationId: "updateEndpoint",
        summary: "Change, pause or resume an endpoint",
        description: "Only what is given changes, all of it at once. A new secret takes effect immediately.",
        params: PathId,
        body: PatchEndpointBody,
        response: { 200: EndpointResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const id = parseEndpointId(request.params.id);
      if (id === null) return refuse(reply, ENDPOINT_NOT_FOUND);
      const { value } = bodyOf(request);
      const body = checkPatch(value);
      if (body.kind === "faults") return refuse(reply, invalid(await withUrlFault(deps, value, body.faults)));
      const answer = await engine.endpoints.patch(request.caller, id, patchInput(body.value));
      switch (answer.kind) {
        case "patched":
          return endpointViewJson(answer.view);
        case "unknown":
          return refuse(reply, ENDPOINT_NOT_FOUND);
        case "urlRefused":
          return refuse(reply, urlRefused(answer.reason));
      }
    },
  );

  app.delete<ById>(
    "/v1/endpoints/:id",
    {
      schema: {
        tags,
        operationId: "deleteEndpoint",
        summary: "Delete an endpoint",
        description: "Deliveries that had not ended are cancelled; the history stays.",
        params: PathId,
        response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseEndpointId(request.params.id);
      const removed = id !== null && (await engine.endpoints.remove(request.caller, id));
      return removed ? reply.code(204).send() : refuse(reply, ENDPOINT_NOT_FOUND);
    },
  );

  app.post<ById>(
    "/v1/endpoints/:id/rotate-secret",
    {
      schema: {
        tags,
        operationId: "rotateEndpointSecret",
        summary: "Replace the signing secret",
        description: "Without a secret one is generated and shown once.",
        params: PathId,
        body: RotateSecretBody,
        response: { 200: RotateSecretResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const id = parseEndpointId(request.params.id);
      if (id === null) return refuse(reply, ENDPOINT_NOT_FOUND);
      const body = checkRotate(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const answer = await engine.endpoints.rotateSecret(request.caller, id, {
        secret: body.value.secret ?? null,
        overlapSeconds: body.value.overlap_seconds ?? ROTATE_OVERLAP_SECONDS_DEFAULT,
      });
      if (answer === null) return refuse(reply, ENDPOINT_NOT_FOUND);
      const secret = answer.generatedSecret === null ? {} : { secret: answer.generatedSecret };
      return { ...secret, previous_expires_at: wholeSeconds(answer.previousExpiresAt) };
    },
  );

  app.post<ById>(
    "/v1/endpoints/:id/test",
    {
      schema: {
        tags,
        operationId: "testEndpoint",
        summary: "Send the event `test` now and wait for the answer",
        params: PathId,
        response: { 200: TestResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseEndpointId(request.params.id);
      const answer = id === null ? null : await engine.endpoints.test(request.caller, id);
      if (answer === null) return refuse(reply, ENDPOINT_NOT_FOUND);
      const { success, httpStatus, message } = answer;
      return { success: true, data: { success, httpStatus, message } };
    },
  );

  app.post<ById>(
    "/v1/endpoints/:id/recover",
    {
      schema: {
        tags,
        operationId: "recoverEndpoint",
        summary: "Send again what failed or was missed since a time",
        params: PathId,
        body: RecoverBody,
        response: { 202: RecoverResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const id = parseEndpointId(request.params.id);
      if (id === null) return refuse(reply, ENDPOINT_NOT_FOUND);
      const body = checkRecover(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const jobId = await engine.endpoints.recover(request.caller, id, parseTime(body.value.since) ?? 0);
      if (jobId === null) return refuse(reply, ENDPOINT_NOT_FOUND);
      return reply.code(202).send({ job_id: ID_PREFIX.job + jobId });
    },
  );
}
