/** `/dashboard/auth`: people sign in with a password, and get a session. */
import type { FastifyInstance } from "fastify";
import { ID_PREFIX } from "../../domain/ids.ts";
import type { TooManyTries } from "../../engine/access/session-service.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, loginErrorResponses, refuse } from "../errors/dashboard-errors.ts";
import { FOREIGN_ORIGIN, invalid, type Problem, problem, TENANT_NOT_FOUND } from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import { createClientAddress } from "../http/client-address.ts";
import { cookieWith, noCookie, sessionToken } from "../http/cookie.ts";
import { checkNoBody } from "../http/no-body.ts";
import { isForeignChange } from "../http/origin.ts";
import {
  checkLogin,
  checkPassword,
  DoneResponse,
  LoginBody,
  LoginResponse,
  MeResponse,
  PasswordBody,
} from "./session-wire.ts";

const tags = ["People"];
// The same whether there is such an account or not.
const WRONG_LOGIN = problem(401, "INVALID_CREDENTIALS", "The e-mail address or the password is wrong.");
const WRONG_PASSWORD = problem(401, "INVALID_CREDENTIALS", "currentPassword is not your password.");
const NEEDS_SESSION = problem(403, "FORBIDDEN", "This needs a session; a key has neither an end nor a password.");

export function registerLoginRoute(app: FastifyInstance, deps: ApiDeps): void {
  const addressOf = createClientAddress(deps.trustProxy);
  app.post(
    "/dashboard/auth/login",
    {
      schema: {
        tags,
        operationId: "signIn",
        summary: "Sign in",
        description:
          "Sets the cookie `signalbox_session`: for seven days, or until twelve hours after its last use. " +
          "A session that the request came with ends.",
        // Nothing is needed; unlike `[]`, which stands for routes that refuse nobody.
        security: [{}],
        body: LoginBody,
        response: { 200: LoginResponse, ...loginErrorResponses(413, 415, 429) },
      },
    },
    async (request, reply) => {
      // Else another site could sign a person in as somebody else.
      if (isForeignChange(request, deps.publicUrl)) return refuse(reply, FOREIGN_ORIGIN);
      const body = checkLogin(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const input = { ...body.value, address: addressOf(request), replaces: sessionToken(request) };
      const answer = await deps.engine.sessions.login(input);
      switch (answer.kind) {
        case "in":
          reply.header("set-cookie", cookieWith(answer.token, deps));
          return { success: true, data: { email: answer.email, role: answer.role } };
        case "wrong":
          return refuse(reply, WRONG_LOGIN);
        case "tooMany":
          return refuse(reply, tooManyTries(answer));
      }
    },
  );
}

export function registerAuthRoutes(app: FastifyInstance, deps: ApiDeps): void {
  registerMe(app, deps);
  registerLogout(app, deps);
  registerPassword(app, deps);
}

function registerMe(app: FastifyInstance, { engine }: ApiDeps): void {
  app.get(
    "/dashboard/auth/me",
    {
      schema: {
        tags,
        operationId: "getMe",
        summary: "Who you are",
        response: { 200: MeResponse, ...errorResponses() },
      },
    },
    async ({ caller: { actor, tenantId }, session }, reply) => {
      const tenant = await engine.access.findTenant(tenantId);
      if (tenant === null) return refuse(reply, TENANT_NOT_FOUND);
      return {
        success: true,
        data: {
          id: (session === null ? ID_PREFIX.key : ID_PREFIX.user) + actor.id,
          email: session?.email ?? null,
          role: actor.role,
          tenant: { id: ID_PREFIX.tenant + tenant.id, name: tenant.name },
        },
      };
    },
  );
}

function registerLogout(app: FastifyInstance, deps: ApiDeps): void {
  app.post(
    "/dashboard/auth/logout",
    {
      schema: {
        tags,
        operationId: "signOut",
        summary: "Sign out",
        description: "The session ends at once.",
        response: { 200: DoneResponse, ...errorResponses(413, 415) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      if (request.session === null) return refuse(reply, NEEDS_SESSION);
      await deps.engine.sessions.logout(request.session);
      reply.header("set-cookie", noCookie(deps));
      return done("Signed out.");
    },
  );
}

function registerPassword(app: FastifyInstance, deps: ApiDeps): void {
  const addressOf = createClientAddress(deps.trustProxy);
  app.post(
    "/dashboard/auth/password",
    {
      schema: {
        tags,
        operationId: "changePassword",
        summary: "Change your own password",
        description: "Your other sessions end.",
        body: PasswordBody,
        response: { 200: DoneResponse, ...errorResponses(413, 415, 429) },
      },
    },
    async (request, reply) => {
      if (request.session === null) return refuse(reply, NEEDS_SESSION);
      const body = checkPassword(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const input = { ...body.value, address: addressOf(request) };
      const answer = await deps.engine.sessions.changePassword(request.session, input);
      switch (answer.kind) {
        case "changed":
          return done("Password changed; your other sessions have ended.");
        case "wrong":
          return refuse(reply, WRONG_PASSWORD);
        case "tooMany":
          return refuse(reply, tooManyTries(answer));
      }
    },
  );
}

function done(message: string) {
  return { success: true, message };
}

function tooManyTries({ retryAfterSeconds }: TooManyTries): Problem {
  return {
    ...problem(429, "RATE_LIMITED", "Too many tries with a wrong password; wait as long as Retry-After says."),
    headers: { "retry-after": String(retryAfterSeconds) },
  };
}
