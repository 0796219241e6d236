/** Outcomes of attempts, with the transitions that the domain rules decide for them. */
import type { Transition } from "../../../../src/domain/delivery/delivery.ts";
import type { EpochMs } from "../../../../src/domain/ids.ts";

export interface Verdict {
  readonly httpStatus: number | null;
  readonly transition: Transition;
}

const QUIET = { narrow: false, throttleUntil: null, disable: null } as const;

export const succeeded: Verdict = {
  httpStatus: 200,
  transition: {
    ...QUIET,
    outcome: "SUCCESS",
    classification: "success",
    next: { state: "DELIVERED", reason: "delivered" },
    health: "success",
  },
};

/** A 500 that is retried. */
export function failed(dueAt: EpochMs): Verdict {
  return {
    httpStatus: 500,
    transition: {
      ...QUIET,
      outcome: "RETRYABLE_FAILURE",
      classification: "http_status",
      next: { state: "SCHEDULED", dueAt },
      health: "failure",
    },
  };
}

/** A 500 at the end of the retry schedule. */
export const exhausted: Verdict = {
  httpStatus: 500,
  transition: { ...failed(0).transition, next: { state: "FAILED", reason: "attempts_exhausted" } },
};

/** A 500 whose next retry would be after the expiry. */
export const outlived: Verdict = {
  httpStatus: 500,
  transition: { ...failed(0).transition, next: { state: "EXPIRED", reason: "expired" } },
};

/** A 429 with Retry-After: the whole endpoint waits. */
export function throttled(until: EpochMs): Verdict {
  return { httpStatus: 429, transition: { ...failed(until).transition, narrow: true, throttleUntil: until } };
}

export const gone: Verdict = {
  httpStatus: 410,
  transition: {
    ...QUIET,
    outcome: "NON_RETRYABLE_FAILURE",
    classification: "gone",
    next: { state: "FAILED", reason: "gone" },
    health: "failure",
    disable: "gone",
  },
};

/** An internal error, which does not affect the endpoint's health. */
export function internalError(dueAt: EpochMs): Verdict {
  return {
    httpStatus: null,
    transition: { ...failed(dueAt).transition, classification: "internal_error", health: "none" },
  };
}
