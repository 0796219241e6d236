/** Routes for operators: health, readiness, metrics and the API reference. */
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { requireCaller } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { commonEnvelope } from "../errors/problem.ts";
import { STORE_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { type StaticResponse, sendStatic, staticResponse } from "../http/static-response.ts";
import { refuseUnknownQuery } from "../schema/query.ts";
import { CommonError, documentedErrors } from "../schema/schemas.ts";

const tags = ["Operations"];
/** Swagger UI needs only this: its style sheet contains its images, and it sends requests only to this server. */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const Alive = Type.Object({ status: Type.Literal("ok") }, { title: "Alive" });
const Ready = Type.Object({ status: Type.Literal("ready") }, { title: "Ready" });
const NotReady = Type.Object(
  { status: Type.Literal("not_ready"), reason: Type.String() },
  { title: "NotReady", description: "The server cannot accept events at the moment." },
);

export function registerOperations(app: FastifyInstance, deps: ApiDeps): void {
  registerProbes(app, deps);
  registerMetrics(app, deps);
  registerDocs(app);
}

function registerProbes(app: FastifyInstance, { engine }: ApiDeps): void {
  app.get(
    "/healthz",
    {
      schema: {
        tags,
        operationId: "checkHealth",
        summary: "Check that the process is alive",
        security: [],
        response: { 200: Alive },
      },
    },
    (_, reply) => reply.header("cache-control", "no-store").send({ status: "ok" }),
  );
  app.get(
    "/readyz",
    {
      schema: {
        tags,
        operationId: "checkReadiness",
        summary: "Check that the server can accept events",
        security: [],
        response: { 200: Ready, 503: Type.Union([NotReady, CommonError]) },
      },
    },
    (_, reply) => {
      reply.header("cache-control", "no-store");
      const output = engine.status.ready();
      if (output.ready) return reply.send({ status: "ready" });
      reply.code(503).header("retry-after", String(STORE_RETRY_AFTER_SECONDS));
      return reply.send({ status: "not_ready", reason: output.reason });
    },
  );
}

function registerMetrics(app: FastifyInstance, deps: ApiDeps): void {
  const { metrics } = deps;
  if (metrics === undefined) return;
  app.get(
    "/metrics",
    {
      onRequest: [requireCaller(deps, commonEnvelope), refuseUnknownQuery(commonEnvelope)],
      config: { needs: "global_admin" },
      schema: {
        tags,
        operationId: "readMetrics",
        summary: "Read metrics in the Prometheus text format",
        response: {
          200: { description: "The metrics.", content: { "text/plain": { schema: Type.String() } } },
          ...documentedErrors(CommonError, []),
        },
      },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  );
}

/** Swagger UI, and the page that shows it. */
const DOCS_FILES: Readonly<Record<string, { readonly type: string; readonly url: () => URL }>> = {
  "/docs": { type: "text/html; charset=utf-8", url: () => new URL("./docs/page.html", import.meta.url) },
  "/docs/page.css": { type: "text/css; charset=utf-8", url: () => new URL("./docs/page.css", import.meta.url) },
  "/docs/page.js": { type: "text/javascript; charset=utf-8", url: () => new URL("./docs/page.js", import.meta.url) },
  "/docs/swagger-ui.css": {
    type: "text/css; charset=utf-8",
    url: () => new URL(import.meta.resolve("swagger-ui-dist/swagger-ui.css")),
  },
  "/docs/swagger-ui-bundle.js": {
    type: "text/javascript; charset=utf-8",
    url: () => new URL(import.meta.resolve("swagger-ui-dist/swagger-ui-bundle.js")),
  },
};

function registerDocs(app: FastifyInstance): void {
  for (const [path, { type, url }] of Object.entries(DOCS_FILES)) {
    // Resolved now, because that reads a file too, and fails in another way than a read without file descriptors.
    const place = url();
    // Read at the first request, since the reference takes two megabytes of memory.
    let file: StaticResponse | null = null;
    app.get(path, { schema: { hide: true } }, (request, reply) => {
      file ??= staticResponse(type, readFileSync(place, "utf8"));
      sendStatic(request, reply.header("content-security-policy", DOCS_POLICY), file);
    });
  }
}
