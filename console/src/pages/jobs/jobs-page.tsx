/** `/console/jobs`: background jobs, newest first. */
import { JOB_KINDS, JOB_STATES } from "@domain/upkeep/job.ts";
import type { Job, JobFilter } from "@signalbox/sdk";
import { jobs as m } from "../../messages/en/jobs.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { Empty } from "../../parts/list/empty.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice } from "../../parts/list/filter-fields.tsx";
import { oneOf, useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { GoButton } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { JobProgress, JobState, StartedBy } from "./job-parts.tsx";

const ROWS = 50;
const FILTERS = { state: oneOf(JOB_STATES), kind: oneOf(JOB_KINDS) };

const COLUMNS: readonly Column<Job>[] = [
  { label: m.kind, cell: ({ kind }) => m.kinds[kind] },
  { label: m.state, cell: (job) => <JobState job={job} /> },
  { label: m.progress, cell: (job) => <JobProgress job={job} /> },
  { label: m.by, cell: ({ by }) => <StartedBy by={by} /> },
  { label: m.started, cell: ({ created_at: at }) => <Time at={at} />, align: "end" },
];

export default function JobsPage() {
  const api = useApi();
  const tenant = useTenant();
  const filters = useFilters(FILTERS);
  const filter = filters.values as JobFilter;
  const list = useCursorList<Job>({
    queryKey: ["job", "list", tenant, filter],
    async read(cursor, signal) {
      const page = await api.jobs.list({ ...filter, limit: ROWS, ...(cursor && { cursor }) }, { signal });
      return { rows: page.results, next: page.next_cursor };
    },
    rowKey: ({ id }) => id,
  });
  return (
    <Page
      title={m.title}
      lead={m.lead}
      actions={
        <>
          <GoButton variant="default" to="/jobs/exports">
            {m.exports}
          </GoButton>
          <CopyView request={{ path: "/v1/jobs", query: { ...filters.values, limit: ROWS } }} />
        </>
      }
    >
      <FilterBar filters={filters}>
        <FilterChoice
          label={m.state}
          value={filters.values.state}
          onChange={(state) => filters.set({ state })}
          options={JOB_STATES.map((value) => ({ value, label: m.states[value] }))}
        />
        <FilterChoice
          label={m.kind}
          value={filters.values.kind}
          onChange={(kind) => filters.set({ kind })}
          options={JOB_KINDS.map((value) => ({ value, label: m.kinds[value] }))}
        />
      </FilterBar>
      <List
        label={m.title}
        list={list}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        rowName={({ kind, id }) => `${m.kinds[kind]}, ${id}`}
        rowLink={({ id }) => ({ to: `/jobs/${id}` })}
        isFiltered={filters.isFiltered}
        onClearFilters={filters.clear}
        empty={
          <Empty title={m.empty} hint={m.emptyHint}>
            <GoButton to="/deliveries" variant="default">
              {m.toDeliveries}
            </GoButton>
          </Empty>
        }
      />
    </Page>
  );
}
