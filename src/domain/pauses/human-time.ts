/** Format times in words, for people. */
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

/**
 * `Monday, 1 January 2024, 14:23 UTC`, with the seconds truncated. `Intl` is not used because its output changes
 * between versions of its data.
 */
export function humanTime(ms: EpochMs): string {
  const time = new Date(ms);
  const day = `${WEEKDAYS[time.getUTCDay()]}, ${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]} ${time.getUTCFullYear()}`;
  return `${day}, ${time.toISOString().slice("2024-01-01T".length, "2024-01-01T14:23".length)} UTC`;
}

/**
 * The distance from `now` to a time: `in 3 hours`, `in less than a minute`, `5 days ago`.
 *
 * The distance is rounded to the nearest whole number, in the largest unit of which there are at least two. Rounding 35
 * hours to "1 day" would mislead a person who has to answer by then.
 */
export function relativeTime(ms: EpochMs, now: EpochMs): string {
  const span = humanSpan(Math.abs(ms - now));
  return ms >= now ? `in ${span}` : `${span} ago`;
}

function humanSpan(spanMs: number): string {
  if (spanMs < MINUTE_MS) return "less than a minute";
  if (spanMs < 2 * HOUR_MS) return counted(Math.round(spanMs / MINUTE_MS), "minute");
  if (spanMs < 2 * DAY_MS) return counted(Math.round(spanMs / HOUR_MS), "hour");
  return counted(Math.round(spanMs / DAY_MS), "day");
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
