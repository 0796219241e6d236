/** Durations and moments, as people write and read them. */

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** The seconds of `90s`, `10m`, `2h` or `1h30m`; null for anything else. A number alone is seconds. */
export function durationSeconds(text: string): number | null {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  if (!/^(?:\d{1,9}[smhdw])+$/.test(text)) return null;
  let seconds = 0;
  for (const [, count = "", unit = "s"] of text.matchAll(/(\d+)([smhdw])/g)) {
    seconds += Number(count) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
  }
  return seconds;
}

/** RFC 3339 in UTC of a date, or of so long before now; null for anything else. */
export function moment(text: string, nowMs: number): string | null {
  const seconds = /^\d+$/.test(text) ? null : durationSeconds(text);
  if (seconds !== null) return new Date(nowMs - seconds * 1000).toISOString();
  const isDate = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/i.test(text);
  const atMs = isDate ? Date.parse(text.replace(" ", "T")) : Number.NaN;
  return Number.isNaN(atMs) ? null : new Date(atMs).toISOString();
}

/** A moment of the API in UTC, to the second, as `--from` and `--to` accept it. */
export function shortTime(at: string | null | undefined): string | null {
  return at?.replace(/\.\d+Z$/, "Z") ?? null;
}

/** `4 s`, `2 min`, `3 h` or `5 d`, rounded down. */
export function roughly(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
