/** Charts of attempts as they happen: of the tenant, or of one endpoint. */
import type { AttemptBucket, AttemptStatistics } from "@signalbox/sdk";
import { classes, attemptCharts as m } from "../messages/en/charts.ts";
import { integer, percent } from "../parts/locale.ts";
import type { Search } from "../parts/page/go.tsx";
import { usePreferences } from "../parts/preferences.ts";
import { absoluteTime, duration } from "../parts/time/format.ts";
import { Chart } from "./chart.tsx";
import type { Point } from "./chart-props.ts";
import { secondsText, useListOf, useTimeFormats } from "./times.ts";

interface AttemptChartsProps {
  readonly statistics: AttemptStatistics;
  /** How many deliveries became held in each bucket; null where that is not known. */
  readonly held?: ReadonlyMap<number, number> | null;
  /** The filter of the deliveries that a span leads to. */
  readonly search?: Search;
}

interface PartProps {
  readonly buckets: readonly AttemptBucket[];
  readonly search: Search;
}

export function AttemptCharts({ statistics: { buckets, since }, held = null, search = {} }: AttemptChartsProps) {
  return (
    <>
      <Throughput buckets={buckets} search={search} since={since} held={held} />
      <Success buckets={buckets} search={search} />
      <Latency buckets={buckets} search={search} />
      <Age buckets={buckets} search={search} />
      <Failures buckets={buckets} search={search} />
    </>
  );
}

/** What the charts of times have in common. */
function useTimes({ buckets, search }: PartProps) {
  const ats = buckets.map(({ at }) => Date.parse(at));
  return { ...useTimeFormats(ats), ...useListOf(ats, { to: "/deliveries", search }) };
}

function pointsOf(
  buckets: readonly AttemptBucket[],
  of: (bucket: AttemptBucket) => Readonly<Record<string, number | null>>,
): Point[] {
  return buckets.map((bucket) => ({ at: Date.parse(bucket.at), ...of(bucket) }));
}

interface ThroughputProps extends PartProps {
  readonly since: string | null;
  readonly held: ReadonlyMap<number, number> | null;
}

function Throughput(props: ThroughputProps) {
  const { buckets, since, held } = props;
  const times = useTimes(props);
  const { zone } = usePreferences();
  const [ok, failed] = [sum(buckets, "ok"), sum(buckets, "failed")];
  const heldCount = [...(held?.values() ?? [])].reduce((total, count) => total + count, 0);
  const begun =
    since === null || Date.parse(since) < Date.parse(buckets[0]?.at ?? "") ? "" : absoluteTime(Date.parse(since), zone);
  const says = ok + failed === 0 ? m.noAttempts : m.throughputSays(ok, failed);
  const more = [heldCount > 0 ? m.heldSays(heldCount) : "", begun === "" ? "" : m.since(begun)];
  return (
    <Chart
      kind="columns"
      title={m.throughput}
      caption={[says, ...more].filter((text) => text !== "").join(" ")}
      series={[
        { key: "ok", label: m.ok, tone: "ok" },
        { key: "failed", label: m.failed, tone: "bad" },
        ...(heldCount > 0 ? [{ key: "held", label: m.held, tone: "warn" } as const] : []),
      ]}
      points={pointsOf(buckets, (bucket) => ({
        ok: bucket.ok,
        failed: bucket.failed,
        held: held?.get(Date.parse(bucket.at)) ?? 0,
      }))}
      {...times}
      formatValue={integer}
    />
  );
}

function Success(props: PartProps) {
  const { buckets } = props;
  const times = useTimes(props);
  let begun = 0;
  let ended = 0;
  const points = pointsOf(buckets, ({ ok, first_ok, first_failed, gave_up }) => {
    begun += first_ok + first_failed;
    ended += ok + gave_up;
    return {
      first: share(first_ok, first_ok + first_failed),
      inTheEnd: share(ok, ok + gave_up),
      // Of those that began since the chart's first bucket.
      trying: share(Math.max(0, begun - ended), begun),
    };
  });
  if (begun + ended === 0) return null;
  const says = { firstOk: sum(buckets, "first_ok"), begun, ok: sum(buckets, "ok"), ended };
  return (
    <Chart
      kind="lines"
      title={m.success}
      caption={m.successSays(says)}
      series={[
        { key: "first", label: m.first, tone: "busy" },
        { key: "inTheEnd", label: m.inTheEnd, tone: "ok" },
        { key: "trying", label: m.trying, tone: "warn" },
      ]}
      points={points}
      {...times}
      formatValue={percent}
      valueMax={1}
    />
  );
}

function Latency(props: PartProps) {
  const { buckets } = props;
  const times = useTimes(props);
  const [latest, slowest] = ends(buckets, "p95");
  if (latest === null || slowest === null) return null;
  return (
    <Chart
      kind="lines"
      title={m.latency}
      caption={m.latencySays(duration(latest.ms), slowestOf(latest, slowest, times.formatAt))}
      series={[
        { key: "p50", label: m.p50, tone: "ok" },
        { key: "p95", label: m.p95, tone: "warn" },
        { key: "p99", label: m.p99, tone: "bad" },
      ]}
      points={pointsOf(buckets, ({ p50, p95, p99 }) => ({ p50, p95, p99 }))}
      {...times}
      formatValue={duration}
    />
  );
}

function Age(props: PartProps) {
  const { buckets } = props;
  const times = useTimes(props);
  const [latest, slowest] = ends(buckets, "age_p95");
  if (latest === null || slowest === null) return null;
  return (
    <Chart
      kind="lines"
      title={m.age}
      caption={m.ageSays(duration(latest.ms), slowestOf(latest, slowest, times.formatAt))}
      series={[{ key: "age", label: m.ageSeries, tone: "busy" }]}
      points={pointsOf(buckets, ({ age_p95 }) => ({ age: age_p95 }))}
      {...times}
      formatValue={duration}
    />
  );
}

const CLASSES_SHOWN_MAX = 8;
const BAR_HEIGHT = 30;

function Failures({ buckets, search }: PartProps) {
  const counts = new Map<string, number>();
  for (const { by_class } of buckets) {
    for (const [name, count] of Object.entries(by_class)) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const ordered = [...counts].sort(([, a], [, b]) => b - a).slice(0, CLASSES_SHOWN_MAX);
  const [most] = ordered;
  const from = Date.parse(buckets[0]?.at ?? "");
  if (most === undefined || Number.isNaN(from)) return null;
  const word = (name: number | string) => classes[name] ?? String(name);
  return (
    <Chart
      kind="bars"
      title={m.failures}
      caption={m.failuresSays(word(most[0]), most[1], sum(buckets, "failed"))}
      series={[{ key: "count", label: m.failed, tone: "bad" }]}
      points={ordered.map(([at, count]) => ({ at, count }))}
      formatAt={word}
      formatValue={integer}
      height={ordered.length * BAR_HEIGHT + BAR_HEIGHT * 1.5}
      rowTarget={(at) => ({
        to: "/deliveries",
        search: { ...search, classification: String(at), from: secondsText(from) },
      })}
    />
  );
}

function sum(buckets: readonly AttemptBucket[], field: "ok" | "failed" | "first_ok"): number {
  return buckets.reduce((total, bucket) => total + bucket[field], 0);
}

function share(part: number, of: number): number | null {
  return of === 0 ? null : part / of;
}

/** A sentence about the slowest time, unless it is the latest. */
function slowestOf(latest: Measured, slowest: Measured, formatAt: (at: number) => string): string {
  return slowest.at === latest.at ? "" : ` ${m.slowest(formatAt(slowest.at), duration(slowest.ms))}`;
}

interface Measured {
  readonly at: number;
  readonly ms: number;
}

/** The latest and the slowest time. */
function ends(
  buckets: readonly AttemptBucket[],
  field: "p95" | "age_p95",
): readonly [Measured | null, Measured | null] {
  const measured = buckets.flatMap((bucket) => {
    const ms = bucket[field];
    return ms === null ? [] : [{ at: Date.parse(bucket.at), ms }];
  });
  const slowest = measured.reduce<Measured | null>(
    (most, one) => (most === null || one.ms > most.ms ? one : most),
    null,
  );
  return [measured.at(-1) ?? null, slowest];
}
