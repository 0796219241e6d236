/** `/v1/deliveries` and `/v1/replays`: what became of events, and another try. */
import type { FastifyInstance } from "fastify";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import type { Caller } from "../../engine/engine-types.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { DELIVERY_NOT_FOUND, errorResponses, invalidState, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { checkNoBody } from "../http/no-body.ts";
import { sealCursor } from "../lists/cursor.ts";
import { PathId } from "../schema/schemas.ts";
import {
  CancelledResponse,
  checkDeliveriesQuery,
  checkReplay,
  DeliveriesQuery,
  DeliveriesResponse,
  DeliveryDetailResponse,
  DeliveryResponse,
  deliveryDetailJson,
  deliveryJson,
  listInput,
  ReplayBody,
  ReplayedResponse,
} from "./delivery-wire.ts";
import { DELIVERY_IDS, faultsOfIds, uniqueIds, unknownFaults } from "./referenced-ids.ts";

const tags = ["Deliveries"];
type ById = { Params: { id: string } };

export function registerDeliveryRoutes(app: FastifyInstance, { engine }: ApiDeps): void {
  app.get(
    "/v1/deliveries",
    {
      schema: {
        tags,
        operationId: "listDeliveries",
        summary: "List deliveries, newest first",
        querystring: DeliveriesQuery,
        response: { 200: DeliveriesResponse, ...errorResponses() },
      },
    },
    async (request, reply) => {
      const query = checkDeliveriesQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const page = await engine.history.listDeliveries(request.caller, listInput(query.value));
      return {
        results: page.rows.map(deliveryJson),
        has_more: page.next !== null,
        next_cursor: page.next === null ? null : sealCursor(engine, "deliveries", page.next),
      };
    },
  );

  app.get<ById>(
    "/v1/deliveries/:id",
    {
      schema: {
        tags,
        operationId: "getDelivery",
        summary: "Read a delivery and its attempts",
        params: PathId,
        response: { 200: DeliveryDetailResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const id = parseId(ID_PREFIX.delivery, request.params.id);
      const found = id === null ? null : await engine.history.getDelivery(request.caller, id);
      return found === null ? refuse(reply, DELIVERY_NOT_FOUND) : deliveryDetailJson(found.row, found.attempts);
    },
  );

  app.post<ById>(
    "/v1/deliveries/:id/cancel",
    {
      schema: {
        tags,
        operationId: "cancelDelivery",
        summary: "Cancel a delivery",
        description: "An attempt on the wire may finish; if it succeeds the delivery ends DELIVERED.",
        params: PathId,
        response: { 200: CancelledResponse, ...errorResponses(404, 409, 413, 415) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseId(ID_PREFIX.delivery, request.params.id);
      const result = id === null ? "unknown" : await engine.history.cancel(request.caller, id);
      switch (result) {
        case "cancelled":
          return { status: "cancelled", delivery_id: request.params.id };
        case "ended":
          return refuse(reply, invalidState("The delivery has already ended."));
        case "unknown":
          return refuse(reply, DELIVERY_NOT_FOUND);
      }
    },
  );

  app.post<ById>(
    "/v1/deliveries/:id/retry",
    {
      schema: {
        tags,
        operationId: "retryDelivery",
        summary: "Try a FAILED, EXPIRED or CANCELLED delivery again",
        description: "The same delivery waits again with its whole schedule.",
        params: PathId,
        response: { 202: DeliveryResponse, ...errorResponses(404, 409, 413, 415) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseId(ID_PREFIX.delivery, request.params.id);
      if (id === null) return refuse(reply, DELIVERY_NOT_FOUND);
      const result = await engine.history.retry(request.caller, id);
      switch (result.kind) {
        case "queued":
          return reply.code(202).send(deliveryJson(result.row));
        case "invalid":
          return refuse(reply, invalidState(result.reason));
        case "unknown":
          return refuse(reply, DELIVERY_NOT_FOUND);
      }
    },
  );

  app.post(
    "/v1/replays",
    {
      schema: {
        tags,
        operationId: "replayDeliveries",
        summary: "Make new deliveries of the same events",
        description: "Whatever state the deliveries are in. With dry_run they are only counted.",
        body: ReplayBody,
        response: { 202: ReplayedResponse, ...errorResponses(413, 415) },
      },
    },
    async (request, reply) => {
      const body = checkReplay(bodyOf(request).value);
      if (body.kind === "faults") {
        const unknown = (ids: readonly Uuid[]) => unknownDeliveries(engine, request.caller, ids);
        const more = await faultsOfIds(DELIVERY_IDS, bodyOf(request).value, unknown);
        return refuse(reply, invalid([...body.faults, ...more]));
      }
      const { delivery_ids: named, dry_run: dryRun = false } = body.value;
      const answer = await engine.history.replay(request.caller, uniqueIds(DELIVERY_IDS, named), dryRun);
      if (answer.kind === "unknown") {
        return refuse(reply, invalid(unknownFaults(DELIVERY_IDS, named, answer.deliveryIds)));
      }
      return reply.code(202).send({
        batch_id: ID_PREFIX.replay + answer.batchId,
        created_deliveries: answer.count,
        dry_run: dryRun,
        skipped: answer.skipped,
      });
    },
  );
}

/** A dry run finds every one of them, and makes nothing. */
async function unknownDeliveries(
  engine: ApiDeps["engine"],
  caller: Caller,
  ids: readonly Uuid[],
): Promise<readonly Uuid[]> {
  const answer = await engine.history.replay(caller, ids, true);
  return answer.kind === "unknown" ? answer.deliveryIds : [];
}
