/** `/v1/webhooks`: the endpoints that receive the events of pauses. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { ENDPOINTS_PAGE_MAX } from "../../domain/limits.ts";
import type { Cursor, EndpointPage } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse, WEBHOOK_NOT_FOUND } from "../errors/pauses-errors.ts";
import type { ById } from "../http/by-id.ts";
import { JSON_TYPE } from "../http/content-type.ts";
import { PathId } from "../schema/schemas.ts";
import { createEndpoint, deleteEndpoint, endpointsOf } from "./endpoint-handlers.ts";
import {
  CreateWebhookBody,
  parseCreateWebhook,
  WebhookResponse,
  WebhooksResponse,
  webhookJson,
} from "./pause-webhook-wire.ts";

const tags = ["Webhooks"];

export function registerWebhookRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const surface = endpointsOf(deps, { refuse, notFound: WEBHOOK_NOT_FOUND });
  app.post("/v1/webhooks", CREATE, createEndpoint(surface, parseCreateWebhook, webhookJson));
  app.get("/v1/webhooks", LIST, listWebhooks(deps));
  app.delete<ById>("/v1/webhooks/:id", DELETE, deleteEndpoint(surface));
}

const CREATE = {
  schema: {
    tags,
    operationId: "createWebhook",
    summary: "Register a webhook for the events of pauses",
    body: CreateWebhookBody,
    response: { 201: WebhookResponse, ...errorResponses(409, 413, 415) },
  },
};

const LIST = {
  schema: {
    tags,
    operationId: "listWebhooks",
    summary: "List the webhooks: all endpoints of the tenant",
    response: { 200: WebhooksResponse, ...errorResponses() },
  },
};

/**
 * This list has no pages, since a tenant has at most `ENDPOINTS_PER_TENANT_MAX` endpoints. Each page of the engine's list is
 * rendered before the next one is read.
 */
function listWebhooks({ engine: { endpoints } }: ApiDeps) {
  return async ({ caller }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const texts: string[] = [];
    let cursor: Cursor | null = null;
    do {
      const page: EndpointPage = await endpoints.list(caller, cursor, ENDPOINTS_PAGE_MAX);
      texts.push(...page.views.map(({ endpoint }) => JSON.stringify(webhookJson(endpoint))));
      cursor = page.next;
    } while (cursor !== null);
    return reply.type(JSON_TYPE).send(`{"webhooks":[${texts.join(",")}]}`);
  };
}

const DELETE = {
  schema: {
    tags,
    operationId: "deleteWebhook",
    summary: "Delete a webhook",
    params: PathId,
    response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
  },
};
