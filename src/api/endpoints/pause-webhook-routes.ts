/** `/v1/webhooks`: where the events of pauses go. */
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { parseEndpointId, type Seq } from "../../domain/ids.ts";
import { ENDPOINTS_PAGE_MAX } from "../../domain/limits.ts";
import type { Caller, Engine } from "../../engine/engine-types.ts";
import type { EndpointView } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse, WEBHOOK_NOT_FOUND } from "../errors/pauses-errors.ts";
import { invalid } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { bodyOf } from "../http/body.ts";
import { checkNoBody } from "../http/no-body.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CreateWebhookBody,
  checkCreateWebhook,
  createWebhookInput,
  WebhookResponse,
  WebhooksResponse,
  webhookJson,
} from "./pause-webhook-wire.ts";
import { urlRule, withUrlFault } from "./url-fault.ts";

const tags = ["Webhooks"];
const JSON_TYPE = "application/json; charset=utf-8";

export function registerWebhookRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { engine } = deps;
  app.post(
    "/v1/webhooks",
    {
      schema: {
        tags,
        operationId: "createWebhook",
        summary: "Register a webhook for the events of pauses",
        body: CreateWebhookBody,
        response: { 201: WebhookResponse, ...errorResponses(409, 413, 415) },
      },
    },
    async (request, reply) => {
      const { value } = bodyOf(request);
      const body = checkCreateWebhook(value);
      if (body.kind === "faults") return refuse(reply, invalid(await withUrlFault(deps, value, body.faults)));
      const answer = await engine.endpoints.create(request.caller, createWebhookInput(body.value));
      if (answer.kind === "urlRefused") return refuse(reply, invalid([{ field: "url", rule: urlRule(answer.reason) }]));
      if (answer.kind === "quotaExceeded") return refuse(reply, quotaProblem(answer));
      return reply.code(201).send(webhookJson(answer.endpoint));
    },
  );

  app.get(
    "/v1/webhooks",
    {
      schema: {
        tags,
        operationId: "listWebhooks",
        summary: "List the webhooks: all the tenant's endpoints",
        response: { 200: WebhooksResponse, ...errorResponses() },
      },
    },
    async (request, reply) => {
      const texts = await allEndpoints(engine, request.caller, ({ endpoint }) => JSON.stringify(webhookJson(endpoint)));
      return reply.type(JSON_TYPE).send(`{"webhooks":[${texts.join(",")}]}`);
    },
  );

  app.delete<{ Params: { id: string } }>(
    "/v1/webhooks/:id",
    {
      schema: {
        tags,
        operationId: "deleteWebhook",
        summary: "Delete a webhook",
        params: PathId,
        response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseEndpointId(request.params.id);
      const removed = id !== null && (await engine.endpoints.remove(request.caller, id));
      return removed ? reply.code(204).send() : refuse(reply, WEBHOOK_NOT_FOUND);
    },
  );
}

/** This surface has no pages; a tenant has at most `ENDPOINTS_PER_TENANT_MAX`. Each page of the store's is rendered as it comes. */
async function allEndpoints(
  engine: Engine,
  caller: Caller,
  render: (view: EndpointView) => string,
): Promise<readonly string[]> {
  const texts: string[] = [];
  let after: Seq | null = null;
  do {
    const page = await engine.endpoints.list(caller, after, ENDPOINTS_PAGE_MAX);
    texts.push(...page.views.map(render));
    after = page.nextAfter;
  } while (after !== null);
  return texts;
}
