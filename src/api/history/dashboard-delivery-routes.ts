/** `/dashboard/webhooks/deliveries`: the delivery history in pages, and retries. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { Engine } from "../../engine/engine-types.ts";
import type { RetryResult } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse } from "../errors/dashboard-errors.ts";
import { invalid, notFound, type Problem, problem } from "../errors/problem.ts";
import {
  checkHistoryQuery,
  HistoryQuery,
  HistoryResponse,
  historyInput,
  historyJson,
  PathEventId,
  RetriedResponse,
  retriedJson,
} from "./dashboard-delivery-wire.ts";

const tags = ["Dashboard"];
type ByEventId = { Params: { eventId: string } };

export function registerDashboardDeliveryRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get("/dashboard/webhooks/deliveries", LIST, listDeliveries(deps));
  app.post<ByEventId>("/dashboard/webhooks/deliveries/:eventId/retry", RETRY, retryDelivery(deps));
}

const LIST = {
  schema: {
    tags,
    operationId: "listDashboardDeliveries",
    summary: "List the delivery history",
    description:
      "Newest first by default. `total` is exact. Sorted by `deliveredAt`, deliveries that never succeeded come last.",
    querystring: HistoryQuery,
    response: { 200: HistoryResponse, ...errorResponses() },
  },
};

function listDeliveries({ engine }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const query = checkHistoryQuery(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const input = historyInput(query.value);
    return historyJson(await engine.ledger.list(request.caller, input), input);
  };
}

const RETRY = {
  schema: {
    tags,
    operationId: "retryDashboardDelivery",
    summary: "Retry a failed delivery, or all failed deliveries of an event",
    description: "If you pass the id of an event, `data.id` is the oldest of the retried deliveries.",
    params: PathEventId,
    response: { 200: RetriedResponse, ...errorResponses(404, 409, 413, 415) },
  },
};

function retryDelivery({ engine }: ApiDeps) {
  return async (request: FastifyRequest<ByEventId>, reply: FastifyReply): Promise<object> => {
    const result = await retry(engine, request.caller, request.params.eventId);
    return "status" in result ? refuse(reply, result) : result;
  };
}

type Retried = ReturnType<typeof retriedJson> | Problem;

/** @param id of a delivery or of an event */
async function retry({ history }: Engine, caller: Caller, id: string): Promise<Retried> {
  const deliveryId = parseId(ID_PREFIX.delivery, id);
  if (deliveryId !== null) {
    const result = await history.retry(caller, deliveryId);
    if (result.kind === "unknown") return DELIVERY_NOT_FOUND;
    return result.kind === "invalid" ? notRetried(WHY_NOT[result.why]) : retriedJson(result.row.eventId, [deliveryId]);
  }
  const eventId = parseId(ID_PREFIX.event, id);
  const result = eventId === null ? null : await history.retryEvent(caller, eventId);
  if (eventId === null || result === null || result.kind === "unknown") return DELIVERY_NOT_FOUND;
  return result.kind === "nothing" ? notRetried(NONE_OF_EVENT) : retriedJson(eventId, result.deliveryIds);
}

const DELIVERY_NOT_FOUND = notFound("DELIVERY_NOT_FOUND", "There is no such delivery or event.");
const NONE_OF_EVENT = "This event has none. Tests and deliveries to deleted webhooks do not count.";
const WHY_NOT: Readonly<Record<Extract<RetryResult, { kind: "invalid" }>["why"], string>> = {
  notFailed: "This delivery has not failed, or it is already queued for a retry.",
  endpointDeleted: "The webhook of this delivery has been deleted.",
  isTest: "This delivery is a test. Send another test instead.",
};

/** The reference's sentence, followed by the reason. */
function notRetried(reason: string): Problem {
  return problem(409, "INVALID_STATE", `Only failed deliveries can be retried. ${reason}`);
}
