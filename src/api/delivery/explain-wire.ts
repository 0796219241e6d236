/** Explanations on the wire. */
import Type, { type Static } from "typebox";
import type { Fault } from "../../domain/errors.ts";
import { ID_PREFIX, parseEndpointId } from "../../domain/ids.ts";
import { EVENT_FILTERS_MAX, EVENT_TYPE_CHARS_MAX } from "../../domain/limits.ts";
import { milliseconds, millisecondsOrNull } from "../../domain/text/time.ts";
import type { Supposed, Supposition } from "../../engine/history/explain/explanations.ts";
import type { Fact } from "../../engine/history/explain/fact.ts";
import { type Checked, checker } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";

const FactResponse = Type.Object(
  {
    at: Nullable({ ...Time, description: "When it happened, or will happen, with milliseconds. Null without a time." }),
    rule: Type.String({ description: "A stable name of the rule.", examples: ["matched", "wait", "next"] }),
    sentence: Type.String({ examples: ["order.paid matches order.*, a filter of shop."] }),
    refs: Type.Object(
      {
        event_id: Type.Optional(Type.String()),
        delivery_id: Type.Optional(Type.String()),
        endpoint_id: Type.Optional(Type.String()),
        attempt_number: Type.Optional(Type.Integer()),
        filter: Type.Optional(Type.String()),
      },
      { description: "What the sentence is about." },
    ),
  },
  { title: "Fact" },
);
export const ExplanationResponse = Type.Object(
  { facts: Type.Array(FactResponse, { description: "In order: what comes next is last." }) },
  { title: "Explanation" },
);

export const EventExplainQuery = Type.Object(
  { endpoint_id: Type.Optional(Type.String({ format: "endpoint-id", description: "Explain this endpoint only." })) },
  { additionalProperties: false },
);
export const checkEventExplain = queryChecker(EventExplainQuery);

export const SupposeBody = Type.Object(
  {
    type: Type.Optional(
      Type.String({ minLength: 1, maxLength: EVENT_TYPE_CHARS_MAX, format: "event-type", examples: ["order.paid"] }),
    ),
    payload: Type.Optional(
      Type.Object(
        {},
        { additionalProperties: true, description: "Only its size matters: filters do not read payloads." },
      ),
    ),
    endpoint_id: Type.Optional(Type.String({ format: "endpoint-id", description: "Ask about this endpoint only." })),
    filter: Type.Optional(
      Nullable(
        Type.Array(Type.String({ format: "event-filter" }), {
          minItems: 1,
          maxItems: EVENT_FILTERS_MAX,
          description: "The `event_types` to suppose, of this endpoint or of a new one.",
        }),
      ),
    ),
  },
  {
    title: "SuppositionInput",
    additionalProperties: false,
    examples: [{ type: "order.paid" }],
  },
);
const checkSuppose = checker(SupposeBody);
const NOTHING_ASKED: readonly Fault[] = [{ field: "type", rule: "is required without filter" }];

/** @param payloadBytes the size of the payload's text; null without one */
export function parseSuppose(value: unknown, payloadBytes: number | null): Checked<Supposition> {
  const checked = checkSuppose(value);
  if (checked.kind === "faults") return checked;
  const { type, endpoint_id, filter } = checked.value;
  if (type === undefined && filter === undefined) return { kind: "faults", faults: NOTHING_ASKED };
  return {
    kind: "ok",
    value: {
      type: type ?? null,
      payloadBytes,
      endpointId: endpoint_id === undefined ? null : parseEndpointId(endpoint_id),
      filters: filter,
    },
  };
}

const TypeCounts = Type.Array(Type.Object({ type: Type.String(), events: Type.Integer() }));
export const SupposedResponse = Type.Object(
  {
    ...ExplanationResponse.properties,
    endpoints: Nullable(
      Type.Object(
        {
          count: Type.Integer(),
          results: Type.Array(
            Type.Object({
              endpoint_id: Type.String(),
              endpoint_name: Type.String(),
              status: Type.Enum(["ACTIVE", "PAUSED", "DISABLED"]),
              filter: Nullable(Type.String({ description: "The filter that matches. Null: the endpoint has none." })),
            }),
          ),
        },
        { description: "Who would get an event of this type, at most 1000 of them. Null without `type`." },
      ),
    ),
    last_day: Nullable(
      Type.Object(
        {
          since: Time,
          complete: Type.Boolean({
            description: "False: the day has more events than a request counts, and the counts are of the newest.",
          }),
          matched: Type.Integer({ description: "Events that match `filter`." }),
          gained: TypeCounts,
          lost: TypeCounts,
        },
        { description: "What `filter` would have changed in the last 24 hours. Null without `filter`." },
      ),
    ),
  },
  { title: "Supposition" },
);

export function explanationJson(facts: readonly Fact[]): Static<typeof ExplanationResponse> {
  return { facts: facts.map(factJson) };
}

function factJson({ at, rule, sentence, refs }: Fact): Static<typeof FactResponse> {
  const { eventId, deliveryId, endpointId, attemptNumber, filter } = refs;
  return {
    at: millisecondsOrNull(at),
    rule,
    sentence,
    refs: {
      ...(eventId !== undefined && { event_id: ID_PREFIX.event + eventId }),
      ...(deliveryId !== undefined && { delivery_id: ID_PREFIX.delivery + deliveryId }),
      ...(endpointId !== undefined && { endpoint_id: ID_PREFIX.endpoint + endpointId }),
      ...(attemptNumber !== undefined && { attempt_number: attemptNumber }),
      ...(filter !== undefined && { filter }),
    },
  };
}

export function supposedJson({ facts, subscribers, lastDay }: Supposed): Static<typeof SupposedResponse> {
  const countsOf = (types: NonNullable<typeof lastDay>["gained"]) =>
    types.map(({ name, events }) => ({ type: name, events }));
  return {
    ...explanationJson(facts),
    endpoints: subscribers && {
      count: subscribers.count,
      results: subscribers.first.map(({ endpointId, name, status, filter }) => ({
        endpoint_id: ID_PREFIX.endpoint + endpointId,
        endpoint_name: name,
        status,
        filter,
      })),
    },
    last_day: lastDay && {
      since: milliseconds(lastDay.since),
      complete: lastDay.complete,
      matched: lastDay.matched,
      gained: countsOf(lastDay.gained),
      lost: countsOf(lastDay.lost),
    },
  };
}
