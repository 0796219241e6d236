/** `/v1/tenants`: tenants and their quotas, for a `global_admin`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, TENANT_NOT_FOUND } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { type ById, readById } from "../http/by-id.ts";
import { sendPages } from "../lists/pages.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedTenantResponse,
  CreateTenantBody,
  checkCreateTenant,
  createdTenantJson,
  parseUpdateTenant,
  TENANT_LIST,
  TenantDetailsResponse,
  TenantsResponse,
  tenantDetailsJson,
  tenantJson,
  UpdateTenantBody,
} from "./tenant-wire.ts";

const tags = ["Tenants"];
const config = { needs: "global_admin" } as const;

export function registerTenantRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post("/v1/tenants", CREATE, createTenant(deps));
  app.get("/v1/tenants", LIST, listTenants(deps));
  app.get<ById>("/v1/tenants/:id", READ, readTenant(deps));
  app.patch<ById>("/v1/tenants/:id", UPDATE, updateTenant(deps));
}

function parseTenantId(text: string) {
  return parseId(ID_PREFIX.tenant, text);
}

const CREATE = {
  config,
  schema: {
    tags,
    operationId: "createTenant",
    summary: "Create a tenant and its first key",
    body: CreateTenantBody,
    response: { 201: CreatedTenantResponse, ...errorResponses(413, 415) },
  },
};

function createTenant({ engine: { access } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = checkCreateTenant(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const { tenant, apiKey } = await access.createTenant(request.caller, body.value.name);
    return reply.code(201).send(createdTenantJson(tenant, apiKey));
  };
}

const LIST = {
  config,
  schema: {
    tags,
    operationId: "listTenants",
    summary: "List the tenants in creation order",
    description: "If there are more, the Link header leads to the next page.",
    querystring: TENANT_LIST.Query,
    response: { 200: TenantsResponse, ...errorResponses() },
  },
};

function listTenants({ engine }: ApiDeps) {
  return sendPages(engine, refuse, TENANT_LIST, {
    read: async (_caller, { cursor, limit }) => {
      const { tenants, next } = await engine.access.listTenants(cursor, limit);
      return { rows: tenants, next };
    },
    text: (tenant) => JSON.stringify(tenantJson(tenant)),
  });
}

const READ = {
  config,
  schema: {
    tags,
    operationId: "getTenant",
    summary: "Read a tenant, its quotas, and its usage",
    params: PathId,
    response: { 200: TenantDetailsResponse, ...errorResponses(404) },
  },
};

function readTenant({ engine: { access } }: ApiDeps) {
  const tenants = { parseId: parseTenantId, notFound: TENANT_NOT_FOUND, refuse };
  return readById(tenants, (_caller, id) => access.getTenant(id), tenantDetailsJson);
}

const UPDATE = {
  config,
  schema: {
    tags,
    operationId: "updateTenant",
    summary: "Rename a tenant, or change its quotas and settings",
    description: "Only the given fields change. Set a quota to null to restore its default.",
    params: PathId,
    body: UpdateTenantBody,
    response: { 200: TenantDetailsResponse, ...errorResponses(404, 413, 415) },
  },
};

function updateTenant({ engine: { access } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const body = parseUpdateTenant(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const id = parseTenantId(request.params.id);
    const tenant = id === null ? null : await access.patchTenant(request.caller, id, body.value);
    return tenant === null ? refuse(reply, TENANT_NOT_FOUND) : tenantDetailsJson(tenant);
  };
}
