/** `/dashboard/webhooks`: endpoints and their failed deliveries, for people. */
import type { FastifyInstance } from "fastify";
import { ID_PREFIX, parseEndpointId, parseId } from "../../domain/ids.ts";
import { ENDPOINTS_PER_TENANT_MAX } from "../../domain/limits.ts";
import type { Caller, Engine } from "../../engine/engine-types.ts";
import type { RetryResult } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse } from "../errors/dashboard-errors.ts";
import { invalid, notFound, type Problem, problem } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { bodyOf } from "../http/body.ts";
import { WEBHOOK_ROWS_DEFAULT } from "../http/limits.ts";
import { checkNoBody } from "../http/no-body.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreatedWebhookResponse,
  CreateWebhookBody,
  checkCreateWebhook,
  checkToggle,
  checkWebhooksQuery,
  createdJson,
  createWebhookInput,
  DELETED,
  DeletedResponse,
  PathEventId,
  RetriedResponse,
  retriedJson,
  TestedResponse,
  ToggleBody,
  ToggledResponse,
  toggledJson,
  toggleInput,
  WebhookResponse,
  WebhooksQuery,
  WebhooksResponse,
  webhookJson,
  webhooksJson,
} from "./dashboard-webhook-wire.ts";
import { urlRule, withUrlFault } from "./url-fault.ts";

const tags = ["Dashboard"];
type ById = { Params: { id: string } };
type ByEventId = { Params: { eventId: string } };

const WEBHOOK_NOT_FOUND = notFound("WEBHOOK_NOT_FOUND", "There is no such webhook.");
const DELIVERY_NOT_FOUND = notFound("DELIVERY_NOT_FOUND", "There is no such delivery or event.");

export function registerDashboardWebhookRoutes(app: FastifyInstance, deps: ApiDeps): void {
  registerWebhooks(app, deps);
  registerWebhook(app, deps);
  registerRetry(app, deps);
}

function registerWebhooks(app: FastifyInstance, deps: ApiDeps): void {
  const { engine } = deps;
  app.post(
    "/dashboard/webhooks",
    {
      schema: {
        tags,
        operationId: "createDashboardWebhook",
        summary: "Create a webhook",
        description: "Its secret is in this answer alone.",
        body: CreateWebhookBody,
        response: { 201: CreatedWebhookResponse, ...errorResponses(409, 413, 415) },
      },
    },
    async (request, reply) => {
      const { value } = bodyOf(request);
      const body = checkCreateWebhook(value);
      if (body.kind === "faults") return refuse(reply, invalid(await withUrlFault(deps, value, body.faults)));
      const answer = await engine.endpoints.create(request.caller, createWebhookInput(body.value));
      switch (answer.kind) {
        case "created":
          return reply.code(201).send(createdJson(answer.endpoint, answer.generatedSecret ?? ""));
        case "urlRefused":
          return refuse(reply, invalid([{ field: "url", rule: urlRule(answer.reason) }]));
        case "quotaExceeded":
          return refuse(reply, quotaProblem(answer));
      }
    },
  );

  app.get(
    "/dashboard/webhooks",
    {
      schema: {
        tags,
        operationId: "listDashboardWebhooks",
        summary: "List the webhooks in creation order: all the tenant's endpoints",
        querystring: WebhooksQuery,
        response: { 200: WebhooksResponse, ...errorResponses() },
      },
    },
    async (request, reply) => {
      const query = checkWebhooksQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const { page = 1, limit = WEBHOOK_ROWS_DEFAULT } = query.value;
      const offset = Math.min((page - 1) * limit, ENDPOINTS_PER_TENANT_MAX);
      return webhooksJson(await engine.endpoints.listFrom(request.caller, offset, limit), { page, limit });
    },
  );
}

function registerWebhook(app: FastifyInstance, { engine }: ApiDeps): void {
  app.get<ById>(
    "/dashboard/webhooks/:id",
    {
      schema: {
        tags,
        operationId: "getDashboardWebhook",
        summary: "Read a webhook",
        params: PathId,
        response: { 200: WebhookResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const id = parseEndpointId(request.params.id);
      const view = id === null ? null : await engine.endpoints.get(request.caller, id);
      return view === null ? refuse(reply, WEBHOOK_NOT_FOUND) : webhookJson(view);
    },
  );

  app.post<ById>(
    "/dashboard/webhooks/:id/toggle",
    {
      schema: {
        tags,
        operationId: "toggleDashboardWebhook",
        summary: "Enable or disable a webhook",
        description: "A paused one becomes enabled.",
        params: PathId,
        body: ToggleBody,
        response: { 200: ToggledResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const id = parseEndpointId(request.params.id);
      if (id === null) return refuse(reply, WEBHOOK_NOT_FOUND);
      const body = checkToggle(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const answer = await engine.endpoints.patch(request.caller, id, toggleInput(body.value));
      return answer.kind === "patched" ? toggledJson(answer.view.endpoint) : refuse(reply, WEBHOOK_NOT_FOUND);
    },
  );

  app.post<ById>(
    "/dashboard/webhooks/:id/test",
    {
      schema: {
        tags,
        operationId: "testDashboardWebhook",
        summary: "Send the event `test` now and wait for the answer",
        params: PathId,
        response: { 200: TestedResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseEndpointId(request.params.id);
      const answer = id === null ? null : await engine.endpoints.test(request.caller, id);
      if (answer === null) return refuse(reply, WEBHOOK_NOT_FOUND);
      const { success, httpStatus, message } = answer;
      return { success: true, data: { success, httpStatus, message } };
    },
  );

  app.delete<ById>(
    "/dashboard/webhooks/:id",
    {
      schema: {
        tags,
        operationId: "deleteDashboardWebhook",
        summary: "Delete a webhook",
        description: "Deliveries that had not ended are cancelled; the history stays.",
        params: PathId,
        response: { 200: DeletedResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseEndpointId(request.params.id);
      const removed = id !== null && (await engine.endpoints.remove(request.caller, id));
      return removed ? DELETED : refuse(reply, WEBHOOK_NOT_FOUND);
    },
  );
}

function registerRetry(app: FastifyInstance, { engine }: ApiDeps): void {
  app.post<ByEventId>(
    "/dashboard/webhooks/deliveries/:eventId/retry",
    {
      schema: {
        tags,
        operationId: "retryDashboardDelivery",
        summary: "Try a failed delivery again, or all failed deliveries of an event",
        description: "Given the id of an event, `data.id` is its oldest delivery of those that had failed.",
        params: PathEventId,
        response: { 200: RetriedResponse, ...errorResponses(404, 409, 413, 415) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const answer = await retry(engine, request.caller, request.params.eventId);
      return "status" in answer ? refuse(reply, answer) : answer;
    },
  );
}

type Retried = ReturnType<typeof retriedJson> | Problem;

async function retry({ history }: Engine, caller: Caller, named: string): Promise<Retried> {
  const deliveryId = parseId(ID_PREFIX.delivery, named);
  if (deliveryId !== null) {
    const result = await history.retry(caller, deliveryId);
    if (result.kind === "unknown") return DELIVERY_NOT_FOUND;
    return result.kind === "invalid" ? notRetried(WHY_NOT[result.why]) : retriedJson(result.row.eventId, [deliveryId]);
  }
  const eventId = parseId(ID_PREFIX.event, named);
  const answer = eventId === null ? null : await history.retryEvent(caller, eventId);
  if (eventId === null || answer === null || answer.kind === "unknown") return DELIVERY_NOT_FOUND;
  return answer.kind === "nothing" ? notRetried(NONE_OF_EVENT) : retriedJson(eventId, answer.deliveryIds);
}

const NONE_OF_EVENT = "This event has none; tests and deliveries to deleted webhooks do not count.";
const WHY_NOT: Readonly<Record<Extract<RetryResult, { kind: "invalid" }>["why"], string>> = {
  notFailed: "This one has not failed, or waits already.",
  endpointDeleted: "The webhook of this one is deleted.",
  isTest: "This one is a test; send another test instead.",
};

/** The reference's sentence, and what it means here. */
function notRetried(why: string): Problem {
  return problem(409, "INVALID_STATE", `Only failed deliveries can be retried. ${why}`);
}
