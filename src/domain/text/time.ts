/** Times as text. */
import type { EpochMs } from "../ids.ts";
import { TIME_CHARS_MAX } from "../limits.ts";

const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):[0-5]\d:)([0-5]\d|60)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Parse an RFC 3339 date and time, fractions cut to milliseconds; null when it is none.
 *
 * A leap second (23:59:60 UTC on the last day of a month, §5.7) is the second after it. A blank instead of the `T`,
 * which §5.6 leaves to applications, is refused.
 */
export function parseTime(text: string): EpochMs | null {
  if (text.length > TIME_CHARS_MAX) return null;
  const [, day = "", minute = "", second = "", fraction = "", zone = ""] = RFC_3339.exec(text) ?? [];
  if (!isDay(day)) return null;
  const ms = `.${fraction.slice(0, 3).padEnd(3, "0")}${zone.toUpperCase()}`;
  if (second !== "60") return Date.parse(`${day}T${minute}${second}${ms}`);
  const next = Date.parse(`${day}T${minute}59${ms}`) + 1000;
  return beginsMonth(new Date(next)) ? next : null;
}

/** `Date.parse` takes 30 February for 1 March. */
function isDay(text: string): boolean {
  return new Date(text).getUTCDate() === Number(text.slice(-2));
}

function beginsMonth(date: Date): boolean {
  return date.getUTCDate() === 1 && date.getUTCHours() === 0 && date.getUTCMinutes() === 0;
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
