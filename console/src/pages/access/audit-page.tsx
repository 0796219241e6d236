/** `/console/access/audit`: who did what. */
import { AUDIT_TYPES } from "@domain/access/audit.ts";
import { access, audit as m } from "../../messages/en/access.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { AUDIT_ROWS, AuditList } from "../../parts/audit/audit-list.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { FilterChoice, FilterText } from "../../parts/list/filter-fields.tsx";
import { FilterTime } from "../../parts/list/filter-time.tsx";
import { instant, matching, oneOf, useFilters } from "../../parts/list/filters.ts";
import { Page } from "../../parts/page/page.tsx";
import { AccessTabs } from "./access-tabs.tsx";

const FILTERS = {
  event_type: oneOf(AUDIT_TYPES),
  subject_id: matching(/^[a-z]+_[0-9a-f-]{36}$/),
  actor: matching(/^(usr|key)_[0-9a-f-]{36}$/),
  from_date: instant(),
  to_date: instant(),
};

export default function AuditPage() {
  const filters = useFilters(FILTERS);
  const { values } = filters;
  const filter = given(values);
  return (
    <Page
      title={access.audit}
      lead={m.lead}
      actions={<CopyView request={{ path: "/v1/audit", query: { ...filter, limit: AUDIT_ROWS } }} />}
    >
      <AccessTabs here="audit" />
      <FilterBar filters={filters}>
        <FilterChoice
          label={m.type}
          value={values.event_type}
          onChange={(next) => filters.set({ event_type: next })}
          options={AUDIT_TYPES.map((value) => ({ value, label: value }))}
        />
        <FilterText filters={filters} name="subject_id" label={m.subject} placeholder="ep_…" />
        <FilterText filters={filters} name="actor" label={m.actor} placeholder="usr_… key_…" />
        <FilterTime label={m.from} value={values.from_date} onChange={(next) => filters.set({ from_date: next })} />
        <FilterTime label={m.to} value={values.to_date} onChange={(next) => filters.set({ to_date: next })} />
      </FilterBar>
      <AuditList filter={filter} onClearFilters={filters.isFiltered ? filters.clear : undefined} />
    </Page>
  );
}

/** Without the filters that are not set. */
function given<Values extends object>(values: Values): { [Name in keyof Values]?: NonNullable<Values[Name]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
