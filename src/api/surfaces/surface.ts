/** What the surfaces that authenticate their callers have in common. */
import type { FastifyInstance } from "fastify";
import { requireCaller } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import type { Envelope } from "../errors/problem.ts";
import { refuseUnneededBodies } from "../schema/empty-body.ts";
import { refuseUnknownQuery } from "../schema/query.ts";

export function installSurface(app: FastifyInstance, deps: ApiDeps, envelope: Envelope): void {
  app.addHook("onRequest", requireCaller(deps, envelope));
  app.addHook("onRequest", refuseUnknownQuery(envelope));
  refuseUnneededBodies(app, envelope);
}
