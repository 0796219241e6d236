/** `/v1/tenants`: for a `global_admin`. */
import type { FastifyInstance } from "fastify";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, TENANT_NOT_FOUND } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { TENANTS_PAGE_MAX } from "../http/limits.ts";
import { decodeCursor, sealCursor } from "../lists/cursor.ts";
import { nextLink } from "../lists/paging.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedTenantResponse,
  CreateTenantBody,
  checkCreateTenant,
  checkTenantsQuery,
  checkUpdateTenant,
  createdTenantJson,
  TenantDetailsResponse,
  TenantsQuery,
  TenantsResponse,
  tenantDetailsJson,
  tenantJson,
  UpdateTenantBody,
} from "./tenant-wire.ts";

const tags = ["Tenants"];
type ById = { Params: { id: string } };
const config = { needs: "global_admin" } as const;

export function registerTenantRoutes(app: FastifyInstance, { engine }: ApiDeps): void {
  app.post(
    "/v1/tenants",
    {
      config,
      schema: {
        tags,
        operationId: "createTenant",
        summary: "Make a tenant and its first key",
        body: CreateTenantBody,
        response: { 201: CreatedTenantResponse, ...errorResponses(413, 415) },
      },
    },
    async (request, reply) => {
      const body = checkCreateTenant(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const { tenant, apiKey } = await engine.access.createTenant(request.caller, body.value.name);
      return reply.code(201).send(createdTenantJson(tenant, apiKey));
    },
  );

  app.get(
    "/v1/tenants",
    {
      config,
      schema: {
        tags,
        operationId: "listTenants",
        summary: "List the tenants in creation order",
        description: "When there are more, the Link header names the next page.",
        querystring: TenantsQuery,
        response: { 200: TenantsResponse, ...errorResponses() },
      },
    },
    async (request, reply) => {
      const query = checkTenantsQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const { cursor, limit = TENANTS_PAGE_MAX } = query.value;
      const after = cursor === undefined ? null : decodeCursor("tenants", cursor);
      // One more than asked for tells whether there is a next page.
      const found = await engine.access.listTenants(after, limit + 1);
      const tenants = found.slice(0, limit);
      const last = tenants.at(-1);
      if (found.length > limit && last !== undefined) {
        reply.header("link", nextLink(request, { limit, cursor: sealCursor(engine, "tenants", last.seq) }));
      }
      return tenants.map(tenantJson);
    },
  );

  app.get<ById>(
    "/v1/tenants/:id",
    {
      config,
      schema: {
        tags,
        operationId: "getTenant",
        summary: "Read a tenant, its quotas, and what counts against them",
        params: PathId,
        response: { 200: TenantDetailsResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const id = parseId(ID_PREFIX.tenant, request.params.id);
      const tenant = id === null ? null : await engine.access.getTenant(id);
      return tenant === null ? refuse(reply, TENANT_NOT_FOUND) : tenantDetailsJson(tenant);
    },
  );

  app.patch<ById>(
    "/v1/tenants/:id",
    {
      config,
      schema: {
        tags,
        operationId: "updateTenant",
        summary: "Rename a tenant, or change its quotas",
        description: "Only what is present changes. A quota of null goes back to its default.",
        params: PathId,
        body: UpdateTenantBody,
        response: { 200: TenantDetailsResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const body = checkUpdateTenant(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const id = parseId(ID_PREFIX.tenant, request.params.id);
      const tenant = id === null ? null : await engine.access.patchTenant(request.caller, id, body.value);
      return tenant === null ? refuse(reply, TENANT_NOT_FOUND) : tenantDetailsJson(tenant);
    },
  );
}
