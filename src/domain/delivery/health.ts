/** An endpoint's health: when it rests, and when it is given up. */
import type { EpochMs } from "../ids.ts";
import {
  DISABLE_AFTER_ACTIVE_MS,
  DISABLE_AFTER_FAILURES,
  REST_AFTER_FAILURES,
  REST_FIRST_MS,
  REST_MS_MAX,
  WINDOW_START,
} from "../limits.ts";

export interface Health {
  /** Failed attempts since the last success. */
  readonly failureStreak: number;
  /** The endpoint's active clock at the first of them; null without any. */
  readonly streakSinceActiveMs: number | null;
  /** No attempt before this; null when it does not rest. */
  readonly restUntil: EpochMs | null;
  /** How long the latest rest was; 0 before the first. */
  readonly restMs: number;
}

export const HEALTHY: Health = { failureStreak: 0, streakSinceActiveMs: null, restUntil: null, restMs: 0 };

/**
 * The health after a failed attempt. At twenty failures running the endpoint rests; each failed probe doubles the rest.
 *
 * @param now    epoch milliseconds at the end of the attempt
 * @param heldMs how long the endpoint had been held: active time is `now - heldMs`
 */
export function afterFailure(health: Health, now: EpochMs, heldMs: number): Health {
  const failureStreak = health.failureStreak + 1;
  const streakSinceActiveMs = health.streakSinceActiveMs ?? now - heldMs;
  // Attempts that were already on the wire when the rest began do not lengthen it.
  const resting = health.restUntil !== null && now < health.restUntil;
  if (failureStreak < REST_AFTER_FAILURES || resting) return { ...health, failureStreak, streakSinceActiveMs };
  const restMs = health.restMs === 0 ? REST_FIRST_MS : Math.min(health.restMs * 2, REST_MS_MAX);
  return { failureStreak, streakSinceActiveMs, restMs, restUntil: now + restMs };
}

/** The five-day rule: no success in at least twenty attempts spanning five days of active time. */
export function isGivenUp(health: Health, now: EpochMs, heldMs: number): boolean {
  return (
    health.failureStreak >= DISABLE_AFTER_FAILURES &&
    health.streakSinceActiveMs !== null &&
    now - heldMs - health.streakSinceActiveMs >= DISABLE_AFTER_ACTIVE_MS
  );
}

/** Whether only a probe, one attempt at a time, may go to the endpoint. */
export function isProbing(health: Health): boolean {
  return health.failureStreak >= REST_AFTER_FAILURES;
}

/** The in-flight window after an attempt: each success adds one back, 429, 502 and 504 halve it. */
export function nextWindow(
  window: number,
  verdict: { readonly success: boolean; readonly narrow: boolean },
  maxInFlight: number,
): number {
  if (verdict.narrow) return Math.max(1, Math.floor(window / 2));
  return Math.min(verdict.success ? window + 1 : window, maxInFlight);
}

/** Where an endpoint's window starts when it becomes busy. */
export function startWindow(maxInFlight: number): number {
  return Math.min(WINDOW_START, maxInFlight);
}
