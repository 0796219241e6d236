/** What the surfaces that ask who calls have in common: who may come in, and how a refusal looks. */
import type { FastifyInstance } from "fastify";
import { type Accepted, requireCaller } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import type { Envelope } from "../errors/problem.ts";
import { refuseUnknownQuery } from "../schema/query.ts";

export function installSurface(app: FastifyInstance, deps: ApiDeps, envelope: Envelope, accepted: Accepted): void {
  app.addHook("onRequest", requireCaller(deps, envelope, accepted));
  app.addHook("onRequest", refuseUnknownQuery(envelope));
}
