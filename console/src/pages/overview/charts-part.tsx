/** The charts of the overview. Those of questions and of inbound requests are there when there were any. */
import { Text } from "@mantine/core";
import type { Backlog } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { AttemptCharts } from "../../charts/attempt-charts.tsx";
import { ChartGrid } from "../../charts/chart-grid.tsx";
import { BacklogChart, InboundChart, LatencyBars, PauseCharts } from "../../charts/other-charts.tsx";
import { charts as m } from "../../messages/en/charts.ts";
import { STATISTICS, useAttempts } from "../../parts/endpoints/use-attempts.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Section } from "../../parts/page/page.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay } from "../../session/me.ts";
import { useBacklog } from "./use-backlog.ts";

const HOUR_MS = 3_600_000;

interface ChartsPartProps {
  readonly hours: number;
  /** Without endpoints, only what was received and asked is of interest. */
  readonly hasEndpoints: boolean;
}

export function ChartsPart({ hours, hasEndpoints }: ChartsPartProps) {
  const mayInbound = useMay("org_admin");
  if (!hasEndpoints) return mayInbound ? <ReceivedAlone hours={hours} /> : null;
  return (
    <Section title={m.title(hours)}>
      <Text size="sm" c="dimmed" mb="sm">
        {m.selectSpan}
      </Text>
      <ChartGrid>
        <Attempts hours={hours} />
        <Latencies hours={hours} />
        <Waiting hours={hours} />
        {mayInbound && <Received hours={hours} />}
        <Questions hours={hours} />
      </ChartGrid>
    </Section>
  );
}

function Attempts({ hours }: { readonly hours: number }) {
  const { data, error, refetch } = useAttempts(hours);
  const backlog = useBacklog();
  if (data !== undefined) return <AttemptCharts statistics={data} held={heldOf(backlog.data, data.step)} />;
  return error === null ? (
    <LaterSkeleton rows={3} height={60} />
  ) : (
    <Problem error={error} onRetry={() => void refetch()} />
  );
}

const MINUTE_MS = 60_000;

/** How many more deliveries were held at the end of each minute than at its beginning. Only minutes are known. */
function heldOf(backlog: Backlog | undefined, step: string): ReadonlyMap<number, number> | null {
  if (backlog === undefined || step !== "1m") return null;
  const held = new Map<number, number>();
  for (const [index, { at, held: count }] of backlog.samples.entries()) {
    const before = backlog.samples[index - 1];
    if (before === undefined || count <= before.held) continue;
    held.set(Math.floor(Date.parse(at) / MINUTE_MS) * MINUTE_MS, count - before.held);
  }
  return held;
}

function Waiting({ hours }: { readonly hours: number }) {
  const { data } = useBacklog();
  return data === undefined ? null : <BacklogChart backlog={data} fromMs={Date.parse(data.at) - hours * HOUR_MS} />;
}

function Latencies({ hours }: { readonly hours: number }) {
  const api = useApi();
  const tenant = useTenant();
  const { data } = useQuery({
    queryKey: ["statistics", "latency", tenant, hours],
    queryFn: ({ signal }) => api.analytics.latencyDistribution({ hours, signal }),
    ...STATISTICS,
  });
  return data === undefined ? null : <LatencyBars buckets={data} />;
}

function useReceived(hours: number) {
  const api = useApi();
  const tenant = useTenant();
  return useQuery({
    queryKey: ["statistics", "inbound", tenant, hours],
    queryFn: ({ signal }) => api.analytics.inbound({ from: new Date(Date.now() - hours * HOUR_MS), signal }),
    ...STATISTICS,
  });
}

function Received({ hours }: { readonly hours: number }) {
  const { data, error, refetch } = useReceived(hours);
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  return data === undefined || data.sources.length === 0 ? null : <InboundChart statistics={data} />;
}

/** A tenant that only receives has no other charts. */
function ReceivedAlone({ hours }: { readonly hours: number }) {
  const { data } = useReceived(hours);
  if (data === undefined || data.sources.length === 0) return null;
  return (
    <Section title={m.title(hours)}>
      <InboundChart statistics={data} />
    </Section>
  );
}

function Questions({ hours }: { readonly hours: number }) {
  const api = useApi();
  const tenant = useTenant();
  const { data, error, refetch } = useQuery({
    queryKey: ["statistics", "pauses", tenant, hours],
    queryFn: ({ signal }) => api.analytics.pauses({ from: new Date(Date.now() - hours * HOUR_MS), signal }),
    ...STATISTICS,
  });
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  return data === undefined ? null : <PauseCharts statistics={data} />;
}
