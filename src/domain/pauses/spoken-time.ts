/** Times in words, for people. */
import type { EpochMs } from "../ids.ts";

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `Monday, 1 January 2024, 14:23 UTC`, seconds cut off. By hand: what `Intl` writes changes with its data's version. */
export function spokenTime(ms: EpochMs): string {
  const time = new Date(ms);
  const day = `${WEEKDAYS[time.getUTCDay()]}, ${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]} ${time.getUTCFullYear()}`;
  return `${day}, ${time.toISOString().slice("2024-01-01T".length, "2024-01-01T14:23".length)} UTC`;
}

/**
 * How far a time is from now: `in 3 hours`, `in less than a minute`, `5 days ago`.
 *
 * Rounded to the nearest, in the largest unit of which there are two: 35 hours are not "1 day" to somebody who has to
 * answer until then.
 */
export function relativeTime(ms: EpochMs, now: EpochMs): string {
  const span = spokenSpan(Math.abs(ms - now));
  return ms >= now ? `in ${span}` : `${span} ago`;
}

function spokenSpan(spanMs: number): string {
  if (spanMs < MINUTE_MS) return "less than a minute";
  if (spanMs < 2 * HOUR_MS) return counted(Math.round(spanMs / MINUTE_MS), "minute");
  if (spanMs < 2 * DAY_MS) return counted(Math.round(spanMs / HOUR_MS), "hour");
  return counted(Math.round(spanMs / DAY_MS), "day");
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
