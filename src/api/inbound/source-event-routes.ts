/** `/v1/sources/{id}/events`: what a source sent, including rejected requests. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import { REFUSED_KEPT_COUNT_MAX, REPROCESS_STEP_ROWS } from "../../domain/limits.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { Engine } from "../../engine/engine-types.ts";
import type { Cursor, InboundRecord } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { alreadyReceived, verificationFailed } from "../errors/inbound-problems.ts";
import { invalid } from "../errors/problem.ts";
import { errorResponses, INBOUND_EVENT_NOT_FOUND, refuse, SOURCE_NOT_FOUND } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { PathId } from "../schema/schemas.ts";
import {
  checkNoteSourceEvent,
  NoteSourceEventBody,
  PathSourceEvent,
  parseSourceEventsQuery,
  ReprocessedEventResponse,
  ReprocessedSourceResponse,
  reprocessedJson,
  SourceEventResponse,
  SourceEventsQuery,
  SourceEventsResponse,
  sourceEventJson,
  sourceEventsJson,
} from "./source-event-wire.ts";
import { parseSourceId } from "./source-routes.ts";

const tags = ["Sources"];
const config = { needs: "org_admin" } as const;
type ByEvent = { Params: { id: string; event_id: string } };

export function registerSourceEventRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const event = "/v1/sources/:id/events/:event_id";
  app.get<ById>("/v1/sources/:id/events", LIST, listEvents(deps));
  app.get<ByEvent>(event, READ, readEvent(deps));
  app.patch<ByEvent>(event, NOTE, noteEvent(deps));
  app.delete<ByEvent>(event, DELETE, deleteEvent(deps));
  app.post<ByEvent>(`${event}/reprocess`, REPROCESS, reprocessEvent(deps));
  app.post<ById>("/v1/sources/:id/reprocess", REPROCESS_ALL, reprocessSource(deps));
}

/** Null if there is no such event, or if it is from another source. */
async function find({ inbound }: Engine, caller: Caller, params: ByEvent["Params"]): Promise<InboundRecord | null> {
  const sourceId = parseSourceId(params.id);
  const id = parseId(ID_PREFIX.inbound, params.event_id);
  const record = sourceId === null || id === null ? null : await inbound.find(caller, id);
  return record !== null && record.sourceId === sourceId ? record : null;
}

const LIST = {
  config,
  schema: {
    tags,
    operationId: "listSourceEvents",
    summary: "List what a source sent, newest first",
    description:
      "`valid=false` lists rejected requests, with the reasons. The events of a deleted source remain available.",
    params: PathId,
    querystring: SourceEventsQuery,
    response: { 200: SourceEventsResponse, ...errorResponses(404) },
  },
};

function listEvents({ engine: { inbound } }: ApiDeps) {
  return async ({ caller, params, query }: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseSourceId(params.id);
    if (id === null) return refuse(reply, SOURCE_NOT_FOUND);
    const parsed = parseSourceEventsQuery(query, id);
    if (parsed.kind === "faults") return refuse(reply, invalid(parsed.faults));
    if (!(await inbound.sources.had(caller, id))) return refuse(reply, SOURCE_NOT_FOUND);
    const { filter, ...page } = parsed.value;
    return sourceEventsJson(await inbound.list(caller, filter, page.offset, page.limit), page);
  };
}

const READ = {
  config,
  schema: {
    tags,
    operationId: "getSourceEvent",
    summary: "Read what a source sent, with its body and the headers that the server keeps",
    params: PathSourceEvent,
    response: { 200: SourceEventResponse, ...errorResponses(404) },
  },
};

function readEvent({ engine }: ApiDeps) {
  return async ({ caller, params }: FastifyRequest<ByEvent>, reply: FastifyReply): Promise<object> => {
    const found = await find(engine, caller, params);
    const record = found === null ? null : await engine.inbound.get(caller, found.id);
    return record === null ? refuse(reply, INBOUND_EVENT_NOT_FOUND) : sourceEventJson(record);
  };
}

const NOTE = {
  config,
  schema: {
    tags,
    operationId: "updateSourceEvent",
    summary: "Edit the notes of what a source sent",
    params: PathSourceEvent,
    body: NoteSourceEventBody,
    response: { 200: SourceEventResponse, ...errorResponses(404, 413, 415) },
  },
};

function noteEvent({ engine }: ApiDeps) {
  return async (request: FastifyRequest<ByEvent>, reply: FastifyReply): Promise<object> => {
    const record = await find(engine, request.caller, request.params);
    if (record === null) return refuse(reply, INBOUND_EVENT_NOT_FOUND);
    const body = checkNoteSourceEvent(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const noted = await engine.inbound.note(request.caller, record.id, body.value.notes);
    return noted === null ? refuse(reply, INBOUND_EVENT_NOT_FOUND) : sourceEventJson(noted);
  };
}

const DELETE = {
  config: { needs: "global_admin" } as const,
  schema: {
    tags,
    operationId: "deleteSourceEvent",
    summary: "Delete the record of what a source sent",
    description: "Published events remain, and the server still recognizes repeats of the request.",
    params: PathSourceEvent,
    response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
  },
};

function deleteEvent({ engine }: ApiDeps) {
  return async ({ caller, params }: FastifyRequest<ByEvent>, reply: FastifyReply): Promise<FastifyReply> => {
    const record = await find(engine, caller, params);
    const removed = record !== null && (await engine.inbound.remove(caller, record.id));
    return removed ? reply.code(204).send() : refuse(reply, INBOUND_EVENT_NOT_FOUND);
  };
}

const REPROCESS = {
  config,
  schema: {
    tags,
    operationId: "reprocessSourceEvent",
    summary: "Process again what a source sent",
    description:
      "A verified request publishes a new event. A rejected request is verified again, as of the time of its receipt and " +
      "with the current secrets of its source.",
    params: PathSourceEvent,
    response: { 200: ReprocessedEventResponse, ...errorResponses(404, 409, 413, 415) },
  },
};

function reprocessEvent({ engine }: ApiDeps) {
  return async ({ caller, params }: FastifyRequest<ByEvent>, reply: FastifyReply): Promise<object> => {
    const record = await find(engine, caller, params);
    if (record === null) return refuse(reply, INBOUND_EVENT_NOT_FOUND);
    const output = await engine.inbound.reprocess(caller, record.id, undefined);
    switch (output.kind) {
      case "reprocessed": {
        const { id, reprocessedAt, receivedAt } = output.record;
        return reprocessedJson({ id, eventId: output.eventId, at: reprocessedAt ?? receivedAt });
      }
      case "failed":
        return refuse(reply, verificationFailed(output));
      case "repeated":
        return refuse(reply, alreadyReceived(output.id));
      case "unknown":
        return refuse(reply, INBOUND_EVENT_NOT_FOUND);
    }
  };
}

const REPROCESS_ALL = {
  config,
  schema: {
    tags,
    operationId: "reprocessSource",
    summary: "Verify again all rejected requests of a source",
    description:
      "Starts with the oldest, and includes requests to the pause-status route. Requests that still fail verification do " +
      "not change.",
    params: PathId,
    response: { 200: ReprocessedSourceResponse, ...errorResponses(404, 413, 415) },
  },
};

function reprocessSource({ engine }: ApiDeps) {
  return async ({ caller, params }: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseSourceId(params.id);
    const result = id === null ? null : await reprocessAll(engine, caller, id);
    return result ?? refuse(reply, SOURCE_NOT_FOUND);
  };
}

/**
 * Enough steps for all that a source keeps, and one more that finds nothing. `more` then means that further requests were
 * rejected in the meantime.
 */
const STEPS_MAX = REFUSED_KEPT_COUNT_MAX / REPROCESS_STEP_ROWS + 1;

/** Null for an unknown source. */
async function reprocessAll({ inbound }: Engine, caller: Caller, sourceId: Uuid) {
  let [reprocessed, failed] = [0, 0];
  let cursor: Cursor | null = null;
  for (let step = 0; step < STEPS_MAX; step++) {
    const done: Awaited<ReturnType<typeof inbound.reprocessSource>> = await inbound.reprocessSource(
      caller,
      sourceId,
      cursor,
    );
    if (done === null) return null;
    reprocessed += done.reprocessed;
    failed += done.failed;
    cursor = done.next;
    if (cursor === null) break;
  }
  return { reprocessed, failed, more: cursor !== null };
}
