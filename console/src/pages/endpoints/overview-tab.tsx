/** What an endpoint is doing: its numbers, its backlog, its charts, and pausing, resuming and testing it. */
import { Alert, Button, Group, Text } from "@mantine/core";
import type { Endpoint } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { AttemptCharts } from "../../charts/attempt-charts.tsx";
import { ChartGrid } from "../../charts/chart-grid.tsx";
import { charts } from "../../messages/en/charts.ts";
import { endpointTest, endpoints as list, endpoint as m } from "../../messages/en/endpoints.ts";
import { useAttempts } from "../../parts/endpoints/use-attempts.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { useFilters } from "../../parts/list/filters.ts";
import { Go, GoButton, type Search } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { NameValues } from "../../parts/text/name-values.tsx";
import { SPAN_FILTER, SpanChoice, spanHours } from "../../parts/time/span-choice.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi } from "../../session/api.ts";
import { MayAct } from "../../session/may-act.tsx";
import { useReadAgain } from "../../session/read-again.ts";
import { PauseDialog, ResumeDialog } from "./pause-dialogs.tsx";

const WAITING = ["PENDING", "SCHEDULED", "HELD", "IN_PROGRESS"];

export function OverviewTab({ endpoint }: { readonly endpoint: Endpoint }) {
  return (
    <>
      <Section title={m.tabs.overview} actions={<Acts endpoint={endpoint} />}>
        <Facts endpoint={endpoint} />
      </Section>
      <Section title={m.backlog}>
        <Backlog endpoint={endpoint} />
      </Section>
      <Charts endpointId={endpoint.id} />
    </>
  );
}

function Charts({ endpointId }: { readonly endpointId: string }) {
  const filters = useFilters(SPAN_FILTER);
  const hours = spanHours(filters.values.span);
  const { data, error, refetch } = useAttempts(hours, endpointId);
  return (
    <Section
      title={charts.title(hours)}
      actions={<SpanChoice value={filters.values.span} onChange={(span) => filters.set({ span })} />}
    >
      <FilterBar filters={filters}>{null}</FilterBar>
      {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
      {data === undefined ? (
        error === null && <LaterSkeleton rows={4} height={60} />
      ) : (
        <ChartGrid>
          <AttemptCharts statistics={data} search={{ endpoint_id: endpointId }} />
        </ChartGrid>
      )}
    </Section>
  );
}

function Acts({ endpoint }: { readonly endpoint: Endpoint }) {
  const api = useApi();
  const readAgain = useReadAgain("endpoint");
  const [dialog, setDialog] = useState<"pause" | "resume" | null>(null);
  const test = useMutation({
    mutationFn: () => api.endpoints.test(endpoint.id),
    onSettled: readAgain,
  });
  const isActive = endpoint.status === "ACTIVE";
  const close = () => setDialog(null);
  return (
    <Group gap="sm">
      <MayAct>
        <Button variant="default" onClick={() => setDialog(isActive ? "pause" : "resume")}>
          {isActive ? m.pause : m.resume}
        </Button>
        <Button variant="default" onClick={() => test.mutate()} loading={test.isPending}>
          {m.test}
        </Button>
      </MayAct>
      <GoButton variant="default" to="/deliveries" search={{ endpoint_id: endpoint.id }}>
        {m.deliveries}
      </GoButton>
      {test.data !== undefined && (
        <Alert role="status" color={test.data.data.success ? "green" : "red"} variant="light">
          {test.data.data.success ? m.tested : <Foreign text={test.data.data.message} />}{" "}
          {test.data.data.delivery_id !== null && (
            <Go td="underline" to={`/deliveries/${test.data.data.delivery_id}`}>
              {endpointTest.toDelivery}
            </Go>
          )}
        </Alert>
      )}
      {test.error !== null && <Problem error={test.error} />}
      {dialog === "pause" && <PauseDialog endpoint={endpoint} onClose={close} />}
      {dialog === "resume" && <ResumeDialog endpoint={endpoint} onClose={close} />}
    </Group>
  );
}

function Facts({ endpoint }: { readonly endpoint: Endpoint }) {
  const { health } = endpoint;
  const failure = health.last_failure;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [m.url, <Foreign key="url" text={endpoint.url} />],
    [m.types, endpoint.event_types?.join(", ") ?? list.allTypes],
    [m.format, endpoint.format],
    [
      m.inFlight,
      endpoint.ordered
        ? m.inFlightOrdered(health.in_flight)
        : m.inFlightOf(health.in_flight, health.window, endpoint.max_in_flight),
    ],
    [m.rate, m.rateOf(health.rate, endpoint.rate_limit_per_second)],
    [
      m.lastSuccess,
      health.last_success_at === null ? m.never : <Time key="ok" at={health.last_success_at} focusable />,
    ],
    [
      m.lastFailure,
      failure === null ? (
        m.never
      ) : (
        <span key="failed">
          <Time at={failure.at} focusable />
          {", "}
          <Go td="underline" to="/deliveries" search={{ endpoint_id: endpoint.id, ...likeFailure(failure) }}>
            <Foreign
              text={
                failure.http_status === null ? (failure.error ?? failure.classification) : m.status(failure.http_status)
              }
            />
          </Go>
        </span>
      ),
    ],
  ];
  return <NameValues rows={facts} />;
}

/** A filter of the deliveries whose latest attempt failed in the same way. */
function likeFailure({ http_status: status, classification }: NonNullable<Endpoint["health"]["last_failure"]>): Search {
  return status === null ? { classification } : { http_status: String(status) };
}

function Backlog({ endpoint: { id, waiting, backlog } }: { readonly endpoint: Endpoint }) {
  if (waiting.count === 0) return <Text>{m.noBacklog}</Text>;
  return (
    <>
      <Text>
        <Go td="underline" to="/deliveries" search={{ endpoint_id: id, status: WAITING }}>
          {m.waiting(waiting.count, waiting.more)}
        </Go>
      </Text>
      {backlog.oldest_at !== null && (
        <Text>
          {m.oldest} <Time at={backlog.oldest_at} focusable />.
        </Text>
      )}
      {backlog.bytes > 0 && <Text>{m.heldBytes(backlog.bytes)}</Text>}
      {backlog.drain_per_second > 0 && <Text>{m.drains(backlog.drain_per_second)}</Text>}
      {backlog.drained_at !== null && (
        <Text>
          {m.drainedAt} <Time at={backlog.drained_at} focusable />
        </Text>
      )}
    </>
  );
}
