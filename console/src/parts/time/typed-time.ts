/** Times as a `datetime-local` field has them: `2026-05-08T14:23:00`, in the reader's zone, which it does not name. */

/** What to add to a time of the zone for UTC, at an instant. */
type OffsetMs = (ms: number) => number;

export const OFFSETS: Readonly<Record<"local" | "utc", OffsetMs>> = {
  local: (ms) => new Date(ms).getTimezoneOffset() * 60_000,
  utc: () => 0,
};

/** Empty for a year that the field does not have. */
export function fieldText(ms: number, offsetMs: OffsetMs): string {
  const text = new Date(ms - offsetMs(ms)).toISOString();
  return /^\d/.test(text) ? text.slice(0, 19) : "";
}

/**
 * Null for what is not a time.
 *
 * @param nearMs the instant before the text was changed. When clocks go back, an hour comes twice: this tells which it is
 */
export function instantOf(typed: string, offsetMs: OffsetMs, nearMs: number | null): number | null {
  const asUtc = Date.parse(`${typed}Z`);
  if (Number.isNaN(asUtc)) return null;
  const near = asUtc + offsetMs(nearMs ?? asUtc);
  return offsetMs(near) === near - asUtc ? near : asUtc + offsetMs(near);
}

/** A field leaves out seconds that are zero. */
export function isSameText(one: string, other: string): boolean {
  return Object.is(Date.parse(`${one}Z`), Date.parse(`${other}Z`));
}
