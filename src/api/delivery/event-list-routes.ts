/** `GET /v1/events` and `GET /v1/event-types`: what was published. */
import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "../deps.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { sendPages } from "../lists/pages.ts";
import {
  EVENT_LIST,
  EVENT_TYPE_LIST,
  EventsResponse,
  EventTypesResponse,
  eventSummaryJson,
  eventsInput,
  eventTypeJson,
} from "./event-list-wire.ts";

const tags = ["Events"];

export function registerEventListRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get("/v1/events", LIST, listEvents(deps));
  app.get("/v1/event-types", LIST_TYPES, listEventTypes(deps));
}

const LIST = {
  schema: {
    tags,
    operationId: "listEvents",
    summary: "List events, newest first",
    description: "Without their payloads. An event is retained as long as its deliveries.",
    querystring: EVENT_LIST.Query,
    response: { 200: EventsResponse, ...errorResponses() },
  },
};

function listEvents({ engine }: ApiDeps) {
  return sendPages(engine, refuse, EVENT_LIST, {
    field: "results",
    read: (caller, page) => engine.events.list(caller, eventsInput(page)),
    text: (row) => JSON.stringify(eventSummaryJson(row)),
  });
}

const LIST_TYPES = {
  schema: {
    tags,
    operationId: "listEventTypes",
    summary: "List the types of the retained events, by name",
    querystring: EVENT_TYPE_LIST.Query,
    response: { 200: EventTypesResponse, ...errorResponses() },
  },
};

function listEventTypes({ engine }: ApiDeps) {
  return sendPages(engine, refuse, EVENT_TYPE_LIST, {
    field: "results",
    read: (caller, { filters, cursor, limit }) =>
      engine.events.listTypes(caller, { prefix: filters.search ?? "", cursor, limit }),
    text: (row) => JSON.stringify(eventTypeJson(row)),
  });
}
