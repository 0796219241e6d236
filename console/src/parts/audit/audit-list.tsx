/** The entries of the audit log that match a filter, newest first, and how many there are. */
import { Text, VisuallyHidden } from "@mantine/core";
import type { AuditEvent, AuditFilter } from "@signalbox/sdk";
import { useState } from "react";
import { access, audit as m } from "../../messages/en/access.ts";
import { keys } from "../../messages/en/app.ts";
import { useApi, useTenant } from "../../session/api.ts";
import { ArrowIcon } from "../icons.tsx";
import { useCursorList } from "../list/cursor-list.ts";
import { Empty } from "../list/empty.tsx";
import { List } from "../list/list.tsx";
import type { Column } from "../list/list-props.ts";
import { readNumbered } from "../list/numbered.ts";
import { Go, useGo } from "../page/go.tsx";
import { Foreign } from "../text/foreign.tsx";
import { Time } from "../time/time.tsx";
import classes from "./audit.module.css";

export const AUDIT_ROWS = 100;

interface AuditListProps {
  readonly filter: AuditFilter;
  /** Of a filter that a person chose. */
  readonly onClearFilters?: (() => void) | undefined;
}

/** With a `subject_id`, all entries are about the same thing, and no column repeats it. */
export function AuditList({ filter, onClearFilters }: AuditListProps) {
  const api = useApi();
  const go = useGo();
  const [total, setTotal] = useState<number | null>(null);
  const list = useCursorList<AuditEvent>({
    queryKey: ["audit", useTenant(), filter],
    read: async (cursor, signal) => {
      const numbered = await readNumbered(cursor, AUDIT_ROWS, async (page) => {
        const query = { ...filter, limit: AUDIT_ROWS, offset: (page - 1) * AUDIT_ROWS };
        const { events, total: all } = await api.audit.list(query, { signal });
        return { rows: events, total: all };
      });
      setTotal(numbered.total);
      return numbered;
    },
    rowKey: ({ id }) => id,
  });
  return (
    <>
      {total !== null && (
        <Text size="sm" c="dimmed" mb="xs" role="status">
          {m.total(total)}
        </Text>
      )}
      <List
        label={access.audit}
        list={list}
        columns={filter.subject_id === undefined ? COLUMNS : COLUMNS.filter((column) => column !== ABOUT)}
        rowKey={({ id }) => id}
        rowName={({ event_type, created_at }) => `${event_type} ${created_at}`}
        rowKeys={[
          { keys: "Enter", label: keys.openRow, run: ({ subject_id: id }) => id !== null && go({ to: `/go/${id}` }) },
        ]}
        isFiltered={onClearFilters !== undefined}
        {...(onClearFilters !== undefined && { onClearFilters })}
        empty={<Empty title={m.empty} hint={m.emptyHint} />}
      />
    </>
  );
}

const ABOUT: Column<AuditEvent> = {
  label: m.about,
  cell: ({ subject_id: id }) => (id === null ? "–" : <Subject id={id} />),
};
const COLUMNS: readonly Column<AuditEvent>[] = [
  { label: m.what, cell: ({ event_type }) => event_type },
  { label: m.when, cell: ({ created_at }) => <Time at={created_at} /> },
  { label: m.who, cell: (event) => <Actor of={event} /> },
  ABOUT,
  { label: m.data, cell: (event) => <Data of={event} /> },
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

/** `previous_role` is what `role` was before. */
const PREVIOUS = "previous_";

/** Lists and records, which the log has as JSON, as one line. */
function readable(value: unknown): string {
  const text = String(value ?? m.nothing);
  if (!/^[[{]/.test(text)) return text;
  try {
    const parts = Object.entries(JSON.parse(text) as object);
    const isList = text.startsWith("[");
    return parts.map(([name, part]) => (isList ? part : `${name}: ${part}`)).join(", ") || m.nothing;
  } catch {
    return text;
  }
}

function Data({ of: { data, subject_id: subject } }: { readonly of: AuditEvent }) {
  // Under another prefix, the id of the subject may be among the data again.
  const uuid = subject?.slice(subject.indexOf("_"));
  const entries = Object.entries(data).filter(
    ([name, value]) => !name.startsWith(PREVIOUS) && (uuid === undefined || !String(value).endsWith(uuid)),
  );
  return (
    <dl className={classes.data}>
      {entries.map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>
            {data[PREVIOUS + name] !== undefined && (
              <>
                <Foreign text={readable(data[PREVIOUS + name])} charsMax={300} /> <ArrowIcon size={12} />
                <VisuallyHidden>{m.changedTo}</VisuallyHidden>{" "}
              </>
            )}
            <Foreign text={readable(value)} charsMax={300} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
