/** Parse and format times. */
import type { EpochMs } from "../ids.ts";
import { TIME_CHARS_MAX } from "../limits.ts";

const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):[0-5]\d:)([0-5]\d|60)(?:\.(\d+))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Parse an RFC 3339 date and time, truncated to milliseconds; null when the text is not one.
 *
 * A leap second (23:59:60 UTC on the last day of a month, §5.7) becomes the following second. A space in place of the
 * `T`, which §5.6 leaves to applications, is refused.
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

/** `Date.parse` reads 30 February as 1 March. */
function isDay(text: string): boolean {
  return new Date(text).getUTCDate() === Number(text.slice(-2));
}

function beginsMonth(date: Date): boolean {
  return date.getUTCDate() === 1 && date.getUTCHours() === 0 && date.getUTCMinutes() === 0;
}

/** `2024-01-01T00:00:00Z`. Fractions of a second are truncated. */
export function wholeSeconds(ms: EpochMs): string {
  return `${new Date(ms).toISOString().slice(0, -".000Z".length)}Z`;
}

/** {@link wholeSeconds}, or null for null. */
export function wholeSecondsOrNull(ms: EpochMs | null): string | null {
  return ms === null ? null : wholeSeconds(ms);
}

/** `2024-01-01T00:00:00.000Z`. */
export function milliseconds(ms: EpochMs): string {
  return new Date(ms).toISOString();
}

/** {@link milliseconds}, or null for null. */
export function millisecondsOrNull(ms: EpochMs | null): string | null {
  return ms === null ? null : milliseconds(ms);
}
