/** `/v1/events`: publishing, and reading an event. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { traceContextIn } from "../../domain/delivery/trace-context.ts";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { BATCH_BODY_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BODY_BYTES_MAX } from "../../domain/limits.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { TooFast } from "../../engine/access/publish-rate.ts";
import type { PublishOutput } from "../../engine/delivery/publish-types.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, STORE_UNAVAILABLE } from "../errors/problem.ts";
import { tooFastProblem } from "../errors/quota-problem.ts";
import { EVENT_NOT_FOUND, errorResponses, refuse } from "../errors/v1-errors.ts";
import { withUnknownEndpoints } from "../history/referenced-ids.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { JSON_TYPE } from "../http/content-type.ts";
import { IdempotencyHeaders, idempotencyKeyOf } from "../http/idempotency-key.ts";
import { PathId } from "../schema/schemas.ts";
import { publishBatch, readBatch, resultsText } from "./event-batch.ts";
import {
  BatchBody,
  BatchResponse,
  checkBatch,
  closedProblem,
  EventBody,
  EventResponse,
  eventText,
  type Origin,
  PayloadResponse,
  PublishedResponse,
  parseEvent,
  publishedText,
  publishProblem,
} from "./event-wire.ts";

const tags = ["Events"];
/** Deeper nesting is refused for the batch as a whole, since it costs too much to parse. Less is one event's fault. */
const BATCH_DEPTH_MAX = 1000;

export function registerEventRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post("/v1/events", PUBLISH, publishEvent(deps));
  app.post("/v1/events/batch", PUBLISH_BATCH, publishEvents(deps));
  app.get<ById>("/v1/events/:id", READ, readEvent(deps));
  app.get<ById>("/v1/events/:id/payload", READ_PAYLOAD, readPayload(deps));
}

const PUBLISH = {
  config: { agent: "operate" },
  bodyLimit: EVENT_BODY_BYTES_MAX,
  schema: {
    tags,
    operationId: "publishEvent",
    summary: "Publish an event",
    description: "A 202 means that the event and all its deliveries are on disk.",
    headers: IdempotencyHeaders,
    // Here, since the document gives the example to the body and not to the schema, which a batch refers to as well.
    body: { ...EventBody, examples: [{ type: "order.created", payload: { id: 1, total: "19.90" } }] },
    response: { 202: PublishedResponse, ...errorResponses(409, 413, 415, 429, 507) },
  },
} as const;

/** The hot path: it neither creates a promise nor returns the reply, since Fastify would wait for either. */
function publishEvent({ engine }: ApiDeps) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const body = bodyOf(request);
    const parsed = parseEvent(body, idempotencyKeyOf(request), traceContextIn(request.headers));
    if (parsed.kind === "refused") {
      withUnknownEndpoints(engine, request.caller, body.value, parsed.problem).then(
        (why) => refuse(reply, why),
        (error) => reply.send(error),
      );
      return;
    }
    const publish = (tooFast: TooFast | null): void => {
      if (tooFast !== null) {
        refuse(reply, tooFastProblem(tooFast));
        return;
      }
      engine.publish(request.caller, parsed.input).then(
        (output) => sendPublished(reply, output, parsed.endpointIds),
        (error) => reply.send(error),
      );
    };
    const tooFast = engine.consumePublishRate(request.caller, 1);
    const { type, endpointIds: ids } = parsed.input;
    if (request.caller.actor.agent !== undefined && ids !== null) {
      engine.endpoints.closedToAgent(request.caller, type, ids).then(
        async (closed) => {
          if (closed.length > 0) refuse(reply, closedProblem(parsed.endpointIds, closed));
          else publish(await tooFast);
        },
        (error) => reply.send(error),
      );
    } else if (tooFast instanceof Promise) tooFast.then(publish, (error) => reply.send(error));
    else publish(tooFast);
  };
}

function sendPublished(reply: FastifyReply, output: PublishOutput, endpointIds: readonly string[]): void {
  if (output.kind === "accepted") reply.code(202).type(JSON_TYPE).send(publishedText(output));
  else refuse(reply, publishProblem(output, endpointIds));
}

const PUBLISH_BATCH = {
  bodyLimit: BATCH_BODY_BYTES_MAX,
  // The items are parsed one by one, so that an invalid event does not affect the others.
  config: { jsonDepthMax: BATCH_DEPTH_MAX, jsonList: { field: "events", itemsMax: BATCH_EVENTS_MAX } },
  schema: {
    tags,
    operationId: "publishEvents",
    summary: "Publish up to 1000 events",
    description:
      "The response has one result for each event, in order. An invalid event does not affect the others. A 429 refuses " +
      "the whole batch.",
    body: BatchBody,
    response: { 202: BatchResponse, ...errorResponses(413, 415, 429) },
  },
};

function publishEvents(deps: ApiDeps) {
  const { engine, clock } = deps;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = bodyOf(request);
    const batch = checkBatch(body.value);
    if (batch.kind === "faults") return refuse(reply, invalid(batch.faults));
    if (request.headers["idempotency-key"] !== undefined) return refuse(reply, KEY_OF_A_BATCH);
    const events = await readBatch(clock, body, traceContextIn(request.headers));
    if ("status" in events) return refuse(reply, events);
    const tooFast = await engine.consumePublishRate(request.caller, events.length);
    if (tooFast !== null) return refuse(reply, tooFastProblem(tooFast));
    const results = await publishBatch(deps, request.caller, events);
    if (results.length > 0 && results.every((result) => result === STORE_UNAVAILABLE)) {
      return refuse(reply, STORE_UNAVAILABLE);
    }
    return reply.code(202).type(JSON_TYPE).send(resultsText(results));
  };
}

const KEY_OF_A_BATCH = invalid([
  { field: "Idempotency-Key", rule: "is for a single event; in a batch, give each event its own idempotency_key" },
]);

const READ = {
  config: { agent: "read" },
  schema: {
    tags,
    operationId: "getEvent",
    summary: "Read an event, its deliveries, and why other endpoints did not get it",
    params: PathId,
    response: { 200: EventResponse, ...errorResponses(404) },
  },
} as const;

function readEvent({ engine }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const id = parseId(ID_PREFIX.event, request.params.id);
    const view = id === null ? null : await engine.history.getEvent(request.caller, id);
    if (view === null) return refuse(reply, EVENT_NOT_FOUND);
    return reply.type(JSON_TYPE).send(eventText(view, await originOf(engine, request.caller, view.id)));
  };
}

async function originOf({ inbound }: ApiDeps["engine"], caller: Caller, eventId: Uuid): Promise<Origin | null> {
  const inboundId = await inbound.originOf(caller, eventId);
  if (inboundId === null) return null;
  const record = await inbound.find(caller, inboundId);
  return { inboundId, sourceId: record?.sourceId ?? null };
}

const READ_PAYLOAD = {
  schema: {
    tags,
    operationId: "getEventPayload",
    summary: "Read an event's payload, byte for byte as it was published",
    params: PathId,
    response: { 200: PayloadResponse, ...errorResponses(404) },
  },
};

function readPayload({ engine }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const id = parseId(ID_PREFIX.event, request.params.id);
    const view = id === null ? null : await engine.history.getEvent(request.caller, id);
    return view === null ? refuse(reply, EVENT_NOT_FOUND) : reply.type(JSON_TYPE).send(view.payload);
  };
}
