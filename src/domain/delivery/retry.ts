/** When to make the next attempt. */
import { SHORT_RETRY_SCHEDULE_SECONDS } from "../endpoints/endpoint.ts";
import type { EpochMs } from "../ids.ts";
import { RETRY_AFTER_MS_MAX, RETRY_JITTER } from "../limits.ts";

/**
 * The wait before the next attempt, or null when the schedule is used up.
 *
 * @param scheduleSeconds one wait per retry
 * @param runAttempts attempts in this run before the one that just failed
 * @param jitter uniform in [0, 1); spreads the wait by ±20 %, except in the default schedule of the pause and dashboard
 *   routes
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

/** Whole seconds. Some senders use fractions, which RFC 9110 does not allow. Of a list, the first value counts. */
const DELAY_SECONDS = /^(\d+(?:\.\d*)?|\.\d+)(?:[ \t]*,.*)?$/;

/**
 * Parse a Retry-After header (RFC 9110 §10.2.3): seconds or an HTTP date. Fractions of a second are rounded up.
 *
 * @returns milliseconds from `now`, from 0 to one day; null when the header has neither form
 */
export function parseRetryAfterMs(header: string, now: EpochMs): number | null {
  const text = header.trim();
  const seconds = DELAY_SECONDS.exec(text)?.[1];
  const waitMs = seconds === undefined ? parseHttpDate(text, now) - now : Math.ceil(Number(seconds)) * 1000;
  if (Number.isNaN(waitMs)) return null;
  return Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX);
}

/**
 * RFC 9110 §5.6.7: the preferred format and the two obsolete ones that recipients must accept. All of them are in GMT.
 */
const HTTP_DATES = [
  /^[a-z]{3}, (?<day>\d{1,2}) (?<month>[a-z]{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) (?:GMT|UTC|[+-]0000)$/i,
  /^[a-z]{6,9}, (?<day>\d\d)-(?<month>[a-z]{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/i,
  /^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/i,
];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** The date in epoch milliseconds, or NaN when the text is not an HTTP date. */
function parseHttpDate(text: string, now: EpochMs): EpochMs {
  for (const form of HTTP_DATES) {
    const { day, month, year, time } = form.exec(text)?.groups ?? {};
    if (day === undefined || month === undefined || year === undefined || time === undefined) continue;
    const [hours, minutes, seconds] = time.split(":").map(Number) as [number, number, number];
    // Second 60 is a leap second (RFC 9110 §5.6.7).
    if (hours > 23 || minutes > 59 || seconds > 60) return Number.NaN;
    const midnight = Date.UTC(fullYear(year, now), monthOf(month), Number(day));
    if (new Date(midnight).getUTCDate() !== Number(day)) return Number.NaN;
    return midnight + ((hours * 60 + minutes) * 60 + seconds) * 1000;
  }
  return Number.NaN;
}

function monthOf(name: string): number {
  const index = MONTHS.indexOf(name.toLowerCase());
  return index < 0 ? Number.NaN : index;
}

/**
 * A two-digit year that appears to be more than 50 years in the future is in the previous century (RFC 9110 §5.6.7).
 */
function fullYear(digits: string, now: EpochMs): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
