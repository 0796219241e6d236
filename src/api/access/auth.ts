/** Who makes a request, with a key or a session, and for which tenant. Before everything else, also before a body is read. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Actor, includesRole, KEY_PATTERN, type Role } from "../../domain/access/access.ts";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import type { SignedIn } from "../../engine/access/session-service.ts";
import type { Caller } from "../../engine/engine-types.ts";
import type { ApiDeps } from "../deps.ts";
import {
  type CredentialMistake,
  type Envelope,
  FOREIGN_ORIGIN,
  forbidden,
  type Problem,
  SIGN_IN,
  send,
  TENANT_NOT_FOUND,
  UNAUTHORIZED,
  wrongCredentials,
} from "../errors/problem.ts";
import { sessionToken } from "../http/cookie.ts";
import { isForeignChange } from "../http/origin.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set by {@link requireCaller}; absent on routes without it. */
    caller: Caller;
    /** The session that it came with; null for a key. */
    session: SignedIn | null;
  }
  interface FastifyContextConfig {
    /** The least role that may use this route; `developer` when left out. */
    needs?: Role;
  }
}

type OnRequest = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

/** What a surface takes: keys alone, or also the cookie of whoever signed in. */
export type Accepted = "key" | "keyOrSession";

/** A hook that lets in whoever may come and has the role that the route needs, and sets `request.caller`. */
export function requireCaller(deps: ApiDeps, envelope: Envelope, accepted: Accepted): OnRequest {
  return (request, reply, done) => {
    const nobody = wrongCredentials(accepted === "key" ? UNAUTHORIZED : SIGN_IN, credentialMistake(request.headers));
    const refuse = (problem: Problem): void => {
      send(reply, envelope, problem);
    };
    const admit = (actor: Actor | null) => {
      if (actor === null) return refuse(nobody);
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
    };
    const { authorization } = request.headers;
    // Who sends a key means it, right or wrong; a browser sends none by itself. Another scheme is a proxy's in front.
    if (accepted === "key" || isBearer(authorization)) {
      const apiKey = bearerKey(authorization);
      if (apiKey === null) return refuse(nobody);
      deps.engine.access.authenticate(apiKey).then(admit, done);
      return;
    }
    const token = sessionToken(request);
    if (token === null) return refuse(nobody);
    if (isForeignChange(request, deps.publicUrl)) return refuse(FOREIGN_ORIGIN);
    deps.engine.sessions.authenticate(token).then((session) => {
      request.session = session;
      admit(session?.actor ?? null);
    }, done);
  };
}

/** Headers in which other products take their keys. */
const OTHER_KEY_HEADERS = ["x-api-key", "api-key", "x-auth-token"] as const;

/** How credentials were sent wrongly; null when there are none, or when their form is right. */
export function credentialMistake(headers: Readonly<Record<string, unknown>>): CredentialMistake | null {
  const { authorization } = headers;
  if (typeof authorization !== "string" || authorization === "") {
    return OTHER_KEY_HEADERS.some((name) => headers[name] !== undefined) ? "otherHeader" : null;
  }
  if (isBearer(authorization)) return bearerKey(authorization) === null ? "malformedKey" : null;
  return /^["']?sb_/i.test(authorization) ? "noScheme" : "otherScheme";
}

/** The key of a `Bearer` header; null when there is none of a key's form. */
export function bearerKey(authorization: string | undefined): string | null {
  if (!isBearer(authorization)) return null;
  const key = authorization.slice(7).trim();
  return KEY_PATTERN.test(key) ? key : null;
}

function isBearer(authorization: string | undefined): authorization is string {
  return authorization?.slice(0, 7).toLowerCase() === "bearer ";
}

/** `?tenant=dev_…`: only a `global_admin` may ask about another tenant. */
async function chooseTenant(deps: ApiDeps, actor: Actor, asked: unknown): Promise<Caller | Problem> {
  if (!includesRole(actor.role, "global_admin")) return forbidden("global_admin");
  const id = typeof asked === "string" ? parseId(ID_PREFIX.tenant, asked) : null;
  const tenant = id === null ? null : await deps.engine.access.findTenant(id);
  if (tenant === null) return TENANT_NOT_FOUND;
  return { actor, tenantId: tenant.id, tenantSeq: tenant.seq };
}
