/** `/console/events`: what was published. */
import { Group, Stack, Text } from "@mantine/core";
import type { EventSummary } from "@signalbox/sdk";
import { events as m } from "../../messages/en/events.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice, FilterText } from "../../parts/list/filter-fields.tsx";
import { instant, matching, oneOf, useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { bytes } from "../../parts/locale.ts";
import { Go, GoButton } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { DeliveryCounts } from "../../parts/text/delivery-state.tsx";
import { idTimeMs } from "../../parts/time/format.ts";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { publishCurl } from "./publish-curl.ts";

const FILTERS = {
  type: matching(/^[A-Za-z0-9_.-]{1,128}(?:\.\*)?$/),
  undelivered: oneOf(["true"]),
  source_id: matching(/^src_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  from: instant(),
  to: instant(),
};

const COLUMNS: readonly Column<EventSummary>[] = [
  { label: m.type, cell: ({ type }) => type },
  { label: m.deliveries, cell: ({ deliveries }) => <DeliveryCounts deliveries={deliveries} /> },
  { label: m.origin, cell: (event) => <Origin event={event} />, wideOnly: true },
  { label: m.size, cell: ({ payload_bytes }) => bytes(payload_bytes), align: "end" },
  { label: m.created, cell: ({ id, created_at }) => <Time at={idTimeMs(id) ?? created_at} />, align: "end" },
];

function Origin({ event }: { readonly event: EventSummary }) {
  if (event.pause_id !== null) return <Go to={`/pauses/${event.pause_id}`}>{m.fromPause}</Go>;
  if (event.source_id === null || event.inbound_event_id === null) return m.fromApi;
  return <Go to={`/inbound/${event.source_id}/events/${event.inbound_event_id}`}>{m.fromSource}</Go>;
}

export default function EventsPage() {
  const api = useApi();
  const tenant = useTenant();
  const filters = useFilters(FILTERS);
  const { type, source_id, from, to } = filters.values;
  const undelivered = filters.values.undelivered === undefined ? undefined : true;
  const filter = { type, source_id, from, to, undelivered, limit: 50 };
  const list = useCursorList<EventSummary>({
    queryKey: ["event", "list", tenant, filter],
    async read(cursor, signal) {
      const { results, next_cursor } = await api.events.list({ ...filter, cursor }, { signal });
      return { rows: results, next: next_cursor };
    },
    rowKey: ({ id }) => id,
  });
  const query = { ...filter, undelivered: undelivered && "true" };
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={
        <>
          <CopyView request={{ path: "/v1/events", query }} />
          <GoButton to="/events/publish">{m.publish}</GoButton>
        </>
      }
    >
      <FilterBar filters={filters}>
        <FilterText
          label={m.type}
          value={type}
          placeholder={m.typeHint}
          onChange={(next) => filters.set({ type: next })}
        />
        <FilterChoice
          label={m.delivered}
          value={filters.values.undelivered}
          options={[{ value: "true", label: m.undelivered }]}
          onChange={(next) => filters.set({ undelivered: next })}
        />
      </FilterBar>
      <List
        label={m.title}
        list={list}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        rowName={({ type: name, id }) => `${name} ${id}`}
        rowLink={({ id }) => ({ to: `/events/${id}` })}
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
      <CodeBlock text={publishCurl()} label={m.emptyHint} />
      <Group>
        <GoButton to="/events/publish">{m.publish}</GoButton>
      </Group>
    </Stack>
  );
}
