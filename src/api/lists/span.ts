/** Spans of time in queries, which statistics divide into buckets. */
import Type from "typebox";
import type { Fault } from "../../domain/errors.ts";
import type { EpochMs } from "../../domain/ids.ts";
import { ANALYTICS_BUCKETS_COUNT_MAX, ANALYTICS_HOURS_MAX } from "../../domain/limits.ts";
import { parseTime } from "../../domain/text/time.ts";
import type { Checked } from "../schema/check.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable } from "../schema/schemas.ts";

const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const STEPS_MS = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
  "1h": HOUR_MS,
  "6h": 6 * HOUR_MS,
  "1d": DAY_MS,
};
export type Step = keyof typeof STEPS_MS;
export const STEP_NAMES = Object.keys(STEPS_MS) as Step[];

const From = Type.String({ format: "date-time", description: "Default: 24 hours before `to`." });
const To = Type.String({ format: "date-time", description: "Default: now." });

/** The query parameters that choose a span. `step` says when it can be which. */
export function spanFields(step: string) {
  return {
    from: Type.Optional(From),
    to: Type.Optional(To),
    step: Type.Optional(Type.Enum(STEP_NAMES, { description: step })),
  };
}

export interface Span {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly step: Step;
  readonly stepMs: number;
}

/**
 * @param value what the schema accepted
 * @param minutesFrom since when there are buckets of minutes, which are the default from then on
 */
export function spanOf(
  value: { readonly from?: string; readonly to?: string; readonly step?: Step },
  now: EpochMs,
  minutesFrom: EpochMs,
): { readonly span: Span; readonly faults: Fault[] } {
  const to = value.to === undefined ? now : (parseTime(value.to) ?? now);
  const from = value.from === undefined ? to - DAY_MS : (parseTime(value.from) ?? to);
  const step = value.step ?? defaultStep(from, to, minutesFrom);
  const span = { from, to, step, stepMs: STEPS_MS[step] };
  const faults: Fault[] = [];
  if (from >= to) faults.push({ field: "from", rule: "must be before `to`" });
  if (from < now - (ANALYTICS_HOURS_MAX + 1) * HOUR_MS) {
    faults.push({ field: "from", rule: `must be within the last ${ANALYTICS_HOURS_MAX} hours` });
  }
  if ((to - from) / span.stepMs > ANALYTICS_BUCKETS_COUNT_MAX) {
    faults.push({ field: "step", rule: `must be long enough for at most ${ANALYTICS_BUCKETS_COUNT_MAX} buckets` });
  }
  return { span, faults };
}

function defaultStep(from: EpochMs, to: EpochMs, minutesFrom: EpochMs): Step {
  if (from >= minutesFrom) return "1m";
  return to - from <= 7 * DAY_MS ? "1h" : "6h";
}

/** Spans of what the store can count by any step. */
export const SpanQuery = Type.Object(
  spanFields("The length of a bucket. Default: `1m` for up to 3 hours, `1h` for up to 7 days, and else `6h`."),
  { additionalProperties: false },
);
const checkSpan = queryChecker(SpanQuery);
const MINUTES_HOURS = 3;

export function parseSpan(query: unknown, now: EpochMs): Checked<Span> {
  const checked = checkSpan(query);
  if (checked.kind === "faults") return checked;
  const to = checked.value.to === undefined ? now : (parseTime(checked.value.to) ?? now);
  const { span, faults } = spanOf(checked.value, now, to - MINUTES_HOURS * HOUR_MS);
  return faults.length > 0 ? { kind: "faults", faults } : { kind: "ok", value: span };
}

/** Since when rows are counted, in a response. */
export const Since = Nullable(
  Type.String({ format: "date-time", description: "Earlier ones are not counted, because there are too many." }),
);

/** When each bucket of an aligned span begins. */
export function bucketsOf({ from, to, stepMs }: Span): EpochMs[] {
  return Array.from({ length: Math.ceil((to - from) / stepMs) }, (_, index) => from + index * stepMs);
}

/** When the bucket that contains `from` begins. */
export function alignedFrom({ from, stepMs }: Pick<Span, "from" | "stepMs">): EpochMs {
  return Math.floor(from / stepMs) * stepMs;
}
