/** The pauses surface: pauses, their webhooks, the audit and the keys; and what the holder of a link may do. */
import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "../deps.ts";
import { installSurface } from "../surface.ts";
import { registerAuditRoute } from "./audit-routes.ts";
import { envelope } from "./errors.ts";
import { registerKeyRoutes } from "./key-routes.ts";
import { registerPauseRoutes } from "./pause-routes.ts";
import { registerRespondPage } from "./respond-page-routes.ts";
import { registerRespondRoutes } from "./respond-routes.ts";
import { registerWebhookRoutes } from "./webhook-routes.ts";

export async function registerPausesSurface(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  app.register(async (keyed) => {
    installSurface(keyed, deps, envelope, "key");
    registerPauseRoutes(keyed, deps);
    registerWebhookRoutes(keyed, deps);
    registerAuditRoute(keyed, deps);
    registerKeyRoutes(keyed, deps);
  });
  app.register(async (inner) => registerRespondRoutes(inner, deps));
  app.register(async (inner) => registerRespondPage(inner, deps));
}
