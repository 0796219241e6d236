/** Times as text. */
import type { EpochMs } from "./ids.ts";

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Parse an RFC 3339 date and time, fractions cut to milliseconds; null when it is none. */
export function parseTime(text: string): EpochMs | null {
  const match = RFC_3339.exec(text);
  if (match === null) return null;
  const [, year, month, day] = match.map(Number);
  if (!isDay(year ?? 0, month ?? 0, day ?? 0)) return null;
  const ms = Date.parse(text.toUpperCase());
  return Number.isNaN(ms) ? null : ms;
}

/** `Date.parse` takes 30 February for 1 March. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** `2024-01-01T00:00:00Z`, fractions cut off. */
export function wholeSeconds(ms: EpochMs): string {
  return `${new Date(ms).toISOString().slice(0, -".000Z".length)}Z`;
}

/** As {@link wholeSeconds}, null staying null. */
export function wholeSecondsOrNull(ms: EpochMs | null): string | null {
  return ms === null ? null : wholeSeconds(ms);
}

/** `2024-01-01T00:00:00.000Z`. */
export function milliseconds(ms: EpochMs): string {
  return new Date(ms).toISOString();
}

/** As {@link milliseconds}, null staying null. */
export function millisecondsOrNull(ms: EpochMs | null): string | null {
  return ms === null ? null : milliseconds(ms);
}
