/** The dashboard surface: sessions, webhooks and the delivery history, for people. */
import type { FastifyInstance } from "fastify";
import { registerAuthRoutes, registerOpenAuthRoutes } from "../access/session-routes.ts";
import type { ApiDeps } from "../deps.ts";
import { registerDashboardWebhookRoutes } from "../endpoints/dashboard-webhook-routes.ts";
import { envelope } from "../errors/dashboard-errors.ts";
import { registerDashboardDeliveryRoutes } from "../history/dashboard-delivery-routes.ts";
import { registerExportRoute } from "../history/export-routes.ts";
import { refuseUnknownQuery } from "../schema/query.ts";
import { installSurface } from "./surface.ts";

export async function registerDashboardSurface(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  app.register(async (inner) => {
    installSurface(inner, deps, envelope);
    registerAuthRoutes(inner, deps);
    registerDashboardWebhookRoutes(inner, deps);
    registerDashboardDeliveryRoutes(inner, deps);
    registerExportRoute(inner, deps);
  });
  app.register(async (open) => {
    open.addHook("onRequest", refuseUnknownQuery(envelope));
    registerOpenAuthRoutes(open, deps);
  });
}
