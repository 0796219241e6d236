/** Times and durations as a reader wants them. */
import { decimal, integer, LOCALE } from "../locale.ts";
import type { Preferences } from "../preferences.ts";

type Zone = Preferences["zone"];

const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto", style: "short" });
const STEPS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  ["year", 365 * 86_400_000],
  ["month", 30 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** "5 min. ago", "in 3 hr.". */
export function relativeTime(ms: number, nowMs: number): string {
  const awayMs = ms - nowMs;
  const [unit, size] = STEPS.find(([, step]) => Math.abs(awayMs) >= step) ?? ["second", 1000];
  // A link that works for three days says "in 3 days" from its first second.
  return relative.format(awayMs > 0 ? Math.round(awayMs / size) : Math.trunc(awayMs / size), unit);
}

/** The long style names the zone: "CET", "GMT+2", "UTC". */
const FULL = { dateStyle: "medium", timeStyle: "long" } as const;
const SHORT = { timeStyle: "long" } as const;
const MINUTE = { hour: "2-digit", minute: "2-digit" } as const;
const DAY = { day: "numeric", month: "short" } as const;
const absolutes = formatsOf(FULL);
const clocks = formatsOf(SHORT);
const minutes = formatsOf(MINUTE);
const days = formatsOf(DAY);

function formatsOf(options: Intl.DateTimeFormatOptions): Readonly<Record<Zone, Intl.DateTimeFormat>> {
  return {
    local: new Intl.DateTimeFormat(LOCALE, options),
    utc: new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: "UTC" }),
  };
}

/** The name of the reader's own zone, such as "Europe/Berlin". */
export const LOCAL_ZONE: string = absolutes.local.resolvedOptions().timeZone;

/** The short name of the zone at a time: that of Berlin changes with the season. */
export function zoneAt(ms: number, zone: Zone): string {
  return absolutes[zone].formatToParts(ms).find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** The date and the time with its zone, and with the milliseconds if they are known. */
export function absoluteTime(ms: number, zone: Zone, withMs = false): string {
  const fraction = withMs ? `.${String(ms % 1000).padStart(3, "0")}` : "";
  const parts = absolutes[zone].formatToParts(ms);
  // "10:09:39.855 PM": the milliseconds belong to the seconds.
  return parts.map(({ type, value }) => (type === "second" ? `${value}${fraction}` : value)).join("");
}

/** Only the time of the day, with its zone. */
export function clockTime(ms: number, zone: Zone): string {
  return clocks[zone].format(ms);
}

/** "14:23", for an axis. */
export function minuteText(ms: number, zone: Zone): string {
  return minutes[zone].format(ms);
}

/** "8 May", for an axis. */
export function dayText(ms: number, zone: Zone): string {
  return days[zone].format(ms);
}

/**
 * The milliseconds in a UUIDv7 (RFC 9562 §5.7), such as that of `del_…`; null for another id. Where the API has whole
 * seconds, its ids know more.
 */
export function idTimeMs(id: string): number | null {
  const [, high, low] = /_([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id) ?? [];
  return high === undefined || low === undefined ? null : Number.parseInt(high + low, 16);
}

/** The words of the console are English in every locale, so its units are, too. The space does not break. */
const amount = (number: string, unit: string): string => `${number}\u00a0${unit}`;

/** "340 ms", "2.4 s", "1 h 5 min": at most two units. */
export function duration(ms: number): string {
  if (ms < 1000) return amount(integer(ms), "ms");
  if (ms < 60_000) return amount(ms < 10_000 ? decimal(ms / 1000) : integer(ms / 1000), "s");
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ] as const;
  const at = units.findIndex(([, size]) => ms >= size);
  const [[bigUnit, bigSize], small] = [units[at] ?? units[3], units[at + 1]];
  const big = amount(integer(Math.floor(ms / bigSize)), bigUnit);
  const rest = ms % bigSize;
  if (small === undefined || rest < small[1]) return big;
  return `${big} ${amount(integer(Math.floor(rest / small[1])), small[0])}`;
}
