import { integer, plural } from "../../parts/locale.ts";

export const charts = {
  asTable: "As table",
  asChart: "As chart",
  at: "Time",
  selectSpan: "Drag over the chart to choose a time span.",
} as const;

export const attemptCharts = {
  title: (hours: number) =>
    hours <= 24
      ? plural(hours, { one: "The last hour", other: "The last # hours" })
      : plural(Math.round(hours / 24), { one: "The last day", other: "The last # days" }),
  throughput: "Attempts",
  throughputSays: (ok: number, failed: number) => `${integer(ok)} succeeded and ${integer(failed)} failed.`,
  since: (time: string) => `Counted since the server started, ${time}.`,
  noAttempts: "There were no attempts.",
  latency: "Latency",
  latencySays: (ms: string) => `95 % of the latest attempts were answered within ${ms}.`,
  ok: "succeeded",
  failed: "failed",
  p50: "half within",
  p95: "95 % within",
  p99: "99 % within",
} as const;
