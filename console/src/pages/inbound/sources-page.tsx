/** `/console/inbound`: the services that send their webhooks here. */
import { Button } from "@mantine/core";
import type { Source } from "@signalbox/sdk";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { sources as m } from "../../messages/en/inbound.ts";
import { CopyView, curlOf } from "../../parts/actions/copy-view.tsx";
import { SecretDialog } from "../../parts/actions/secret-dialog.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { Empty } from "../../parts/list/empty.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { integer } from "../../parts/locale.ts";
import { GoButton, useGo } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { NewSource } from "./new-source.tsx";

const FILTERS = {};
const ADD = {
  method: "POST",
  path: "/v1/sources",
  body: { name: "our repositories", scheme: "github" },
} as const;

export default function SourcesPage() {
  const api = useApi();
  const tenant = useTenant();
  const filters = useFilters(FILTERS);
  const list = useCursorList<Source>({
    queryKey: ["inbound", "sources", tenant],
    read: (cursor, signal) => api.sources.page({ limit: 100, cursor, signal }),
    rowKey: ({ id }) => id,
    newestFirst: false,
  });
  const counts = useCounts();
  const [isCreating, setCreating] = useState(false);
  const create = <Button onClick={() => setCreating(true)}>{m.create}</Button>;
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={
        <>
          <CopyView request={{ path: "/v1/sources" }} />
          <GoButton to="/inbound/quarantine" variant="default">
            {counts.refused === undefined ? m.quarantine : `${m.quarantine} (${integer(counts.refused)})`}
          </GoButton>
          {create}
        </>
      }
    >
      <FilterBar filters={filters}>{null}</FilterBar>
      <List
        label={m.title}
        list={list}
        columns={columns(counts)}
        rowKey={({ id }) => id}
        rowName={({ name }) => name}
        rowLink={({ id }) => ({ to: `/inbound/${id}` })}
        empty={
          <Empty title={m.empty} hint={m.emptyHint} command={curlOf(ADD)}>
            {create}
          </Empty>
        }
      />
      {isCreating && <Creation onClose={() => setCreating(false)} />}
    </Page>
  );
}

/** The form, and then the new source's secret, if the server made one. */
function Creation({ onClose }: { readonly onClose: () => void }) {
  const go = useGo();
  const queries = useQueryClient();
  const [made, setMade] = useState<{ readonly id: string; readonly secret: string } | null>(null);
  if (made !== null) {
    return (
      <SecretDialog
        title={m.newSecret}
        hint={m.newSecretHint}
        label={m.secretLabel}
        secret={made.secret}
        done={m.copied}
        onDone={() => go({ to: `/inbound/${made.id}` })}
      />
    );
  }
  return (
    <NewSource
      onClose={onClose}
      onMade={({ id, secret }) => {
        void queries.invalidateQueries({ queryKey: ["inbound", "sources"] });
        if (secret === undefined) go({ to: `/inbound/${id}` });
        else setMade({ id, secret });
      }}
    />
  );
}

interface Counts {
  /** Of all sources. Undefined until the first answer, like the counts of one source. */
  readonly refused: number | undefined;
  readonly refusedOf: (id: string) => number | undefined;
  /** In the last day. */
  readonly verifiedOf: (id: string) => number | undefined;
}

function useCounts(): Counts {
  const api = useApi();
  const tenant = useTenant();
  const { data: refused } = useQuery({
    queryKey: ["inbound", "refused", tenant, null],
    queryFn: ({ signal }) => api.inboundEvents.refused({}, { signal }),
  });
  const { data: lastDay } = useQuery({
    queryKey: ["inbound", "last-day", tenant],
    queryFn: ({ signal }) => api.analytics.inbound({ signal }),
  });
  return {
    refused: refused?.total,
    refusedOf: (id) =>
      refused?.counts.filter(({ source_id }) => source_id === id).reduce((sum, { count }) => sum + count, 0),
    verifiedOf: (id) => lastDay && (lastDay.sources.find(({ source_id }) => source_id === id)?.valid ?? 0),
  };
}

function columns({ verifiedOf, refusedOf }: Counts): readonly Column<Source>[] {
  return [
    { label: m.name, cell: ({ name }) => <Foreign text={name} /> },
    { label: m.scheme, cell: ({ scheme }) => m.schemes[scheme] },
    {
      label: m.verified,
      cell: ({ id }) => {
        const count = verifiedOf(id);
        return count === undefined ? "" : integer(count);
      },
    },
    { label: m.refused, cell: ({ id }) => <Refused count={refusedOf(id)} /> },
    { label: m.created, cell: ({ created_at: at }) => <Time at={at} />, align: "end" },
  ];
}

function Refused({ count }: { readonly count: number | undefined }) {
  if (count === undefined) return null;
  return count === 0 ? "0" : <StateBadge tone="warn" word={integer(count)} />;
}
