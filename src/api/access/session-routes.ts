/** `/dashboard/auth`: people sign in with a password and get a session. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ID_PREFIX } from "../../domain/ids.ts";
import type { TooManyTries } from "../../engine/access/session-types.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, linkErrorResponses, refuse, signInErrorResponses } from "../errors/dashboard-errors.ts";
import {
  FOREIGN_ORIGIN,
  invalid,
  notFound,
  type Problem,
  problem,
  TENANT_NOT_FOUND,
  temporary,
} from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { createClientAddress } from "../http/client-address.ts";
import { cookieWith, noCookie, sessionToken } from "../http/cookie.ts";
import { isForeignChange } from "../http/origin.ts";
import { PathId } from "../schema/schemas.ts";
import {
  checkPassword,
  checkSetPassword,
  checkSignIn,
  DoneResponse,
  MeResponse,
  PasswordBody,
  SessionsResponse,
  SetPasswordBody,
  SignInBody,
  SignInResponse,
  sessionJson,
} from "./session-wire.ts";

const tags = ["People"];
/** Everybody manages their own sessions, although these routes do not only read. */
const config = { needs: "viewer" } as const;

export function registerOpenAuthRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post("/dashboard/auth/login", SIGN_IN, signIn(deps));
  app.post("/dashboard/auth/set-password", SET_PASSWORD, setPassword(deps));
}

export function registerAuthRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get("/dashboard/auth/me", ME, readMe(deps));
  app.post("/dashboard/auth/logout", LOGOUT, logout(deps));
  app.post("/dashboard/auth/password", PASSWORD, changePassword(deps));
  app.get("/dashboard/auth/sessions", SESSIONS, listSessions(deps));
  app.delete("/dashboard/auth/sessions", END_OTHERS, endOtherSessions(deps));
  app.delete<ById>("/dashboard/auth/sessions/:id", END_SESSION, endSession(deps));
}

const SIGN_IN = {
  schema: {
    tags,
    operationId: "signIn",
    summary: "Sign in",
    description:
      "Sets the cookie `signalbox_session`. The session ends after seven days, or twelve hours after its last use. " +
      "If the request has the cookie of another session, that session ends.",
    // `[{}]` means that credentials are optional. `[]` would mean that the route never sends a 401 or 403.
    security: [{}],
    body: SignInBody,
    response: { 200: SignInResponse, ...signInErrorResponses(413, 415, 429) },
  },
};

function signIn(deps: ApiDeps) {
  const addressOf = createClientAddress(deps.trustProxy);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    // Without this check, another site could sign a person in to somebody else's account.
    if (isForeignChange(request, deps.publicUrl())) return refuse(reply, FOREIGN_ORIGIN);
    const body = checkSignIn(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const userAgent = request.headers["user-agent"] ?? null;
    const input = { ...body.value, address: addressOf(request), userAgent, replaces: sessionToken(request) };
    const output = await deps.engine.sessions.signIn(input);
    switch (output.kind) {
      case "signedIn":
        reply.header("set-cookie", cookieWith(output.token, deps));
        return { success: true, data: { email: output.email, role: output.role } };
      case "wrong":
        return refuse(reply, WRONG_CREDENTIALS);
      case "tooMany":
        return refuse(reply, tooManyTries(output));
    }
  };
}

const ME = {
  config: { needs: "any" },
  schema: {
    tags,
    operationId: "getMe",
    summary: "Read who you are",
    response: { 200: MeResponse, ...errorResponses() },
  },
} as const;

function readMe({ engine: { access } }: ApiDeps) {
  return async ({ caller: { actor, tenantId }, session }: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const tenant = await access.findTenant(tenantId);
    if (tenant === null) return refuse(reply, TENANT_NOT_FOUND);
    return {
      success: true,
      data: {
        id: (session === null ? ID_PREFIX.key : ID_PREFIX.user) + actor.id,
        email: session?.email ?? null,
        role: actor.role,
        scopes: actor.agent?.scopes ?? null,
        tenant: { id: ID_PREFIX.tenant + tenant.id, name: tenant.name },
      },
    };
  };
}

const LOGOUT = {
  config,
  schema: {
    tags,
    operationId: "signOut",
    summary: "Sign out",
    description: "The session ends immediately.",
    response: { 200: DoneResponse, ...errorResponses(413, 415) },
  },
};

function logout(deps: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    if (request.session === null) return refuse(reply, NEEDS_SESSION);
    await deps.engine.sessions.logout(request.session);
    reply.header("set-cookie", noCookie(deps));
    return done("Signed out.");
  };
}

const PASSWORD = {
  config,
  schema: {
    tags,
    operationId: "changePassword",
    summary: "Change your own password",
    description: "Your other sessions end.",
    body: PasswordBody,
    response: { 200: DoneResponse, ...errorResponses(413, 415, 429) },
  },
};

function changePassword({ engine: { sessions }, trustProxy }: ApiDeps) {
  const addressOf = createClientAddress(trustProxy);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    if (request.session === null) return refuse(reply, NEEDS_SESSION);
    const body = checkPassword(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const output = await sessions.changePassword(request.session, { ...body.value, address: addressOf(request) });
    switch (output.kind) {
      case "changed":
        return done("Password changed; your other sessions have ended.");
      case "wrong":
        return refuse(reply, WRONG_PASSWORD);
      case "tooMany":
        return refuse(reply, tooManyTries(output));
    }
  };
}

const SET_PASSWORD = {
  schema: {
    tags,
    operationId: "setPassword",
    summary: "Set your password with a link",
    description: "A link works once, for three days. Your sessions end. Sign in with the new password.",
    security: [{}],
    body: SetPasswordBody,
    response: { 200: DoneResponse, ...linkErrorResponses(413, 415, 429) },
  },
};

function setPassword(deps: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    if (isForeignChange(request, deps.publicUrl())) return refuse(reply, FOREIGN_ORIGIN);
    const body = checkSetPassword(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const output = await deps.engine.sessions.setPassword(body.value);
    switch (output.kind) {
      case "changed":
        return done("Password set; sign in with it.");
      case "invalidLink":
        return refuse(reply, INVALID_LINK);
      case "tooMany":
        return refuse(reply, tooManyTries(output));
    }
  };
}

const SESSIONS = {
  schema: {
    tags,
    operationId: "listSessions",
    summary: "List your sessions",
    response: { 200: SessionsResponse, ...errorResponses() },
  },
};

function listSessions({ engine: { sessions } }: ApiDeps) {
  return async ({ session }: FastifyRequest, reply: FastifyReply): Promise<object> => {
    if (session === null) return refuse(reply, NEEDS_SESSION);
    return { success: true, data: (await sessions.list(session)).map(sessionJson) };
  };
}

const END_OTHERS = {
  config,
  schema: {
    tags,
    operationId: "endOtherSessions",
    summary: "End your other sessions",
    description: "The session of this request continues.",
    response: { 200: DoneResponse, ...errorResponses() },
  },
};

function endOtherSessions({ engine: { sessions } }: ApiDeps) {
  return async ({ session }: FastifyRequest, reply: FastifyReply): Promise<object> => {
    if (session === null) return refuse(reply, NEEDS_SESSION);
    await sessions.end(session, null);
    return done("Your other sessions have ended.");
  };
}

const END_SESSION = {
  config,
  schema: {
    tags,
    operationId: "endSession",
    summary: "End one of your sessions",
    params: PathId,
    response: { 200: DoneResponse, ...errorResponses(404) },
  },
};

function endSession({ engine: { sessions } }: ApiDeps) {
  return async ({ session, params }: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    if (session === null) return refuse(reply, NEEDS_SESSION);
    const ended = await sessions.end(session, params.id);
    return ended === 0 ? refuse(reply, SESSION_NOT_FOUND) : done("The session has ended.");
  };
}

function done(message: string) {
  return { success: true, message };
}

/** The same message whether or not the account exists. */
const WRONG_CREDENTIALS = problem(401, "INVALID_CREDENTIALS", "The email address or the password is wrong.");
const WRONG_PASSWORD = problem(401, "INVALID_CREDENTIALS", "The current password is wrong.", [
  { field: "currentPassword", rule: "is not your password" },
]);
const SESSION_NOT_FOUND = notFound("SESSION_NOT_FOUND", "You have no such session.");
const INVALID_LINK = problem(
  401,
  "INVALID_LINK",
  "This link was used, was replaced by a newer one, or has expired. Ask an administrator for a new link.",
);
const NEEDS_SESSION = problem(
  403,
  "FORBIDDEN",
  "This request requires a session. An API key has no sessions and no password.",
);

export function tooManyTries({ retryAfterSeconds }: TooManyTries): Problem {
  const message = "Too many attempts with a wrong password. Wait before you try again.";
  return temporary(problem(429, "RATE_LIMITED", message), retryAfterSeconds);
}
