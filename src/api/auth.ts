/** Who makes a request, and for which tenant. Before everything else, also before a body is read. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Actor, includesRole, KEY_PATTERN, type Role } from "../domain/access.ts";
import { ID_PREFIX, parseId } from "../domain/ids.ts";
import type { Caller } from "../engine/engine.ts";
import type { ApiDeps } from "./deps.ts";
import { type Envelope, forbidden, type Problem, send, TENANT_NOT_FOUND, UNAUTHORIZED } from "./errors.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set by {@link requireKey}; absent on routes without it. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** The least role that may use this route; `developer` when left out. */
    needs?: Role;
  }
}

type OnRequest = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

/** A hook that lets in whoever has a key and the role that the route needs, and sets `request.caller`. */
export function requireKey(deps: ApiDeps, envelope: Envelope): OnRequest {
  return (request, reply, done) => {
    const refuse = (problem: Problem): void => {
      send(reply, envelope, problem);
    };
    const apiKey = bearerKey(request.headers.authorization);
    if (apiKey === null) return refuse(UNAUTHORIZED);
    deps.engine.access.authenticate(apiKey).then((actor) => {
      if (actor === null) return refuse(UNAUTHORIZED);
      const needs = request.routeOptions.config.needs ?? "developer";
      if (!includesRole(actor.role, needs)) return refuse(forbidden(needs));
      const tenant = (request.query as Record<string, unknown>).tenant;
      if (tenant === undefined) {
        request.caller = { actor, tenantId: actor.tenantId, tenantSeq: actor.tenantSeq };
        return done();
      }
      chooseTenant(deps, actor, tenant).then((chosen) => {
        if ("status" in chosen) return refuse(chosen);
        request.caller = chosen;
        done();
      }, done);
    }, done);
  };
}

/** The key of a `Bearer` header; null when there is none of a key's form. */
export function bearerKey(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.slice(0, 7).toLowerCase() !== "bearer ") return null;
  const key = authorization.slice(7).trim();
  return KEY_PATTERN.test(key) ? key : null;
}

/** `?tenant=dev_…`: only a `global_admin` may ask about another tenant. */
async function chooseTenant(deps: ApiDeps, actor: Actor, asked: unknown): Promise<Caller | Problem> {
  if (!includesRole(actor.role, "global_admin")) return forbidden("global_admin");
  const id = typeof asked === "string" ? parseId(ID_PREFIX.tenant, asked) : null;
  const tenant = id === null ? null : await deps.engine.access.findTenant(id);
  if (tenant === null) return TENANT_NOT_FOUND;
  return { actor, tenantId: tenant.id, tenantSeq: tenant.seq };
}
