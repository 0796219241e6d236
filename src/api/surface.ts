/** What the keyed surfaces have in common: who may come in, and how a refusal looks. */
import type { FastifyInstance } from "fastify";
import { requireKey } from "./auth.ts";
import type { ApiDeps } from "./deps.ts";
import type { Envelope } from "./errors.ts";
import { refuseUnknownQuery } from "./query.ts";

export function installSurface(app: FastifyInstance, deps: ApiDeps, envelope: Envelope): void {
  app.addHook("onRequest", requireKey(deps, envelope));
  app.addHook("onRequest", refuseUnknownQuery(envelope));
}
