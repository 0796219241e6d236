/** `/console/access/users`: the people who sign in. */
import { Button, Text } from "@mantine/core";
import type { PasswordLink, User } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { access, users as m } from "../../messages/en/access.ts";
import { account, list as app } from "../../messages/en/app.ts";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { DangerDialog } from "../../parts/actions/danger-dialog.tsx";
import { SecretDialog } from "../../parts/actions/secret-dialog.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { useCursorList } from "../../parts/list/cursor-list.ts";
import { Empty } from "../../parts/list/empty.tsx";
import { FilterBar } from "../../parts/list/filter-bar.tsx";
import { useFilters } from "../../parts/list/filters.ts";
import { List } from "../../parts/list/list.tsx";
import type { Column } from "../../parts/list/list-props.ts";
import { Page } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { PublicUrlHint } from "../../parts/text/public-url-hint.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay, useMe } from "../../session/me.ts";
import classes from "./access.module.css";
import { AccessTabs } from "./access-tabs.tsx";
import { ChangeRole, CreateUser } from "./user-forms.tsx";

const FILTERS = {};

/** The dialog that is open. */
type Open =
  | { readonly kind: "create" }
  | { readonly kind: "role" | "disable"; readonly user: User }
  | { readonly kind: "link"; readonly link: PasswordLink; readonly email: string };

export default function UsersPage() {
  const api = useApi();
  const filters = useFilters(FILTERS);
  const list = useCursorList<User>({
    queryKey: ["user", "list", useTenant()],
    read: (cursor, signal) => api.users.page({ limit: 100, cursor, signal }),
    rowKey: ({ id }) => id,
    newestFirst: false,
  });
  const [open, setOpen] = useState<Open | null>(null);
  const refresh = useRefresh();
  const enable = useMutation({
    mutationFn: (id: string) => api.users.update(id, { disabled: false }),
    onSuccess: refresh,
  });
  const reset = useMutation({
    mutationFn: ({ id }: User) => api.users.resetPassword(id),
    onSuccess: (link, { email }) => setOpen({ kind: "link", link, email }),
  });
  const acts: Acts = {
    onRole: (user) => setOpen({ kind: "role", user }),
    onDisable: (user) => setOpen({ kind: "disable", user }),
    onEnable: ({ id }) => enable.mutate(id),
    onReset: (user) => reset.mutate(user),
  };
  const create = <Button onClick={() => setOpen({ kind: "create" })}>{m.create}</Button>;
  const failed = enable.error ?? reset.error;
  return (
    <Page
      title={access.users}
      lead={m.lead}
      actions={
        <>
          <CopyView request={{ path: "/v1/users" }} command="signalbox admin users list" />
          {create}
        </>
      }
    >
      <AccessTabs here="users" />
      <FilterBar filters={filters}>{null}</FilterBar>
      {failed !== null && <Problem error={failed} />}
      <List
        label={access.users}
        list={list}
        columns={[...COLUMNS, { label: app.actions, cell: (user) => <UserActs of={user} acts={acts} />, align: "end" }]}
        rowKey={({ id }) => id}
        rowName={({ email }) => email}
        rowLink={({ id }) => ({ to: "/access/audit", search: { actor: id } })}
        empty={
          <Empty title={m.empty} hint={m.emptyHint} command={m.emptyCommand}>
            {create}
          </Empty>
        }
      />
      {open !== null && <OpenDialog open={open} onOpen={setOpen} />}
    </Page>
  );
}

function useRefresh(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ["user"] });
}

function OpenDialog({ open, onOpen }: { readonly open: Open; readonly onOpen: (open: Open | null) => void }) {
  const refresh = useRefresh();
  const close = () => onOpen(null);
  const done = () => {
    close();
    refresh();
  };
  switch (open.kind) {
    case "create":
      return (
        <CreateUser
          onClose={close}
          onMade={(made) => {
            refresh();
            onOpen({ kind: "link", link: made, email: made.email });
          }}
        />
      );
    case "role":
      return <ChangeRole of={open.user} onClose={close} onDone={done} />;
    case "disable":
      return <Disable of={open.user} onClose={close} onDone={done} />;
    case "link":
      return <LinkDialog link={open.link} email={open.email} onDone={close} />;
  }
}

const COLUMNS: readonly Column<User>[] = [
  { label: m.email, cell: (user) => <Email of={user} /> },
  { label: m.role, cell: ({ role }) => account.role[role] },
  { label: m.state, cell: (user) => <State of={user} /> },
  { label: m.seen, cell: ({ last_seen_at: at }) => (at === null ? m.notSeen : <Time at={at} />) },
  { label: m.created, cell: ({ created_at: at }) => <Time at={at} />, align: "end", wideOnly: true },
];

function Email({ of: { id, email } }: { readonly of: User }) {
  const me = useMe();
  return (
    <>
      <Foreign text={email} />
      {id === me.id && ` (${m.you})`}
    </>
  );
}

function State({ of: { disabled_at, password_set } }: { readonly of: User }) {
  if (disabled_at !== null) return <StateBadge tone="idle" word={m.states.disabled} />;
  return password_set ? (
    <StateBadge tone="ok" word={m.states.active} />
  ) : (
    <StateBadge tone="warn" word={m.states.noPassword} />
  );
}

interface Acts {
  readonly onRole: (user: User) => void;
  readonly onDisable: (user: User) => void;
  readonly onEnable: (user: User) => void;
  readonly onReset: (user: User) => void;
}

function UserActs({ of: user, acts }: { readonly of: User; readonly acts: Acts }) {
  const may = useMay(user.role);
  const buttons = [
    [m.role, acts.onRole],
    [m.reset, acts.onReset],
    user.disabled_at === null ? ([m.disable, acts.onDisable] as const) : ([m.enable, acts.onEnable] as const),
  ] as const;
  return (
    <div className={classes.acts}>
      {buttons.map(([label, run]) => (
        <Button
          key={label}
          variant="default"
          size="xs"
          disabled={!may}
          title={may ? undefined : m.above}
          aria-label={`${label}: ${user.email}`}
          onClick={() => run(user)}
        >
          {label}
        </Button>
      ))}
    </div>
  );
}

interface ChangeProps {
  readonly of: User;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function Disable({ of: { id, email }, onClose, onDone }: ChangeProps) {
  const api = useApi();
  const disable = useMutation({ mutationFn: () => api.users.update(id, { disabled: true }), onSuccess: onDone });
  return (
    <DangerDialog
      title={m.disableTitle(email)}
      confirm={m.disable}
      onConfirm={() => disable.mutate()}
      onClose={onClose}
      isPending={disable.isPending}
      error={disable.error}
    >
      {m.disableHint}
    </DangerDialog>
  );
}

interface LinkDialogProps {
  readonly link: PasswordLink;
  readonly email: string;
  readonly onDone: () => void;
}

/** The page of the link shows the address, which the token alone does not tell. */
function LinkDialog({ link, email, onDone }: LinkDialogProps) {
  return (
    <SecretDialog
      title={m.linkTitle}
      hint={m.linkHint}
      label={m.linkLabel}
      secret={`${link.password_url}&email=${encodeURIComponent(email)}`}
      done={m.linkDone}
      onDone={onDone}
    >
      <PublicUrlHint url={link.password_url} />
      <Text size="sm" c="dimmed">
        {m.linkExpires} <Time at={link.password_url_expires_at} />.
      </Text>
    </SecretDialog>
  );
}
