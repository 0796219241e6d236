/** `/v1/analytics`: counts and rates over the last hours. */
import type { FastifyInstance } from "fastify";
import type { TSchema } from "typebox";
import type { Caller } from "../../engine/access/caller.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import {
  ANALYTICS_HOURS_DEFAULT,
  checkHours,
  HealthResponse,
  HoursQuery,
  healthJson,
  LatencyResponse,
  latencyJson,
  RateResponse,
  rateJson,
  VolumeResponse,
  volumeJson,
} from "./analytics-wire.ts";

export function registerAnalyticsRoutes(app: FastifyInstance, { engine: { history } }: ApiDeps): void {
  const report = (
    name: string,
    operationId: string,
    summary: string,
    answer: TSchema,
    read: (caller: Caller, hours: number) => Promise<unknown>,
  ): void => {
    const response = { 200: answer, ...errorResponses() };
    const schema = { tags: ["Analytics"], operationId, summary, querystring: HoursQuery, response };
    app.get(`/v1/analytics/${name}`, { schema }, async (request, reply) => {
      const query = checkHours(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      return read(request.caller, query.value.hours ?? ANALYTICS_HOURS_DEFAULT);
    });
  };

  report("delivery-volume", "getDeliveryVolume", "Deliveries by hour", VolumeResponse, async (caller, hours) =>
    (await history.volume(caller, hours)).map(volumeJson),
  );
  report(
    "success-rate",
    "getSuccessRate",
    "Success rate of the deliveries that ended, by hour",
    RateResponse,
    async (caller, hours) => (await history.volume(caller, hours)).map(rateJson),
  );
  report(
    "latency-distribution",
    "getLatencyDistribution",
    "Attempts that got a response, by latency",
    LatencyResponse,
    async (caller, hours) => latencyJson(await history.latency(caller, hours)),
  );
  report(
    "endpoint-health",
    "getEndpointHealth",
    "Success rate and latency of each endpoint",
    HealthResponse,
    async (caller, hours) => (await history.endpointHealth(caller, hours)).map(healthJson),
  );
}
