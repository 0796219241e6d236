/** `/console/endpoints`: every endpoint and its state. */
import { Alert, Button } from "@mantine/core";
import type { Endpoint, EndpointAttempts, EndpointState } from "@signalbox/sdk";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { Sparkline } from "../../charts/sparkline.tsx";
import { endpoints as m } from "../../messages/en/endpoints.ts";
import { CopyView, curlOf } from "../../parts/actions/copy-view.tsx";
import { EndpointBadge, STATES } from "../../parts/endpoints/endpoint-badge.tsx";
import { readEndpoints } from "../../parts/endpoints/read-endpoints.ts";
import { STATISTICS } from "../../parts/endpoints/use-attempts.ts";
import { Problem } from "../../parts/feedback/problem.tsx";
import { BulkBar } from "../../parts/list/bulk-bar.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { Empty } from "../../parts/list/empty.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterSeveral, FilterText } from "../../parts/list/filter-fields.tsx";
import { matching, oneOf, several, text, useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { useSelection } from "../../parts/list/selection.ts";
import { integer } from "../../parts/locale.ts";
import { GoButton } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { MayAct } from "../../session/may-act.tsx";
import { useReadAgain } from "../../session/read-again.ts";

/** The attempts of as many endpoints are read at once. */
const ROWS = 50;
const REGISTER = {
  method: "POST",
  path: "/v1/endpoints",
  body: { url: "https://example.com/webhooks", format: "standard" },
} as const;
const FILTERS = { state: several(oneOf(STATES)), q: text(), event_type: matching(/^[A-Za-z0-9_.-]{1,128}$/) };

function columnsWith(attempts: ReadonlyMap<string, EndpointAttempts["hours"]>): readonly Column<Endpoint>[] {
  return [
    { label: m.name, cell: ({ name }) => <Foreign text={name} /> },
    { label: m.host, cell: ({ url }) => <Foreign text={hostOf(url)} /> },
    { label: m.state, cell: (endpoint) => <EndpointBadge of={endpoint} /> },
    {
      label: m.attempts,
      cell: ({ id }) => {
        const hours = attempts.get(id);
        return hours === undefined ? "" : <LastDay hours={hours} />;
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
  const { state, q, event_type: eventType } = filters.values;
  const search = { ...(state.length > 0 && { state: state as readonly EndpointState[] }), q, eventType };
  const list = useCursorList<Endpoint>({
    queryKey: ["endpoint", "list", tenant, filters.values],
    read: (cursor, signal) => readEndpoints(api, { ...search, limit: ROWS, cursor, signal }),
    rowKey: ({ id }) => id,
    newestFirst: false,
  });
  const counts = useQuery({
    queryKey: ["endpoint", "counts", tenant],
    queryFn: ({ signal }) => api.endpoints.count({ signal }),
  });
  const attempts = useLastDay(list.rows ?? []);
  const selection = useSelection(JSON.stringify(filters.values));
  return (
    <Page title={m.title} lead={m.lead(counts.data)} actions={<Actions search={{ state, q, event_type: eventType }} />}>
      <FilterBar filters={filters}>
        <FilterText filters={filters} name="q" label={m.search} />
        <FilterSeveral
          label={m.state}
          values={state}
          onChange={(next) => filters.set({ state: next })}
          options={STATES.map((value) => ({ value, label: m.stateCount(value, counts.data?.states[value]) }))}
        />
        <FilterText filters={filters} name="event_type" label={m.takes} placeholder="order.paid" />
      </FilterBar>
      <BulkBar selection={selection}>
        <BulkActs ids={selection.keys} />
      </BulkBar>
      <List
        label={m.title}
        list={list}
        columns={columnsWith(attempts)}
        rowKey={({ id }) => id}
        rowName={({ name }) => name}
        rowLink={({ id }) => ({ to: `/endpoints/${id}` })}
        selection={selection}
        isFiltered={filters.isFiltered}
        onClearFilters={filters.clear}
        empty={
          <Empty title={m.empty} hint={m.emptyHint} command={curlOf(REGISTER)}>
            <GoButton to="/endpoints/new">{m.create}</GoButton>
          </Empty>
        }
      />
    </Page>
  );
}

/** The attempts of these endpoints, in one request. Those of the page before stay until it is answered. */
function useLastDay(rows: readonly Endpoint[]): ReadonlyMap<string, EndpointAttempts["hours"]> {
  const api = useApi();
  const tenant = useTenant();
  const ids = rows.map(({ id }) => id);
  const { data } = useQuery({
    queryKey: ["statistics", "last-day", tenant, ids],
    queryFn: ({ signal }) => api.analytics.endpointAttempts(ids, { signal }),
    enabled: ids.length > 0,
    placeholderData: keepPreviousData,
    ...STATISTICS,
  });
  return new Map((data ?? []).map(({ endpoint_id, hours }) => [endpoint_id, hours]));
}

function LastDay({ hours }: Pick<EndpointAttempts, "hours">) {
  const sum = (field: "ok" | "failed") => hours.reduce((total, hour) => total + hour[field], 0);
  const [ok, failed] = [sum("ok"), sum("failed")];
  return <Sparkline columns={hours} label={ok + failed === 0 ? m.noAttempts : m.counts(ok, failed)} />;
}

function Actions({ search }: { readonly search: Readonly<Record<string, string | readonly string[] | undefined>> }) {
  return (
    <>
      <CopyView request={{ path: "/v1/endpoints", query: { ...search, limit: ROWS } }} />
      <MayAct>
        <GoButton to="/endpoints/new">{m.create}</GoButton>
      </MayAct>
    </>
  );
}

type Act = "PAUSED" | "ACTIVE" | "test";

/** The same act for each of the selected endpoints, one after the other. */
function BulkActs({ ids }: { readonly ids: readonly string[] }) {
  const api = useApi();
  const readAgain = useReadAgain("endpoint");
  const act = useMutation({
    mutationFn: async (what: Act) => {
      for (const id of ids) {
        if (what === "test") await api.endpoints.test(id);
        else await api.endpoints.update(id, { status: what });
      }
      return ids.length;
    },
    onSettled: readAgain,
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

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
