/** `GET /v1/events` and `GET /v1/event-types` on the wire. */
import Type, { type Static } from "typebox";
import { ID_PREFIX, parseId } from "../../domain/ids.ts";
import {
  EVENT_TYPE_CHARS_MAX,
  LIST_PAGE_DEFAULT,
  LIST_PAGE_MAX,
  PAYLOAD_SEARCH_BYTES_MAX,
  PAYLOAD_SEARCH_CHARS_MAX,
} from "../../domain/limits.ts";
import { parseTime, wholeSeconds } from "../../domain/text/time.ts";
import type { ListEventsInput } from "../../engine/history/events.ts";
import type { EventRow, EventTypeRow } from "../../ports/store.ts";
import { listOf, NextPageFields, type PageRequestOf } from "../lists/pages.ts";
import { IdText, Nullable, Time } from "../schema/schemas.ts";

export const EVENT_LIST = listOf("events", {
  limitMax: LIST_PAGE_MAX,
  limitDefault: LIST_PAGE_DEFAULT,
  filters: {
    type: Type.Optional(
      Type.String({ format: "event-filter", description: "An exact event type, or a prefix followed by `.*`." }),
    ),
    from: Type.Optional(Type.String({ format: "date-time", description: "Accepted at or after this time." })),
    to: Type.Optional(Type.String({ format: "date-time", description: "Accepted before this time." })),
    source_id: Type.Optional(
      Type.String({ format: "source-id", description: "Published from an inbound event of this source." }),
    ),
    undelivered: Type.Optional(
      Type.Boolean({ description: "`true`: only events that no endpoint got a delivery of." }),
    ),
    payload_contains: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: PAYLOAD_SEARCH_CHARS_MAX,
        description: `A part of the payload's text as it was sent. Payloads over ${PAYLOAD_SEARCH_BYTES_MAX} bytes never match.`,
      }),
    ),
  },
});

export const EVENT_TYPE_LIST = listOf("eventTypes", {
  limitMax: LIST_PAGE_MAX,
  limitDefault: LIST_PAGE_DEFAULT,
  filters: {
    search: Type.Optional(
      Type.String({ minLength: 1, maxLength: EVENT_TYPE_CHARS_MAX, description: "The beginning of the name." }),
    ),
  },
});

const Counts = Type.Object(
  {
    total: Type.Integer(),
    by_status: Type.Record(Type.String(), Type.Integer(), {
      description: "How many deliveries have each status. Statuses without a delivery are left out.",
    }),
  },
  { title: "DeliveryCounts" },
);
const EventSummary = Type.Object(
  {
    id: IdText(ID_PREFIX.event),
    type: Type.String(),
    created_at: Time,
    payload_bytes: Type.Integer(),
    pause_id: Nullable(Type.String({ description: "The pause that it is about." })),
    inbound_event_id: Nullable(Type.String({ description: "The inbound event that it was published from." })),
    source_id: Nullable(Type.String({ description: "The source of that inbound event." })),
    deliveries: Counts,
  },
  { title: "EventSummary" },
);
export const EventsResponse = Type.Object(
  { results: Type.Array(EventSummary), ...NextPageFields },
  { title: "EventPage" },
);

const EventTypeResponse = Type.Object(
  {
    name: Type.String({ examples: ["order.paid"] }),
    first_at: { ...Time, description: "When its oldest retained event was accepted." },
    last_at: { ...Time, description: "When its newest event was accepted." },
    per_hour: Type.Integer({ description: "Events in the last hour. At a high rate this is an estimate." }),
    endpoints: Type.Integer({ description: "How many endpoints an event of this type would go to now." }),
  },
  { title: "EventType" },
);
export const EventTypesResponse = Type.Object(
  { results: Type.Array(EventTypeResponse), ...NextPageFields },
  { title: "EventTypePage" },
);

export function eventsInput({ cursor, limit, filters }: PageRequestOf<typeof EVENT_LIST>): ListEventsInput {
  return {
    eventType: filters.type ?? null,
    from: filters.from === undefined ? null : parseTime(filters.from),
    to: filters.to === undefined ? null : parseTime(filters.to),
    sourceId: filters.source_id === undefined ? null : parseId(ID_PREFIX.source, filters.source_id),
    undelivered: filters.undelivered ?? false,
    // No payload contains either character, and PostgreSQL takes no NUL.
    payloadText: filters.payload_contains?.replaceAll("\0", "\u0001") ?? null,
    cursor,
    limit,
  };
}

export function eventSummaryJson(row: EventRow): Static<typeof EventSummary> {
  return {
    id: ID_PREFIX.event + row.id,
    type: row.type,
    created_at: wholeSeconds(row.acceptedAt),
    payload_bytes: row.payloadBytes,
    pause_id: row.pauseId === null ? null : ID_PREFIX.pause + row.pauseId,
    inbound_event_id: row.inboundId === null ? null : ID_PREFIX.inbound + row.inboundId,
    source_id: row.sourceId === null ? null : ID_PREFIX.source + row.sourceId,
    deliveries: {
      total: Object.values(row.deliveries).reduce((sum, count) => sum + count, 0),
      by_status: { ...row.deliveries },
    },
  };
}

export function eventTypeJson(row: EventTypeRow): Static<typeof EventTypeResponse> {
  return {
    name: row.name,
    first_at: wholeSeconds(row.firstAt),
    last_at: wholeSeconds(row.lastAt),
    per_hour: row.perHour,
    endpoints: row.endpoints,
  };
}
