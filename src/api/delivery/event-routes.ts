/** `/v1/events`: what a service publishes. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { BATCH_BODY_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_BODY_BYTES_MAX } from "../../domain/limits.ts";
import type { Admission, Caller, PublishAnswer } from "../../engine/engine-types.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, STORE_UNAVAILABLE } from "../errors/problem.ts";
import { tooFastProblem } from "../errors/quota-problem.ts";
import { EVENT_NOT_FOUND, errorResponses, refuse } from "../errors/v1-errors.ts";
import { withUnknownEndpoints } from "../history/referenced-ids.ts";
import { bodyOf } from "../http/body.ts";
import { PathId } from "../schema/schemas.ts";
import { publishBatch, readBatch, resultsText } from "./event-batch.ts";
import {
  BatchBody,
  BatchResponse,
  checkBatch,
  EventBody,
  EventHeaders,
  EventResponse,
  eventText,
  type Origin,
  PublishedResponse,
  parseEvent,
  publishedText,
  publishProblem,
} from "./event-wire.ts";

const tags = ["Events"];
const JSON_TYPE = "application/json; charset=utf-8";
/** Brackets that cost more to parse than they are worth are the whole body's fault; fewer are one event's. */
const BATCH_DEPTH_MAX = 1000;

export function registerEventRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { engine } = deps;
  app.post(
    "/v1/events",
    {
      bodyLimit: EVENT_BODY_BYTES_MAX,
      schema: {
        tags,
        operationId: "publishEvent",
        summary: "Publish an event",
        description: "The 202 means that the event and all its deliveries are on disk.",
        headers: EventHeaders,
        body: EventBody,
        response: { 202: PublishedResponse, ...errorResponses(409, 413, 415, 429, 507) },
      },
    },
    // No promise of its own and no reply returned, which Fastify would wait for: this is the hot path.
    (request, reply): void => {
      const body = bodyOf(request);
      const parsed = parseEvent(body, headerKey(request.headers["idempotency-key"]));
      if (parsed.kind === "refused") {
        withUnknownEndpoints(engine, request.caller, body.value, parsed.problem).then(
          (why) => refuse(reply, why),
          (error) => reply.send(error),
        );
        return;
      }
      const publish = (admission: Admission): void => {
        if (admission !== null) {
          refuse(reply, tooFastProblem(admission));
          return;
        }
        engine.publish(request.caller, parsed.input).then(
          (answer) => sendPublished(reply, answer, parsed.endpointIds),
          (error) => reply.send(error),
        );
      };
      const admission = engine.admit(request.caller, 1);
      if (admission instanceof Promise) admission.then(publish, (error) => reply.send(error));
      else publish(admission);
    },
  );

  app.post(
    "/v1/events/batch",
    {
      bodyLimit: BATCH_BODY_BYTES_MAX,
      // Each event is read by itself, since a bad one rejects none of the others.
      config: { jsonDepthMax: BATCH_DEPTH_MAX, jsonList: { field: "events", itemsMax: BATCH_EVENTS_MAX } },
      schema: {
        tags,
        operationId: "publishEvents",
        summary: "Publish up to 1000 events",
        description:
          "One result for each event, in order; a bad event rejects none of the others. 429 refuses the batch as a whole.",
        body: BatchBody,
        response: { 202: BatchResponse, ...errorResponses(413, 415, 429) },
      },
    },
    async (request, reply) => {
      const body = bodyOf(request);
      const frame = checkBatch(body.value);
      if (frame.kind === "faults") return refuse(reply, invalid(frame.faults));
      if (request.headers["idempotency-key"] !== undefined) return refuse(reply, KEY_OF_A_BATCH);
      const events = await readBatch(deps.clock, body);
      if ("status" in events) return refuse(reply, events);
      const admission = await engine.admit(request.caller, events.length);
      if (admission !== null) return refuse(reply, tooFastProblem(admission));
      const results = await publishBatch(deps, request.caller, events);
      if (results.length > 0 && results.every((result) => result === STORE_UNAVAILABLE)) {
        return refuse(reply, STORE_UNAVAILABLE);
      }
      return reply.code(202).type(JSON_TYPE).send(resultsText(results));
    },
  );

  app.get<{ Params: { id: string } }>(
    "/v1/events/:id",
    {
      schema: {
        tags,
        operationId: "getEvent",
        summary: "Read an event, its deliveries, and why other endpoints got none",
        params: PathId,
        response: { 200: EventResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const id = parseId(ID_PREFIX.event, request.params.id);
      const view = id === null ? null : await engine.history.getEvent(request.caller, id);
      if (view === null) return refuse(reply, EVENT_NOT_FOUND);
      return reply.type(JSON_TYPE).send(eventText(view, await originOf(engine, request.caller, view.id)));
    },
  );
}

async function originOf({ inbound }: ApiDeps["engine"], caller: Caller, eventId: Uuid): Promise<Origin | null> {
  const inboundId = await inbound.originOf(caller, eventId);
  if (inboundId === null) return null;
  const record = await inbound.find(caller, inboundId);
  return { inboundId, sourceId: record?.sourceId ?? null };
}

const KEY_OF_A_BATCH = invalid([
  { field: "Idempotency-Key", rule: "is for a single event; give each event of a batch its idempotency_key" },
]);

/** Node joins a repeated header with a comma and a space, which no key may have. */
function headerKey(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

function sendPublished(reply: FastifyReply, answer: PublishAnswer, endpointIds: readonly string[]): void {
  if (answer.kind === "accepted") {
    reply.code(202).type(JSON_TYPE).send(publishedText(answer));
    return;
  }
  const why = publishProblem(answer, endpointIds);
  if (why !== null) refuse(reply, why);
}
