/** The endpoints surface: everything that a publishing service needs. */
import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "../deps.ts";
import { installSurface } from "../surface.ts";
import { registerAnalyticsRoutes } from "./analytics-routes.ts";
import { registerDeliveryRoutes } from "./delivery-routes.ts";
import { registerEndpointRoutes } from "./endpoint-routes.ts";
import { envelope } from "./errors.ts";
import { registerEventRoutes } from "./event-routes.ts";
import { registerJobRoute } from "./job-routes.ts";
import { registerSourceEventRoutes } from "./source-event-routes.ts";
import { registerSourceRoutes } from "./source-routes.ts";
import { registerStreamRoute } from "./stream-routes.ts";
import { registerTenantRoutes } from "./tenant-routes.ts";

export async function registerEndpointsSurface(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  installSurface(app, deps, envelope, "keyOrSession");
  registerEndpointRoutes(app, deps);
  registerEventRoutes(app, deps);
  registerDeliveryRoutes(app, deps);
  registerAnalyticsRoutes(app, deps);
  registerStreamRoute(app, deps);
  registerSourceRoutes(app, deps);
  registerSourceEventRoutes(app, deps);
  registerTenantRoutes(app, deps);
  registerJobRoute(app, deps);
}
