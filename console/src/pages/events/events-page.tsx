/** `/console/events`: what was published. */
import type { EventFilter, EventSummary } from "@signalbox/sdk";
import { event, events as m } from "../../messages/en/events.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { publishCurl } from "../../parts/actions/publish-curl.ts";
import { type CursorList, useCursorList } from "../../parts/list/cursor-list.ts";
import { Empty } from "../../parts/list/empty.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice, FilterText } from "../../parts/list/filter-fields.tsx";
import { FilterTime } from "../../parts/list/filter-time.tsx";
import { type Filters, instant, matching, oneOf, text, useFilters } from "../../parts/list/filters.ts";
import { readFull } from "../../parts/list/full-page.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { bytes } from "../../parts/locale.ts";
import { Go, GoButton, useGo } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { DeliveryCounts } from "../../parts/text/delivery-state.tsx";
import { idTimeMs } from "../../parts/time/format.ts";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { MayAct } from "../../session/may-act.tsx";

const FILTERS = {
  type: matching(/^[A-Za-z0-9_.-]{1,128}(?:\.\*)?$/),
  undelivered: oneOf(["true"]),
  source_id: matching(/^src_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  from: instant(),
  to: instant(),
  payload_contains: text(),
};

const ROWS = 50;

const COLUMNS: readonly Column<EventSummary>[] = [
  { label: m.type, cell: ({ type }) => type },
  { label: m.deliveries, cell: ({ deliveries }) => <DeliveryCounts deliveries={deliveries} /> },
  { label: m.origin, cell: (row) => <Origin of={row} />, wideOnly: true },
  { label: m.size, cell: ({ payload_bytes }) => bytes(payload_bytes), align: "end" },
  { label: m.created, cell: ({ id, created_at }) => <Time at={idTimeMs(id) ?? created_at} />, align: "end" },
];

function Origin({ of }: { readonly of: EventSummary }) {
  if (of.pause_id !== null) return <Go to={`/pauses/${of.pause_id}`}>{m.fromPause}</Go>;
  if (of.source_id === null || of.inbound_event_id === null) return m.fromApi;
  return <Go to={`/inbound/${of.source_id}/events/${of.inbound_event_id}`}>{m.fromSource}</Go>;
}

export default function EventsPage() {
  const go = useGo();
  const filters = useFilters(FILTERS);
  const { type, source_id, from, to, payload_contains } = filters.values;
  const undelivered = filters.values.undelivered === undefined ? undefined : true;
  const filter = { type, source_id, from, to, payload_contains, undelivered, limit: ROWS };
  const list = useEvents(filter);
  const query = { ...filter, undelivered: undelivered && "true" };
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={
        <>
          <CopyView request={{ path: "/v1/events", query }} />
          <MayAct>
            <GoButton to="/events/publish">{m.publish}</GoButton>
          </MayAct>
        </>
      }
    >
      <EventFilters filters={filters} />
      <List
        label={m.title}
        list={list}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        rowName={({ type: name, id }) => `${name} ${id}`}
        rowLink={({ id }) => ({ to: `/events/${id}` })}
        rowKeys={[
          {
            keys: "e",
            label: event.publishAgain,
            run: ({ id }) => go({ to: "/events/publish", search: { like: id } }),
          },
        ]}
        isFiltered={filters.isFiltered}
        onClearFilters={filters.clear}
        empty={
          <Empty title={m.empty} hint={m.emptyHint} command={publishCurl()}>
            <GoButton to="/events/publish">{m.publish}</GoButton>
          </Empty>
        }
      />
    </Page>
  );
}

const rowKey = ({ id }: EventSummary) => id;

/** The page that the URL names. */
function useEvents(filter: EventFilter): CursorList<EventSummary> {
  const api = useApi();
  const tenant = useTenant();
  return useCursorList<EventSummary>({
    queryKey: ["event", "list", tenant, filter],
    read: (cursor, signal, known) =>
      readFull({
        cursor,
        known,
        rowKey,
        rowsMax: ROWS,
        async read(at, limit) {
          const page = await api.events.list({ ...filter, cursor: at, limit }, { signal });
          return { rows: page.results, next: page.next_cursor };
        },
        // The cursors of the list are the same for every filter.
        async timeAt(at) {
          const { results } = await api.events.list({ cursor: at, limit: 1 }, { signal });
          return results[0]?.created_at ?? null;
        },
      }),
    rowKey,
  });
}

function EventFilters({ filters }: { readonly filters: Filters<typeof FILTERS> }) {
  const { undelivered, from, to } = filters.values;
  return (
    <FilterBar filters={filters}>
      <FilterText filters={filters} name="type" label={m.type} placeholder={m.typeHint} />
      <FilterText filters={filters} name="payload_contains" label={m.payloadHas} />
      <FilterChoice
        label={m.delivered}
        value={undelivered}
        options={[{ value: "true", label: m.undelivered }]}
        onChange={(next) => filters.set({ undelivered: next })}
      />
      <FilterTime label={m.from} value={from} onChange={(next) => filters.set({ from: next })} />
      <FilterTime label={m.to} value={to} onChange={(next) => filters.set({ to: next })} />
    </FilterBar>
  );
}
