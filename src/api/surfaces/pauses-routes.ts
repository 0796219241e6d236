/** The pauses surface: pauses, their webhooks, the audit log, keys, and the routes for the holder of a link. */
import type { FastifyInstance } from "fastify";
import { registerAuditRoute } from "../access/audit-routes.ts";
import { registerKeyRoutes } from "../access/key-routes.ts";
import type { ApiDeps } from "../deps.ts";
import { registerWebhookRoutes } from "../endpoints/pause-webhook-routes.ts";
import { envelope } from "../errors/pauses-errors.ts";
import { registerDecideRoutes } from "../pauses/decide-routes.ts";
import { registerExtendRoute } from "../pauses/extend-routes.ts";
import { registerPauseRoutes } from "../pauses/pause-routes.ts";
import { registerRespondPage } from "../pauses/respond-page-routes.ts";
import { registerRespondRoutes } from "../pauses/respond-routes.ts";
import { registerSlackRoutes } from "../pauses/slack-routes.ts";
import { installSurface } from "./surface.ts";

export async function registerPausesSurface(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  app.register(async (inner) => {
    installSurface(inner, deps, envelope);
    registerPauseRoutes(inner, deps);
    registerDecideRoutes(inner, deps);
    registerExtendRoute(inner, deps);
    registerWebhookRoutes(inner, deps);
    registerAuditRoute(inner, deps);
    registerKeyRoutes(inner, deps);
  });
  app.register(async (inner) => registerRespondRoutes(inner, deps));
  app.register(async (inner) => registerRespondPage(inner, deps));
  app.register(async (inner) => registerSlackRoutes(inner, deps));
}
