/** `/console/`: whether deliveries arrive, what waits, and what needs attention. */
import { SimpleGrid, Text } from "@mantine/core";
import "@mantine/core/styles/SimpleGrid.css";
import { useQuery } from "@tanstack/react-query";
import { overview as m } from "../../messages/en/overview.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { HEALTH } from "../../parts/endpoints/use-attempts.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { useFilters } from "../../parts/list/filters.ts";
import { Page } from "../../parts/page/page.tsx";
import { SPAN_FILTER, SpanChoice, spanHours } from "../../parts/time/span-choice.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay } from "../../session/me.ts";
import { BacklogPart } from "./backlog-part.tsx";
import { ChartsPart } from "./charts-part.tsx";
import { EndpointsPart } from "./endpoints-part.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { PausesPart } from "./pauses-part.tsx";
import { SuccessPart } from "./success-part.tsx";

export default function OverviewPage() {
  const filters = useFilters(SPAN_FILTER);
  const hours = spanHours(filters.values.span);
  const api = useApi();
  const tenant = useTenant();
  const mayAct = useMay("developer");
  const counts = useQuery({
    queryKey: ["endpoint", "counts", tenant],
    queryFn: ({ signal }) => api.endpoints.count({ signal }),
    ...HEALTH,
  });
  return (
    <Page title={m.title} actions={<CopyView request={{ path: "/v1/analytics/attempts" }} />}>
      <FilterBar filters={filters}>
        <SpanChoice value={filters.values.span} onChange={(span) => filters.set({ span })} />
      </FilterBar>
      {counts.error !== null && <Problem error={counts.error} onRetry={() => void counts.refetch()} />}
      {counts.data === undefined ? (
        counts.error === null && <LaterSkeleton rows={6} />
      ) : (
        <>
          {mayAct && <FirstSteps hasEndpoint={counts.data.total > 0} />}
          {!mayAct && counts.data.total === 0 && <Text>{m.noEndpoint}</Text>}
          {counts.data.total > 0 && (
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md" verticalSpacing={0}>
              <SuccessPart hours={hours} />
              <BacklogPart />
              <EndpointsPart counts={counts.data} />
              <PausesPart />
            </SimpleGrid>
          )}
          <ChartsPart hours={hours} hasEndpoints={counts.data.total > 0} />
        </>
      )}
    </Page>
  );
}
