/** `/v1/analytics/attempts` and `/v1/analytics/backlog` on the wire. */
import Type, { type Static } from "typebox";
import { percentile } from "../../domain/history/tally.ts";
import { parseEndpointId } from "../../domain/ids.ts";
import { TALLY_MINUTES_MAX } from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type {
  AttemptBuckets,
  AttemptStatisticsInput,
  BacklogOutput,
  BacklogSample,
} from "../../engine/history/history-types.ts";
import { HOUR_MS, STEP_NAMES, type Step, spanFields, spanOf } from "../lists/span.ts";
import type { Checked } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";

const MINUTE_MS = 60_000;

export const AttemptsQuery = Type.Object(
  {
    ...spanFields(
      "The length of a bucket. Steps below an hour are available for the last 3 hours. Default: `1m` for those, " +
        "`1h` for up to 7 days, and else `6h`.",
    ),
    endpoint_id: Type.Optional(Type.String({ format: "endpoint-id", description: "Only this endpoint." })),
    event_type: Type.Optional(Type.String({ format: "event-type", description: "Only events of this type." })),
  },
  { additionalProperties: false },
);
const checkAttempts = queryChecker(AttemptsQuery);

export interface AttemptsRequest extends AttemptStatisticsInput {
  readonly step: Step;
}

export function parseAttempts(query: unknown, now: number): Checked<AttemptsRequest> {
  const checked = checkAttempts(query);
  if (checked.kind === "faults") return checked;
  const { value } = checked;
  const inMemory = Math.floor(now / MINUTE_MS) * MINUTE_MS - TALLY_MINUTES_MAX * MINUTE_MS;
  const { span, faults } = spanOf(value, now, inMemory);
  if (span.stepMs < HOUR_MS && span.from < inMemory && !faults.some(({ field }) => field === "step")) {
    faults.push({ field: "step", rule: "must be 1h, 6h or 1d when `from` is more than 3 hours ago" });
  }
  if (value.endpoint_id !== undefined && value.event_type !== undefined) {
    faults.push({ field: "event_type", rule: "cannot be combined with endpoint_id" });
  }
  if (faults.length > 0) return { kind: "faults", faults };
  const endpointId = value.endpoint_id === undefined ? null : parseEndpointId(value.endpoint_id);
  return { kind: "ok", value: { ...span, endpointId, eventType: value.event_type ?? null } };
}

const Percentile = Nullable(
  Type.Integer({ description: "Milliseconds, within ±12 %. Null when nothing was measured." }),
);
const AttemptBucket = Type.Object(
  {
    at: Time,
    ok: Type.Integer({ description: "Attempts that succeeded." }),
    failed: Type.Integer({ description: "Attempts that failed, those that are retried included." }),
    first_ok: Type.Integer({ description: "Deliveries that succeeded at their first attempt." }),
    first_failed: Type.Integer({ description: "Deliveries whose first attempt failed." }),
    gave_up: Type.Integer({ description: "Deliveries that an attempt ended as FAILED or EXPIRED." }),
    by_class: Type.Record(Type.String(), Type.Integer(), { description: "Failed attempts by `classification`." }),
    p50: Percentile,
    p95: Percentile,
    p99: Percentile,
    age_p95: Nullable(
      Type.Integer({ description: "95 % of the deliveries that succeeded did so within this time, in milliseconds." }),
    ),
  },
  { title: "AttemptBucket" },
);
export const AttemptsResponse = Type.Object(
  {
    step: Type.Enum(STEP_NAMES),
    since: Nullable(
      Type.String({
        format: "date-time",
        description:
          "For steps below an hour: nothing before is counted. The server's start, or with PostgreSQL three hours ago.",
      }),
    ),
    buckets: Type.Array(AttemptBucket),
  },
  { title: "AttemptStatistics" },
);

export function attemptsJson(step: Step, { since, buckets }: AttemptBuckets): Static<typeof AttemptsResponse> {
  return {
    step,
    since: wholeSecondsOrNull(since),
    buckets: buckets.map(({ at, tally }) => ({
      at: wholeSeconds(at),
      ok: tally.ok,
      failed: tally.failed,
      first_ok: tally.firstOk,
      first_failed: tally.firstFailed,
      gave_up: tally.gaveUp,
      by_class: Object.fromEntries(tally.classes),
      p50: percentile(tally.latency, 0.5),
      p95: percentile(tally.latency, 0.95),
      p99: percentile(tally.latency, 0.99),
      age_p95: percentile(tally.age, 0.95),
    })),
  };
}

const SampleFields = {
  held: Type.Integer({ description: "Deliveries that wait because their endpoint is not ACTIVE." }),
  waiting: Type.Integer({ description: "Deliveries that are due." }),
  scheduled: Type.Integer({ description: "Deliveries that wait for their next attempt." }),
  more: Type.Boolean({ description: "There are more: a count stops at 10,000 for each endpoint." }),
};
const Sample = Type.Object({ at: Time, ...SampleFields }, { title: "BacklogSample" });
export const BacklogResponse = Type.Object(
  {
    at: Time,
    ...SampleFields,
    in_progress: Type.Integer({
      description: "Deliveries that the nodes have leased: about to be sent, or in flight.",
    }),
    held_bytes: Type.Integer({ description: "Payload bytes that arrived while their endpoints were held." }),
    oldest_at: Nullable(
      Type.String({ format: "date-time", description: "When the oldest delivery that waits was created." }),
    ),
    samples: Type.Array(Sample, {
      description: "One for each of the last minutes, at most 180, since the server's start.",
    }),
  },
  { title: "Backlog" },
);

export function backlogJson(output: BacklogOutput): Static<typeof BacklogResponse> {
  const { at, present, inProgress, samples } = output;
  return {
    ...sampleJson({ at, ...present }),
    in_progress: inProgress,
    held_bytes: present.heldBytes,
    oldest_at: wholeSecondsOrNull(present.oldestAt),
    samples: samples.map(sampleJson),
  };
}

function sampleJson({ at, held, ready, scheduled, more }: BacklogSample): Static<typeof Sample> {
  return { at: wholeSeconds(at), held, waiting: ready, scheduled, more };
}
