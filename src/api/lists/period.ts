/** Periods in queries. They consist of times, or of days in UTC with all their hours. */
import type { EpochMs } from "../../domain/ids.ts";
import { parseTime } from "../../domain/text/time.ts";

const DAY_MS = 86_400_000;

/** The first moment of the period. The text has the format `day-or-time`. */
export function startOf(text: string): EpochMs | null {
  return parseTime(text) ?? parseTime(`${text}T00:00:00Z`);
}

/** The first moment after the period. */
export function endOf(text: string): EpochMs | null {
  const time = parseTime(text);
  const day = parseTime(`${text}T00:00:00Z`);
  return time ?? (day === null ? null : day + DAY_MS);
}
