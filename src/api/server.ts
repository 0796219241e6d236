/** The HTTP server: the surfaces side by side, and what is the same for all of them. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { MANAGEMENT_BODY_BYTES_MAX } from "../domain/limits.ts";
import { createHttpServer } from "./connections/http-server.ts";
import { installBodyReader } from "./connections/request-bodies.ts";
import { refuseMalformed } from "./connections/socket-errors.ts";
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
import { REQUEST_HEAD_BYTES_MAX } from "./http/limits.ts";
import { type Surface, surfaceOf } from "./http/surface-paths.ts";
import { installCursors } from "./lists/cursor.ts";
import { registerOpenApi } from "./schema/openapi.ts";
import { registerDashboardSurface } from "./surfaces/dashboard-routes.ts";
import { registerPauseStatusSurface } from "./surfaces/pause-status-routes.ts";
import { registerPausesSurface } from "./surfaces/pauses-routes.ts";
import { registerEndpointsSurface } from "./surfaces/v1-routes.ts";
import { registerOperations } from "./upkeep/operations-routes.ts";

/** Answers are data about a tenant: nobody caches them, and no browser takes them for a page. */
const ANSWER_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Build the server; it listens when the caller says so. */
export function createServer(deps: ApiDeps): FastifyInstance {
  const app: FastifyInstance = Fastify({
    logger: false,
    bodyLimit: MANAGEMENT_BODY_BYTES_MAX,
    // For `X-Forwarded-Host` alone: `request.ip` takes a port for a part of the address, see client-address.ts.
    trustProxy: deps.trustProxy.length === 0 ? false : [...deps.trustProxy],
    requestIdHeader: false,
    serverFactory: (handle) => createHttpServer(handle, deps),
    // While stopping, requests on open connections are still answered, with `connection: close`.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    // Whatever fits into a request's head: an id of any length is answered 404 like any other unknown one.
    routerOptions: { maxParamLength: REQUEST_HEAD_BYTES_MAX },
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (error, request, reply) => answerError(deps, error, request, reply),
  });
  // The surfaces check by themselves, to name every fault at once; the schemas on the routes document.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler((error, request, reply) => answerError(deps, error, request, reply));
  // Declared ahead, so that setting it later does not change the request's hidden class.
  app.decorateRequest("caller", null as never);
  app.decorateRequest("session", null);
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
  return app;
}

/** What comes before every route, and before its body is read. */
function installFirstHook(app: FastifyInstance, { engine: { status } }: ApiDeps): void {
  const known = new KnownPaths();
  app.addHook("onRoute", (route) => known.add(route.url, route.method));
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(ANSWER_HEADERS);
    const early = messageFault(request.raw) ?? startingProblem(status, request) ?? pathProblem(known, request);
    if (early !== null) {
      send(reply, envelopeOf(request), early);
      return;
    }
    dropTypeOfNothing(request);
    const why = contentFault(request.raw);
    if (why !== null) {
      send(reply, envelopeOf(request), why);
      return;
    }
    if (request.headers.expect !== undefined && request.raw.httpVersion === "1.1") request.expecting = reply.raw;
    done();
  });
}

/** A key that the first start is about to make must not be called a wrong one. */
function startingProblem(status: ApiDeps["engine"]["status"], request: FastifyRequest): Problem | null {
  return status.isStarting() && pathOf(request) !== "/healthz" ? STARTING : null;
}

/** Null for a path that its route refuses by itself, such as a link to a page without its token. */
function pathProblem(known: KnownPaths, request: FastifyRequest): Problem | null {
  if (!request.is404 && !hasEmptyParameter(request)) return null;
  const path = pathOf(request);
  const allow = known.allowed(path);
  if (allow !== null) return methodNotAllowed(allow);
  const meant = known.meant(path);
  return request.is404 || meant !== null ? routeNotFound(meant) : null;
}

/** The router takes `/v1/endpoints/` for `/v1/endpoints/:id`, with an empty id. */
function hasEmptyParameter({ params }: FastifyRequest): boolean {
  return Object.values((params ?? {}) as Record<string, unknown>).includes("");
}

/** An empty body is fine with any content type, also with one that is no content type. */
function dropTypeOfNothing({ headers }: FastifyRequest): void {
  if (headers["content-type"] === undefined || headers["transfer-encoding"] !== undefined) return;
  const length = headers["content-length"];
  if (length === undefined || length === "0") headers["content-type"] = undefined;
}

function answerError(deps: ApiDeps, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const why = problemOf(error, request.routeOptions.bodyLimit);
  if (why === null) report(deps, error, request);
  send(reply, envelopeOf(request), why ?? INTERNAL);
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
