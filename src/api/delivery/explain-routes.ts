/** Why a delivery is as it is, why an endpoint got an event or not, and who would get one. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ID_PREFIX, parseEndpointId, parseId } from "../../domain/ids.ts";
import { EVENT_BODY_BYTES_MAX } from "../../domain/limits.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { DELIVERY_NOT_FOUND, EVENT_NOT_FOUND, errorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { type ById, readById } from "../http/by-id.ts";
import { PathId } from "../schema/schemas.ts";
import {
  checkEventExplain,
  EventExplainQuery,
  ExplanationResponse,
  explanationJson,
  parseSuppose,
  SupposeBody,
  SupposedResponse,
  supposedJson,
} from "./explain-wire.ts";

export function registerExplainRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get<ById>("/v1/deliveries/:id/explain", EXPLAIN_DELIVERY, explainDelivery(deps));
  app.get<ById>("/v1/events/:id/explain", EXPLAIN_EVENT, explainEvent(deps));
  app.post("/v1/explain", SUPPOSE, suppose(deps));
}

const EXPLAIN_DELIVERY = {
  config: { agent: "read" },
  schema: {
    tags: ["Deliveries"],
    operationId: "explainDelivery",
    summary: "Explain a delivery, from the acceptance of its event to what happens next",
    params: PathId,
    response: { 200: ExplanationResponse, ...errorResponses(404) },
  },
} as const;

function explainDelivery({ engine: { explanations } }: ApiDeps) {
  const parseDeliveryId = (text: string) => parseId(ID_PREFIX.delivery, text);
  return readById(
    { parseId: parseDeliveryId, notFound: DELIVERY_NOT_FOUND, refuse },
    (caller, id) => explanations.delivery(caller, id),
    explanationJson,
  );
}

const EXPLAIN_EVENT = {
  config: { agent: "read" },
  schema: {
    tags: ["Events"],
    operationId: "explainEvent",
    summary: "Explain who got an event and who did not",
    description:
      "With `endpoint_id`, the answer is about one endpoint, and says whether it would get such an event now.",
    params: PathId,
    querystring: EventExplainQuery,
    response: { 200: ExplanationResponse, ...errorResponses(404) },
  },
} as const;

function explainEvent({ engine: { explanations } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const query = checkEventExplain(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const { endpoint_id: asked } = query.value;
    const id = parseId(ID_PREFIX.event, request.params.id);
    const endpointId = asked === undefined ? null : parseEndpointId(asked);
    const facts = id === null ? "event" : await explanations.event(request.caller, id, endpointId);
    if (facts === "event") return refuse(reply, EVENT_NOT_FOUND);
    return facts === "endpoint" ? refuse(reply, UNKNOWN_ENDPOINT) : explanationJson(facts);
  };
}

const UNKNOWN_ENDPOINT = invalid([{ field: "endpoint_id", rule: "must be the id of an endpoint of this tenant" }]);

const SUPPOSE = {
  config: { needs: "viewer", agent: "read" },
  bodyLimit: EVENT_BODY_BYTES_MAX,
  schema: {
    tags: ["Events"],
    operationId: "explainSupposition",
    summary: "Explain who would get an event, and what a filter would have changed",
    description: "Publishes nothing and changes nothing.",
    body: SupposeBody,
    response: { 200: SupposedResponse, ...errorResponses(413, 415) },
  },
} as const;

function suppose({ engine: { explanations } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const { value, text, members } = bodyOf(request);
    const payload = members.get("payload");
    const payloadBytes = payload === undefined ? null : Buffer.byteLength(text.slice(payload.start, payload.end));
    const body = parseSuppose(value, payloadBytes);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const supposed = await explanations.suppose(request.caller, body.value);
    return supposed === null ? refuse(reply, UNKNOWN_ENDPOINT) : supposedJson(supposed);
  };
}
