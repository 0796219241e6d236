/** The pause-status surface: the public routes that receive signed requests, and the records of those requests. */
import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "../deps.ts";
import { envelope } from "../errors/pause-status-errors.ts";
import { registerReceiveRoutes } from "../inbound/receive-routes.ts";
import { registerRecordRoutes } from "../inbound/record-routes.ts";
import { installSurface } from "./surface.ts";

export async function registerPauseStatusSurface(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  app.register(async (closed) => {
    installSurface(closed, deps, envelope);
    registerRecordRoutes(closed, deps);
  });
  app.register(async (open) => registerReceiveRoutes(open, deps));
}
