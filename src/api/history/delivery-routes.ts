/** `/v1/deliveries` and `/v1/replays`: the results of events, retries and replays. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { AGENT_REPLAYED_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { Caller } from "../../engine/access/caller.ts";
import { requireRole } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { DELIVERY_NOT_FOUND, errorResponses, invalidState, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { type ById, readById } from "../http/by-id.ts";
import { PathId } from "../schema/schemas.ts";
import { DELIVERY_LIST, DeliveriesResponse, listDeliveries } from "./delivery-list.ts";
import {
  CancelledResponse,
  checkReplay,
  DeliveryDetailResponse,
  DeliveryResponse,
  deliveryDetailJson,
  deliveryJson,
  ReplayBody,
  ReplayedResponse,
} from "./delivery-wire.ts";
import { DELIVERY_IDS, faultsOfIds, uniqueIds, unknownFaults } from "./referenced-ids.ts";

const tags = ["Deliveries"];

export function registerDeliveryRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get("/v1/deliveries", LIST, listDeliveries(deps));
  app.get<ById>("/v1/deliveries/:id", READ, readDelivery(deps));
  app.post<ById>("/v1/deliveries/:id/cancel", CANCEL, cancelDelivery(deps));
  app.post<ById>("/v1/deliveries/:id/retry", RETRY, retryDelivery(deps));
  app.post("/v1/replays", REPLAY, replayDeliveries(deps));
}

function parseDeliveryId(text: string): Uuid | null {
  return parseId(ID_PREFIX.delivery, text);
}

const LIST = {
  config: { agent: "read" },
  schema: {
    tags,
    operationId: "listDeliveries",
    summary: "List deliveries, newest first by default",
    description: "All conditions must hold. A parameter that is repeated matches any of its values.",
    querystring: DELIVERY_LIST.Query,
    response: { 200: DeliveriesResponse, ...errorResponses() },
  },
} as const;

const READ = {
  config: { agent: "read" },
  schema: {
    tags,
    operationId: "getDelivery",
    summary: "Read a delivery and its attempts",
    params: PathId,
    response: { 200: DeliveryDetailResponse, ...errorResponses(404) },
  },
} as const;

function readDelivery({ engine: { history } }: ApiDeps) {
  const deliveries = { parseId: parseDeliveryId, notFound: DELIVERY_NOT_FOUND, refuse };
  return readById(
    deliveries,
    (caller, id) => history.getDelivery(caller, id),
    ({ row, attempts }) => deliveryDetailJson(row, attempts),
  );
}

const CANCEL = {
  schema: {
    tags,
    operationId: "cancelDelivery",
    summary: "Cancel a delivery",
    description: "An attempt in flight may finish. If it succeeds, the delivery ends as DELIVERED.",
    params: PathId,
    response: { 200: CancelledResponse, ...errorResponses(404, 409, 413, 415) },
  },
};

function cancelDelivery({ engine: { history } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseDeliveryId(request.params.id);
    const result = id === null ? "unknown" : await history.cancel(request.caller, id);
    switch (result) {
      case "cancelled":
        return { status: "cancelled", delivery_id: request.params.id };
      case "ended":
        return refuse(reply, invalidState("The delivery has already ended."));
      case "unknown":
        return refuse(reply, DELIVERY_NOT_FOUND);
    }
  };
}

const RETRY = {
  config: { agent: "operate" },
  schema: {
    tags,
    operationId: "retryDelivery",
    summary: "Retry a FAILED, EXPIRED or CANCELLED delivery",
    description: "The same delivery is queued again, with its full retry schedule.",
    params: PathId,
    response: { 202: DeliveryResponse, ...errorResponses(404, 409, 413, 415) },
  },
} as const;

function retryDelivery({ engine: { history } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const id = parseDeliveryId(request.params.id);
    if (id === null) return refuse(reply, DELIVERY_NOT_FOUND);
    const result = await history.retry(request.caller, id);
    switch (result.kind) {
      case "queued":
        return reply.code(202).send(deliveryJson(result.row));
      case "invalid":
        return refuse(reply, invalidState(result.reason));
      case "unknown":
        return refuse(reply, DELIVERY_NOT_FOUND);
    }
  };
}

const REPLAY = {
  config: { needs: "viewer", agent: "operate" },
  schema: {
    tags,
    operationId: "replayDeliveries",
    summary: "Create new deliveries of the same events",
    description:
      "The deliveries can be in any state. With `dry_run`, the server only counts them. Without it, the request needs the " +
      `role developer, or agent. An agent can replay ${AGENT_REPLAYED_DELIVERIES_MAX} deliveries at a time.`,
    body: ReplayBody,
    response: { 202: ReplayedResponse, ...errorResponses(413, 415) },
  },
} as const;

function replayDeliveries({ engine: { history } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { value } = bodyOf(request);
    const body = checkReplay(value);
    if (body.kind === "faults") {
      const unknown = await faultsOfIds(DELIVERY_IDS, value, (ids) => unknownDeliveries(history, request.caller, ids));
      return refuse(reply, invalid([...body.faults, ...unknown]));
    }
    const { delivery_ids: ids, dry_run: dryRun = false } = body.value;
    const isAgent = request.caller.actor.agent !== undefined;
    if (isAgent && !dryRun && ids.length > AGENT_REPLAYED_DELIVERIES_MAX) return refuse(reply, TOO_MANY_FOR_AGENT);
    if (!dryRun && !isAgent) requireRole(request.caller, "developer");
    const output = await history.replay(request.caller, uniqueIds(DELIVERY_IDS, ids), dryRun);
    if (output.kind === "unknown") {
      return refuse(reply, invalid(unknownFaults(DELIVERY_IDS, ids, output.deliveryIds)));
    }
    return reply.code(202).send({
      batch_id: ID_PREFIX.replay + output.batchId,
      created_deliveries: output.count,
      dry_run: dryRun,
      skipped: output.skipped,
    });
  };
}

const TOO_MANY_FOR_AGENT = invalid([
  { field: "delivery_ids", rule: `must have at most ${AGENT_REPLAYED_DELIVERIES_MAX} items for an agent` },
]);

/** A dry run looks up every delivery and creates none. */
async function unknownDeliveries(
  history: ApiDeps["engine"]["history"],
  caller: Caller,
  ids: readonly Uuid[],
): Promise<readonly Uuid[]> {
  const output = await history.replay(caller, ids, true);
  return output.kind === "unknown" ? output.deliveryIds : [];
}
