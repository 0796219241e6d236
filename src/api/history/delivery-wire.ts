/** `/v1/deliveries` and `/v1/replays` on the wire. */
import Type, { type Static } from "typebox";
import { attemptError, statusHint } from "../../domain/delivery/attempt-error.ts";
import { DELIVERY_STATES } from "../../domain/delivery/delivery.ts";
import { attemptTarget } from "../../domain/endpoints/listener-url.ts";
import { ID_PREFIX } from "../../domain/ids.ts";
import { REPLAY_DELIVERIES_MAX } from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { AttemptRow, DeliveryRow } from "../../ports/store.ts";
import { checker } from "../schema/check.ts";
import { Nullable, Time } from "../schema/schemas.ts";

export const ReplayBody = Type.Object(
  {
    delivery_ids: Type.Array(Type.String({ format: "delivery-id" }), { minItems: 1, maxItems: REPLAY_DELIVERIES_MAX }),
    dry_run: Type.Optional(Type.Boolean({ default: false })),
  },
  {
    title: "ReplayInput",
    additionalProperties: false,
    examples: [{ delivery_ids: ["del_0190e0c4-2222-7000-8000-000000000003"], dry_run: true }],
  },
);
export const checkReplay = checker(ReplayBody);

const DeliveryFields = {
  id: Type.String(),
  event_id: Type.String(),
  endpoint_id: Type.String(),
  endpoint_name: Type.String(),
  endpoint_deleted: Type.Boolean({ description: "The endpoint is deleted, so the delivery is not sent again." }),
  event_type: Type.String(),
  status: Type.Enum([...DELIVERY_STATES]),
  attempts_count: Type.Integer(),
  next_attempt_at: Nullable(Time),
  first_scheduled_at: Time,
  last_attempt_at: Nullable(Time),
  terminal_at: Nullable(Time),
  terminal_reason: Nullable(Type.String()),
  created_at: Time,
  updated_at: Time,
  last_http_status: Nullable(
    Type.Integer({ description: "The HTTP status of the latest attempt. Null if there was no response." }),
  ),
  last_error: Nullable(
    Type.String({ description: "What went wrong with the latest attempt, with a hint. Null if it succeeded." }),
  ),
};
const AttemptResponse = Type.Object(
  {
    id: Type.String(),
    attempt_number: Type.Integer(),
    started_at: Time,
    ended_at: Time,
    latency_ms: Type.Integer(),
    outcome: Type.Enum(["SUCCESS", "RETRYABLE_FAILURE", "NON_RETRYABLE_FAILURE"]),
    classification: Type.String(),
    http_status: Nullable(Type.Integer()),
    response_body_snippet: Nullable(Type.String()),
    error_detail: Nullable(Type.String()),
    via: Nullable(
      Type.String({ description: "The reader of the listener that made the attempt, such as `ada@laptop`." }),
    ),
    hint: Nullable(Type.String({ description: "What to do about this HTTP status." })),
  },
  { title: "Attempt" },
);
export const DeliveryResponse = Type.Object(DeliveryFields, { title: "Delivery" });
export const DeliveryDetailResponse = Type.Object(
  { ...DeliveryFields, attempts: Type.Array(AttemptResponse) },
  { title: "DeliveryDetail" },
);
export const CancelledResponse = Type.Object(
  { status: Type.Literal("cancelled"), delivery_id: Type.String() },
  { title: "CancelledDelivery" },
);
export const ReplayedResponse = Type.Object(
  {
    batch_id: Type.String(),
    created_deliveries: Type.Integer(),
    dry_run: Type.Boolean(),
    skipped: Type.Integer({ description: "Deliveries whose endpoints are deleted or DISABLED." }),
  },
  { title: "Replay" },
);

export function deliveryJson(row: DeliveryRow): Static<typeof DeliveryResponse> {
  return {
    id: ID_PREFIX.delivery + row.id,
    event_id: ID_PREFIX.event + row.eventId,
    endpoint_id: ID_PREFIX.endpoint + row.endpointId,
    endpoint_name: row.endpointName,
    endpoint_deleted: row.endpointDeleted,
    event_type: row.eventType,
    status: row.state,
    attempts_count: row.attempts,
    next_attempt_at: wholeSecondsOrNull(row.nextAttemptAt),
    first_scheduled_at: wholeSeconds(row.firstScheduledAt),
    last_attempt_at: wholeSecondsOrNull(row.lastAttemptAt),
    terminal_at: wholeSecondsOrNull(row.endedAt),
    terminal_reason: row.reason,
    created_at: wholeSeconds(row.createdAt),
    updated_at: wholeSeconds(row.updatedAt),
    last_http_status: row.lastAttempt?.httpStatus ?? null,
    last_error: row.lastAttempt === null ? null : attemptError(row.lastAttempt),
  };
}

export function deliveryDetailJson(
  row: DeliveryRow,
  attempts: readonly AttemptRow[],
): Static<typeof DeliveryDetailResponse> {
  return { ...deliveryJson(row), attempts: attempts.map(attemptJson) };
}

function attemptJson(attempt: AttemptRow): Static<typeof AttemptResponse> {
  return {
    id: ID_PREFIX.attempt + attempt.id,
    attempt_number: attempt.number,
    started_at: wholeSeconds(attempt.startedAt),
    ended_at: wholeSeconds(attempt.endedAt),
    latency_ms: attempt.endedAt - attempt.startedAt,
    outcome: attempt.outcome,
    classification: attempt.classification,
    http_status: attempt.httpStatus,
    response_body_snippet: attempt.snippet,
    error_detail: attempt.errorDetail,
    via: attemptTarget(attempt.url).via,
    hint: attempt.outcome === "SUCCESS" || attempt.httpStatus === null ? null : statusHint(attempt.httpStatus),
  };
}
