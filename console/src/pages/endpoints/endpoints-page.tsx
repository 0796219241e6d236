/** `/console/endpoints`: every endpoint and its state. */
import { Group, Stack, Text } from "@mantine/core";
import type { Endpoint } from "@signalbox/sdk";
import { endpoints as m } from "../../messages/en/endpoints.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice, FilterText } from "../../parts/list/filter-fields.tsx";
import { oneOf, text, useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { integer } from "../../parts/locale.ts";
import { GoButton } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge, type Tone } from "../../parts/text/state-badge.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";

const STATUSES = ["ACTIVE", "PAUSED", "DISABLED"] as const;
const FILTERS = { status: oneOf(STATUSES), q: text() };
const TONES: Readonly<Record<Endpoint["status"], Tone>> = { ACTIVE: "ok", PAUSED: "warn", DISABLED: "bad" };

const COLUMNS: readonly Column<Endpoint>[] = [
  { label: m.name, cell: ({ name }) => <Foreign text={name} /> },
  { label: m.host, cell: ({ url }) => <Foreign text={hostOf(url)} /> },
  { label: m.state, cell: ({ status }) => <StateBadge tone={TONES[status]} word={m.states[status]} /> },
  { label: m.types, cell: ({ event_types }) => event_types?.join(", ") ?? m.allTypes, wideOnly: true },
  { label: m.waiting, cell: ({ waiting }) => `${integer(waiting.count)}${waiting.more ? "+" : ""}`, align: "end" },
  { label: m.created, cell: ({ created_at }) => <Time at={created_at} />, align: "end" },
];

export default function EndpointsPage() {
  const api = useApi();
  const tenant = useTenant();
  const filters = useFilters(FILTERS);
  const { status, q } = filters.values;
  const list = useCursorList<Endpoint>({
    queryKey: ["endpoint", "list", tenant],
    read: (cursor, signal) => api.endpoints.page({ limit: 100, cursor, signal }),
    rowKey: ({ id }) => id,
    newestFirst: false,
  });
  // The API has no filter for endpoints, so this filters what the page has.
  const matches = (endpoint: Endpoint): boolean =>
    (status === undefined || endpoint.status === status) &&
    (q === undefined || `${endpoint.name} ${endpoint.url}`.toLowerCase().includes(q.toLowerCase()));
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={
        <>
          <CopyView request={{ path: "/v1/endpoints", query: { limit: 100 } }} command="signalbox endpoints list" />
          <GoButton to="/endpoints/new">{m.create}</GoButton>
        </>
      }
    >
      <FilterBar filters={filters}>
        <FilterText label={m.search} value={q} onChange={(next) => filters.set({ q: next })} />
        <FilterChoice
          label={m.state}
          value={status}
          onChange={(next) => filters.set({ status: next })}
          options={STATUSES.map((value) => ({ value, label: m.states[value] }))}
        />
      </FilterBar>
      <List
        label={m.title}
        list={{ ...list, rows: list.rows?.filter(matches) }}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        rowName={({ name }) => name}
        rowLink={({ id }) => ({ to: `/endpoints/${id}` })}
        isFiltered={filters.isFiltered}
        onClearFilters={filters.clear}
        empty={<Empty />}
      />
    </Page>
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
