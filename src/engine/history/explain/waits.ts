/** Explains the waits between attempts by the rule that decides them. */
import { parseRetryAfterMs, retryWaitMs } from "../../../domain/delivery/retry.ts";
import { parseStoredHeaders } from "../../../domain/delivery/stored-headers.ts";
import { INTERNAL_ERROR_RETRY_MS } from "../../../domain/limits.ts";
import type { AttemptRow, DeliveryFacts } from "../../../ports/store.ts";
import { duration, type Fact, ordinal } from "./fact.ts";

/** How much later than planned an attempt starts while nothing keeps it: claims, batches and the event loop. */
const LATE_MS = 2000;
/** The largest random number below 1 gives the longest wait. */
const LONGEST = 1 - Number.EPSILON;

/** What the rules plan after a failed attempt. Null when no retry is left. */
interface Plan {
  readonly shortestMs: number;
  readonly longestMs: number;
  /** `the first wait of the schedule, 5 s ± 20 %` */
  readonly words: string;
  /** Without jitter and Retry-After; null when the rule has no such wait. */
  readonly nominalMs: number | null;
}

function planAfter(facts: DeliveryFacts, failed: AttemptRow): Plan | null {
  const { endpoint, attemptsBeforeRun } = facts;
  const index = failed.number - 1 - attemptsBeforeRun;
  const wait = (jitter: number) => retryWaitMs(endpoint.retryScheduleSeconds, index, jitter);
  const [shortest, nominal, longest] = [wait(0), wait(0.5), wait(LONGEST)];
  const least = leastWait(failed);
  if (shortest === null || nominal === null || longest === null) {
    // A shortage of this machine uses up no retry.
    return least === null ? null : { shortestMs: least.ms, longestMs: least.ms, words: least.words, nominalMs: null };
  }
  if (least !== null && least.ms > longest) {
    return { shortestMs: least.ms, longestMs: least.ms, words: least.words, nominalMs: null };
  }
  const spread = shortest === longest ? "" : ` ± ${Math.round((100 * (longest - nominal)) / nominal)} %`;
  const words = `the ${ordinal(index)} wait of the retry schedule, ${duration(nominal)}${spread}`;
  return { shortestMs: Math.max(shortest, least?.ms ?? 0), longestMs: longest, words, nominalMs: nominal };
}

/** A wait that lengthens the schedule's. */
function leastWait(failed: AttemptRow): { readonly ms: number; readonly words: string } | null {
  if (failed.classification === "internal_error") {
    return {
      ms: INTERNAL_ERROR_RETRY_MS,
      words: `at least ${duration(INTERNAL_ERROR_RETRY_MS)} after the server's own error`,
    };
  }
  const { headers } = parseStoredHeaders(failed.responseHeaders);
  const header = headers.find(([name]) => name === "retry-after")?.[1];
  const ms = header === undefined ? null : parseRetryAfterMs(header, failed.endedAt);
  return ms === null ? null : { ms, words: `${duration(ms)}, as the receiver asked with Retry-After` };
}

/** The wait between two attempts of one run. */
export function pastWait(facts: DeliveryFacts, failed: AttemptRow, next: AttemptRow): Fact {
  const waitedMs = Math.max(0, next.startedAt - failed.endedAt);
  const plan = planAfter(facts, failed);
  const refs = { attemptNumber: next.number };
  const base = { at: failed.endedAt, rule: "wait", refs };
  if (plan === null) return { ...base, sentence: `The delivery waited ${duration(waitedMs)}.` };
  const isLate = waitedMs > plan.longestMs + LATE_MS;
  const why = isLate
    ? ". It waited longer because the endpoint was not ACTIVE, rested or was busy, or because the server was down"
    : "";
  return { ...base, sentence: `The delivery waited ${duration(waitedMs)}: ${plan.words}${why}.` };
}

/** `third wait, 1800 s + 7 % jitter` for a wait that has been decided. */
export function plannedWait(facts: DeliveryFacts, failed: AttemptRow, waitMs: number): string {
  const plan = planAfter(facts, failed);
  const index = failed.number - 1 - facts.attemptsBeforeRun;
  if (plan === null) return duration(waitMs);
  const { nominalMs } = plan;
  if (nominalMs === null || waitMs > plan.longestMs) return plan.words;
  const percent = Math.round((100 * (waitMs - nominalMs)) / nominalMs);
  const jitter = percent === 0 ? "" : ` ${percent < 0 ? "−" : "+"} ${Math.abs(percent)} % jitter`;
  return `${ordinal(index)} wait of the retry schedule, ${duration(nominalMs)}${jitter}`;
}
