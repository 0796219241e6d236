/** `/v1/analytics/attempts` and `/v1/analytics/backlog` on the wire. */
import Type, { type Static } from "typebox";
import type { Fault } from "../../domain/errors.ts";
import { percentile } from "../../domain/history/tally.ts";
import { parseEndpointId } from "../../domain/ids.ts";
import { ANALYTICS_BUCKETS_COUNT_MAX, ANALYTICS_HOURS_MAX, TALLY_MINUTES_MAX } from "../../domain/limits.ts";
import { parseTime, wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type {
  AttemptBuckets,
  AttemptStatisticsInput,
  BacklogAnswer,
  BacklogSample,
} from "../../engine/history/history-types.ts";
import type { Checked } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const STEPS_MS = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
  "1h": HOUR_MS,
  "6h": 6 * HOUR_MS,
  "1d": DAY_MS,
};
type Step = keyof typeof STEPS_MS;
const STEP_NAMES = Object.keys(STEPS_MS) as Step[];

export const AttemptsQuery = Type.Object(
  {
    from: Type.Optional(Type.String({ format: "date-time", description: "Default: 24 hours before `to`." })),
    to: Type.Optional(Type.String({ format: "date-time", description: "Default: now." })),
    step: Type.Optional(
      Type.Enum(STEP_NAMES, {
        description:
          "The length of a bucket. Steps below an hour are available for the last 3 hours. Default: `1m` for those, " +
          "`1h` for up to 7 days, and else `6h`.",
      }),
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
  const to = value.to === undefined ? now : (parseTime(value.to) ?? now);
  const from = value.from === undefined ? to - DAY_MS : (parseTime(value.from) ?? to);
  const inMemory = Math.floor(now / MINUTE_MS) * MINUTE_MS - TALLY_MINUTES_MAX * MINUTE_MS;
  const step = value.step ?? stepFor(from, to, inMemory);
  const faults = faultsOf(value, { from, to, step, now, inMemory });
  if (faults.length > 0) return { kind: "faults", faults };
  const endpointId = value.endpoint_id === undefined ? null : parseEndpointId(value.endpoint_id);
  const eventType = value.event_type ?? null;
  return { kind: "ok", value: { from, to, step, stepMs: STEPS_MS[step], endpointId, eventType } };
}

function stepFor(from: number, to: number, inMemory: number): Step {
  if (from >= inMemory) return "1m";
  return to - from <= 7 * DAY_MS ? "1h" : "6h";
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly step: Step;
  readonly now: number;
  readonly inMemory: number;
}

function faultsOf(value: Static<typeof AttemptsQuery>, { from, to, step, now, inMemory }: Span): Fault[] {
  const faults: Fault[] = [];
  const stepMs = STEPS_MS[step];
  if (from >= to) faults.push({ field: "from", rule: "must be before `to`" });
  if (from < now - (ANALYTICS_HOURS_MAX + 1) * HOUR_MS) {
    faults.push({ field: "from", rule: `must be within the last ${ANALYTICS_HOURS_MAX} hours` });
  }
  if (stepMs < HOUR_MS && from < inMemory) {
    faults.push({ field: "step", rule: "must be 1h, 6h or 1d when `from` is more than 3 hours ago" });
  } else if ((to - from) / stepMs > ANALYTICS_BUCKETS_COUNT_MAX) {
    faults.push({ field: "step", rule: `must be long enough for at most ${ANALYTICS_BUCKETS_COUNT_MAX} buckets` });
  }
  if (value.endpoint_id !== undefined && value.event_type !== undefined) {
    faults.push({ field: "event_type", rule: "cannot be combined with endpoint_id" });
  }
  return faults;
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
        description: "When counting began, for steps below an hour: the server's start. Nothing before is counted.",
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
      description: "Deliveries that the server has in memory: about to be sent, or on the wire.",
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

export function backlogJson(answer: BacklogAnswer): Static<typeof BacklogResponse> {
  const { at, present, inProgress, samples } = answer;
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
