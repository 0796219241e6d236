/** `/console/jobs/exports`: the delivery history as a file. The filters are those of the deliveries list. */
import "@mantine/core/styles/Progress.css";
import { Alert, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { SignalboxError } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { deliveryList } from "../../messages/en/deliveries.ts";
import { exportsPage as m } from "../../messages/en/jobs.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { FilterChoice } from "../../parts/list/filter-fields.tsx";
import { oneOf, useFilters } from "../../parts/list/filters.ts";
import { RefusedNotices, useRefused } from "../../parts/list/refused.tsx";
import { GoButton, type Search } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { useSecondsLeft } from "../../parts/time/seconds-left.ts";
import { useApi, useTenant } from "../../session/api.ts";
import { DeliveryFilterBar } from "./delivery-filter-bar.tsx";
import { conditionsOf, FILTERS } from "./delivery-filters.ts";
import { type ExportRun, useExport } from "./use-export.ts";

const FORMATS = ["csv", "ndjson"] as const;
const { sort: _, ...CONDITIONS } = FILTERS;
const RULES = { ...CONDITIONS, sort: FILTERS.sort, format: oneOf(FORMATS) };
const PATH = "/dashboard/webhooks/deliveries/export";

export default function ExportsPage() {
  const api = useApi();
  const tenant = useTenant();
  const filters = useFilters(RULES);
  const { format = "csv", ...values } = filters.values;
  const conditions = conditionsOf(values);
  const { status, ...others } = conditions;
  const count = useQuery({
    queryKey: ["delivery", "export", tenant, conditions],
    queryFn: ({ signal }) => api.deliveries.list({ ...conditions, limit: 1, count: true }, { signal }),
  });
  const { refused, error } = useRefused(count.error);
  const { run, start, forget } = useExport();
  const total = count.data?.total;
  const query = { ...others, state: status, format, asOf: count.data?.as_of, tenant };
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={
        <>
          <GoButton variant="default" to="/deliveries" search={conditions as Search}>
            {deliveryList.title}
          </GoButton>
          <CopyView request={{ path: PATH, query: { ...others, state: status, format } as never }} />
        </>
      }
    >
      <RefusedNotices refused={refused} />
      <DeliveryFilterBar filters={filters as never} withOrder={false} />
      <Section title={m.title}>
        <Stack align="flex-start">
          <FilterChoice
            label={m.format}
            none={m.formats.csv}
            value={format === "csv" ? undefined : format}
            options={[{ value: "ndjson", label: m.formats.ndjson }]}
            onChange={(next) => filters.set({ format: next })}
          />
          {error !== null && (
            <Problem error={error} onRetry={() => void count.refetch()} isRetrying={count.isFetching} />
          )}
          {total !== undefined && (
            <Text role="status">{total === 0 ? m.nothing : `${m.counted(total)} ${m.asOf}`}</Text>
          )}
          <Button
            disabled={total === undefined || run?.state === "running" || run?.state === "waiting"}
            onClick={() => start(PATH, query)}
          >
            {m.download}
          </Button>
          {run !== null && <Run run={run} onForget={forget} />}
        </Stack>
      </Section>
    </Page>
  );
}

function Run({ run, onForget }: { readonly run: ExportRun; readonly onForget: () => void }) {
  const seconds = useSecondsLeft(run.state === "waiting" ? run.untilMs : 0);
  switch (run.state) {
    case "waiting":
      return (
        <Group>
          <Text role="status">{m.waiting(seconds)}</Text>
          <Forget onForget={onForget} />
        </Group>
      );
    case "running":
      return (
        <Stack gap="xs" w="100%">
          <Group>
            <Text role="status">{run.rows === null ? m.starting : m.running(run.rows, run.total)}</Text>
            <Forget onForget={onForget} />
          </Group>
          {run.rows !== null && run.total !== null && run.total > 0 && (
            <Progress value={(run.rows / run.total) * 100} aria-label={m.state} />
          )}
          <Text size="sm" c="dimmed">
            {m.stopHint}
          </Text>
        </Stack>
      );
    case "done":
      return (
        <Alert color="green" variant="light" role="status">
          {m.done(run.rows)}
        </Alert>
      );
    case "failed":
      return (
        <Alert color="red" variant="light" role="alert">
          {m.broken(run.rows)}
        </Alert>
      );
    case "unknown":
      return (
        <Alert color="yellow" variant="light" role="alert">
          {m.unknown}
        </Alert>
      );
    case "refused":
      return <Problem error={run.error instanceof SignalboxError ? run.error : new Error(String(run.error))} />;
  }
}

function Forget({ onForget }: { readonly onForget: () => void }) {
  return (
    <Button variant="subtle" size="xs" onClick={onForget}>
      {m.stop}
    </Button>
  );
}
