/** Deliveries: one event on its way to one endpoint, and what an attempt's outcome makes of it. */
import type { DisabledReason, Format } from "../endpoints/endpoint.ts";
import type { EpochMs, LeaseToken, Seq, Uuid } from "../ids.ts";
import { EXPIRY_BEYOND_SCHEDULE_MS, EXPIRY_MS, INTERNAL_ERROR_RETRY_MS } from "../limits.ts";
import type { Event } from "./event.ts";
import { parseRetryAfterMs, retryWaitMs } from "./retry.ts";

/** As a caller sees it. HELD is derived: waiting, while the endpoint is not ACTIVE. */
export const DELIVERY_STATES = [
  "PENDING",
  "SCHEDULED",
  "HELD",
  "IN_PROGRESS",
  "DELIVERED",
  "FAILED",
  "CANCELLED",
  "EXPIRED",
] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Why a delivery ended as it did. */
export type TerminalReason =
  | "delivered"
  | "attempts_exhausted"
  | "gone"
  | "crashed"
  | "cancelled"
  | "endpoint_deleted"
  | "expired";

/** A delivery that this node has claimed and nobody else may send. */
export interface LeasedDelivery {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly token: LeaseToken;
  readonly endpointSeq: Seq;
  readonly event: Event;
  /** Fixed when the delivery was made, so that the body's bytes never change. */
  readonly format: Format;
  /** Made while its endpoint was ordered: it starts alone, and nothing starts beside it. */
  readonly ordered: boolean;
  readonly createdAt: EpochMs;
  /** Attempts over its whole life. */
  readonly attempts: number;
  /** Attempts since it was published, retried or recovered. */
  readonly runAttempts: number;
  /** The endpoint's active clock at the first attempt of this run; null before it. */
  readonly runFirstActiveMs: number | null;
}

/** What a network did with one attempt. Never an exception. */
export type Outcome =
  | {
      readonly kind: "answered";
      readonly httpStatus: number;
      /** The header's text, unparsed. */
      readonly retryAfter: string | null;
      readonly snippet: string;
    }
  | { readonly kind: "unreachable"; readonly reason: UnreachableReason; readonly detail: string }
  /** Our own fault, before anything was sent. */
  | { readonly kind: "internal_error"; readonly detail: string }
  /** This machine had no file descriptor, local port or memory for a connection: nothing was sent. */
  | { readonly kind: "out_of_resources"; readonly detail: string }
  /** The server is stopping: the attempt is not spent. */
  | { readonly kind: "aborted" };

/** Every way in which no complete answer arrived. */
export const UNREACHABLE_REASONS = [
  "url_refused",
  "dns_not_found",
  "dns_timeout",
  "dns_error",
  "address_refused",
  "connect_refused",
  "connect_timeout",
  "connect_error",
  "tls_error",
  "reset",
  "response_timeout",
  "answer_head_too_large",
  "protocol_error",
] as const;
export type UnreachableReason = (typeof UNREACHABLE_REASONS)[number];

/** The reference's three outcomes of an attempt. */
export type AttemptOutcome = "SUCCESS" | "RETRYABLE_FAILURE" | "NON_RETRYABLE_FAILURE";

/** What the history says of one attempt, beside its times. */
export type Classification = "success" | "http_status" | "gone" | "internal_error" | UnreachableReason;

/** Where an attempt leaves its delivery. */
export type NextState =
  | { readonly state: "DELIVERED" | "FAILED" | "EXPIRED"; readonly reason: TerminalReason }
  | { readonly state: "SCHEDULED"; readonly dueAt: EpochMs };

export interface Transition {
  readonly outcome: AttemptOutcome;
  readonly classification: Classification;
  readonly next: NextState;
  /** What the attempt says about the endpoint; none when it was not the endpoint's doing. */
  readonly health: "success" | "failure" | "none";
  /** 429, 502 and 504: halve the in-flight window. */
  readonly narrow: boolean;
  /** 429 and 503 with Retry-After: the whole endpoint waits until then. */
  readonly throttleUntil: EpochMs | null;
  readonly disable: DisabledReason | null;
}

/** What of an endpoint a transition depends on. */
export interface TransitionRules {
  readonly retryScheduleSeconds: readonly number[];
  /** How long the endpoint had been held before its present active time. */
  readonly heldMs: number;
}

const RETRYABLE = { narrow: false, throttleUntil: null, disable: null } as const;

/**
 * Decide what an attempt's outcome makes of its delivery.
 *
 * Pure: the caller supplies the clock and one random number, and carries out the effects.
 *
 * @param delivery as it was claimed, before this attempt was counted
 * @param outcome  what the sender saw; not `aborted`, which spends no attempt
 * @param now      epoch milliseconds at the end of the attempt
 * @param jitter   uniform in [0, 1)
 */
export function transition(
  delivery: Pick<LeasedDelivery, "format" | "runAttempts" | "runFirstActiveMs">,
  outcome: Exclude<Outcome, { kind: "aborted" }>,
  rules: TransitionRules,
  now: EpochMs,
  jitter: number,
): Transition {
  const retry = (leastWaitMs: number) => retryOrEnd({ delivery, rules, now, jitter, leastWaitMs });
  switch (outcome.kind) {
    case "answered":
      return answered(delivery.format, outcome, now, retry);
    case "unreachable":
      return {
        ...RETRYABLE,
        outcome: "RETRYABLE_FAILURE",
        classification: outcome.reason,
        next: retry(0),
        health: "failure",
      };
    case "internal_error":
      return {
        ...RETRYABLE,
        outcome: "RETRYABLE_FAILURE",
        classification: "internal_error",
        next: retry(INTERNAL_ERROR_RETRY_MS),
        health: "none",
      };
    case "out_of_resources":
      return {
        ...RETRYABLE,
        outcome: "RETRYABLE_FAILURE",
        classification: "internal_error",
        next: waitOrExpire({ delivery, rules, now }, INTERNAL_ERROR_RETRY_MS),
        health: "none",
      };
  }
}

function answered(
  format: Format,
  outcome: Extract<Outcome, { kind: "answered" }>,
  now: EpochMs,
  retry: (leastWaitMs: number) => NextState,
): Transition {
  const { httpStatus } = outcome;
  if (httpStatus >= 200 && httpStatus < 300) {
    return {
      ...RETRYABLE,
      outcome: "SUCCESS",
      classification: "success",
      next: { state: "DELIVERED", reason: "delivered" },
      health: "success",
    };
  }
  if (httpStatus === 410 && format !== "pausepoint") {
    return {
      ...RETRYABLE,
      outcome: "NON_RETRYABLE_FAILURE",
      classification: "gone",
      next: { state: "FAILED", reason: "gone" },
      health: "failure",
      disable: "gone",
    };
  }
  const retryAfterMs = outcome.retryAfter === null ? null : parseRetryAfterMs(outcome.retryAfter, now);
  const throttles = httpStatus === 429 || httpStatus === 503;
  return {
    outcome: "RETRYABLE_FAILURE",
    classification: "http_status",
    next: retry(retryAfterMs ?? 0),
    health: "failure",
    narrow: httpStatus === 429 || httpStatus === 502 || httpStatus === 504,
    throttleUntil: throttles && retryAfterMs !== null ? now + retryAfterMs : null,
    disable: null,
  };
}

interface WaitQuestion {
  readonly delivery: Pick<LeasedDelivery, "runFirstActiveMs">;
  readonly rules: TransitionRules;
  readonly now: EpochMs;
}

interface RetryQuestion extends WaitQuestion {
  readonly delivery: Pick<LeasedDelivery, "runAttempts" | "runFirstActiveMs">;
  readonly jitter: number;
  readonly leastWaitMs: number;
}

function retryOrEnd({ delivery, rules, now, jitter, leastWaitMs }: RetryQuestion): NextState {
  const waitMs = retryWaitMs(rules.retryScheduleSeconds, delivery.runAttempts, jitter);
  if (waitMs === null) return { state: "FAILED", reason: "attempts_exhausted" };
  return waitOrExpire({ delivery, rules, now }, Math.max(waitMs, leastWaitMs));
}

/** Even after the last wait of the schedule: only its expiry ends a delivery for which this machine lacks something. */
function waitOrExpire({ delivery, rules, now }: WaitQuestion, waitMs: number): NextState {
  const dueAt = now + waitMs;
  const firstActiveMs = delivery.runFirstActiveMs ?? now - rules.heldMs;
  if (isExpired(dueAt - rules.heldMs, firstActiveMs, rules.retryScheduleSeconds)) {
    return { state: "EXPIRED", reason: "expired" };
  }
  return { state: "SCHEDULED", dueAt };
}

/**
 * Whether a run that began at `firstActiveMs` is over at `activeMs`, both on the endpoint's active clock: seven days,
 * or the schedule's own length plus one day when that is longer (contract, section 4).
 */
export function isExpired(activeMs: number, firstActiveMs: number, scheduleSeconds: readonly number[]): boolean {
  const scheduleMs = scheduleSeconds.reduce((sum, seconds) => sum + seconds * 1000, 0);
  return activeMs - firstActiveMs > Math.max(EXPIRY_MS, scheduleMs + EXPIRY_BEYOND_SCHEDULE_MS);
}
