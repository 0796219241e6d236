/** `/v1/analytics` on the wire. */
import Type, { type Static } from "typebox";
import { ID_PREFIX } from "../../domain/ids.ts";
import { ANALYTICS_HOURS_MAX, ENDPOINT_ATTEMPTS_HOURS_MAX, FILTER_ENDPOINTS_COUNT_MAX } from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { EndpointAttempts } from "../../engine/history/history-types.ts";
import type { EndpointHealthRow, HourCounts } from "../../ports/store.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";

export const ANALYTICS_HOURS_DEFAULT = 24;

export const HoursQuery = Type.Object(
  {
    hours: Type.Optional(Type.Integer({ minimum: 1, maximum: ANALYTICS_HOURS_MAX, default: ANALYTICS_HOURS_DEFAULT })),
  },
  { additionalProperties: false },
);
export const checkHours = queryChecker(HoursQuery);

const VolumeHour = Type.Object(
  {
    hour: Time,
    total: Type.Integer({ description: "Deliveries created in this hour." }),
    delivered: Type.Integer({ description: "Deliveries that succeeded in this hour." }),
    failed: Type.Integer({ description: "Deliveries that ended without success in this hour." }),
  },
  { title: "VolumeHour" },
);
const RateHour = Type.Object(
  {
    hour: Time,
    rate: Nullable(
      Type.Number({
        description: "Successful deliveries as a percentage of those that ended in this hour. Null if none ended.",
      }),
    ),
    total: Type.Integer({ description: "Deliveries that ended in this hour." }),
  },
  { title: "SuccessHour" },
);
const LATENCY_BUCKETS = ["<100ms", "100-300ms", "300-1000ms", "1-5s", ">5s"] as const;
const LatencyBucket = Type.Object(
  { bucket: Type.Enum([...LATENCY_BUCKETS]), count: Type.Integer() },
  { title: "LatencyBucket" },
);
const EndpointHealth = Type.Object(
  {
    endpoint_id: Type.String(),
    name: Type.String(),
    status: Type.Enum(["ACTIVE", "PAUSED", "DISABLED"]),
    total: Type.Integer(),
    delivered: Type.Integer(),
    success_rate: Nullable(Type.Number()),
    avg_latency_ms: Nullable(Type.Integer()),
    attempts_ok: Type.Integer({ description: "Attempts that succeeded." }),
    attempts_failed: Type.Integer({ description: "Attempts that failed, those that are retried included." }),
    failing_since: Nullable(
      Type.String({
        format: "date-time",
        description: "The first failed attempt after the last success. Null if the latest attempt succeeded.",
      }),
    ),
  },
  { title: "EndpointHealth" },
);
export const EndpointAttemptsQuery = Type.Object(
  {
    endpoint_id: Type.Array(Type.String({ format: "endpoint-id" }), {
      minItems: 1,
      maxItems: FILTER_ENDPOINTS_COUNT_MAX,
      description: "Repeat the parameter for several. The response leaves out endpoints that do not exist.",
    }),
    hours: Type.Optional(
      Type.Integer({ minimum: 1, maximum: ENDPOINT_ATTEMPTS_HOURS_MAX, default: ANALYTICS_HOURS_DEFAULT }),
    ),
  },
  { additionalProperties: false },
);
export const checkEndpointAttempts = queryChecker(EndpointAttemptsQuery);
const EndpointAttemptsHour = Type.Object(
  {
    hour: Time,
    ok: Type.Integer({ description: "Attempts that succeeded." }),
    failed: Type.Integer({ description: "Attempts that failed, those that are retried included." }),
  },
  { title: "EndpointAttemptsHour" },
);
const EndpointAttemptsOf = Type.Object(
  { endpoint_id: Type.String(), hours: Type.Array(EndpointAttemptsHour) },
  { title: "EndpointAttempts" },
);
export const EndpointAttemptsResponse = Type.Array(EndpointAttemptsOf);

export const VolumeResponse = Type.Array(VolumeHour);
export const RateResponse = Type.Array(RateHour);
export const LatencyResponse = Type.Array(LatencyBucket);
export const HealthResponse = Type.Array(EndpointHealth);

export function volumeJson({ hour, total, delivered, failed }: HourCounts): Static<typeof VolumeHour> {
  return { hour: wholeSeconds(hour), total, delivered, failed };
}

export function rateJson({ hour, delivered, failed }: HourCounts): Static<typeof RateHour> {
  return { hour: wholeSeconds(hour), rate: percent(delivered, delivered + failed), total: delivered + failed };
}

export function latencyJson(counts: readonly [number, number, number, number, number]): Static<typeof LatencyResponse> {
  return LATENCY_BUCKETS.map((bucket, index) => ({ bucket, count: counts[index] ?? 0 }));
}

export function healthJson(row: EndpointHealthRow): Static<typeof EndpointHealth> {
  return {
    endpoint_id: ID_PREFIX.endpoint + row.endpointId,
    name: row.name,
    status: row.status,
    total: row.total,
    delivered: row.delivered,
    success_rate: percent(row.delivered, row.delivered + row.failed),
    avg_latency_ms: row.latencyCount === 0 ? null : Math.round(row.latencySumMs / row.latencyCount),
    attempts_ok: row.attemptsOk,
    attempts_failed: row.attemptsFailed,
    failing_since: wholeSecondsOrNull(row.failingSince),
  };
}

export function endpointAttemptsJson({ endpointId, hours }: EndpointAttempts): Static<typeof EndpointAttemptsOf> {
  return {
    endpoint_id: ID_PREFIX.endpoint + endpointId,
    hours: hours.map(({ hour, ok, failed }) => ({ hour: wholeSeconds(hour), ok, failed })),
  };
}

/** With two decimals. Null if `whole` is zero. */
function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 100;
}
