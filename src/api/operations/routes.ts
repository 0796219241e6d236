/** What the people who run the server ask of it: is it alive, is it ready, how does it do, how is it used. */
import { readFileSync } from "node:fs";
import type {} from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { requireCaller } from "../auth.ts";
import { type Constant, constant, sendConstant } from "../constant.ts";
import type { ApiDeps } from "../deps.ts";
import { commonEnvelope } from "../errors.ts";
import { STORE_RETRY_AFTER_SECONDS } from "../limits.ts";
import { refuseUnknownQuery } from "../query.ts";
import { CommonError, errorAnswers } from "../schemas.ts";
import { docsPage, type OpenApiDocument } from "./docs-page.ts";

const tags = ["Operations"];
/** The page runs nothing and loads nothing but its own style sheet. */
const DOCS_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const Alive = Type.Object({ status: Type.Literal("ok") }, { title: "Alive" });
const Ready = Type.Object({ status: Type.Literal("ready") }, { title: "Ready" });
const NotReady = Type.Object(
  { status: Type.Literal("not_ready"), reason: Type.String() },
  { title: "NotReady", description: "Publishing would not be accepted now." },
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
        summary: "Is the process alive?",
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
        summary: "Would an event be accepted now?",
        security: [],
        response: { 200: Ready, 503: NotReady },
      },
    },
    (_, reply) => {
      reply.header("cache-control", "no-store");
      const answer = engine.status.ready();
      if (answer.ready) return reply.send({ status: "ready" });
      reply.code(503).header("retry-after", String(STORE_RETRY_AFTER_SECONDS));
      return reply.send({ status: "not_ready", reason: answer.reason });
    },
  );
}

function registerMetrics(app: FastifyInstance, deps: ApiDeps): void {
  const { metrics } = deps;
  if (metrics === undefined) return;
  app.get(
    "/metrics",
    {
      onRequest: [requireCaller(deps, commonEnvelope, "keyOrSession"), refuseUnknownQuery(commonEnvelope)],
      config: { needs: "global_admin" },
      schema: {
        tags,
        operationId: "readMetrics",
        summary: "Metrics in the text format of Prometheus",
        response: {
          200: { description: "The metrics.", content: { "text/plain": { schema: Type.String() } } },
          ...errorAnswers(CommonError, []),
        },
      },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  );
}

function registerDocs(app: FastifyInstance): void {
  const style = constant("text/css; charset=utf-8", readFileSync(new URL("./docs.css", import.meta.url), "utf8"));
  let page: Constant | null = null;
  app.get("/docs", { schema: { hide: true } }, (request, reply) => {
    // Made once, at the first request: only then are all routes registered.
    page ??= constant("text/html; charset=utf-8", docsPage(app.swagger() as OpenApiDocument));
    sendConstant(request, reply.header("content-security-policy", DOCS_POLICY), page);
  });
  app.get("/docs/style.css", { schema: { hide: true } }, (request, reply) => sendConstant(request, reply, style));
}
