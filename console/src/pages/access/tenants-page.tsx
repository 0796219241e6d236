/** `/console/access/tenants`: all tenants. `?id=dev_…` opens one. */
import { Button, Group, Text } from "@mantine/core";
import type { Tenant } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { access, keys, tenants as m } from "../../messages/en/access.ts";
import { list as app } from "../../messages/en/app.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { SecretDialog } from "../../parts/actions/secret-dialog.tsx";
import { TextField } from "../../parts/form/fields.tsx";
import { FormDialog } from "../../parts/form/form-dialog.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { matching, useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { GoButton } from "../../parts/page/go.tsx";
import { Page } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi } from "../../session/api.ts";
import { AccessTabs } from "./access-tabs.tsx";
import { TenantDrawer } from "./tenant-drawer.tsx";

const FILTERS = { id: matching(/^dev_[0-9a-f-]{36}$/) };

export default function TenantsPage() {
  const api = useApi();
  const filters = useFilters(FILTERS);
  const list = useCursorList<Tenant>({
    queryKey: ["tenant", "list"],
    read: (cursor, signal) => api.tenants.page({ limit: 100, cursor, signal }),
    rowKey: ({ id }) => id,
    newestFirst: false,
  });
  const [isCreating, setCreating] = useState(false);
  const create = <Button onClick={() => setCreating(true)}>{m.create}</Button>;
  return (
    <Page
      title={access.tenants}
      lead={m.lead}
      actions={
        <>
          <CopyView request={{ path: "/v1/tenants" }} command="signalbox admin tenants list" />
          {create}
        </>
      }
    >
      <AccessTabs here="tenants" />
      <FilterBar filters={filters}>{null}</FilterBar>
      <List
        label={access.tenants}
        list={list}
        columns={COLUMNS}
        rowKey={({ id }) => id}
        rowName={({ name }) => name}
        rowLink={({ id }) => ({ to: "/access/tenants", search: { id } })}
        empty={<Text fw={600}>{m.empty}</Text>}
      />
      {filters.values.id !== undefined && (
        <TenantDrawer id={filters.values.id} onClose={() => filters.set({ id: undefined })} />
      )}
      {isCreating && <Creation onClose={() => setCreating(false)} />}
    </Page>
  );
}

const COLUMNS: readonly Column<Tenant>[] = [
  { label: m.name, cell: ({ name }) => <Foreign text={name} /> },
  { label: m.id, cell: ({ id }) => id },
  {
    label: m.links,
    cell: ({ links }) => <StateBadge tone={links === "shown" ? "ok" : "idle"} word={m.linkStates[links]} />,
  },
  { label: m.created, cell: ({ created_at: at }) => <Time at={at} />, align: "end" },
  {
    label: app.actions,
    cell: ({ id, name }) => (
      <Group justify="flex-end">
        <GoButton to="/" search={{ tenant: id }} variant="default" size="xs" aria-label={`${m.enter}: ${name}`}>
          {m.enter}
        </GoButton>
      </Group>
    ),
    align: "end",
  },
];

/** The form, and then the new tenant's first key. */
function Creation({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [firstKey, setFirstKey] = useState<string | null>(null);
  if (firstKey !== null) {
    return (
      <SecretDialog
        title={keys.newKey}
        hint={`${m.firstKey}. ${keys.newKeyHint}`}
        label={keys.newKeyLabel}
        secret={firstKey}
        done={keys.copied}
        onDone={onClose}
      />
    );
  }
  return (
    <NewTenant
      onClose={onClose}
      onMade={(apiKey) => {
        setFirstKey(apiKey);
        void queries.invalidateQueries({ queryKey: ["tenant"] });
      }}
    />
  );
}

interface NewTenantProps {
  readonly onClose: () => void;
  readonly onMade: (apiKey: string) => void;
}

function NewTenant({ onClose, onMade }: NewTenantProps) {
  const api = useApi();
  const [name, setName] = useState("");
  const create = useMutation({
    mutationFn: () => api.tenants.create({ name }),
    onSuccess: ({ api_key }) => onMade(api_key),
  });
  return (
    <FormDialog title={m.create} action={create} onClose={onClose}>
      <TextField
        name="name"
        label={m.name}
        hint={m.nameHint}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
    </FormDialog>
  );
}
