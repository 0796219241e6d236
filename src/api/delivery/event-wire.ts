/** `/v1/events` on the wire. This is the hot path: a valid event allocates next to nothing. */
import Type, { type Static } from "typebox";
import { isReservedEventType } from "../../domain/delivery/event.ts";
import { type TraceContext, traceparentIn } from "../../domain/delivery/trace-context.ts";
import type { Fault } from "../../domain/errors.ts";
import { ID_PREFIX, type Uuid } from "../../domain/ids.ts";
import {
  BATCH_EVENTS_MAX,
  EVENT_TARGETS_MAX,
  EVENT_TYPE_CHARS_MAX,
  IDEMPOTENCY_KEY_CHARS_MAX,
  PAYLOAD_BYTES_MAX,
} from "../../domain/limits.ts";
import type { Span } from "../../domain/text/json.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { PublishInput, PublishOutput } from "../../engine/delivery/publish-types.ts";
import type { EventView } from "../../ports/store.ts";
import { UserRef, userRefJson } from "../access/user-ref.ts";
import { VoteResponse, voteJson } from "../access/vote-ref.ts";
import { invalid, type Problem, problem, tooLarge } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { CLOSED_RULE } from "../errors/v1-errors.ts";
import { DeliveryResponse, deliveryJson } from "../history/delivery-wire.ts";
import { ENDPOINT_IDS, uniqueIds, unknownFaults } from "../history/referenced-ids.ts";
import { idempotencyKeyFaults } from "../http/idempotency-key.ts";
import { type Checked, checker } from "../schema/check.ts";
import { CommonError, IdText, Nullable, Time } from "../schema/schemas.ts";

export const EventBody = Type.Object(
  {
    type: Type.String({
      minLength: 1,
      maxLength: EVENT_TYPE_CHARS_MAX,
      format: "event-type",
      examples: ["order.created"],
    }),
    payload: Type.Object(
      {},
      {
        additionalProperties: true,
        examples: [{ id: 1, total: "19.90" }],
        description: `Any JSON object of at most ${PAYLOAD_BYTES_MAX} bytes. Endpoints receive it byte for byte.`,
      },
    ),
    endpoint_ids: Type.Optional(
      Nullable(
        Type.Array(Type.String({ format: "endpoint-id" }), {
          minItems: 1,
          maxItems: EVENT_TARGETS_MAX,
          description: "Sends the event to these endpoints, instead of to every endpoint whose filter matches.",
        }),
      ),
    ),
    idempotency_key: Type.Optional(
      Nullable(Type.String({ minLength: 1, maxLength: IDEMPOTENCY_KEY_CHARS_MAX, format: "idempotency-key" })),
    ),
  },
  {
    title: "EventInput",
    additionalProperties: false,
  },
);
export const BatchBody = Type.Object(
  { events: Type.Array(EventBody, { minItems: 0, maxItems: BATCH_EVENTS_MAX }) },
  {
    title: "EventBatchInput",
    additionalProperties: false,
    examples: [
      {
        events: [
          { type: "order.created", payload: { id: 1 } },
          { type: "order.paid", payload: { id: 1 } },
        ],
      },
    ],
  },
);
/** The events are checked one by one, so that an invalid event does not affect the others. */
const BatchFrame = Type.Object(
  { events: Type.Array(Type.Unknown(), { minItems: 0, maxItems: BATCH_EVENTS_MAX }) },
  { additionalProperties: false },
);

type EventFields = Static<typeof EventBody>;

export const checkBatch = checker(BatchFrame);
const checkEvent: (value: unknown) => Checked<EventFields> = checker(EventBody);

export const PublishedResponse = Type.Object(
  {
    event_id: IdText(ID_PREFIX.event),
    deliveries: Type.Array(
      Type.Object({
        delivery_id: IdText(ID_PREFIX.delivery),
        endpoint_id: IdText(ID_PREFIX.endpoint),
        created: Type.Boolean(),
      }),
    ),
  },
  { title: "PublishedEvent" },
);
export const BatchResponse = Type.Object(
  { results: Type.Array(Type.Union([PublishedResponse, CommonError])) },
  { title: "EventBatchResult" },
);
export const PayloadResponse = Type.Object({}, { additionalProperties: true, title: "Payload" });
export const EventResponse = Type.Object(
  {
    id: IdText(ID_PREFIX.event),
    type: Type.String(),
    payload: Type.Object({}, { additionalProperties: true, description: "Byte for byte as published." }),
    created_at: Time,
    pause_id: Nullable(Type.String({ description: "The pause that the event is about." })),
    decided_by_user: Nullable(UserRef),
    votes: Type.Optional(
      Type.Array(VoteResponse, { description: "Only of a pause that takes several votes, in their order." }),
    ),
    inbound_event_id: Nullable(Type.String({ description: "The inbound event that this event was published from." })),
    source_id: Nullable(Type.String({ description: "The source of that inbound event." })),
    traceparent: Nullable(
      Type.String({ description: "The trace that the event is part of, as in W3C Trace Context." }),
    ),
    deliveries: Type.Array(DeliveryResponse),
    not_delivered: Type.Array(
      Type.Object({
        endpoint_id: Type.String(),
        endpoint_name: Type.String(),
        endpoint_deleted: Type.Boolean({ description: "The endpoint has been deleted since." }),
        reason: Type.Enum(["filter", "disabled", "not_named"]),
      }),
    ),
  },
  { title: "Event" },
);

/** One event in a body: its value, and where its fields are in the text. */
export interface EventSource {
  readonly text: string;
  readonly value: unknown;
  readonly members: ReadonlyMap<string, Span>;
}

export type ParsedEvent =
  | { readonly kind: "ok"; readonly input: PublishInput; readonly endpointIds: readonly string[] }
  | { readonly kind: "refused"; readonly problem: Problem };

/** @param headerKey the `Idempotency-Key` header, if there is one */
export function parseEvent(
  source: EventSource,
  headerKey: string | undefined,
  trace: TraceContext | null,
): ParsedEvent {
  const checked = checkEvent(source.value);
  if (checked.kind === "faults" || isReservedEventType(checked.value.type) || headerKey !== undefined) {
    const why = refusal(source.value, checked, headerKey);
    if (why !== null) return { kind: "refused", problem: why };
  }
  const fields = source.value as EventFields;
  const span = source.members.get("payload") as Span;
  const payload = source.text.slice(span.start, span.end);
  if (isTooLarge(payload)) return { kind: "refused", problem: PAYLOAD_TOO_LARGE };
  const named = fields.endpoint_ids ?? null;
  return {
    kind: "ok",
    endpointIds: named ?? [],
    input: {
      type: fields.type,
      payload,
      endpointIds: named === null ? null : uniqueIds(ENDPOINT_IDS, named),
      idempotencyKey: fields.idempotency_key ?? headerKey ?? null,
      trace,
    },
  };
}

export const PAYLOAD_TOO_LARGE = tooLarge({ field: "payload", rule: `must be at most ${PAYLOAD_BYTES_MAX} bytes` });

/** A UTF-16 code unit is at most three bytes of UTF-8, so small payloads need no counting. */
export function isTooLarge(payload: string): boolean {
  return payload.length * 3 > PAYLOAD_BYTES_MAX && Buffer.byteLength(payload) > PAYLOAD_BYTES_MAX;
}

const RESERVED: Fault = {
  field: "type",
  rule: "must not be one that Signalbox publishes itself: test, delivery.failed, or a type that begins with pause., pause_status. or endpoint.",
};

/** Everything that is wrong with an event. A reserved type has its own code if it is the only fault. */
function refusal(value: unknown, checked: Checked<EventFields>, headerKey: string | undefined): Problem | null {
  const body = (typeof value === "object" && value !== null ? value : {}) as Partial<
    Record<keyof EventFields, unknown>
  >;
  const faults = checked.kind === "faults" ? [...checked.faults] : [];
  const reserved = typeof body.type === "string" && isReservedEventType(body.type);
  if (reserved) faults.push(RESERVED);
  if (headerKey !== undefined) faults.push(...headerFaults(headerKey, body.idempotency_key));
  if (faults.length === 0) return null;
  if (reserved && faults.length === 1) return problem(400, "RESERVED_EVENT_TYPE", `type ${RESERVED.rule}`, faults);
  return invalid(faults);
}

function headerFaults(headerKey: string, bodyKey: unknown): Fault[] {
  const faults: Fault[] = [...idempotencyKeyFaults(headerKey)];
  if (typeof bodyKey === "string" && bodyKey !== headerKey) {
    faults.push({ field: "idempotency_key", rule: "must equal the header Idempotency-Key, or be left out" });
  }
  return faults;
}

/** An agent named endpoints whose filters do not match its event. */
export function closedProblem(listed: readonly string[], closed: readonly Uuid[]): Problem {
  const ids = listed.map(ENDPOINT_IDS.parse);
  return invalid(
    ids.flatMap((id, index) =>
      id !== null && closed.includes(id) ? [{ field: `endpoint_ids[${index}]`, rule: CLOSED_RULE }] : [],
    ),
  );
}

/** Why an event was not accepted. */
export function publishProblem(
  output: Exclude<PublishOutput, { kind: "accepted" }>,
  endpointIds: readonly string[],
): Problem {
  switch (output.kind) {
    case "conflict":
      return problem(
        409,
        "IDEMPOTENCY_KEY_CONFLICT",
        "This idempotency key was used with another type, payload or choice of endpoints. Use a new key.",
      );
    case "unknownEndpoints":
      return invalid(unknownFaults(ENDPOINT_IDS, endpointIds, output.endpointIds));
    case "tooManyTargets":
      return problem(
        409,
        "TOO_MANY_TARGETS",
        `The event matches ${output.count} endpoints, more than the limit of ${EVENT_TARGETS_MAX}. Choose its endpoints.`,
        [{ field: "endpoint_ids", rule: `must name at most ${EVENT_TARGETS_MAX} endpoints` }],
      );
    case "quotaExceeded":
      return quotaProblem(output);
    case "backlogFull":
      return problem(
        507,
        "PAUSED_BACKLOG_FULL",
        `The paused endpoint ${ID_PREFIX.endpoint}${output.endpointId} holds as many deliveries as it may. Resume or delete it.`,
      );
  }
}

/** The JSON text of a 202. It is concatenated, since no character in it needs an escape. */
export function publishedText(output: Extract<PublishOutput, { kind: "accepted" }>): string {
  let text = `{"event_id":"${ID_PREFIX.event}${output.eventId}","deliveries":[`;
  let comma = "";
  for (const { deliveryId, endpointId, created } of output.deliveries) {
    text += `${comma}{"delivery_id":"${ID_PREFIX.delivery}${deliveryId}","endpoint_id":"${ID_PREFIX.endpoint}${endpointId}","created":${created}}`;
    comma = ",";
  }
  return `${text}]}`;
}

/** The origin of an event that was published from an inbound event. */
export interface Origin {
  readonly inboundId: Uuid;
  /** Null if the record of the inbound event is gone. */
  readonly sourceId: Uuid | null;
}

/** An event's JSON text, with the payload as it was published. */
export function eventText(view: EventView, origin: Origin | null): string {
  const head = JSON.stringify({ id: ID_PREFIX.event + view.id, type: view.type });
  const tail = JSON.stringify({
    created_at: wholeSeconds(view.acceptedAt),
    pause_id: view.pauseId === null ? null : ID_PREFIX.pause + view.pauseId,
    decided_by_user: view.decidedBy === null ? null : userRefJson(view.decidedBy),
    ...(view.votes !== null && { votes: view.votes.map(voteJson) }),
    inbound_event_id: origin === null ? null : ID_PREFIX.inbound + origin.inboundId,
    source_id: origin === null || origin.sourceId === null ? null : ID_PREFIX.source + origin.sourceId,
    traceparent: view.trace === null ? null : traceparentIn(view.trace),
    deliveries: view.deliveries.map(deliveryJson),
    not_delivered: view.notDelivered.map(({ endpointId, endpointName, endpointDeleted, reason }) => ({
      endpoint_id: ID_PREFIX.endpoint + endpointId,
      endpoint_name: endpointName,
      endpoint_deleted: endpointDeleted,
      reason,
    })),
  });
  return `${head.slice(0, -1)},"payload":${view.payload},${tail.slice(1)}`;
}
