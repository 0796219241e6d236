/** `/dashboard/webhooks/deliveries`: the delivery history in pages. */
import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse } from "../errors/dashboard-errors.ts";
import { invalid } from "../errors/problem.ts";
import {
  checkHistoryQuery,
  HistoryQuery,
  HistoryResponse,
  historyInput,
  historyJson,
} from "./dashboard-delivery-wire.ts";

export function registerDeliveryRoutes(app: FastifyInstance, { engine }: ApiDeps): void {
  app.get(
    "/dashboard/webhooks/deliveries",
    {
      schema: {
        tags: ["Dashboard"],
        operationId: "listDashboardDeliveries",
        summary: "List the delivery history",
        description: "Newest first, unless asked otherwise. `total` is exact. What was never delivered sorts behind.",
        querystring: HistoryQuery,
        response: { 200: HistoryResponse, ...errorResponses() },
      },
    },
    async (request, reply) => {
      const query = checkHistoryQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const input = historyInput(query.value);
      return historyJson(await engine.ledger.list(request.caller, input), input);
    },
  );
}
