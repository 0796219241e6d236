/** `/v1/events`: what a service publishes. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { StoreUnavailable } from "../../domain/errors.ts";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { type Span, scanArray, scanObject } from "../../domain/json.ts";
import { BATCH_BODY_BYTES_MAX, EVENT_BODY_BYTES_MAX, JSON_DEPTH_MAX } from "../../domain/limits.ts";
import type { Admission, Caller, PublishAnswer } from "../../engine/engine.ts";
import { inSlices } from "../../engine/turns.ts";
import { bodyOf, type JsonBody } from "../body.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, type Problem, STORE_UNAVAILABLE, unreadable } from "../errors.ts";
import { tooFastProblem } from "../quota.ts";
import { PathId } from "../schemas.ts";
import { answers, EVENT_NOT_FOUND, envelope, refuse } from "./errors.ts";
import {
  BatchAnswer,
  BatchBody,
  checkBatch,
  EventAnswer,
  EventBody,
  EventHeaders,
  eventText,
  type Origin,
  PublishedAnswer,
  parseEvent,
  publishedText,
  publishProblem,
} from "./event-wire.ts";
import { ENDPOINT_IDS, faultsOfIds } from "./named-ids.ts";

const tags = ["Events"];
const JSON_TYPE = "application/json; charset=utf-8";
/** Brackets that cost more to parse than they are worth are the whole body's fault; fewer are one event's. */
const BATCH_DEPTH_MAX = 1000;
/** An event of a batch stands two levels below the body. */
const BATCHED_DEPTH_MAX = JSON_DEPTH_MAX - 2;

export function registerEventRoutes(app: FastifyInstance, { engine, clock }: ApiDeps): void {
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
        response: { 202: PublishedAnswer, ...answers(409, 413, 415, 429, 507) },
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
      // Each event is scanned by itself, since a bad one rejects none of the others.
      config: { jsonDepthMax: BATCH_DEPTH_MAX },
      schema: {
        tags,
        operationId: "publishEvents",
        summary: "Publish up to 1000 events",
        description:
          "One result for each event, in order; a bad event rejects none of the others. 429 refuses the batch as a whole.",
        body: BatchBody,
        response: { 202: BatchAnswer, ...answers(413, 415, 429) },
      },
    },
    async (request, reply) => {
      const body = bodyOf(request);
      const frame = checkBatch(body.value);
      if (frame.kind === "faults") return refuse(reply, invalid(frame.faults));
      if (request.headers["idempotency-key"] !== undefined) return refuse(reply, KEY_OF_A_BATCH);
      const admission = await engine.admit(request.caller, frame.value.events.length);
      if (admission !== null) return refuse(reply, tooFastProblem(admission));
      const spans = itemsOf(body);
      const { events } = frame.value;
      const results = await inSlices(clock, spans, (span, index) =>
        publishOne(engine, request.caller, { text: body.text, span, value: events[index] }),
      );
      if (results.length > 0 && results.every((result) => result === STORE_UNAVAILABLE)) {
        return refuse(reply, STORE_UNAVAILABLE);
      }
      return reply
        .code(202)
        .type(JSON_TYPE)
        .send(`{"results":[${results.map(resultText).join(",")}]}`);
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
        response: { 200: EventAnswer, ...answers(404) },
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

/** A bad event's endpoints are looked up as well, so that one answer names everything. */
async function withUnknownEndpoints(
  engine: ApiDeps["engine"],
  caller: Caller,
  event: unknown,
  why: Problem,
): Promise<Problem> {
  if (why.status !== 400) return why;
  const faults = await faultsOfIds(ENDPOINT_IDS, event, (ids) => engine.endpoints.unknown(caller, ids));
  return faults.length === 0 ? why : invalid([...why.details, ...faults]);
}

function itemsOf(body: JsonBody): readonly Span[] {
  const scan = scanArray(body.text, BATCH_DEPTH_MAX, body.members.get("events")?.start);
  return scan.kind === "ok" ? scan.items : [];
}

interface BatchItem {
  readonly text: string;
  readonly span: Span;
  readonly value: unknown;
}

/** One event of a batch: the answer's text, or why there is none. */
async function publishOne(engine: ApiDeps["engine"], caller: Caller, item: BatchItem): Promise<string | Problem> {
  const scan = scanObject(item.text, BATCHED_DEPTH_MAX, item.span.start);
  if (scan.kind === "fault") return isObject(item.value) ? unreadable(scan.rule) : NOT_AN_EVENT;
  const parsed = parseEvent({ text: item.text, value: item.value, members: scan.members }, undefined);
  try {
    if (parsed.kind === "refused") return await withUnknownEndpoints(engine, caller, item.value, parsed.problem);
    const answer = await engine.publish(caller, parsed.input);
    return answer.kind === "accepted" ? publishedText(answer) : (publishProblem(answer, parsed.endpointIds) as Problem);
  } catch (error) {
    if (error instanceof StoreUnavailable) return STORE_UNAVAILABLE;
    throw error;
  }
}

const NOT_AN_EVENT = invalid([{ field: "event", rule: "must be an object" }]);

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function resultText(result: string | Problem): string {
  return typeof result === "string" ? result : JSON.stringify(envelope(result).body);
}
