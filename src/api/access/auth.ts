/** Authentication: who calls, with a key or a session, and for which tenant. It runs before the body is read. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Actor, includesRole, KEY_PATTERN, type Role } from "../../domain/access/access.ts";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { Session } from "../../engine/access/session-types.ts";
import type { ApiDeps } from "../deps.ts";
import {
  type CredentialMistake,
  type Envelope,
  FOREIGN_ORIGIN,
  forbidden,
  type Problem,
  Refusal,
  SESSION_REQUIRED,
  SIGN_IN,
  send,
  TENANT_NOT_FOUND,
  UNAUTHORIZED,
  wrongCredentials,
} from "../errors/problem.ts";
import { sessionToken } from "../http/cookie.ts";
import { type Access, type Credentials, missingRole } from "../http/credentials.ts";
import { isForeignChange } from "../http/origin.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set by {@link requireCaller}. Absent on routes without it. */
    caller: Caller;
    /** Null for a caller with a key. */
    session: Session | null;
  }
  interface FastifyContextConfig extends Access {
    /** The credentials that this route accepts. `keyOrSession` by default. */
    accepts?: Credentials;
  }
}

type OnRequest = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

/** A hook that authenticates the caller, checks the role that the route needs, and sets `request.caller`. */
export function requireCaller(deps: ApiDeps, envelope: Envelope): OnRequest {
  return (request, reply, done) => {
    const { accepts = "keyOrSession" } = request.routeOptions.config;
    const missing = wrongCredentials(accepts === "key" ? UNAUTHORIZED : SIGN_IN, credentialMistake(request.headers));
    const refuse = (problem: Problem): void => {
      send(reply, envelope, problem);
    };
    const authorize = (actor: Actor | null) => {
      if (actor === null) return refuse(missing);
      if (accepts === "session" && request.session === null) return refuse(SESSION_REQUIRED);
      const missingRight = missingRole(actor, request.method, request.routeOptions.config);
      if (missingRight !== null) return refuse(forbidden(missingRight));
      const tenant = (request.query as Record<string, unknown>).tenant;
      if (tenant === undefined) {
        request.caller = { actor, tenantId: actor.tenantId, tenantSeq: actor.tenantSeq };
        return request.server.requestTurns.take(actor.tenantSeq, bodyBytes(request), done);
      }
      chooseTenant(deps, actor, tenant).then((chosen) => {
        if ("status" in chosen) return refuse(chosen);
        request.caller = chosen;
        request.server.requestTurns.take(chosen.tenantSeq, bodyBytes(request), done);
      }, done);
    };
    const { authorization } = request.headers;
    // A Bearer header takes precedence over the cookie, even with a wrong key: browsers never send one by themselves.
    // Another scheme is ignored, since a proxy in front may have added it.
    if (accepts === "key" || isBearer(authorization)) {
      const apiKey = bearerKey(authorization);
      if (apiKey === null) return refuse(missing);
      deps.engine.access.authenticate(apiKey).then(authorize, done);
      return;
    }
    const token = sessionToken(request);
    if (token === null) return refuse(missing);
    if (isForeignChange(request, deps.publicUrl())) return refuse(FOREIGN_ORIGIN);
    deps.engine.sessions.authenticate(token).then((session) => {
      request.session = session;
      authorize(session?.actor ?? null);
    }, done);
  };
}

/**
 * Checks the role for a part of a route that needs a higher one than the route.
 *
 * @throws Refusal
 */
export function requireRole({ actor }: Caller, needs: Role): void {
  if (!includesRole(actor.role, needs)) throw new Refusal(forbidden(needs));
}

/** The length that the request announces. A chunked body counts as empty. */
function bodyBytes({ headers }: FastifyRequest): number {
  return Number(headers["content-length"] ?? 0);
}

/** Whether the session or the key of a request is still valid, for responses that take minutes. */
export async function isAuthorized({ engine }: ApiDeps, { session, headers }: FastifyRequest): Promise<boolean> {
  if (session !== null) return engine.sessions.isValid(session);
  const apiKey = bearerKey(headers.authorization);
  return apiKey !== null && (await engine.access.authenticate(apiKey)) !== null;
}

/** Headers that carry the keys of other products. */
const OTHER_KEY_HEADERS = ["x-api-key", "api-key", "x-auth-token"] as const;

/** The mistake in how credentials were sent. Null without credentials, and for well-formed ones. */
export function credentialMistake(headers: Readonly<Record<string, unknown>>): CredentialMistake | null {
  const { authorization } = headers;
  if (typeof authorization !== "string" || authorization === "") {
    return OTHER_KEY_HEADERS.some((name) => headers[name] !== undefined) ? "otherHeader" : null;
  }
  if (/^bearer\s*$/i.test(authorization)) return "noKey";
  if (isBearer(authorization)) return bearerKey(authorization) === null ? "malformedKey" : null;
  return /^["']?sb_/i.test(authorization) ? "noScheme" : "otherScheme";
}

/** The key of a `Bearer` header. Null without a well-formed key. */
export function bearerKey(authorization: string | undefined): string | null {
  if (!isBearer(authorization)) return null;
  const key = authorization.slice(7).trim();
  return KEY_PATTERN.test(key) ? key : null;
}

function isBearer(authorization: string | undefined): authorization is string {
  return authorization?.slice(0, 7).toLowerCase() === "bearer ";
}

/** `?tenant=dev_…`: only a `global_admin` may act for another tenant. */
async function chooseTenant(deps: ApiDeps, actor: Actor, tenantId: unknown): Promise<Caller | Problem> {
  if (!includesRole(actor.role, "global_admin")) return forbidden("global_admin");
  const id = typeof tenantId === "string" ? parseId(ID_PREFIX.tenant, tenantId) : null;
  const tenant = id === null ? null : await deps.engine.access.findTenant(id);
  if (tenant === null) return TENANT_NOT_FOUND;
  return { actor, tenantId: tenant.id, tenantSeq: tenant.seq };
}
