/** An endpoint's health: when it rests after failures, and when it is disabled. */
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
  /** The endpoint's active time at the first of these failures; null when there are none. */
  readonly streakSinceActiveMs: number | null;
  /** No attempt starts before this time; null when the endpoint does not rest. */
  readonly restUntil: EpochMs | null;
  /** The length of the latest rest; 0 before the first one. */
  readonly restMs: number;
}

export const HEALTHY: Health = { failureStreak: 0, streakSinceActiveMs: null, restUntil: null, restMs: 0 };

/**
 * The health after a failed attempt. The endpoint rests after 20 consecutive failures, and each failed probe doubles
 * the rest.
 *
 * @param now epoch milliseconds at the end of the attempt
 * @param heldMs how long the endpoint has been paused or disabled in total; active time is `now - heldMs`
 */
export function afterFailure(health: Health, now: EpochMs, heldMs: number): Health {
  const failureStreak = health.failureStreak + 1;
  const streakSinceActiveMs = health.streakSinceActiveMs ?? now - heldMs;
  // Attempts that were already in flight when the rest began do not extend it.
  const resting = health.restUntil !== null && now < health.restUntil;
  if (failureStreak < REST_AFTER_FAILURES || resting) return { ...health, failureStreak, streakSinceActiveMs };
  const restMs = health.restMs === 0 ? REST_FIRST_MS : Math.min(health.restMs * 2, REST_MS_MAX);
  return { failureStreak, streakSinceActiveMs, restMs, restUntil: now + restMs };
}

/**
 * The five-day rule: the endpoint is disabled after at least 20 attempts without a success over five days of active
 * time.
 */
export function isGivenUp(health: Health, now: EpochMs, heldMs: number): boolean {
  return (
    health.failureStreak >= DISABLE_AFTER_FAILURES &&
    health.streakSinceActiveMs !== null &&
    now - heldMs - health.streakSinceActiveMs >= DISABLE_AFTER_ACTIVE_MS
  );
}

/** Whether the endpoint gets only probes: one attempt at a time. */
export function isProbing(health: Health): boolean {
  return health.failureStreak >= REST_AFTER_FAILURES;
}

/** The in-flight window after an attempt. A success widens it by one; 429, 502 and 504 halve it. */
export function nextWindow(
  window: number,
  verdict: { readonly success: boolean; readonly narrow: boolean },
  maxInFlight: number,
): number {
  if (verdict.narrow) return Math.max(1, Math.floor(window / 2));
  return Math.min(verdict.success ? window + 1 : window, maxInFlight);
}

/** The window of an endpoint that has just become busy. */
export function startWindow(maxInFlight: number): number {
  return Math.min(WINDOW_START, maxInFlight);
}
