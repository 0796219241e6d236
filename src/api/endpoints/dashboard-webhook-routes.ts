/** `/dashboard/webhooks`: endpoints as the dashboard manages them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ENDPOINTS_PER_TENANT_MAX } from "../../domain/limits.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse } from "../errors/dashboard-errors.ts";
import { invalid, notFound } from "../errors/problem.ts";
import type { ById } from "../http/by-id.ts";
import { WEBHOOK_ROWS_DEFAULT } from "../http/limits.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedWebhookResponse,
  CreateWebhookBody,
  checkWebhooksQuery,
  createdJson,
  DELETED,
  DeletedResponse,
  parseCreateWebhook,
  parseToggle,
  TestedResponse,
  ToggleBody,
  ToggledResponse,
  toggledJson,
  WebhookResponse,
  WebhooksQuery,
  WebhooksResponse,
  webhookJson,
  webhooksJson,
} from "./dashboard-webhook-wire.ts";
import {
  createEndpoint,
  deleteEndpoint,
  endpointsOf,
  patchEndpoint,
  readEndpoint,
  testEndpoint,
} from "./endpoint-handlers.ts";

const tags = ["Dashboard"];
const WEBHOOK_NOT_FOUND = notFound("WEBHOOK_NOT_FOUND", "There is no such webhook.");

export function registerDashboardWebhookRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const surface = endpointsOf(deps, { refuse, notFound: WEBHOOK_NOT_FOUND });
  app.post("/dashboard/webhooks", CREATE, createEndpoint(surface, parseCreateWebhook, createdJson));
  app.get("/dashboard/webhooks", LIST, listWebhooks(deps));
  app.get<ById>("/dashboard/webhooks/:id", READ, readEndpoint(surface, webhookJson));
  app.post<ById>("/dashboard/webhooks/:id/toggle", TOGGLE, patchEndpoint(surface, parseToggle, toggledJson));
  app.post<ById>("/dashboard/webhooks/:id/test", TEST, testEndpoint(surface));
  app.delete<ById>("/dashboard/webhooks/:id", DELETE, deleteEndpoint(surface, DELETED));
}

const CREATE = {
  schema: {
    tags,
    operationId: "createDashboardWebhook",
    summary: "Create a webhook",
    description: "Only this response contains the secret.",
    body: CreateWebhookBody,
    response: { 201: CreatedWebhookResponse, ...errorResponses(409, 413, 415) },
  },
};

const LIST = {
  schema: {
    tags,
    operationId: "listDashboardWebhooks",
    summary: "List the webhooks in creation order: all endpoints of the tenant",
    querystring: WebhooksQuery,
    response: { 200: WebhooksResponse, ...errorResponses() },
  },
};

function listWebhooks({ engine }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const query = checkWebhooksQuery(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const { page = 1, limit = WEBHOOK_ROWS_DEFAULT } = query.value;
    const offset = Math.min((page - 1) * limit, ENDPOINTS_PER_TENANT_MAX);
    return webhooksJson(await engine.endpoints.listFrom(request.caller, offset, limit), { page, limit });
  };
}

const READ = {
  schema: {
    tags,
    operationId: "getDashboardWebhook",
    summary: "Read a webhook",
    params: PathId,
    response: { 200: WebhookResponse, ...errorResponses(404) },
  },
};

const TOGGLE = {
  schema: {
    tags,
    operationId: "toggleDashboardWebhook",
    summary: "Enable or disable a webhook",
    description: "A paused webhook becomes enabled.",
    params: PathId,
    body: ToggleBody,
    response: { 200: ToggledResponse, ...errorResponses(404, 413, 415) },
  },
};

const TEST = {
  schema: {
    tags,
    operationId: "testDashboardWebhook",
    summary: "Send the event `test` now and wait for the result",
    params: PathId,
    response: { 200: TestedResponse, ...errorResponses(404, 413, 415) },
  },
};

const DELETE = {
  schema: {
    tags,
    operationId: "deleteDashboardWebhook",
    summary: "Delete a webhook",
    description: "Cancels its unfinished deliveries. The history stays.",
    params: PathId,
    response: { 200: DeletedResponse, ...errorResponses(404) },
  },
};
