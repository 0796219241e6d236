/** `/console/event-types`: what is published, how often, and who takes it. */
import type { EventType } from "@signalbox/sdk";
import { eventTypes as m } from "../../messages/en/events.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { publishCurl } from "../../parts/actions/publish-curl.ts";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { Empty } from "../../parts/list/empty.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterText } from "../../parts/list/filter-fields.tsx";
import { matching, useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { integer } from "../../parts/locale.ts";
import { Go, GoButton } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay } from "../../session/me.ts";

const FILTERS = { search: matching(/^[A-Za-z0-9_.-]{1,128}$/) };

const COLUMNS: readonly Column<EventType>[] = [
  { label: m.name, cell: ({ name }) => name },
  { label: m.endpoints, cell: ({ name, endpoints }) => <Endpoints name={name} count={endpoints} />, align: "end" },
  { label: m.perHour, cell: ({ per_hour }) => integer(per_hour), align: "end" },
  { label: m.firstSeen, cell: ({ first_at }) => <Time at={first_at} />, align: "end", wideOnly: true },
  { label: m.lastSeen, cell: ({ last_at }) => <Time at={last_at} />, align: "end" },
];

const COLUMNS_TO_ACT: readonly Column<EventType>[] = [
  ...COLUMNS,
  {
    label: m.publish,
    cell: ({ name }) => (
      <Go to="/events/publish" search={{ type: name }} aria-label={m.publishOne(name)}>
        {m.publish}
      </Go>
    ),
    align: "end",
  },
];

function Endpoints({ name, count }: { readonly name: string; readonly count: number }) {
  return (
    <Go
      to="/endpoints"
      search={{ event_type: name }}
      aria-label={`${count === 0 ? m.nobody : integer(count)}: ${m.takenBy(name)}`}
    >
      {count === 0 ? <StateBadge tone="warn" word={m.nobody} /> : integer(count)}
    </Go>
  );
}

export default function EventTypesPage() {
  const api = useApi();
  const tenant = useTenant();
  const mayAct = useMay("developer");
  const filters = useFilters(FILTERS);
  const filter = { search: filters.values.search, limit: 50 };
  const list = useCursorList<EventType>({
    queryKey: ["event", "types", tenant, filter],
    async read(cursor, signal) {
      const { results, next_cursor } = await api.events.listTypes({ ...filter, cursor }, { signal });
      return { rows: results, next: next_cursor };
    },
    rowKey: ({ name }) => name,
    newestFirst: false,
  });
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={
        <>
          <CopyView request={{ path: "/v1/event-types", query: filter }} />
          {mayAct && <GoButton to="/events/publish">{m.publish}</GoButton>}
        </>
      }
    >
      <FilterBar filters={filters}>
        <FilterText filters={filters} name="search" label={m.search} />
      </FilterBar>
      <List
        label={m.title}
        list={list}
        columns={mayAct ? COLUMNS_TO_ACT : COLUMNS}
        rowKey={({ name }) => name}
        rowName={({ name }) => name}
        rowLink={({ name }) => ({ to: "/events", search: { type: name } })}
        isFiltered={filters.isFiltered}
        onClearFilters={filters.clear}
        empty={
          <Empty title={m.empty} command={publishCurl()}>
            <GoButton to="/events/publish">{m.publish}</GoButton>
          </Empty>
        }
      />
    </Page>
  );
}
