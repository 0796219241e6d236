/** `/console/access/keys`: the tenant's API keys. */
import { Button } from "@mantine/core";
import type { Key } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { access, keys as m } from "../../messages/en/access.ts";
import { account, list as app } from "../../messages/en/app.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { DangerDialog } from "../../parts/actions/danger-dialog.tsx";
import { SecretDialog } from "../../parts/actions/secret-dialog.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { Empty } from "../../parts/list/empty.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { Page } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { visible } from "../../parts/text/visible.ts";
import { useNow } from "../../parts/time/ticker.ts";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay, useMe } from "../../session/me.ts";
import { AccessTabs } from "./access-tabs.tsx";
import { NewKey } from "./new-key.tsx";

const DAY_MS = 86_400_000;

const FILTERS = {};

export default function KeysPage() {
  const api = useApi();
  const filters = useFilters(FILTERS);
  const queryKey = ["key", "list", useTenant()];
  const list = useCursorList<Key>({
    queryKey,
    read: (cursor, signal) => api.keys.page({ limit: 100, cursor, signal }),
    rowKey: ({ id }) => id,
    newestFirst: false,
  });
  const queries = useQueryClient();
  const refresh = () => void queries.invalidateQueries({ queryKey: ["key"] });
  const [isCreating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const create = (
    <Button onClick={() => setCreating(true)} key="create">
      {m.create}
    </Button>
  );
  return (
    <Page
      title={access.keys}
      lead={m.lead}
      actions={
        <>
          <CopyView request={{ path: "/v1/auth/keys" }} command="signalbox admin keys list" />
          {create}
        </>
      }
    >
      <AccessTabs here="keys" />
      <FilterBar filters={filters}>{null}</FilterBar>
      <List
        label={access.keys}
        list={list}
        columns={[...COLUMNS, actsColumn(setRevoking)]}
        rowKey={({ id }) => id}
        rowName={({ name }) => name}
        rowLink={({ id }) => ({ to: "/access/audit", search: { actor: id } })}
        empty={
          <Empty title={m.empty} hint={m.emptyHint} command={m.emptyCommand}>
            {create}
          </Empty>
        }
      />
      {isCreating && <Creation onMade={refresh} onClose={() => setCreating(false)} />}
      {revoking !== null && <Revoke of={revoking} onDone={refresh} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

interface CreationProps {
  readonly onMade: () => void;
  readonly onClose: () => void;
}

/** The form, and then the new key. */
function Creation({ onMade, onClose }: CreationProps) {
  const [made, setMade] = useState<string | null>(null);
  if (made !== null) {
    return (
      <SecretDialog
        title={m.newKey}
        hint={m.newKeyHint}
        label={m.newKeyLabel}
        secret={made}
        done={m.copied}
        onDone={onClose}
      />
    );
  }
  return (
    <NewKey
      onClose={onClose}
      onMade={(apiKey) => {
        setMade(apiKey);
        onMade();
      }}
    />
  );
}

const COLUMNS: readonly Column<Key>[] = [
  { label: m.name, cell: ({ name }) => <Foreign text={name} /> },
  { label: m.role, cell: ({ role, scopes }) => [account.role[role], ...(scopes ?? [])].join(" · ") },
  { label: m.state, cell: (key) => <State of={key} /> },
  { label: m.lastUsed, cell: ({ last_used_at: at }) => (at === null ? m.neverUsed : <Time at={at} />) },
  { label: m.expires, cell: (key) => <Expires of={key} /> },
  { label: m.createdBy, cell: (key) => <CreatedBy of={key} />, wideOnly: true },
  { label: m.created, cell: ({ created_at: at }) => <Time at={at} />, align: "end" },
];

function CreatedBy({ of: { created_by: by } }: { readonly of: Key }) {
  const { id, email } = useMe();
  return by === id ? <Foreign text={email ?? id} /> : (by ?? m.firstStart);
}

function Expires({ of: { expires_at: at, idle_days: days } }: { readonly of: Key }) {
  if (at !== null) return <Time at={at} />;
  return days === null ? m.expiries.never : m.unusedFor(days);
}

function State({ of: key }: { readonly of: Key }) {
  const { test } = key;
  const endMs = endOf(key);
  const isExpired = useNow((nowMs) => (endMs <= nowMs ? 1 : 0)) === 1;
  if (isExpired) return <StateBadge tone="idle" word={m.expired} />;
  return <StateBadge tone="ok" word={test ? m.testWord : m.live} />;
}

/** When the key ends if nobody uses it from now on. */
function endOf({ expires_at: at, idle_days: days, last_used_at: used, created_at: created }: Key): number {
  const idleEnd = days === null ? Number.POSITIVE_INFINITY : Date.parse(used ?? created) + days * DAY_MS;
  return Math.min(idleEnd, at === null ? Number.POSITIVE_INFINITY : Date.parse(at));
}

function actsColumn(onRevoke: (key: Key) => void): Column<Key> {
  return { label: app.actions, cell: (key) => <RevokeButton of={key} onRevoke={onRevoke} />, align: "end" };
}

function RevokeButton({ of, onRevoke }: { readonly of: Key; readonly onRevoke: (key: Key) => void }) {
  const may = useMay(of.role);
  return (
    <Button
      variant="default"
      size="xs"
      disabled={!may}
      onClick={() => onRevoke(of)}
      aria-label={`${m.revoke} ${visible(of.name)}`}
    >
      {m.revoke}
    </Button>
  );
}

function Revoke({
  of,
  onDone,
  onClose,
}: {
  readonly of: Key;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const api = useApi();
  const isOwn = useMe().id === of.created_by;
  const [isAskedAgain, setAskedAgain] = useState(false);
  const revoke = useMutation({
    mutationFn: () => api.keys.revoke(of.id),
    onSuccess: () => {
      onDone();
      onClose();
    },
  });
  if (isAskedAgain) {
    return (
      <DangerDialog
        title={m.revokeTitle(of.name)}
        confirm={m.revokeOwn}
        onConfirm={() => revoke.mutate()}
        onClose={onClose}
        isPending={revoke.isPending}
        error={revoke.error}
      >
        {m.revokeOwnHint}
      </DangerDialog>
    );
  }
  return (
    <DangerDialog
      title={m.revokeTitle(of.name)}
      name={of.name}
      confirm={m.revoke}
      onConfirm={() => (isOwn ? setAskedAgain(true) : revoke.mutate())}
      onClose={onClose}
      isPending={revoke.isPending}
      error={revoke.error}
    >
      {m.revokeHint}{" "}
      {of.last_used_at === null ? (
        m.notUsed
      ) : (
        <>
          {m.inUse} <Time at={of.last_used_at} />.
        </>
      )}
    </DangerDialog>
  );
}
