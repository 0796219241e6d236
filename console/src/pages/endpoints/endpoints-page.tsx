/** `/console/endpoints`: every endpoint and its state. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import type { Endpoint, EndpointHealth } from "@signalbox/sdk";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { endpoints as m } from "../../messages/en/endpoints.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { EndpointBadge, STATES } from "../../parts/endpoints/endpoint-badge.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { BulkBar } from "../../parts/list/bulk-bar.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice, FilterText } from "../../parts/list/filter-fields.tsx";
import { oneOf, text, useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { useSelection } from "../../parts/list/selection.ts";
import { integer } from "../../parts/locale.ts";
import { GoButton } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";

const FILTERS = { state: oneOf(STATES), q: text() };

function columnsWith(counts: ReadonlyMap<string, EndpointHealth>): readonly Column<Endpoint>[] {
  return [
    { label: m.name, cell: ({ name }) => <Foreign text={name} /> },
    { label: m.host, cell: ({ url }) => <Foreign text={hostOf(url)} /> },
    { label: m.state, cell: ({ health }) => <EndpointBadge state={health.state} /> },
    {
      label: m.attempts,
      cell: ({ id }) => {
        const count = counts.get(id);
        return count === undefined ? "" : m.counts(count.attempts_ok, count.attempts_failed);
      },
    },
    { label: m.types, cell: ({ event_types }) => event_types?.join(", ") ?? m.allTypes, wideOnly: true },
    { label: m.waiting, cell: ({ waiting }) => `${integer(waiting.count)}${waiting.more ? "+" : ""}`, align: "end" },
    {
      label: m.lastSuccess,
      cell: ({ health }) => (health.last_success_at === null ? "–" : <Time at={health.last_success_at} />),
      align: "end",
    },
  ];
}

export default function EndpointsPage() {
  const api = useApi();
  const tenant = useTenant();
  const filters = useFilters(FILTERS);
  const { state, q } = filters.values;
  const list = useCursorList<Endpoint>({
    queryKey: ["endpoint", "list", tenant],
    read: (cursor, signal) => api.endpoints.page({ limit: 100, cursor, signal }),
    rowKey: ({ id }) => id,
    newestFirst: false,
  });
  const health = useQuery({
    queryKey: ["endpoint", "health", tenant],
    queryFn: ({ signal }) => api.analytics.endpointHealth({ hours: 24, signal }),
  });
  const counts = new Map((health.data ?? []).map((row) => [row.endpoint_id, row]));
  const selection = useSelection(JSON.stringify(filters.values));
  // The API has no filter for endpoints, so this filters what the page has.
  const matches = (endpoint: Endpoint): boolean =>
    (state === undefined || endpoint.health.state === state) &&
    (q === undefined || `${endpoint.name} ${endpoint.url}`.toLowerCase().includes(q.toLowerCase()));
  return (
    <Page title={m.title} lead={m.lead} actions={<Actions />}>
      <FilterBar filters={filters}>
        <FilterText label={m.search} value={q} onChange={(next) => filters.set({ q: next })} />
        <FilterChoice
          label={m.state}
          value={state}
          onChange={(next) => filters.set({ state: next })}
          options={STATES.map((value) => ({ value, label: m.states[value] }))}
        />
      </FilterBar>
      <BulkBar selection={selection}>
        <BulkActs ids={selection.keys} />
      </BulkBar>
      <List
        label={m.title}
        list={{ ...list, rows: list.rows?.filter(matches) }}
        columns={columnsWith(counts)}
        rowKey={({ id }) => id}
        rowName={({ name }) => name}
        rowLink={({ id }) => ({ to: `/endpoints/${id}` })}
        selection={selection}
        isFiltered={filters.isFiltered}
        onClearFilters={filters.clear}
        empty={<Empty />}
      />
    </Page>
  );
}

function Actions() {
  return (
    <>
      <CopyView request={{ path: "/v1/endpoints", query: { limit: 100 } }} command="signalbox endpoints list" />
      <GoButton to="/endpoints/new">{m.create}</GoButton>
    </>
  );
}

type Act = "PAUSED" | "ACTIVE" | "test";

/** The same act for each of the selected endpoints, one after the other. */
function BulkActs({ ids }: { readonly ids: readonly string[] }) {
  const api = useApi();
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: async (what: Act) => {
      for (const id of ids) {
        if (what === "test") await api.endpoints.test(id);
        else await api.endpoints.update(id, { status: what });
      }
      return ids.length;
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["endpoint"] }),
  });
  return (
    <>
      {(["PAUSED", "ACTIVE", "test"] as const).map((what) => (
        <Button
          key={what}
          variant="default"
          size="xs"
          onClick={() => act.mutate(what)}
          loading={act.isPending && act.variables === what}
          disabled={act.isPending}
        >
          {what === "PAUSED" ? m.pause : what === "ACTIVE" ? m.resume : m.test}
        </Button>
      ))}
      {act.isSuccess && <Alert p="xs">{m.done(act.data)}</Alert>}
      {act.error !== null && <Problem error={act.error} />}
    </>
  );
}

function Empty() {
  return (
    <Stack gap="sm">
      <Text fw={600}>{m.empty}</Text>
      <Text>{m.emptyHint}</Text>
      <CodeBlock text={m.emptyCommand} label={m.emptyHint} />
      <Group>
        <GoButton to="/endpoints/new">{m.create}</GoButton>
      </Group>
    </Stack>
  );
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
