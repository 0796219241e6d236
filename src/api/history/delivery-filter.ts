/** What deliveries are filtered by, in the query of the list and in the body of a bulk action. */
import Type, { type Static, type TObject } from "typebox";
import { CLASSIFICATIONS, DELIVERY_STATES, TERMINAL_REASONS } from "../../domain/delivery/delivery.ts";
import { ANY_DELIVERY, type DeliveryConditions, type DeliverySearch } from "../../domain/history/ledger.ts";
import { ID_PREFIX, parseEndpointId, parseId } from "../../domain/ids.ts";
import { EVENT_TYPE_CHARS_MAX, FILTER_ENDPOINTS_COUNT_MAX } from "../../domain/limits.ts";
import { parseTime } from "../../domain/text/time.ts";

export const FilterFields = {
  status: Type.Optional(
    Type.Array(Type.Enum([...DELIVERY_STATES]), {
      minItems: 1,
      maxItems: DELIVERY_STATES.length,
      description: "Repeat the parameter for several.",
    }),
  ),
  endpoint_id: Type.Optional(
    Type.Array(Type.String({ format: "endpoint-id" }), {
      minItems: 1,
      maxItems: FILTER_ENDPOINTS_COUNT_MAX,
      description: "Repeat the parameter for several.",
    }),
  ),
  event_id: Type.Optional(Type.String({ format: "event-id" })),
  event_type: Type.Optional(
    Type.String({ format: "event-filter", description: "An exact event type, or a prefix followed by `.*`." }),
  ),
  search: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: EVENT_TYPE_CHARS_MAX,
      description: "The exact id of an event, a delivery or an endpoint, or the beginning of an event type.",
    }),
  ),
  from: Type.Optional(Type.String({ format: "date-time", description: "Created at or after this time." })),
  to: Type.Optional(Type.String({ format: "date-time", description: "Created before this time." })),
  http_status: Type.Optional(
    Type.String({
      format: "http-status",
      description: "The HTTP status of the latest attempt, such as `503`, or a class of them, such as `5xx`.",
    }),
  ),
  classification: Type.Optional(
    Type.Enum([...CLASSIFICATIONS], { description: "The classification of the latest attempt." }),
  ),
  terminal_reason: Type.Optional(Type.Enum([...TERMINAL_REASONS])),
  attempts_min: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1_000_000, description: "Deliveries with at least this many attempts." }),
  ),
};
export type DeliveryFilterJson = Static<TObject<typeof FilterFields>>;

export function conditionsOf(filter: DeliveryFilterJson): DeliveryConditions {
  return {
    ...ANY_DELIVERY,
    states: filter.status === undefined ? null : [...new Set(filter.status)],
    endpointIds: filter.endpoint_id === undefined ? null : endpointIds(filter.endpoint_id),
    eventId: filter.event_id === undefined ? null : parseId(ID_PREFIX.event, filter.event_id),
    eventType: filter.event_type ?? null,
    search: filter.search === undefined ? null : searchOf(filter.search),
    from: filter.from === undefined ? null : parseTime(filter.from),
    to: filter.to === undefined ? null : parseTime(filter.to),
    httpStatus: filter.http_status === undefined ? null : httpStatusOf(filter.http_status),
    classification: filter.classification ?? null,
    reason: filter.terminal_reason ?? null,
    attemptsMin: filter.attempts_min ?? null,
  };
}

function endpointIds(texts: readonly string[]) {
  return [...new Set(texts.map(parseEndpointId).filter((id) => id !== null))];
}

function httpStatusOf(text: string): { readonly min: number; readonly max: number } {
  return { min: Number(text.replace("xx", "00")), max: Number(text.replace("xx", "99")) };
}

function searchOf(text: string): DeliverySearch {
  const eventId = parseId(ID_PREFIX.event, text);
  if (eventId !== null) return { kind: "event", id: eventId };
  const deliveryId = parseId(ID_PREFIX.delivery, text);
  if (deliveryId !== null) return { kind: "delivery", id: deliveryId };
  const endpointId = parseEndpointId(text);
  if (endpointId !== null) return { kind: "endpoint", id: endpointId };
  return { kind: "typePrefix", prefix: text };
}
