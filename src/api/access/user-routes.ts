/** `/v1/users`: the people who sign in. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { includesRole } from "../../domain/access/access.ts";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import { USERS_PER_TENANT_COUNT_MAX } from "../../domain/limits.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, notFound, problem } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { sendPages } from "../lists/pages.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedUserResponse,
  CreateUserBody,
  checkCreateUser,
  checkUpdateUser,
  PasswordLinkResponse,
  passwordLinkJson,
  UpdateUserBody,
  USER_LIST,
  UserResponse,
  UsersResponse,
  userJson,
} from "./user-wire.ts";

const tags = ["People"];
const config = { needs: "org_admin" } as const;

export function registerUserRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get("/v1/users", LIST, listUsers(deps));
  app.post("/v1/users", CREATE, createUser(deps));
  app.patch<ById>("/v1/users/:id", UPDATE, updateUser(deps));
  app.post<ById>("/v1/users/:id/reset-password", RESET, resetPassword(deps));
}

const LIST = {
  config,
  schema: {
    tags,
    operationId: "listUsers",
    summary: "List the users, including disabled ones, in creation order",
    querystring: USER_LIST.Query,
    response: { 200: UsersResponse, ...errorResponses() },
  },
};

function listUsers({ engine }: ApiDeps) {
  return sendPages(engine, refuse, USER_LIST, {
    field: "users",
    read: async (caller, { cursor, limit }) => {
      const { users, next } = await engine.users.list(caller, cursor, limit);
      return { rows: users, next };
    },
    text: (user) => JSON.stringify(userJson(user)),
  });
}

const CREATE = {
  config,
  schema: {
    tags,
    operationId: "createUser",
    summary: "Create a user",
    description: "Send `password_url` to the user, who sets a password with it. The link works once, for three days.",
    body: CreateUserBody,
    response: { 201: CreatedUserResponse, ...errorResponses(409, 413, 415) },
  },
};

function createUser({ engine: { users }, publicUrl }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = checkCreateUser(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    if (!includesRole(request.caller.actor.role, body.value.role)) return refuse(reply, ROLE_ABOVE_CALLER);
    const output = await users.create(request.caller, body.value);
    switch (output.kind) {
      case "created":
        return reply.code(201).send({ ...userJson(output.user), ...passwordLinkJson(output.link, publicUrl()) });
      case "emailTaken":
        return refuse(reply, EMAIL_TAKEN);
      case "tooMany":
        return refuse(reply, TOO_MANY_USERS);
    }
  };
}

const UPDATE = {
  config,
  schema: {
    tags,
    operationId: "updateUser",
    summary: "Change a user's role, or disable or enable the user",
    description:
      "Only the given fields change, at once. The last user with the role global_admin cannot be disabled or " +
      "demoted: 409 LAST_ADMIN.",
    params: PathId,
    body: UpdateUserBody,
    response: { 200: UserResponse, ...errorResponses(404, 409, 413, 415) },
  },
};

function updateUser({ engine: { users } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const body = checkUpdateUser(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const { role } = body.value;
    if (role !== undefined && !includesRole(request.caller.actor.role, role)) return refuse(reply, ROLE_ABOVE_CALLER);
    const id = parseUserId(request.params.id);
    const result = id === null ? UNKNOWN : await users.patch(request.caller, id, body.value);
    switch (result.kind) {
      case "patched":
        return userJson(result.user);
      case "unknown":
        return refuse(reply, USER_NOT_FOUND);
      case "forbidden":
        return refuse(reply, USER_ABOVE_CALLER);
      case "lastAdmin":
        return refuse(reply, LAST_ADMIN);
    }
  };
}

const RESET = {
  config,
  schema: {
    tags,
    operationId: "resetPassword",
    summary: "Create a link with which a user sets a new password",
    description:
      "The link works once, for three days, and replaces an earlier one. The present password and sessions keep working " +
      "until the user uses it. To lock a user out at once, disable the user.",
    params: PathId,
    response: { 200: PasswordLinkResponse, ...errorResponses(404, 413, 415) },
  },
};

function resetPassword({ engine: { users }, publicUrl }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseUserId(request.params.id);
    const output = id === null ? UNKNOWN : await users.link(request.caller, id);
    switch (output.kind) {
      case "linked":
        return passwordLinkJson(output.link, publicUrl());
      case "unknown":
        return refuse(reply, USER_NOT_FOUND);
      case "forbidden":
        return refuse(reply, USER_ABOVE_CALLER);
    }
  };
}

const UNKNOWN = { kind: "unknown" } as const;

function parseUserId(text: string) {
  return parseId(ID_PREFIX.user, text);
}

const USER_NOT_FOUND = notFound("USER_NOT_FOUND", "There is no such user.");
const ROLE_ABOVE_CALLER = problem(403, "FORBIDDEN", "The user's role must not be higher than your own.");
const USER_ABOVE_CALLER = problem(403, "FORBIDDEN", "This user's role is higher than your own.");
const EMAIL_TAKEN = problem(409, "EMAIL_TAKEN", "A user of this server already has this email address.", [
  { field: "email", rule: "must not be the address of another user" },
]);
const TOO_MANY_USERS = problem(
  409,
  "TOO_MANY_USERS",
  `A tenant can have ${USERS_PER_TENANT_COUNT_MAX} users, disabled ones included.`,
);
const LAST_ADMIN = problem(
  409,
  "LAST_ADMIN",
  "This is the last user with the role global_admin. Give another user this role first.",
);
