/** `/console/pauses`: the open questions by deadline, and those that have ended. */
import type { Pause, PauseChannel, PauseCounts, PauseFilter, PauseStatus } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { pauses as m, pause } from "../../messages/en/pauses.ts";
import { CopyView, curlOf } from "../../parts/actions/copy-view.tsx";
import { type CursorList, useCursorList } from "../../parts/list/cursor-list.ts";
import { Empty } from "../../parts/list/empty.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice, FilterText } from "../../parts/list/filter-fields.tsx";
import { oneOf, text, useFilters } from "../../parts/list/filters.ts";
import { readFull } from "../../parts/list/full-page.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { Page } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { CancelDialog } from "./cancel-dialog.tsx";
import { Remaining } from "./remaining.tsx";
import { StatusTabs } from "./status-tabs.tsx";
import { Told } from "./told.tsx";

/** Questions on one page. */
const ROWS = 100;
const STATUSES = ["pending", "responded", "timed_out", "cancelled"] as const;
const CHANNELS = ["email", "slack", "sms", "none"] as const;
const FILTERS = { status: oneOf(STATUSES), channel: oneOf(CHANNELS), q: text() };
const ASK = {
  method: "POST",
  path: "/v1/pause",
  body: { message: "Deploy to production?", options: ["Yes", "No"] },
} as const;
const MESSAGE_CHARS_MAX = 140;

const QUESTION: Column<Pause> = {
  label: m.question,
  cell: ({ message }) => <Foreign text={message.replace(/\s+/g, " ")} charsMax={MESSAGE_CHARS_MAX} />,
};
const ASKED: Column<Pause> = { label: m.asked, cell: ({ created_at }) => <Time at={created_at} />, align: "end" };
const TOLD: Column<Pause> = { label: m.told, cell: (row) => <Told pause={row} /> };

const COLUMNS: Readonly<Record<PauseStatus, readonly Column<Pause>[]>> = {
  pending: [
    QUESTION,
    { label: m.left, cell: (row) => <Remaining pause={row} /> },
    { label: m.byDefault, cell: ({ timeout_default }) => <Choice choice={timeout_default} otherwise={m.noDefault} /> },
    TOLD,
    ASKED,
  ],
  responded: [
    QUESTION,
    { label: m.answer, cell: ({ response_choice }) => <Choice choice={response_choice} otherwise="" /> },
    { label: m.by, cell: ({ decided_by_user: user }) => (user === null ? m.byLink : <Foreign text={user.email} />) },
    { label: m.at, cell: ({ response_at }) => <Time at={response_at ?? ""} />, align: "end" },
  ],
  timed_out: [
    QUESTION,
    { label: m.answer, cell: ({ response_choice }) => <Choice choice={response_choice} otherwise={m.noDefault} /> },
    TOLD,
    { label: m.due, cell: ({ expires_at }) => <Time at={expires_at} />, align: "end" },
  ],
  cancelled: [QUESTION, TOLD, ASKED],
};

export default function PausesPage() {
  const filters = useFilters(FILTERS);
  const { q, channel } = filters.values;
  const status = (filters.values.status ?? "pending") as PauseStatus;
  const query = {
    ...(status === "pending" ? { order: "deadline" as const } : { status }),
    ...(q !== undefined && { q }),
    ...(channel !== undefined && { channel: channel as PauseChannel | "none" }),
    limit: ROWS,
  };
  const list = usePauses(query);
  const { data: counts } = usePauseCounts();
  const [cancelling, setCancelling] = useState<Pause | null>(null);
  // The status is a list of its own rather than a filter.
  const isFiltered = q !== undefined || channel !== undefined;
  const clear = (): void => filters.set({ q: undefined, channel: undefined });
  return (
    <Page
      title={m.title}
      tabTitle={m.tabTitle(counts?.pending.count ?? 0, counts?.pending.more ?? false)}
      lead={m.lead}
      actions={<CopyView request={{ path: "/v1/pause", query }} />}
    >
      <StatusTabs statuses={STATUSES} current={status} counts={counts} search={{ q, channel }} />
      <FilterBar filters={{ ...filters, isFiltered, clear }}>
        <FilterText filters={filters} name="q" label={m.search} />
        <FilterChoice
          label={m.channel}
          value={channel}
          onChange={(next) => filters.set({ channel: next })}
          options={CHANNELS.map((value) => ({ value, label: m.channels[value] }))}
        />
      </FilterBar>
      <List
        label={`${m.title}: ${m.statuses[status]}`}
        list={list}
        columns={COLUMNS[status]}
        rowKey={({ pause_id }) => pause_id}
        rowName={({ message }) => message.slice(0, MESSAGE_CHARS_MAX)}
        rowLink={({ pause_id }) => ({ to: `/pauses/${pause_id}` })}
        rowKeys={[{ keys: "c", label: pause.cancel, run: (row) => row.status === "pending" && setCancelling(row) }]}
        isFiltered={isFiltered}
        onClearFilters={clear}
        empty={<Empty title={m.empty[status]} hint={m.emptyHint} command={curlOf(ASK)} />}
      />
      {cancelling !== null && (
        <CancelDialog pause={cancelling} onClose={() => setCancelling(null)} onChanged={list.refetch} />
      )}
    </Page>
  );
}

const rowKey = ({ pause_id }: Pause) => pause_id;

/** The page that the URL names. */
function usePauses(query: PauseFilter): CursorList<Pause> {
  const api = useApi();
  const tenant = useTenant();
  return useCursorList<Pause>({
    queryKey: ["pause", "list", tenant, query],
    read: (cursor, signal, known) =>
      readFull({
        cursor,
        known,
        rowKey,
        rowsMax: ROWS,
        async read(at, limit) {
          const page = await api.listPauses({ ...query, limit, ...(at !== undefined && { cursor: at }) }, { signal });
          return { rows: page.pauses, next: page.next_cursor };
        },
      }),
    rowKey,
    newestFirst: query.order !== "deadline",
  });
}

function usePauseCounts() {
  const api = useApi();
  const tenant = useTenant();
  return useQuery<PauseCounts>({
    queryKey: ["pause", "counts", tenant],
    queryFn: ({ signal }) => api.countPauses({ signal }),
  });
}

function Choice({ choice, otherwise }: { readonly choice: string | null; readonly otherwise: string }) {
  return choice === null ? <span>{otherwise}</span> : <Foreign text={choice} />;
}
