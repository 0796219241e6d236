/** `/v1/sources/{id}/events`: what came from a source, what was refused of it and why, notes, and another try. */
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { ID_PREFIX, parseId, type Seq, type Uuid } from "../../domain/ids.ts";
import { REFUSED_KEPT_COUNT_MAX, REPROCESS_STEP_ROWS } from "../../domain/limits.ts";
import type { Caller, Engine } from "../../engine/engine-types.ts";
import type { InboundRecord } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { alreadyReceived, verificationFailed } from "../errors/inbound-problems.ts";
import { invalid } from "../errors/problem.ts";
import { errorResponses, INBOUND_EVENT_NOT_FOUND, refuse, SOURCE_NOT_FOUND } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { checkNoBody } from "../http/no-body.ts";
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
/** As many as a source keeps, and one that finds no more: `more` is then what came meanwhile. */
const STEPS_MAX = REFUSED_KEPT_COUNT_MAX / REPROCESS_STEP_ROWS + 1;

type ById = { Params: { id: string } };
type ByEvent = { Params: { id: string; event_id: string } };

export function registerSourceEventRoutes(app: FastifyInstance, deps: ApiDeps): void {
  registerReading(app, deps);
  registerChanging(app, deps);
  registerReprocessing(app, deps);
}

function registerReading(app: FastifyInstance, { engine }: ApiDeps): void {
  const { inbound } = engine;
  app.get<ById>(
    "/v1/sources/:id/events",
    {
      config,
      schema: {
        tags,
        operationId: "listSourceEvents",
        summary: "List what came from a source, newest first",
        description: "With `valid=false` what was refused, and why. What came from a deleted source stays.",
        params: PathId,
        querystring: SourceEventsQuery,
        response: { 200: SourceEventsResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const id = parseSourceId(request.params.id);
      if (id === null) return refuse(reply, SOURCE_NOT_FOUND);
      const query = parseSourceEventsQuery(request.query, id);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      if (!(await inbound.sources.had(request.caller, id))) return refuse(reply, SOURCE_NOT_FOUND);
      const { filter, ...page } = query.value;
      return sourceEventsJson(await inbound.list(request.caller, filter, page.offset, page.limit), page);
    },
  );

  app.get<ByEvent>(
    "/v1/sources/:id/events/:event_id",
    {
      config,
      schema: {
        tags,
        operationId: "getSourceEvent",
        summary: "Read what came from a source: its body, and the headers that were kept",
        params: PathSourceEvent,
        response: { 200: SourceEventResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const found = await find(engine, request.caller, request.params);
      const record = found === null ? null : await inbound.get(request.caller, found.id);
      return record === null ? refuse(reply, INBOUND_EVENT_NOT_FOUND) : sourceEventJson(record);
    },
  );
}

function registerChanging(app: FastifyInstance, { engine }: ApiDeps): void {
  const { inbound } = engine;
  app.patch<ByEvent>(
    "/v1/sources/:id/events/:event_id",
    {
      config,
      schema: {
        tags,
        operationId: "updateSourceEvent",
        summary: "Note something about what came from a source",
        params: PathSourceEvent,
        body: NoteSourceEventBody,
        response: { 200: SourceEventResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const record = await find(engine, request.caller, request.params);
      if (record === null) return refuse(reply, INBOUND_EVENT_NOT_FOUND);
      const body = checkNoteSourceEvent(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const noted = await inbound.note(request.caller, record.id, body.value.notes);
      return noted === null ? refuse(reply, INBOUND_EVENT_NOT_FOUND) : sourceEventJson(noted);
    },
  );

  app.delete<ByEvent>(
    "/v1/sources/:id/events/:event_id",
    {
      config: { needs: "global_admin" },
      schema: {
        tags,
        operationId: "deleteSourceEvent",
        summary: "Delete the record of what came from a source",
        description: "What was published of it stays, and a repeat of it is still known for one.",
        params: PathSourceEvent,
        response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const record = await find(engine, request.caller, request.params);
      const removed = record !== null && (await inbound.remove(request.caller, record.id));
      return removed ? reply.code(204).send() : refuse(reply, INBOUND_EVENT_NOT_FOUND);
    },
  );
}

function registerReprocessing(app: FastifyInstance, { engine }: ApiDeps): void {
  app.post<ByEvent>(
    "/v1/sources/:id/events/:event_id/reprocess",
    {
      config,
      schema: {
        tags,
        operationId: "reprocessSourceEvent",
        summary: "Process one again",
        description:
          "What was refused is verified again, as of its receipt and with the source's present secrets; of what was " +
          "verified a new event is published.",
        params: PathSourceEvent,
        response: { 200: ReprocessedEventResponse, ...errorResponses(404, 409, 413, 415) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const record = await find(engine, request.caller, request.params);
      if (record === null) return refuse(reply, INBOUND_EVENT_NOT_FOUND);
      const answer = await engine.inbound.reprocess(request.caller, record.id, undefined);
      switch (answer.kind) {
        case "reprocessed": {
          const { id, reprocessedAt, receivedAt } = answer.record;
          return reprocessedJson({ id, eventId: answer.eventId, at: reprocessedAt ?? receivedAt });
        }
        case "failed":
          return refuse(reply, verificationFailed(answer));
        case "repeated":
          return refuse(reply, alreadyReceived(answer.id));
        case "unknown":
          return refuse(reply, INBOUND_EVENT_NOT_FOUND);
      }
    },
  );

  app.post<ById>(
    "/v1/sources/:id/reprocess",
    {
      config,
      schema: {
        tags,
        operationId: "reprocessSource",
        summary: "Verify again all that was refused of a source",
        description: "The oldest first, and whichever way it came. What still cannot be verified stays as it is.",
        params: PathId,
        response: { 200: ReprocessedSourceResponse, ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const id = parseSourceId(request.params.id);
      const answer = id === null ? null : await reprocessAll(engine, request.caller, id);
      return answer ?? refuse(reply, SOURCE_NOT_FOUND);
    },
  );
}

/** Null when there is none such, or it came from another source. */
async function find({ inbound }: Engine, caller: Caller, named: ByEvent["Params"]): Promise<InboundRecord | null> {
  const sourceId = parseSourceId(named.id);
  const id = parseId(ID_PREFIX.inbound, named.event_id);
  const record = sourceId === null || id === null ? null : await inbound.find(caller, id);
  return record !== null && record.sourceId === sourceId ? record : null;
}

async function reprocessAll({ inbound }: Engine, caller: Caller, sourceId: Uuid) {
  let [reprocessed, failed] = [0, 0];
  let after: Seq | null = null;
  for (let step = 0; step < STEPS_MAX; step++) {
    const done: Awaited<ReturnType<typeof inbound.reprocessSource>> = await inbound.reprocessSource(
      caller,
      sourceId,
      after,
    );
    if (done === null) return null;
    reprocessed += done.reprocessed;
    failed += done.failed;
    after = done.next;
    if (after === null) break;
  }
  return { reprocessed, failed, more: after !== null };
}
