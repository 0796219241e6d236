/** Deliveries. A delivery sends one event to one endpoint; `transition` decides its next state after each attempt. */
import type { DisabledReason, Format } from "../endpoints/endpoint.ts";
import type { EpochMs, LeaseToken, Seq, Uuid } from "../ids.ts";
import { EXPIRY_BEYOND_SCHEDULE_MS, EXPIRY_MS, INTERNAL_ERROR_RETRY_MS } from "../limits.ts";
import type { Event } from "./event.ts";
import { parseRetryAfterMs, retryWaitMs } from "./retry.ts";
import type { Timings } from "./timings.ts";

/** The states that callers see. HELD is derived: the delivery waits, and its endpoint is not ACTIVE. */
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

/** Why a delivery ended. */
export const TERMINAL_REASONS = [
  "delivered",
  "attempts_exhausted",
  "gone",
  "crashed",
  "cancelled",
  "endpoint_deleted",
  "expired",
  "listener_full",
] as const;
export type TerminalReason = (typeof TERMINAL_REASONS)[number];

/** A delivery that this node has claimed. No other node can send it. */
export interface LeasedDelivery {
  readonly tenantSeq: Seq;
  readonly seq: Seq;
  readonly id: Uuid;
  readonly token: LeaseToken;
  readonly endpointSeq: Seq;
  readonly event: Event;
  /** Fixed when the delivery is created, so that the body's bytes never change. */
  readonly format: Format;
  /** Created while its endpoint was ordered: no other delivery of that endpoint is in flight at the same time. */
  readonly ordered: boolean;
  readonly createdAt: EpochMs;
  /** All attempts of this delivery. */
  readonly attempts: number;
  /** Attempts of the current run. Publishing, retrying by hand and recovering each start a run. */
  readonly runAttempts: number;
  /** The endpoint's active time at the first attempt of this run; null before that attempt. */
  readonly runFirstActiveMs: number | null;
}

/** The result of one attempt. A network failure is a value here, never an exception. */
export type Outcome =
  | {
      readonly kind: "answered";
      /** The reader of a stream that made the attempt. */
      readonly via?: string;
      /** How long the reader had the attempt before it started it, in milliseconds. */
      readonly queuedMs?: number;
      readonly httpStatus: number;
      /** The raw Retry-After header. */
      readonly retryAfter: string | null;
      readonly snippet: string;
      /** A line for each header that the history stores, such as `server: x`. Absent for an empty text. */
      readonly headers?: string;
      readonly timings?: Timings;
    }
  | {
      readonly kind: "unreachable";
      readonly reason: UnreachableReason;
      readonly detail: string;
      readonly via?: string;
      readonly queuedMs?: number;
      readonly timings?: Timings;
    }
  /** A fault of this server. Nothing was sent, unless the sending thread ended: then the receiver may have got the request. */
  | { readonly kind: "internal_error"; readonly detail: string }
  /** This machine had no file descriptor, local port or memory for a connection. Nothing was sent. */
  | { readonly kind: "out_of_resources"; readonly detail: string }
  /** The server is stopping. The attempt does not count. */
  | { readonly kind: "aborted" };

/** The reasons why no complete response arrived. */
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

/** The three outcomes of an attempt that callers see. */
export type AttemptOutcome = "SUCCESS" | "RETRYABLE_FAILURE" | "NON_RETRYABLE_FAILURE";

/** The classification that the history stores with an attempt. */
export const CLASSIFICATIONS = ["success", "http_status", "gone", "internal_error", ...UNREACHABLE_REASONS] as const;
export type Classification = (typeof CLASSIFICATIONS)[number];

/** The delivery's state after an attempt. */
export type NextState =
  | { readonly state: "DELIVERED" | "FAILED" | "EXPIRED"; readonly reason: TerminalReason }
  | { readonly state: "SCHEDULED"; readonly dueAt: EpochMs };

export interface Transition {
  readonly outcome: AttemptOutcome;
  readonly classification: Classification;
  readonly next: NextState;
  /** What the attempt means for the endpoint's health; `none` when the endpoint did not cause the result. */
  readonly health: "success" | "failure" | "none";
  /** Whether to halve the in-flight window: after 429, 502 and 504. */
  readonly narrow: boolean;
  /** After 429 or 503 with Retry-After: no attempt to this endpoint starts before this time. */
  readonly throttleUntil: EpochMs | null;
  readonly disable: DisabledReason | null;
}

/** The parts of an endpoint that a transition depends on. */
export interface TransitionRules {
  readonly retryScheduleSeconds: readonly number[];
  /**
   * How long the endpoint has been paused or disabled in total, in milliseconds. Active time is wall time minus this.
   */
  readonly heldMs: number;
}

const RETRYABLE = { narrow: false, throttleUntil: null, disable: null } as const;

/**
 * Decide the next state of a delivery from the outcome of an attempt.
 *
 * Pure: the caller supplies the time and one random number, and carries out the effects.
 *
 * @param delivery the delivery as claimed, before this attempt is counted
 * @param outcome what the sender saw, except `aborted`, which does not count as an attempt
 * @param now epoch milliseconds at the end of the attempt
 * @param jitter uniform in [0, 1)
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

interface WaitInput {
  readonly delivery: Pick<LeasedDelivery, "runFirstActiveMs">;
  readonly rules: TransitionRules;
  readonly now: EpochMs;
}

interface RetryInput extends WaitInput {
  readonly delivery: Pick<LeasedDelivery, "runAttempts" | "runFirstActiveMs">;
  readonly jitter: number;
  readonly leastWaitMs: number;
}

function retryOrEnd({ delivery, rules, now, jitter, leastWaitMs }: RetryInput): NextState {
  const waitMs = retryWaitMs(rules.retryScheduleSeconds, delivery.runAttempts, jitter);
  if (waitMs === null) return { state: "FAILED", reason: "attempts_exhausted" };
  return waitOrExpire({ delivery, rules, now }, Math.max(waitMs, leastWaitMs));
}

/**
 * Schedule another attempt, even beyond the end of the retry schedule. When this machine lacks resources, a delivery
 * ends only by expiring.
 */
function waitOrExpire({ delivery, rules, now }: WaitInput, waitMs: number): NextState {
  const dueAt = now + waitMs;
  const firstActiveMs = delivery.runFirstActiveMs ?? now - rules.heldMs;
  if (isExpired(dueAt - rules.heldMs, firstActiveMs, rules.retryScheduleSeconds)) {
    return { state: "EXPIRED", reason: "expired" };
  }
  return { state: "SCHEDULED", dueAt };
}

/**
 * Whether a run that began at `firstActiveMs` has expired at `activeMs`. Both are the endpoint's active time.
 *
 * A run expires after seven days, or one day after the end of its schedule when that is later; see docs/deliveries.md.
 */
export function isExpired(activeMs: number, firstActiveMs: number, scheduleSeconds: readonly number[]): boolean {
  return activeMs - firstActiveMs > runLifetimeMs(scheduleSeconds);
}

/** How long after its first attempt a run may still make another, in the endpoint's active time. */
export function runLifetimeMs(scheduleSeconds: readonly number[]): number {
  const scheduleMs = scheduleSeconds.reduce((sum, seconds) => sum + seconds * 1000, 0);
  return Math.max(EXPIRY_MS, scheduleMs + EXPIRY_BEYOND_SCHEDULE_MS);
}
