/** `/v1/analytics`: counts and rates over the last hours. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { TSchema } from "typebox";
import { parseEndpointId } from "../../domain/ids.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { ENDPOINT_NOT_FOUND, errorResponses, refuse } from "../errors/v1-errors.ts";
import {
  ANALYTICS_HOURS_DEFAULT,
  checkEndpointAttempts,
  checkHours,
  EndpointAttemptsQuery,
  EndpointAttemptsResponse,
  endpointAttemptsJson,
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
import {
  AttemptsQuery,
  AttemptsResponse,
  attemptsJson,
  BacklogResponse,
  backlogJson,
  parseAttempts,
} from "./attempt-statistics-wire.ts";

export function registerAnalyticsRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { history } = deps.engine;
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
  app.get("/v1/analytics/endpoint-attempts", ENDPOINT_ATTEMPTS, countEndpointAttempts(deps));
  app.get("/v1/analytics/attempts", ATTEMPTS, countAttempts(deps));
  app.get("/v1/analytics/backlog", BACKLOG, countBacklog(deps));
}

const ENDPOINT_ATTEMPTS = {
  schema: {
    tags: ["Analytics"],
    operationId: "getEndpointAttempts",
    summary: "Attempts of several endpoints, by hour",
    querystring: EndpointAttemptsQuery,
    response: { 200: EndpointAttemptsResponse, ...errorResponses() },
  },
};

function countEndpointAttempts({ engine }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const query = checkEndpointAttempts(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const { endpoint_id: texts, hours = ANALYTICS_HOURS_DEFAULT } = query.value;
    const ids = texts.map(parseEndpointId).filter((id) => id !== null);
    return (await engine.statistics.endpointAttempts(request.caller, ids, hours)).map(endpointAttemptsJson);
  };
}

const ATTEMPTS = {
  schema: {
    tags: ["Analytics"],
    operationId: "getAttemptStatistics",
    summary: "Attempts as they happen: successes, failures, latency and age",
    querystring: AttemptsQuery,
    response: { 200: AttemptsResponse, ...errorResponses(404) },
  },
};

function countAttempts({ engine, clock }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const parsed = parseAttempts(request.query, clock.now());
    if (parsed.kind === "faults") return refuse(reply, invalid(parsed.faults));
    const answer = await engine.statistics.attempts(request.caller, parsed.value);
    return answer === null ? refuse(reply, ENDPOINT_NOT_FOUND) : attemptsJson(parsed.value.step, answer);
  };
}

const BACKLOG = {
  schema: {
    tags: ["Analytics"],
    operationId: "getBacklog",
    summary: "Deliveries that wait: now, and in the last minutes",
    response: { 200: BacklogResponse, ...errorResponses() },
  },
};

function countBacklog({ engine }: ApiDeps) {
  return async (request: FastifyRequest): Promise<object> =>
    backlogJson(await engine.statistics.backlog(request.caller));
}
