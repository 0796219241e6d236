/** The pauses surface: webhooks and keys. */
import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "../deps.ts";
import { installSurface } from "../surface.ts";
import { envelope } from "./errors.ts";
import { registerKeyRoutes } from "./key-routes.ts";
import { registerWebhookRoutes } from "./webhook-routes.ts";

export async function registerPausesSurface(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  installSurface(app, deps, envelope);
  registerWebhookRoutes(app, deps);
  registerKeyRoutes(app, deps);
}
