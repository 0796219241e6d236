/** The dashboard surface: what people look at and do. */
import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "../deps.ts";
import { refuseUnknownQuery } from "../query.ts";
import { installSurface } from "../surface.ts";
import { registerAuthRoutes, registerLoginRoute } from "./auth-routes.ts";
import { registerDeliveryRoutes } from "./delivery-routes.ts";
import { envelope } from "./errors.ts";
import { registerExportRoute } from "./export-routes.ts";
import { registerDashboardWebhookRoutes } from "./webhook-routes.ts";

export async function registerDashboardSurface(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  app.register(async (inner) => {
    installSurface(inner, deps, envelope, "keyOrSession");
    registerAuthRoutes(inner, deps);
    registerDashboardWebhookRoutes(inner, deps);
    registerDeliveryRoutes(inner, deps);
    registerExportRoute(inner, deps);
  });
  app.register(async (open) => {
    open.addHook("onRequest", refuseUnknownQuery(envelope));
    registerLoginRoute(open, deps);
  });
}
