/** What attempts can come to, as the rules of the domain would put it. */
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

/** A 500, to be tried again. */
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

/** A 500, and the schedule is used up. */
export const exhausted: Verdict = {
  httpStatus: 500,
  transition: { ...failed(0).transition, next: { state: "FAILED", reason: "attempts_exhausted" } },
};

/** A 500, and the next wait would end too late. */
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

/** An error of ours: it says nothing about the endpoint. */
export function internalError(dueAt: EpochMs): Verdict {
  return {
    httpStatus: null,
    transition: { ...failed(dueAt).transition, classification: "internal_error", health: "none" },
  };
}
