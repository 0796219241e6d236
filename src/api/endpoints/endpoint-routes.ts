/** `/v1/endpoints`: the URLs that receive deliveries. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import type { Endpoint } from "../../domain/endpoints/endpoint.ts";
import { headersShownTo, urlShownTo } from "../../domain/endpoints/redact.ts";
import { ID_PREFIX, type Uuid } from "../../domain/ids.ts";
import { EVENT_BODY_BYTES_MAX, ROTATE_OVERLAP_SECONDS_DEFAULT } from "../../domain/limits.ts";
import { parseTime, wholeSeconds } from "../../domain/text/time.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { TestContent } from "../../engine/endpoints/endpoint-types.ts";
import type { EndpointView } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, type Problem } from "../errors/problem.ts";
import { CLOSED_RULE, ENDPOINT_NOT_FOUND, errorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { sendPages } from "../lists/pages.ts";
import { PathId } from "../schema/schemas.ts";
import {
  createEndpoint,
  deleteEndpoint,
  endpointsOf,
  patchEndpoint,
  readEndpoint,
  type SurfaceEndpoints,
  withEndpoint,
} from "./endpoint-handlers.ts";
import {
  CreatedEndpointResponse,
  CreateEndpointBody,
  checkRecover,
  checkRotate,
  createdEndpointJson,
  ENDPOINT_LIST,
  EndpointCountsResponse,
  EndpointResponse,
  endpointCountsJson,
  endpointSearch,
  endpointViewJson,
  PatchEndpointBody,
  parseCreate,
  parsePatch,
  parseTest,
  RecoverBody,
  RecoverResponse,
  RotateSecretBody,
  RotateSecretResponse,
  TestBody,
  TestResponse,
  testJson,
} from "./endpoint-wire.ts";

const tags = ["Endpoints"];

export function registerEndpointRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const surface = endpointsOf(deps, { refuse, notFound: ENDPOINT_NOT_FOUND });
  const { endpoints } = deps.engine;
  const viewJson = (view: EndpointView, { actor }: Caller) => ({
    ...endpointViewJson(view, endpoints.activityOf(view.endpoint, view.leased)),
    url: urlShownTo(actor.role, view.endpoint.url),
    headers_json: headersShownTo(actor.role, view.endpoint.headers),
  });
  const createdJson = (endpoint: Endpoint, secret: string | null) =>
    createdEndpointJson(endpoint, secret, endpoints.activityOf(endpoint, 0));
  app.post("/v1/endpoints", CREATE, createEndpoint(surface, parseCreate, createdJson));
  app.get("/v1/endpoints", LIST, listEndpoints(deps, viewJson));
  app.get("/v1/endpoints/counts", COUNTS, countEndpoints(deps));
  app.get<ById>("/v1/endpoints/:id", READ, readEndpoint(surface, viewJson));
  app.patch<ById>("/v1/endpoints/:id", UPDATE, patchEndpoint(surface, parsePatch, viewJson));
  app.delete<ById>("/v1/endpoints/:id", DELETE, deleteEndpoint(surface));
  app.post<ById>("/v1/endpoints/:id/rotate-secret", ROTATE_SECRET, rotateSecret(surface));
  app.post<ById>("/v1/endpoints/:id/test", TEST, testEndpoint(surface));
  app.post<ById>("/v1/endpoints/:id/recover", RECOVER, recover(surface));
}

const CREATE = {
  schema: {
    tags,
    operationId: "createEndpoint",
    summary: "Register an endpoint",
    body: CreateEndpointBody,
    response: { 201: CreatedEndpointResponse, ...errorResponses(409, 413, 415) },
  },
};

const LIST = {
  config: { agent: "read" },
  schema: {
    tags,
    operationId: "listEndpoints",
    summary: "List the endpoints in creation order",
    description: "If there are more, the Link header leads to the next page. A page can be shorter than `limit`.",
    querystring: ENDPOINT_LIST.Query,
    response: { 200: Type.Array(EndpointResponse), ...errorResponses() },
  },
} as const;

function listEndpoints({ engine }: ApiDeps, viewJson: (view: EndpointView, caller: Caller) => object) {
  return sendPages(engine, refuse, ENDPOINT_LIST, {
    read: async (caller, { cursor, limit, filters }) => {
      const { views, next } = await engine.endpoints.list(caller, cursor, limit, endpointSearch(filters));
      return { rows: views, next };
    },
    text: (view, { caller }) => JSON.stringify(viewJson(view, caller)),
  });
}

const COUNTS = {
  schema: {
    tags,
    operationId: "countEndpoints",
    summary: "Count the endpoints in each state",
    response: { 200: EndpointCountsResponse, ...errorResponses() },
  },
};

function countEndpoints({ engine: { endpoints } }: ApiDeps) {
  return async (request: FastifyRequest): Promise<object> =>
    endpointCountsJson(await endpoints.countStates(request.caller));
}

const READ = {
  config: { agent: "read" },
  schema: {
    tags,
    operationId: "getEndpoint",
    summary: "Read an endpoint",
    params: PathId,
    response: { 200: EndpointResponse, ...errorResponses(404) },
  },
} as const;

const UPDATE = {
  schema: {
    tags,
    operationId: "updateEndpoint",
    summary: "Change, pause or resume an endpoint",
    description: "Only the given fields change, all of them at once. A new secret takes effect immediately.",
    params: PathId,
    body: PatchEndpointBody,
    response: { 200: EndpointResponse, ...errorResponses(404, 413, 415) },
  },
};

const DELETE = {
  schema: {
    tags,
    operationId: "deleteEndpoint",
    summary: "Delete an endpoint",
    description: "Cancels its unfinished deliveries. The history stays.",
    params: PathId,
    response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
  },
};

const ROTATE_SECRET = {
  schema: {
    tags,
    operationId: "rotateEndpointSecret",
    summary: "Replace the signing secret",
    description: "Without `secret`, the server generates one and shows it once.",
    params: PathId,
    body: RotateSecretBody,
    response: { 200: RotateSecretResponse, ...errorResponses(404, 413, 415) },
  },
};

function rotateSecret(surface: SurfaceEndpoints) {
  return withEndpoint(surface, checkRotate, async (caller, id, body) => {
    const output = await surface.engine.endpoints.rotateSecret(caller, id, {
      secret: body.secret ?? null,
      overlapSeconds: body.overlap_seconds ?? ROTATE_OVERLAP_SECONDS_DEFAULT,
    });
    if (output === null) return null;
    const secret = output.generatedSecret === null ? {} : { secret: output.generatedSecret };
    return { ...secret, previous_expires_at: wholeSeconds(output.previousExpiresAt) };
  });
}

const TEST = {
  config: { agent: "operate" },
  bodyLimit: EVENT_BODY_BYTES_MAX,
  schema: {
    tags,
    operationId: "testEndpoint",
    summary: "Send a test event now and wait for the result",
    description: "Whatever the endpoint's status and filters. A test is never retried.",
    params: PathId,
    body: TestBody,
    response: { 200: TestResponse, ...errorResponses(404, 413, 415) },
  },
} as const;

function testEndpoint({ engine, parseId: parse, notFound }: SurfaceEndpoints) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parse(request.params.id);
    if (id === null) return refuse(reply, notFound);
    const { value, text, members } = bodyOf(request);
    const payload = members.get("payload");
    const content = parseTest(value, payload === undefined ? null : text.slice(payload.start, payload.end));
    if (content.kind === "faults") return refuse(reply, invalid(content.faults));
    const refusal = await agentTestProblem(engine, request.caller, { id, content: content.value });
    if (refusal !== null) return refuse(reply, refusal);
    const output = await engine.endpoints.test(request.caller, id, content.value);
    if (output === "unknownEvent") return refuse(reply, UNKNOWN_EVENT);
    return output === null ? refuse(reply, notFound) : testJson(output);
  };
}

/**
 * Why an agent may not send this test. A receiver may echo the event, so an agent tests only with events that it may read.
 * The receiver must not take the event for one that its filters let through.
 */
async function agentTestProblem(
  engine: ApiDeps["engine"],
  caller: Caller,
  { id, content }: { readonly id: Uuid; readonly content: TestContent },
): Promise<Problem | null> {
  if (caller.actor.agent === undefined || isDefaultTest(content)) return null;
  const type = content.kind === "own" ? (content.type ?? "test") : await typeOf(engine, caller, content.eventId);
  if (type === null) return UNKNOWN_EVENT;
  const closed = await engine.endpoints.closedToAgent(caller, type, [id]);
  return closed.length === 0 ? null : CLOSED_TO_AGENT;
}

function isDefaultTest(content: TestContent): boolean {
  return content.kind === "own" && content.type === null && content.payload === null;
}

async function typeOf({ history }: ApiDeps["engine"], caller: Caller, eventId: Uuid): Promise<string | null> {
  return (await history.getEvent(caller, eventId))?.type ?? null;
}

const CLOSED_TO_AGENT = invalid([{ field: "id", rule: CLOSED_RULE }]);
const UNKNOWN_EVENT = invalid([{ field: "event_id", rule: "must be the id of an event of this tenant" }]);

const RECOVER = {
  schema: {
    tags,
    operationId: "recoverEndpoint",
    summary: "Send again what failed or was missed since a time",
    params: PathId,
    body: RecoverBody,
    response: { 202: RecoverResponse, ...errorResponses(404, 413, 415) },
  },
};

function recover(surface: SurfaceEndpoints) {
  return withEndpoint(surface, checkRecover, async (caller, id, { since }, reply) => {
    const jobId = await surface.engine.endpoints.recover(caller, id, parseTime(since) ?? 0);
    return jobId === null ? null : reply.code(202).send({ job_id: ID_PREFIX.job + jobId });
  });
}
