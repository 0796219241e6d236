/** `/console/access/audit`: who did what. */
import { AUDIT_TYPES } from "@domain/access/audit.ts";
import { Text } from "@mantine/core";
import type { AuditEvent } from "@signalbox/sdk";
import { useState } from "react";
import { access, audit as m } from "../../messages/en/access.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice, FilterText } from "../../parts/list/filter-fields.tsx";
import { matching, oneOf, useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { readNumbered } from "../../parts/list/numbered.ts";
import { Go } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import classes from "./access.module.css";
import { AccessTabs } from "./access-tabs.tsx";

const LIMIT = 100;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const FILTERS = {
  event_type: oneOf(AUDIT_TYPES),
  subject_id: matching(/^[a-z]+_[0-9a-f-]{36}$/),
  actor: matching(/^(usr|key)_[0-9a-f-]{36}$/),
  from_date: matching(DAY),
  to_date: matching(DAY),
};

export default function AuditPage() {
  const api = useApi();
  const filters = useFilters(FILTERS);
  const { values } = filters;
  const [total, setTotal] = useState<number | null>(null);
  const list = useCursorList<AuditEvent>({
    queryKey: ["audit", useTenant(), values],
    read: async (cursor, signal) => {
      const numbered = await readNumbered(cursor, LIMIT, async (page) => {
        const query = { ...given(values), limit: LIMIT, offset: (page - 1) * LIMIT };
        const { events, total } = await api.audit.list(query, { signal });
        return { rows: events, total };
      });
      setTotal(numbered.total);
      return numbered;
    },
    rowKey: ({ id }) => id,
  });
  return (
    <Page
      title={access.audit}
      lead={m.lead}
      actions={<CopyView request={{ path: "/v1/audit", query: { ...given(values), limit: LIMIT } }} />}
    >
      <AccessTabs here="audit" />
      <FilterBar filters={filters}>
        <FilterChoice
          label={m.type}
          value={values.event_type}
          onChange={(next) => filters.set({ event_type: next })}
          options={AUDIT_TYPES.map((value) => ({ value, label: value }))}
        />
        <FilterText
          label={m.subject}
          value={values.subject_id}
          onChange={(next) => filters.set({ subject_id: next })}
          placeholder="ep_…"
        />
        <FilterText
          label={m.actor}
          value={values.actor}
          onChange={(next) => filters.set({ actor: next })}
          placeholder="usr_… key_…"
        />
        <FilterText
          label={m.from}
          value={values.from_date}
          onChange={(next) => filters.set({ from_date: next })}
          placeholder="2026-01-31"
        />
        <FilterText
          label={m.to}
          value={values.to_date}
          onChange={(next) => filters.set({ to_date: next })}
          placeholder="2026-01-31"
        />
      </FilterBar>
      {total !== null && (
        <Text size="sm" c="dimmed" mb="xs" role="status">
          {m.total(total)}
        </Text>
      )}
      <List
        label={access.audit}
        list={list}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        rowName={({ event_type, created_at }) => `${event_type} ${created_at}`}
        isFiltered={filters.isFiltered}
        onClearFilters={filters.clear}
        empty={
          <>
            <Text fw={600}>{m.empty}</Text>
            <Text>{m.emptyHint}</Text>
          </>
        }
      />
    </Page>
  );
}

/** Without the filters that are not set. */
function given<Values extends object>(values: Values): { [Name in keyof Values]?: NonNullable<Values[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

const COLUMNS: readonly Column<AuditEvent>[] = [
  { label: m.what, cell: ({ event_type }) => event_type },
  { label: m.when, cell: ({ created_at }) => <Time at={created_at} /> },
  { label: m.who, cell: (event) => <Actor of={event} /> },
  { label: m.about, cell: ({ subject_id: id }) => (id === null ? "–" : <Subject id={id} />) },
  { label: m.data, cell: ({ data }) => <Data of={data} /> },
];

function Actor({ of: { actor, actor_id: id, actor_user: user } }: { readonly of: AuditEvent }) {
  const word = (m.actors as Readonly<Record<string, string>>)[actor] ?? actor;
  if (id === null) return word;
  return (
    <Go to="/access/audit" search={{ actor: id }}>
      <Foreign text={user?.email ?? id} />
    </Go>
  );
}

/** Leads to everything that was done to the same thing. */
function Subject({ id }: { readonly id: string }) {
  return (
    <Go to="/access/audit" search={{ subject_id: id }}>
      {id}
    </Go>
  );
}

function Data({ of }: { readonly of: AuditEvent["data"] }) {
  return (
    <dl className={classes.data}>
      {Object.entries(of).map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>
            <Foreign text={String(value)} charsMax={300} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
