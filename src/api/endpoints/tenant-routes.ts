/** `/v1/tenants`: for a `global_admin`. */
import type { FastifyInstance } from "fastify";
import { bodyOf } from "../body.ts";
import { decodeCursor, sealCursor } from "../cursor.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors.ts";
import { TENANTS_PAGE_MAX } from "../limits.ts";
import { nextLink } from "../paging.ts";
import { answers, refuse } from "./errors.ts";
import {
  CreatedTenantAnswer,
  CreateTenantBody,
  checkCreateTenant,
  checkTenantsQuery,
  createdTenantJson,
  TenantsAnswer,
  TenantsQuery,
  tenantJson,
} from "./tenant-wire.ts";

const tags = ["Tenants"];
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
        response: { 201: CreatedTenantAnswer, ...answers(413, 415) },
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
        response: { 200: TenantsAnswer, ...answers() },
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
}
