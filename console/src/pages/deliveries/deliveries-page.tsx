/** `/console/deliveries`: every delivery, by any filter, and acts on one, on some, and on all that match. */
import { Button, Menu } from "@mantine/core";
import type { Delivery, DeliveryFilter } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { deliveryList as m } from "../../messages/en/deliveries.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { publishCurl } from "../../parts/actions/publish-curl.ts";
import { DownIcon } from "../../parts/icons.tsx";
import { BulkBar } from "../../parts/list/bulk-bar.tsx";
import { type CursorList, useCursorList } from "../../parts/list/cursor-list.ts";
import { Empty } from "../../parts/list/empty.tsx";
import { useFilters } from "../../parts/list/filters.ts";
import { readFull } from "../../parts/list/full-page.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { type Selection, useSelection } from "../../parts/list/selection.ts";
import { GoButton, type Search } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay } from "../../session/me.ts";
import { type BulkAsked, BulkDialog } from "./bulk-dialog.tsx";
import { ACTS, type Act, ActResult, isOffered, RowMenu, useActs } from "./delivery-acts.tsx";
import { ColumnsMenu, useColumns } from "./delivery-columns.tsx";
import { DeliveryFilterBar } from "./delivery-filter-bar.tsx";
import { conditionsOf, FILTERS, filterOf } from "./delivery-filters.ts";
import { Fewer } from "./fewer-filters.tsx";
import { Views } from "./views.tsx";

/** One page of the list. */
const ROWS = 50;
const NO_ACTS: readonly Act[] = [];
const KEYS: Readonly<Record<Act, string>> = { retry: "r", replay: "e", cancel: "c" };

export default function DeliveriesPage() {
  const tenant = useTenant();
  const filters = useFilters(FILTERS);
  const filter = useMemo(() => filterOf(filters.values), [filters.values]);
  const conditions = useMemo(() => conditionsOf(filters.values), [filters.values]);
  const listKey = ["delivery", "list", tenant, filter] as const;
  const list = useDeliveries(filter, listKey);
  const total = useTotal(filter);
  const selection = useSelection(JSON.stringify([tenant, filter, list.rows?.[0]?.id]));
  const acts = useActs();
  const { columns: chosen, ...columnsMenu } = useColumns();
  const actions = useActionsColumn(acts);
  const columns = useMemo(() => [...chosen, actions], [chosen, actions]);
  const [asked, setAsked] = useState<BulkAsked | null>(null);
  const { count: _, ...query } = filter;
  return (
    <Page
      title={m.title}
      lead={total === undefined ? undefined : m.counted(total)}
      actions={
        <>
          <Views search={conditions as Search} />
          <AllMenu onChoose={(act) => setAsked({ act, filter: conditions })} />
          <ColumnsMenu {...columnsMenu} />
          <GoButton variant="default" to="/jobs/exports" search={conditions as Search}>
            {m.export}
          </GoButton>
          <CopyView request={{ path: "/v1/deliveries", query: { ...query, limit: ROWS } }} />
        </>
      }
    >
      <DeliveryFilterBar filters={filters} />
      <ActResult {...acts} />
      <SelectedActs
        selection={selection}
        onChoose={(act) => setAsked({ act, filter: { delivery_id: selection.keys } })}
      />
      <List
        label={m.title}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        rowName={({ event_type: type, endpoint_name: endpoint }) => `${type}, ${endpoint}`}
        rowLink={({ id }) => ({ to: `/deliveries/${id}`, search: filter as Search })}
        selection={selection}
        rowKeys={ACTS.map((act) => ({
          keys: KEYS[act],
          label: m.acts[act].button,
          run: (delivery: Delivery) => isOffered(act, delivery) && acts.run(act, delivery),
        }))}
        isFiltered={filters.isFiltered}
        onClearFilters={filters.clear}
        empty={<Empty title={m.empty} hint={m.emptyHint} command={publishCurl()} />}
      />
      {list.rows?.length === 0 && filters.isFiltered && <Fewer filters={filters} />}
      {asked !== null && <BulkDialog {...asked} onClose={() => setAsked(null)} />}
    </Page>
  );
}

const rowKey = ({ id }: Delivery) => id;

/** The page that the URL names. */
function useDeliveries(filter: DeliveryFilter, queryKey: readonly unknown[]): CursorList<Delivery> {
  const api = useApi();
  const isNewestFirst = filter.sort === undefined || filter.sort === "-created_at";
  return useCursorList<Delivery>({
    queryKey,
    read: (cursor, signal, known) =>
      readFull({
        cursor,
        known,
        rowKey,
        rowsMax: ROWS,
        async read(at, limit) {
          const page = await api.deliveries.list({ ...filter, limit, ...(at && { cursor: at }) }, { signal });
          return { rows: page.results, next: page.next_cursor };
        },
        // The cursors of one order are the same for every filter.
        async timeAt(at) {
          if (!isNewestFirst) return null;
          const { results } = await api.deliveries.list({ cursor: at, limit: 1 }, { signal });
          return results[0]?.created_at ?? null;
        },
      }),
    rowKey,
    newestFirst: isNewestFirst,
  });
}

/** Counted apart from the page, which need not wait for it. */
function useTotal(filter: DeliveryFilter): number | undefined {
  const api = useApi();
  const tenant = useTenant();
  const { data } = useQuery({
    queryKey: ["delivery", "count", tenant, filter],
    queryFn: async ({ signal }) => {
      const { total } = await api.deliveries.list({ ...filter, limit: 1, count: true }, { signal });
      return total;
    },
  });
  return data;
}

function SelectedActs({
  selection,
  onChoose,
}: {
  readonly selection: Selection;
  readonly onChoose: (act: Act) => void;
}) {
  return (
    <BulkBar selection={selection}>
      {ACTS.map((act) => (
        <Button key={act} size="xs" variant="default" onClick={() => onChoose(act)}>
          {m.acts[act].button}
        </Button>
      ))}
    </BulkBar>
  );
}

function AllMenu({ onChoose }: { readonly onChoose: (act: Act) => void }) {
  if (!useMay("developer")) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" rightSection={<DownIcon size={12} />}>
          {m.allThatMatch}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {ACTS.map((act) => (
          <Menu.Item key={act} onClick={() => onChoose(act)}>
            {m.acts[act].all}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function useActionsColumn({ busy, run }: ReturnType<typeof useActs>): Column<Delivery> {
  const acts = useMay("developer") ? ACTS : NO_ACTS;
  return useMemo(
    () => ({
      label: m.columns.actions,
      cell: (delivery) => (
        <RowMenu
          delivery={delivery}
          acts={acts.filter((act) => isOffered(act, delivery))}
          isBusy={busy === delivery.id}
          onAct={(act) => run(act, delivery)}
        />
      ),
      align: "end",
    }),
    [acts, busy, run],
  );
}
