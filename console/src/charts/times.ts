/** The times of a chart: as words, and as links to the deliveries of a time. */
import { type Target, useGo } from "../parts/page/go.tsx";
import { usePreferences } from "../parts/preferences.ts";
import { absoluteTime, dayText, minuteText } from "../parts/time/format.ts";
import type { ChartProps } from "./chart-props.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** How a chart of these times writes them. */
export function useTimeFormats(ats: readonly number[]): Required<Pick<ChartProps, "formatAt" | "formatTick">> {
  const { zone } = usePreferences();
  const isLong = (ats.at(-1) ?? 0) - (ats[0] ?? 0) > DAY_MS + DAY_MS / 12;
  // The tooltip asks for a label before the pointer is over a point.
  const when = (format: (at: number) => string) => (at: number | string) => (typeof at === "number" ? format(at) : "");
  return {
    formatAt: when((at) => (isLong ? absoluteTime(at, zone) : minuteText(at, zone) + (zone === "utc" ? " UTC" : ""))),
    formatTick: when((at) => (isLong ? dayText(at, zone) : minuteText(at, zone))),
  };
}

/** A span of the chart, or a row of its table, leads to what a list has of that time. */
export function useListOf(
  ats: readonly number[],
  { to, search = {} }: Target,
): Required<Pick<ChartProps, "onSpan" | "rowTarget">> {
  const go = useGo();
  const [first = 0, second = first + MINUTE_MS] = ats;
  const stepMs = second - first;
  const target = (fromAt: number, toAt: number): Target => ({
    to,
    search: { ...search, from: secondsText(fromAt), to: secondsText(toAt + stepMs) },
  });
  return {
    onSpan: (fromAt, toAt) => go(target(fromAt, toAt)),
    rowTarget: (at) => target(Number(at), Number(at)),
  };
}

export function secondsText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
