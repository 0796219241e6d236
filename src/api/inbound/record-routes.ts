/** `/api/v1/webhooks/pause-status`: the records of requests that the pause-status route received. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { Engine } from "../../engine/engine-types.ts";
import type { InboundRecord } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { alreadyReceived, verificationFailed } from "../errors/inbound-problems.ts";
import { errorResponses, RECORD_NOT_FOUND, refuse } from "../errors/pause-status-errors.ts";
import { invalid } from "../errors/problem.ts";
import { bodyOf } from "../http/body.ts";
import type { ById } from "../http/by-id.ts";
import { JSON_TYPE } from "../http/content-type.ts";
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
const RECORDS = "/api/v1/webhooks/pause-status";

export function registerRecordRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get(RECORDS, LIST, listRecords(deps));
  app.get<ById>(`${RECORDS}/:id`, READ, readRecord(deps));
  app.put<ById>(`${RECORDS}/:id`, UPDATE, updateRecord(deps));
  app.delete<ById>(`${RECORDS}/:id`, DELETE, deleteRecord(deps));
}

const LIST = {
  config,
  schema: {
    tags,
    operationId: "listPauseStatusRecords",
    summary: "List received requests, newest first",
    description: "The list includes rejected requests: `payload_valid` is false, and `rejection_reason` is set.",
    querystring: RecordsQuery,
    response: { 200: RecordsResponse, ...errorResponses() },
  },
};

function listRecords({ engine: { inbound } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const query = parseRecordsQuery(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const { filter, ...page } = query.value;
    return recordsJson(await inbound.list(request.caller, filter, page.offset, page.limit), page);
  };
}

const READ = {
  config,
  schema: {
    tags,
    operationId: "getPauseStatusRecord",
    summary: "Read a received request",
    params: PathId,
    response: { 200: RecordResponse, ...errorResponses(404) },
  },
};

function readRecord({ engine }: ApiDeps) {
  return async ({ caller, params }: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const record = await find(engine, caller, params.id);
    return sendRecord(reply, record === null ? null : await engine.inbound.get(caller, record.id));
  };
}

const UPDATE = {
  config,
  schema: {
    tags,
    operationId: "updatePauseStatusRecord",
    summary: "Process a received request again, or edit its notes",
    description:
      "`reprocess` publishes a new event from a verified request. A rejected request is verified again, as of the time of " +
      "its receipt and with the current secrets of its source. An update of the notes alone returns the record.",
    params: PathId,
    body: UpdateRecordBody,
    response: {
      200: {
        anyOf: [ReprocessedResponse, RecordResponse],
        description: "The result of processing, or the record.",
      },
      ...errorResponses(404, 409, 413, 415),
    },
  },
};

function updateRecord({ engine }: ApiDeps) {
  return async ({ caller, params, body }: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseId(ID_PREFIX.inbound, params.id);
    if (id === null) return refuse(reply, RECORD_NOT_FOUND);
    const update = parseUpdate(bodyOf({ body }).value);
    if (update.kind === "faults") return refuse(reply, invalid(update.faults));
    const record = await find(engine, caller, params.id);
    if (record === null) return refuse(reply, RECORD_NOT_FOUND);
    const change = { caller, id, ...update.value };
    return update.value.reprocess ? reprocess(engine, reply, change) : note(engine, reply, change);
  };
}

interface Change extends UpdateRecord {
  readonly caller: Caller;
  readonly id: Uuid;
}

async function reprocess({ inbound }: Engine, reply: FastifyReply, { caller, id, notes }: Change): Promise<object> {
  const output = await inbound.reprocess(caller, id, notes);
  switch (output.kind) {
    case "reprocessed":
      return reprocessedJson(id, output.record.reprocessedAt ?? output.record.receivedAt);
    case "failed":
      return refuse(reply, verificationFailed(output));
    case "repeated":
      return refuse(reply, alreadyReceived(output.id));
    case "unknown":
      return refuse(reply, RECORD_NOT_FOUND);
  }
}

async function note({ inbound }: Engine, reply: FastifyReply, { caller, id, notes = null }: Change): Promise<object> {
  return sendRecord(reply, await inbound.note(caller, id, notes));
}

const DELETE = {
  config: { needs: "global_admin" } as const,
  schema: {
    tags,
    operationId: "deletePauseStatusRecord",
    summary: "Delete the record of a received request",
    description: "The server still recognizes repeats of the request.",
    params: PathId,
    response: { 200: DeletedRecordResponse, ...errorResponses(404) },
  },
};

function deleteRecord({ engine, clock }: ApiDeps) {
  return async ({ caller, params }: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const record = await find(engine, caller, params.id);
    const removed = record !== null && (await engine.inbound.remove(caller, record.id));
    return removed ? deletedJson(record.id, clock.now()) : refuse(reply, RECORD_NOT_FOUND);
  };
}

/** Null if there is no such record, or if another route received the request. */
async function find({ inbound }: Engine, caller: Caller, text: string): Promise<InboundRecord | null> {
  const id = parseId(ID_PREFIX.inbound, text);
  const record = id === null ? null : await inbound.find(caller, id);
  return record?.kind === "pauseStatus" ? record : null;
}

function sendRecord(reply: FastifyReply, record: InboundRecord | null): FastifyReply {
  if (record === null) return refuse(reply, RECORD_NOT_FOUND);
  return reply.type(JSON_TYPE).send(recordText(record));
}
