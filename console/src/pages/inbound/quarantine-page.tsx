/** `/console/inbound/quarantine`: what could not be verified, from all sources. */
import { REJECTIONS } from "@domain/inbound/request.ts";
import { Stack, Text } from "@mantine/core";
import type { InboundEvent, InboundFilter, RefusedCounts } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { quarantine as m } from "../../messages/en/inbound.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { type CursorList, useCursorList } from "../../parts/list/cursor-list.ts";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice } from "../../parts/list/filter-fields.tsx";
import { FilterTime } from "../../parts/list/filter-time.tsx";
import { type Filters, instant, matching, oneOf, useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { readNumbered } from "../../parts/list/numbered.ts";
import { integer } from "../../parts/locale.ts";
import { Go } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { visible } from "../../parts/text/visible.ts";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import classes from "./inbound.module.css";
import { RECORD_COLUMNS, reasonOf, recordLink } from "./record-columns.tsx";
import { Reprocess } from "./reprocess.tsx";
import { Trial } from "./trial.tsx";

const LIMIT = 50;
const FILTERS = {
  source_id: matching(/^src_[0-9a-f-]{36}$/),
  rejection_reason: oneOf(REJECTIONS),
  from: instant(),
  to: instant(),
};

export default function QuarantinePage() {
  const api = useApi();
  const tenant = useTenant();
  const filters = useFilters(FILTERS);
  const { source_id, rejection_reason, from, to } = filters.values;
  const filter = {
    valid: false,
    ...(source_id !== undefined && { source_id }),
    ...(rejection_reason !== undefined && { rejection_reason }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
  const counts = useQuery({
    queryKey: ["inbound", "refused", tenant, from ?? null],
    queryFn: ({ signal }) => api.inboundEvents.refused(from === undefined ? {} : { from }, { signal }),
  });
  const { list, total } = useRefusals(filter);
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={
        <CopyView request={{ path: "/v1/inbound-events", query: { ...filter, valid: "false", limit: LIMIT } }} />
      }
    >
      {counts.error !== null && <Problem error={counts.error} onRetry={() => void counts.refetch()} />}
      {counts.data !== undefined && counts.data.total > 0 && <Sums of={counts.data} />}
      <QuarantineFilters filters={filters} counts={counts.data} />
      {source_id !== undefined && <OfOneSource key={source_id} id={source_id} />}
      {source_id === undefined && total !== null && total > 0 && (
        <Text size="sm" mb="xs">
          {m.ofOneSource}
        </Text>
      )}
      {total !== null && total > 0 && (
        <Text size="sm" c="dimmed" mb="xs" role="status">
          {m.total(total)}
        </Text>
      )}
      <List
        label={m.title}
        list={list}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        rowName={({ id }) => id}
        rowLink={recordLink}
        isFiltered={filters.isFiltered}
        onClearFilters={filters.clear}
        empty={
          <Stack gap="sm">
            <Text fw={600}>{m.empty}</Text>
            <Text>{m.emptyHint}</Text>
          </Stack>
        }
      />
    </Page>
  );
}

/** One page of the list, and how many requests there are on all pages. */
function useRefusals(filter: InboundFilter): {
  readonly list: CursorList<InboundEvent>;
  readonly total: number | null;
} {
  const api = useApi();
  const tenant = useTenant();
  const [total, setTotal] = useState<number | null>(null);
  const list = useCursorList<InboundEvent>({
    queryKey: ["inbound", "quarantine", tenant, filter],
    // The API has page numbers, which stand in the URL as the cursor.
    read: async (cursor, signal) => {
      const numbered = await readNumbered(cursor, LIMIT, async (page) => {
        const { data, pagination } = await api.inboundEvents.list({ ...filter, page, limit: LIMIT }, { signal });
        return { rows: data, total: pagination.total };
      });
      setTotal(numbered.total);
      return numbered;
    },
    rowKey: ({ id }) => id,
  });
  return { list, total };
}

/** What can be done about the requests of the source that the filter names. */
function OfOneSource({ id }: { readonly id: string }) {
  return (
    <>
      <div className={classes.reprocess}>
        <Reprocess sourceId={id} />
      </div>
      <Trial sourceId={id} scheme={null} />
    </>
  );
}

function QuarantineFilters({
  filters,
  counts,
}: {
  readonly filters: Filters<typeof FILTERS>;
  readonly counts: RefusedCounts | undefined;
}) {
  const { source_id, rejection_reason, from, to } = filters.values;
  return (
    <FilterBar filters={filters}>
      <FilterChoice
        label={m.source}
        value={source_id}
        onChange={(next) => filters.set({ source_id: next })}
        options={sourceOptions(counts)}
      />
      <FilterChoice
        label={m.reason}
        value={rejection_reason}
        onChange={(next) => filters.set({ rejection_reason: next })}
        options={reasonOptions(counts, rejection_reason)}
      />
      <FilterTime label={m.from} value={from} onChange={(next) => filters.set({ from: next })} />
      <FilterTime label={m.to} value={to} onChange={(next) => filters.set({ to: next })} />
    </FilterBar>
  );
}

const [RECEIVED, ...OTHERS] = RECORD_COLUMNS;
const COLUMNS: readonly Column<InboundEvent>[] = [
  ...(RECEIVED === undefined ? [] : [RECEIVED]),
  { label: m.source, cell: (event) => <SourceName of={event} /> },
  ...OTHERS,
];

function SourceName({ of: { source } }: { readonly of: InboundEvent }) {
  return <span className={classes.name}>{source === null ? m.unknown : <Foreign text={source} />}</span>;
}

/** For each reason, the sources whose requests were refused for it. */
function Sums({ of: { counts } }: { readonly of: RefusedCounts }) {
  return (
    <Section title={m.byReason}>
      <ul className={classes.sums}>
        {[...byReason(counts)].map(([reason, rows]) => (
          <li key={reason}>
            <strong>{integer(rows.reduce((sum, { count }) => sum + count, 0))}</strong>
            <div>
              <Go to="/inbound/quarantine" search={{ rejection_reason: reason }}>
                {reasonOf(reason)}
              </Go>
              <ul className={classes.sources}>
                {rows.map(({ source_id: id, source, count, last_received_at: at }) => (
                  <li key={`${id}${source}`}>
                    {id === null ? (
                      m.unknown
                    ) : (
                      <Go to="/inbound/quarantine" search={{ source_id: id, rejection_reason: reason }}>
                        <Foreign text={source ?? id} />
                      </Go>
                    )}
                    {` · ${m.total(count)} · `}
                    <Time at={at} />
                  </li>
                ))}
              </ul>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

type Counts = RefusedCounts["counts"];

function byReason(counts: Counts): ReadonlyMap<string, Counts> {
  return Map.groupBy(counts, ({ rejection_reason: reason }) => reason);
}

/** The reasons that there are, and the one that is chosen. */
function reasonOptions(counts: RefusedCounts | undefined, chosen: string | undefined) {
  const reasons = new Set(byReason(counts?.counts ?? []).keys());
  if (chosen !== undefined) reasons.add(chosen);
  return [...reasons].map((value) => ({ value, label: reasonOf(value) }));
}

function sourceOptions(counts: RefusedCounts | undefined) {
  const named = new Map<string, string>();
  for (const { source_id: id, source } of counts?.counts ?? []) if (id !== null) named.set(id, visible(source ?? id));
  return [...named].map(([value, label]) => ({ value, label }));
}
