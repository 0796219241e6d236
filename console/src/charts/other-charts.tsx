/** Charts of what waits, what was received, and how questions ended. */
import type { Backlog, InboundStatistics, LatencyBucket, PauseStatistics } from "@signalbox/sdk";
import { backlogChart, inboundChart, latencyChart, pauseCharts } from "../messages/en/charts.ts";
import { integer, percent } from "../parts/locale.ts";
import { Go } from "../parts/page/go.tsx";
import { usePreferences } from "../parts/preferences.ts";
import { absoluteTime, duration } from "../parts/time/format.ts";
import { Chart } from "./chart.tsx";
import { useListOf, useTimeFormats } from "./times.ts";

export function BacklogChart({ backlog, fromMs }: { readonly backlog: Backlog; readonly fromMs: number }) {
  const samples = backlog.samples.filter(({ at }) => Date.parse(at) >= fromMs);
  const { zone } = usePreferences();
  const ats = samples.map(({ at }) => Date.parse(at));
  const times = { ...useTimeFormats(ats), ...useListOf(ats, { to: "/deliveries" }) };
  const [first] = samples;
  const most = Math.max(0, ...samples.map(({ held, waiting, scheduled }) => held + waiting + scheduled));
  const m = backlogChart;
  return (
    <Chart
      kind="areas"
      title={m.title}
      caption={
        first === undefined ? m.noSamples : m.says(most, samples.length, absoluteTime(Date.parse(first.at), zone))
      }
      series={[
        { key: "waiting", label: m.waiting, tone: "busy" },
        { key: "scheduled", label: m.scheduled, tone: "warn" },
        { key: "held", label: m.held, tone: "idle" },
      ]}
      points={samples.map(({ at, held, waiting, scheduled }) => ({ at: Date.parse(at), held, waiting, scheduled }))}
      {...times}
      formatValue={integer}
    />
  );
}

export function LatencyBars({ buckets }: { readonly buckets: readonly LatencyBucket[] }) {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  const m = latencyChart;
  if (total === 0) return null;
  const fastest = buckets[0]?.count ?? 0;
  return (
    <Chart
      kind="bars"
      title={m.title}
      caption={m.says(percent(fastest / total), total)}
      series={[{ key: "count", label: m.count, tone: "busy" }]}
      points={buckets.map(({ bucket, count }) => ({ at: bucket, count }))}
      formatAt={(at) => m.buckets[String(at)] ?? String(at)}
      formatValue={integer}
    />
  );
}

export function InboundChart({ statistics: { buckets, since } }: { readonly statistics: InboundStatistics }) {
  const ats = buckets.map(({ at }) => Date.parse(at));
  const times = { ...useTimeFormats(ats), ...useListOf(ats, { to: "/inbound/quarantine" }) };
  const { zone } = usePreferences();
  const m = inboundChart;
  const [valid, refused] = (["valid", "refused"] as const).map((field) =>
    buckets.reduce((sum, bucket) => sum + bucket[field], 0),
  );
  const says = m.says(valid ?? 0, refused ?? 0);
  return (
    <Chart
      kind="columns"
      title={m.title}
      caption={
        <>
          {since === null ? says : `${says} ${m.since(absoluteTime(Date.parse(since), zone))}`}{" "}
          {(refused ?? 0) > 0 && <Go to="/inbound/quarantine">{m.quarantine}</Go>}
        </>
      }
      series={[
        { key: "valid", label: m.valid, tone: "ok" },
        { key: "refused", label: m.refused, tone: "bad" },
      ]}
      points={buckets.map(({ at, valid: ok, refused: bad }) => ({ at: Date.parse(at), valid: ok, refused: bad }))}
      {...times}
      formatValue={integer}
    />
  );
}

/** Nothing when nobody was asked in this time. A span leads nowhere, because the lists of questions have no filter by time. */
export function PauseCharts({ statistics: { buckets } }: { readonly statistics: PauseStatistics }) {
  const times = useTimeFormats(buckets.map(({ at }) => Date.parse(at)));
  const m = pauseCharts;
  const sum = (field: "pending" | "responded" | "timed_out" | "by_default" | "cancelled") =>
    buckets.reduce((total, bucket) => total + bucket[field], 0);
  const ended = sum("responded") + sum("timed_out");
  if (ended + sum("pending") + sum("cancelled") === 0) return null;
  const latest = buckets.findLast(({ p50 }) => p50 !== null);
  return (
    <>
      <Chart
        kind="columns"
        title={m.endings}
        caption={m.endingsSay(ended, sum("responded"), ended === 0 ? 0 : sum("by_default") / ended)}
        series={[
          { key: "responded", label: m.responded, tone: "ok" },
          { key: "byDefault", label: m.byDefault, tone: "warn" },
          { key: "unanswered", label: m.unanswered, tone: "bad" },
          { key: "pending", label: m.pending, tone: "busy" },
        ]}
        points={buckets.map(({ at, responded, by_default, timed_out, pending }) => ({
          at: Date.parse(at),
          responded,
          byDefault: by_default,
          unanswered: timed_out - by_default,
          pending,
        }))}
        {...times}
        formatValue={integer}
      />
      {latest !== undefined && (
        <Chart
          kind="lines"
          title={m.time}
          caption={m.timeSays(duration(latest.p50 ?? 0), duration(latest.p95 ?? 0))}
          series={[
            { key: "p50", label: m.p50, tone: "ok" },
            { key: "p95", label: m.p95, tone: "warn" },
          ]}
          points={buckets.map(({ at, p50, p95 }) => ({ at: Date.parse(at), p50, p95 }))}
          {...times}
          formatValue={duration}
        />
      )}
    </>
  );
}
