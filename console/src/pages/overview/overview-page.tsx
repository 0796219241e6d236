/** `/console/`: whether deliveries arrive, what waits, and what needs attention. */
import { SimpleGrid } from "@mantine/core";
import "@mantine/core/styles/SimpleGrid.css";
import { useQuery } from "@tanstack/react-query";
import { AttemptCharts } from "../../charts/attempt-charts.tsx";
import { overview as m } from "../../messages/en/overview.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { useAttempts } from "../../parts/endpoints/use-attempts.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice } from "../../parts/list/filter-fields.tsx";
import { oneOf, useFilters } from "../../parts/list/filters.ts";
import { Page } from "../../parts/page/page.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { BacklogPart } from "./backlog-part.tsx";
import { EndpointsPart } from "./endpoints-part.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { PausesPart } from "./pauses-part.tsx";
import { SuccessPart } from "./success-part.tsx";

const SPANS = ["1h", "24h", "7d", "30d"] as const;
type Span = (typeof SPANS)[number];
const HOURS: Readonly<Record<Span, number>> = { "1h": 1, "24h": 24, "7d": 168, "30d": 720 };
const FILTERS = { span: oneOf(SPANS) };

export default function OverviewPage() {
  const filters = useFilters(FILTERS);
  const span = (filters.values.span as Span | undefined) ?? "24h";
  const api = useApi();
  const tenant = useTenant();
  const endpoints = useQuery({
    queryKey: ["endpoint", "overview", tenant],
    queryFn: ({ signal }) => api.endpoints.page({ limit: 100, signal }),
  });
  return (
    <Page title={m.title} actions={<CopyView request={{ path: "/v1/analytics/attempts" }} />}>
      <FilterBar filters={filters}>
        <FilterChoice
          label={m.span}
          value={span}
          onChange={(next) => filters.set({ span: next })}
          options={SPANS.map((value) => ({ value, label: m.spans[value] }))}
        />
      </FilterBar>
      {endpoints.data === undefined ? (
        endpoints.error === null ? (
          <LaterSkeleton rows={6} />
        ) : (
          <Problem error={endpoints.error} onRetry={() => void endpoints.refetch()} />
        )
      ) : endpoints.data.rows.length === 0 ? (
        <FirstSteps endpoints={endpoints.data.rows} />
      ) : (
        <>
          <FirstSteps endpoints={endpoints.data.rows} />
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            <SuccessPart hours={HOURS[span]} />
            <BacklogPart />
            <EndpointsPart endpoints={endpoints.data.rows} hasMore={endpoints.data.next !== null} />
            <PausesPart />
          </SimpleGrid>
          <Charts hours={HOURS[span]} />
        </>
      )}
    </Page>
  );
}

function Charts({ hours }: { readonly hours: number }) {
  const { data, error, refetch } = useAttempts(hours);
  if (data !== undefined) return <AttemptCharts statistics={data} hours={hours} />;
  return error === null ? (
    <LaterSkeleton rows={4} height={60} />
  ) : (
    <Problem error={error} onRetry={() => void refetch()} />
  );
}
