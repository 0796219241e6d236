/** Charts of attempts as they happen: of the tenant, or of one endpoint. */
import type { AttemptBucket, AttemptStatistics } from "@signalbox/sdk";
import { attemptCharts as m } from "../messages/en/charts.ts";
import { integer } from "../parts/locale.ts";
import { Section } from "../parts/page/page.tsx";
import { usePreferences } from "../parts/preferences.ts";
import { absoluteTime, clockTime, duration } from "../parts/time/format.ts";
import { Chart } from "./chart.tsx";

interface AttemptChartsProps {
  readonly statistics: AttemptStatistics;
  readonly hours: number;
}

export function AttemptCharts({ statistics: { buckets, since }, hours }: AttemptChartsProps) {
  return (
    <Section title={m.title(hours)}>
      <Throughput buckets={buckets} since={since} isLong={hours > 24} />
      <Latency buckets={buckets} isLong={hours > 24} />
    </Section>
  );
}

interface PartProps {
  readonly buckets: readonly AttemptBucket[];
  readonly isLong: boolean;
}

function Throughput({ buckets, since, isLong }: PartProps & { readonly since: string | null }) {
  const formatAt = useFormatAt(isLong);
  const { zone } = usePreferences();
  const sum = (field: "ok" | "failed") => buckets.reduce((total, bucket) => total + bucket[field], 0);
  const begun = since === null ? "" : ` ${m.since(absoluteTime(Date.parse(since), zone))}`;
  const caption = sum("ok") + sum("failed") === 0 ? m.noAttempts : m.throughputSays(sum("ok"), sum("failed"));
  return (
    <Chart
      kind="columns"
      title={m.throughput}
      caption={caption + begun}
      series={[
        { key: "ok", label: m.ok, tone: "ok" },
        { key: "failed", label: m.failed, tone: "bad" },
      ]}
      points={buckets.map(({ at, ok, failed }) => ({ at: Date.parse(at), ok, failed }))}
      formatAt={formatAt}
      formatValue={integer}
    />
  );
}

function Latency({ buckets, isLong }: PartProps) {
  const formatAt = useFormatAt(isLong);
  const latest = buckets.findLast(({ p95 }) => p95 !== null);
  if (latest === undefined) return null;
  return (
    <Chart
      kind="lines"
      title={m.latency}
      caption={m.latencySays(duration(latest.p95 ?? 0))}
      series={[
        { key: "p50", label: m.p50, tone: "ok" },
        { key: "p95", label: m.p95, tone: "warn" },
        { key: "p99", label: m.p99, tone: "bad" },
      ]}
      points={buckets.map(({ at, p50, p95, p99 }) => ({ at: Date.parse(at), p50, p95, p99 }))}
      formatAt={formatAt}
      formatValue={duration}
    />
  );
}

function useFormatAt(isLong: boolean): (at: number | string) => string {
  const { zone } = usePreferences();
  // The tooltip asks for a label before the pointer is over a point.
  return (at) => (typeof at !== "number" ? "" : isLong ? absoluteTime(at, zone) : clockTime(at, zone));
}
