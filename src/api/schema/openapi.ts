/** `/openapi.json`, generated from the schemas that check the requests. */
import { STATUS_CODES } from "node:http";
import swagger from "@fastify/swagger";
import type { FastifyInstance, FastifySchema, RouteOptions } from "fastify";
import Type, { type TSchema } from "typebox";
import type { ApiDeps } from "../deps.ts";
import { SESSION_COOKIE } from "../http/cookie.ts";
import { type Credentials, type NeededRole, neededRole } from "../http/credentials.ts";
import { type StaticResponse, sendStatic, staticResponse } from "../http/static-response.ts";
import { nameComponents } from "./components.ts";

const Tenant = Type.Optional(
  Type.String({
    description: "The tenant to act for (`dev_…`). Only a global_admin may use it. The default is your own tenant.",
  }),
);

/** Call it before any route is registered: the plugin collects the routes as they are registered. */
export function registerOpenApi(app: FastifyInstance, deps: ApiDeps): void {
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Signalbox",
        version: deps.version,
        description: "Publish an event, and every matching endpoint receives it signed and at least once.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      components: {
        securitySchemes: {
          bearer: {
            type: "http",
            scheme: "bearer",
            bearerFormat: "sb_live_… or sb_test_…",
            description: "An API key: send `Authorization: Bearer sb_live_…`.",
          },
          session: {
            type: "apiKey",
            in: "cookie",
            name: SESSION_COOKIE,
            description: "`POST /dashboard/auth/login` sets this cookie.",
          },
        },
      },
    },
    transform: ({ schema, url, route }) => ({
      schema: documented(schema, route, route.bodyLimit ?? app.initialConfig.bodyLimit),
      url,
    }),
    transformObject: (documents) => {
      if ("openapiObject" in documents) {
        for (const path of Object.values(documents.openapiObject.paths ?? {})) {
          relaxBodies(path ?? {});
          describeResponses(path ?? {});
        }
        return nameComponents(documents.openapiObject);
      }
      return documents.swaggerObject;
    },
  });
  app.register(async (inner) => {
    let document: StaticResponse | null = null;
    inner.get("/openapi.json", { schema: { hide: true } }, (request, reply) => {
      // Generated at the first request, since a random port is not known earlier.
      document ??= staticResponse(
        "application/json; charset=utf-8",
        JSON.stringify({ ...inner.swagger(), servers: [{ url: deps.publicUrl() }] }),
      );
      sendStatic(request, reply, document);
    });
  });
}

/** Adds the body limit, and what routes with authentication have in common. */
function documented(
  schema: FastifySchema | undefined,
  { method, config = {} }: Pick<RouteOptions, "method" | "config">,
  bodyBytesMax: number | undefined,
): FastifySchema {
  if (schema === undefined || schema.hide === true) return schema ?? { hide: true };
  const limit = schema.body === undefined ? "" : ` The body may have at most ${bodyBytesMax} bytes.`;
  const needs = schema.security === undefined ? neededRole(String(method), config) : null;
  const { accepts, agent } = config;
  const orAgent = agent === undefined ? "" : `, or agent with the scope ${agent}`;
  const role = needs === null ? "" : ` Role: ${needs}${orAgent}.`;
  const text = `${schema.description ?? ""}${limit}${role}`.trim();
  return {
    ...schema,
    ...(text !== "" && { description: text }),
    ...(needs !== null && {
      querystring: withTenant(schema.querystring),
      security: [...securityOf(accepts, needs), ...(agent === undefined ? [] : [{ bearer: ["agent", agent] }])],
    }),
    ...(schema.security?.length === 0 && { response: withoutKey(schema.response) }),
  };
}

/** In OpenAPI 3.1, a credential of any type lists the roles that it must have. */
function securityOf(accepts: Credentials = "keyOrSession", needs: NeededRole): Record<string, string[]>[] {
  const roles = needs === "any" ? [] : [needs];
  return [...(accepts === "session" ? [] : [{ bearer: roles }]), ...(accepts === "key" ? [] : [{ session: roles }])];
}

function withoutKey(response: unknown): object {
  const { 401: _noKey, 403: _weakKey, ...others } = response as Record<string, unknown>;
  return others;
}

function withTenant(querystring: unknown): TSchema {
  const properties = (querystring as { properties?: Record<string, TSchema> } | undefined)?.properties ?? {};
  return Type.Object({ ...properties, tenant: Tenant }, { additionalProperties: false });
}

/** A body whose fields are all optional may be left out. */
function relaxBodies(path: object): void {
  for (const operation of Object.values(path)) {
    const body = (operation as { requestBody?: RequestBody }).requestBody;
    if (body === undefined) continue;
    const [content] = Object.values(body.content);
    if (content?.schema?.required === undefined) body.required = false;
  }
}

/** The plugin's description of a response without its own. */
const UNDESCRIBED = "Default Response";

function describeResponses(path: object): void {
  for (const operation of Object.values(path)) {
    for (const [status, answer] of Object.entries((operation as { responses?: Responses }).responses ?? {})) {
      if (answer.description === UNDESCRIBED) answer.description = STATUS_CODES[status] ?? "";
    }
  }
}

type Responses = Readonly<Record<string, { description: string }>>;

interface RequestBody {
  required: boolean;
  readonly content: Readonly<Record<string, { readonly schema?: { readonly required?: unknown } }>>;
}
