/** The HTTP server: the surfaces, and what they have in common. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { MANAGEMENT_BODY_BYTES_MAX } from "../domain/limits.ts";
import { RequestTurns } from "./access/request-turns.ts";
import { createHttpServer } from "./connections/http-server.ts";
import { installBodyReader } from "./connections/request-bodies.ts";
import { refuseMalformed } from "./connections/socket-errors.ts";
import { registerConsole } from "./console/console-routes.ts";
import type { ApiDeps } from "./deps.ts";
import { envelope as dashboardEnvelope } from "./errors/dashboard-errors.ts";
import { envelope as pauseStatusEnvelope } from "./errors/pause-status-errors.ts";
import { envelope as pausesEnvelope } from "./errors/pauses-errors.ts";
import {
  commonEnvelope,
  type Envelope,
  INTERNAL,
  methodNotAllowed,
  type Problem,
  problemOf,
  routeNotFound,
  STARTING,
  send,
} from "./errors/problem.ts";
import { installBodyParsers } from "./http/body.ts";
import { contentFault, messageFault } from "./http/head.ts";
import { KnownPaths } from "./http/known-paths.ts";
import { DISCARDED_BODY_BYTES_MAX, REQUEST_HEAD_BYTES_MAX } from "./http/limits.ts";
import { type Surface, surfaceOf } from "./http/surface-paths.ts";
import { installCursors } from "./lists/cursor.ts";
import { registerMcp } from "./mcp/mcp-routes.ts";
import { registerOpenApi } from "./schema/openapi.ts";
import { registerDashboardSurface } from "./surfaces/dashboard-routes.ts";
import { registerPauseStatusSurface } from "./surfaces/pause-status-routes.ts";
import { registerPausesSurface } from "./surfaces/pauses-routes.ts";
import { registerEndpointsSurface } from "./surfaces/v1-routes.ts";
import { registerOperations } from "./upkeep/operations-routes.ts";

/** Responses are a tenant's data: they must not be cached, and browsers must not interpret them as pages. */
const RESPONSE_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  // By which the command line knows that no other server has responded.
  "x-signalbox": "1",
};

/** Create the server. The caller makes it listen. */
export function createServer(deps: ApiDeps): FastifyInstance {
  const app: FastifyInstance = Fastify({
    logger: false,
    bodyLimit: MANAGEMENT_BODY_BYTES_MAX,
    // Only for `X-Forwarded-Host`: `request.ip` does not handle addresses with ports, see client-address.ts.
    trustProxy: deps.trustProxy.length === 0 ? false : [...deps.trustProxy],
    requestIdHeader: false,
    serverFactory: (handle) => createHttpServer(handle, deps),
    // A server that is stopping still handles requests on open connections, with `connection: close`.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    // An id of any length that fits into a request's head gets a 404, like any other unknown id.
    routerOptions: { maxParamLength: REQUEST_HEAD_BYTES_MAX },
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (error, request, reply) => sendError(deps, error, request, reply),
  });
  // The routes check requests themselves, to list every fault at once. The schemas in their options are documentation.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error, request, reply) => sendError(deps, error, request, reply));
  // Declared here, so that setting them later does not change the request's hidden class.
  app.decorateRequest("caller", null as never);
  app.decorateRequest("session", null);
  app.decorate("requestTurns", new RequestTurns());
  installBodyReader(app, deps.clock);
  installBodyParsers(app);
  installFirstHook(app, deps);
  installCursors(app, deps.engine);
  registerOpenApi(app, deps);
  app.register(async (inner) => registerEndpointsSurface(inner, deps));
  app.register(async (inner) => registerPausesSurface(inner, deps));
  app.register(async (inner) => registerDashboardSurface(inner, deps));
  app.register(async (inner) => registerPauseStatusSurface(inner, deps));
  app.register(async (inner) => registerOperations(inner, deps));
  app.register(async (inner) => registerMcp(inner, deps));
  app.register(async (inner) => registerConsole(inner, deps));
  return app;
}

/** The checks before every route, and before the body is read. */
function installFirstHook(app: FastifyInstance, { engine: { status } }: ApiDeps): void {
  const known = new KnownPaths();
  app.addHook("onRoute", (route) => known.add(route.url, route.method));
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(RESPONSE_HEADERS);
    const early = messageFault(request.raw) ?? startingProblem(status, request) ?? pathProblem(known, request);
    if (early !== null) {
      send(reply, envelopeOf(request), early);
      return;
    }
    ignoreTypeOfEmptyBody(request);
    const why = contentFault(request.raw);
    if (why !== null) {
      send(reply, envelopeOf(request), why);
      return;
    }
    if (request.headers.expect !== undefined && request.raw.httpVersion === "1.1") request.expecting = reply.raw;
    done();
  });
}

/** While the first start is still creating the key, a request with that key must not get a 401. */
function startingProblem(status: ApiDeps["engine"]["status"], request: FastifyRequest): Problem | null {
  return status.isStarting() && pathOf(request) !== "/healthz" ? STARTING : null;
}

/** Null for a known path, and for one that its route refuses itself, such as a link to a page without its token. */
function pathProblem(known: KnownPaths, request: FastifyRequest): Problem | null {
  if (!request.is404 && !hasEmptyParameter(request)) return null;
  const path = pathOf(request);
  const allow = known.allowed(path);
  if (allow !== null) return methodNotAllowed(allow);
  const suggestion = known.suggest(path);
  return request.is404 || suggestion !== null ? routeNotFound(suggestion) : null;
}

/** The router matches `/v1/endpoints/` with `/v1/endpoints/:id` and an empty id. */
function hasEmptyParameter({ params }: FastifyRequest): boolean {
  return Object.values((params ?? {}) as Record<string, unknown>).includes("");
}

/** An empty body may have any content type, even a malformed one. */
function ignoreTypeOfEmptyBody({ headers }: FastifyRequest): void {
  if (headers["content-type"] === undefined || headers["transfer-encoding"] !== undefined) return;
  const length = headers["content-length"];
  if (length === undefined || length === "0") headers["content-type"] = undefined;
}

function sendError(deps: ApiDeps, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const why = problemOf(error, request.routeOptions.bodyLimit);
  if (why === null) report(deps, error, request);
  // The connection stays open, and Node reads the rest: closing it now can destroy the response before the client sees it.
  if (why?.status === 413 && isDiscarded(request)) reply.removeHeader("connection");
  send(reply, envelopeOf(request), why ?? INTERNAL);
}

/** Whether the client has said how long its body is, and sends all of it without asking. */
function isDiscarded({ headers, expecting }: FastifyRequest): boolean {
  return expecting === null && Number(headers["content-length"]) <= DISCARDED_BODY_BYTES_MAX;
}

function report({ telemetry }: ApiDeps, error: unknown, request: FastifyRequest): void {
  telemetry.noticed({
    level: "error",
    what: "request_failed",
    fields: {
      method: request.method,
      route: request.routeOptions.url ?? null,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    },
  });
}

const ENVELOPES: Readonly<Record<Surface, Envelope>> = {
  pauses: pausesEnvelope,
  dashboard: dashboardEnvelope,
  pauseStatus: pauseStatusEnvelope,
  other: commonEnvelope,
};

function envelopeOf(request: FastifyRequest): Envelope {
  return ENVELOPES[surfaceOf(pathOf(request))];
}

function pathOf(request: FastifyRequest): string {
  const end = request.url.indexOf("?");
  return end === -1 ? request.url : request.url.slice(0, end);
}
