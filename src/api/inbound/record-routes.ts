/** What was received at the pause-status route: listed, read, noted, processed again, deleted. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import type { Caller, Engine } from "../../engine/engine-types.ts";
import type { InboundRecord } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { alreadyReceived, verificationFailed } from "../errors/inbound-problems.ts";
import { errorResponses, RECORD_NOT_FOUND, refuse } from "../errors/pause-status-errors.ts";
import { invalid } from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import { checkNoBody } from "../http/no-body.ts";
import { PathId } from "../schema/schemas.ts";
import {
  DeletedRecordResponse,
  deletedJson,
  parseRecordsQuery,
  parseUpdate,
  RecordResponse,
  RecordsQuery,
  RecordsResponse,
  ReprocessedResponse,
  recordsJson,
  recordText,
  reprocessedJson,
  type UpdateRecord,
  UpdateRecordBody,
} from "./record-wire.ts";

const tags = ["Pause status"];
const config = { needs: "org_admin" } as const;
const JSON_TYPE = "application/json; charset=utf-8";
const ROUTE = "/api/v1/webhooks/pause-status";

type ById = { Params: { id: string } };

export function registerRecordRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { engine, clock } = deps;
  app.get(
    ROUTE,
    {
      config,
      schema: {
        tags,
        operationId: "listPauseStatusRecords",
        summary: "List what was received, newest first",
        description: "Refused requests too: `payload_valid` is false, and the reason is told.",
        querystring: RecordsQuery,
        response: { 200: RecordsResponse, ...errorResponses() },
      },
    },
    async (request, reply) => {
      const query = parseRecordsQuery(request.query);
      if (query.kind === "faults") return refuse(reply, invalid(query.faults));
      const { filter, ...page } = query.value;
      return recordsJson(await engine.inbound.list(request.caller, filter, page.offset, page.limit), page);
    },
  );

  app.get<ById>(
    `${ROUTE}/:id`,
    {
      config,
      schema: {
        tags,
        operationId: "getPauseStatusRecord",
        summary: "Read what was received",
        params: PathId,
        response: { 200: RecordResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const record = await find(engine, request.caller, request.params.id);
      return sendRecord(reply, record === null ? null : await engine.inbound.get(request.caller, record.id));
    },
  );

  app.put<ById>(
    `${ROUTE}/:id`,
    {
      config,
      schema: {
        tags,
        operationId: "updatePauseStatusRecord",
        summary: "Process it again, or note something about it",
        description:
          "`reprocess` publishes a new event of what was verified; what was refused is verified again, as of its " +
          "receipt and with its source's present secrets. Notes alone are answered with the record.",
        params: PathId,
        body: UpdateRecordBody,
        response: {
          200: { anyOf: [ReprocessedResponse, RecordResponse], description: "Processed again; or the record." },
          ...errorResponses(404, 409, 413, 415),
        },
      },
    },
    async (request, reply) => {
      const id = parseId(ID_PREFIX.inbound, request.params.id);
      if (id === null) return refuse(reply, RECORD_NOT_FOUND);
      const body = parseUpdate(bodyOf(request).value);
      if (body.kind === "faults") return refuse(reply, invalid(body.faults));
      const record = await find(engine, request.caller, request.params.id);
      if (record === null) return refuse(reply, RECORD_NOT_FOUND);
      const change = { caller: request.caller, id, ...body.value };
      return body.value.reprocess ? reprocess(engine, reply, change) : note(engine, reply, change);
    },
  );

  app.delete<ById>(
    `${ROUTE}/:id`,
    {
      config: { needs: "global_admin" },
      schema: {
        tags,
        operationId: "deletePauseStatusRecord",
        summary: "Delete the record of what was received",
        description: "A repeat of it is still known for one.",
        params: PathId,
        response: { 200: DeletedRecordResponse, ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const faults = checkNoBody(request);
      if (faults !== null) return refuse(reply, invalid(faults));
      const record = await find(engine, request.caller, request.params.id);
      const removed = record !== null && (await engine.inbound.remove(request.caller, record.id));
      return removed ? deletedJson(record.id, clock.now()) : refuse(reply, RECORD_NOT_FOUND);
    },
  );
}

/** Null when there is none such, or it came another way. */
async function find({ inbound }: Engine, caller: Caller, named: string): Promise<InboundRecord | null> {
  const id = parseId(ID_PREFIX.inbound, named);
  const record = id === null ? null : await inbound.find(caller, id);
  return record?.kind === "pauseStatus" ? record : null;
}

function sendRecord(reply: FastifyReply, record: InboundRecord | null): FastifyReply {
  if (record === null) return refuse(reply, RECORD_NOT_FOUND);
  return reply.type(JSON_TYPE).send(recordText(record));
}

interface Change extends UpdateRecord {
  readonly caller: Caller;
  readonly id: Uuid;
}

async function reprocess({ inbound }: Engine, reply: FastifyReply, { caller, id, notes }: Change) {
  const answer = await inbound.reprocess(caller, id, notes);
  switch (answer.kind) {
    case "reprocessed":
      return reprocessedJson(id, answer.record.reprocessedAt ?? answer.record.receivedAt);
    case "failed":
      return refuse(reply, verificationFailed(answer));
    case "repeated":
      return refuse(reply, alreadyReceived(answer.id));
    case "unknown":
      return refuse(reply, RECORD_NOT_FOUND);
  }
}

async function note({ inbound }: Engine, reply: FastifyReply, { caller, id, notes = null }: Change) {
  return sendRecord(reply, await inbound.note(caller, id, notes));
}
