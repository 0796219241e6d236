/** When the next attempt is made. */
import { SHORT_RETRY_SCHEDULE_SECONDS } from "./endpoint.ts";
import type { EpochMs } from "./ids.ts";
import { RETRY_AFTER_MS_MAX, RETRY_JITTER } from "./limits.ts";

/**
 * The wait before the next attempt, or null when the schedule is used up.
 *
 * @param scheduleSeconds one wait per retry
 * @param runAttempts     attempts of this run before the one that just failed
 * @param jitter          uniform in [0, 1); spreads the wait by ±20 %, save for the pause and dashboard default
 */
export function retryWaitMs(scheduleSeconds: readonly number[], runAttempts: number, jitter: number): number | null {
  const seconds = scheduleSeconds[runAttempts];
  if (seconds === undefined) return null;
  if (isShortSchedule(scheduleSeconds)) return seconds * 1000;
  return Math.round(seconds * 1000 * (1 - RETRY_JITTER + 2 * RETRY_JITTER * jitter));
}

function isShortSchedule(scheduleSeconds: readonly number[]): boolean {
  return (
    scheduleSeconds.length === SHORT_RETRY_SCHEDULE_SECONDS.length &&
    scheduleSeconds.every((seconds, index) => seconds === SHORT_RETRY_SCHEDULE_SECONDS[index])
  );
}

const DELAY_SECONDS = /^\d{1,10}$/;
/** An HTTP date begins with the day's name (RFC 9110 §5.6.7); anything else that `Date.parse` takes is refused. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * Read a Retry-After header (RFC 9110 §10.2.3): seconds or an HTTP date.
 *
 * @returns milliseconds from `now`, at least 0 and at most a day; null when it is neither form
 */
export function parseRetryAfterMs(header: string, now: EpochMs): number | null {
  const text = header.trim();
  const waitMs = DELAY_SECONDS.test(text) ? Number(text) * 1000 : parseHttpDate(text) - now;
  if (Number.isNaN(waitMs)) return null;
  return Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX);
}

/** Not a number when it is none. */
function parseHttpDate(text: string): EpochMs {
  if (!HTTP_DATE.test(text)) return Number.NaN;
  // The form of C's asctime names no zone and means GMT; `Date.parse` would take it for local time.
  return Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
}
