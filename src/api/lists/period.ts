/** From when to when a list is asked for: times, or days, which are UTC and meant with all their hours. */
import type { EpochMs } from "../../domain/ids.ts";
import { parseTime } from "../../domain/text/time.ts";

const DAY_MS = 86_400_000;

/** The first moment that counts. The text is of format `day-or-time`. */
export function startOf(text: string): EpochMs | null {
  return parseTime(text) ?? parseTime(`${text}T00:00:00Z`);
}

/** The first moment that counts no more. */
export function endOf(text: string): EpochMs | null {
  const time = parseTime(text);
  const day = parseTime(`${text}T00:00:00Z`);
  return time ?? (day === null ? null : day + DAY_MS);
}
