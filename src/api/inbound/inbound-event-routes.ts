/** `/v1/inbound-events`: what was received from all sources, and for a `global_admin` from unknown ones too. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { headersShownTo, urlShownTo } from "../../domain/endpoints/redact.ts";
import { ID_PREFIX, parseId, type Uuid } from "../../domain/ids.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { InboundRecord } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, notFound } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { type ById, deleteById, readById } from "../http/by-id.ts";
import { PathId } from "../schema/schemas.ts";
import {
  InboundEventResponse,
  InboundEventsQuery,
  InboundEventsResponse,
  inboundEventJson,
  inboundEventsJson,
  parseInboundEventsQuery,
  parseRefusedQuery,
  RefusedQuery,
  RefusedResponse,
  refusedJson,
} from "./inbound-event-wire.ts";

const tags = ["Sources"];
const config = { needs: "org_admin" } as const;
const NOBODYS =
  "A global_admin who acts in the own tenant also sees requests from senders that no source is known for.";

const RECORDS = {
  parseId: (text: string) => parseId(ID_PREFIX.inbound, text),
  notFound: notFound("INBOUND_EVENT_NOT_FOUND", "There is no such inbound event."),
  refuse,
};

export function registerInboundEventRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { inbound } = deps.engine;
  app.get("/v1/inbound-events", LIST, listEvents(deps));
  app.get("/v1/inbound-events/refused", REFUSED, sumRefused(deps));
  app.get<ById>(
    "/v1/inbound-events/:id",
    READ,
    readById(RECORDS, (caller, id) => readRecord(inbound, caller, id), shownTo),
  );
  app.delete<ById>(
    "/v1/inbound-events/:id",
    DELETE,
    deleteById(RECORDS, (caller, id) => inbound.remove(caller, id)),
  );
}

/** An agent helps to find out why requests are refused, so that it sees no others, and no values of headers and queries. */
async function readRecord(
  inbound: ApiDeps["engine"]["inbound"],
  caller: Caller,
  id: Uuid,
): Promise<InboundRecord | null> {
  const record = await inbound.get(caller, id);
  return caller.actor.agent !== undefined && record?.valid === true ? null : record;
}

function shownTo(record: InboundRecord, { actor }: Caller) {
  const shown = inboundEventJson(record);
  const url = urlShownTo(actor.role, shown.url);
  return { ...shown, url, headers: headersShownTo(actor.role, shown.headers) };
}

const LIST = {
  config: { ...config, agent: "read" },
  schema: {
    tags,
    operationId: "listInboundEvents",
    summary: "List what was received from all sources, newest first",
    description: `\`valid=false\` lists rejected requests, with the reasons. An agent sees only these. ${NOBODYS}`,
    querystring: InboundEventsQuery,
    response: { 200: InboundEventsResponse, ...errorResponses() },
  },
} as const;

function listEvents({ engine: { inbound } }: ApiDeps) {
  return async ({ caller, query }: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const parsed = parseInboundEventsQuery(query);
    if (parsed.kind === "faults") return refuse(reply, invalid(parsed.faults));
    const { filter, ...page } = parsed.value;
    const shown = caller.actor.agent === undefined ? filter : { ...filter, valid: false };
    return inboundEventsJson(await inbound.list(caller, shown, page.offset, page.limit), page);
  };
}

const REFUSED = {
  config,
  schema: {
    tags,
    operationId: "countRefused",
    summary: "Count the rejected requests that are kept, by source and reason",
    description: NOBODYS,
    querystring: RefusedQuery,
    response: { 200: RefusedResponse, ...errorResponses() },
  },
};

function sumRefused({ engine: { inbound } }: ApiDeps) {
  return async ({ caller, query }: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const from = parseRefusedQuery(query);
    if (from.kind === "faults") return refuse(reply, invalid(from.faults));
    return refusedJson(await inbound.sumRefused(caller, from.value));
  };
}

const READ = {
  config: { ...config, agent: "read" },
  schema: {
    tags,
    operationId: "getInboundEvent",
    summary: "Read what was received, with its body and the headers that the server keeps",
    params: PathId,
    response: { 200: InboundEventResponse, ...errorResponses(404) },
  },
} as const;

const DELETE = {
  config: { needs: "global_admin" } as const,
  schema: {
    tags,
    operationId: "deleteInboundEvent",
    summary: "Delete the record of what was received",
    description: "Published events remain, and the server still recognizes repeats of the request.",
    params: PathId,
    response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
  },
};
