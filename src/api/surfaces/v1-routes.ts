/** The endpoints surface: endpoints, events, deliveries, sources and tenants, for services that publish events. */
import type { FastifyInstance } from "fastify";
import { registerTenantRoutes } from "../access/tenant-routes.ts";
import { registerOpenTerminalRoutes, registerTerminalRoutes } from "../access/terminal-routes.ts";
import { registerUserRoutes } from "../access/user-routes.ts";
import { registerAttemptRoutes } from "../delivery/attempt-routes.ts";
import { registerEventListRoutes } from "../delivery/event-list-routes.ts";
import { registerEventRoutes } from "../delivery/event-routes.ts";
import { registerExplainRoutes } from "../delivery/explain-routes.ts";
import { registerExportStateRoute } from "../delivery/export-state-routes.ts";
import { registerStreamRoute } from "../delivery/stream-routes.ts";
import type { ApiDeps } from "../deps.ts";
import { registerEndpointRoutes } from "../endpoints/endpoint-routes.ts";
import { registerListenerRoutes } from "../endpoints/listener-routes.ts";
import { envelope } from "../errors/v1-errors.ts";
import { registerAnalyticsRoutes } from "../history/analytics-routes.ts";
import { registerBulkRoute } from "../history/bulk-routes.ts";
import { registerDeliveryRoutes } from "../history/delivery-routes.ts";
import { registerInboundCounts } from "../inbound/inbound-counts.ts";
import { registerInboundEventRoutes } from "../inbound/inbound-event-routes.ts";
import { registerSourceEventRoutes } from "../inbound/source-event-routes.ts";
import { registerSourceRoutes } from "../inbound/source-routes.ts";
import { registerPauseEndings } from "../pauses/pause-endings.ts";
import { registerOpenReceiptKeyRoutes, registerReceiptKeyRoutes } from "../pauses/receipt-key-routes.ts";
import { refuseUnknownQuery } from "../schema/query.ts";
import { registerJobRoutes } from "../upkeep/job-routes.ts";
import { registerStatusRoutes } from "../upkeep/status-routes.ts";
import { installSurface } from "./surface.ts";

export async function registerEndpointsSurface(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  app.register(async (inner) => registerRoutes(inner, deps));
  app.register(async (open) => {
    open.addHook("onRequest", refuseUnknownQuery(envelope));
    registerOpenTerminalRoutes(open, deps);
    registerOpenReceiptKeyRoutes(open, deps);
  });
}

function registerRoutes(app: FastifyInstance, deps: ApiDeps): void {
  installSurface(app, deps, envelope);
  registerEndpointRoutes(app, deps);
  registerListenerRoutes(app, deps);
  registerEventRoutes(app, deps);
  registerEventListRoutes(app, deps);
  registerDeliveryRoutes(app, deps);
  registerAttemptRoutes(app, deps);
  registerExplainRoutes(app, deps);
  registerBulkRoute(app, deps);
  registerAnalyticsRoutes(app, deps);
  registerInboundCounts(app, deps);
  registerPauseEndings(app, deps);
  registerStreamRoute(app, deps);
  registerSourceRoutes(app, deps);
  registerSourceEventRoutes(app, deps);
  registerInboundEventRoutes(app, deps);
  registerReceiptKeyRoutes(app, deps);
  registerTenantRoutes(app, deps);
  registerUserRoutes(app, deps);
  registerTerminalRoutes(app, deps);
  registerJobRoutes(app, deps);
  registerExportStateRoute(app, deps);
  registerStatusRoutes(app, deps);
}
