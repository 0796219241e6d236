/** What a terminal asks for, and the person's decision. */
import { includesRole, ROLES, type Role } from "@domain/access/access.ts";
import { APPROVER_ROLE, parseUserCode, shownUserCode } from "@domain/access/terminal.ts";
import { Alert, Button, Group, Text } from "@mantine/core";
import type { Terminal, TerminalState } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { account } from "../../messages/en/app.ts";
import { terminal as m } from "../../messages/en/terminal.ts";
import { Problem } from "../../parts/feedback/problem.tsx";
import { ChoiceField } from "../../parts/form/fields.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { NameValues } from "../../parts/text/name-values.tsx";
import { visible } from "../../parts/text/visible.ts";
import { Time } from "../../parts/time/time.tsx";
import { apiFor, useTenant } from "../../session/api.ts";
import { useMay, useMe } from "../../session/me.ts";
import { useTenantNames } from "../../session/tenant-names.ts";
import { useRoleOptions } from "./role-options.ts";

interface DecideTerminalProps {
  readonly code: string;
  readonly terminal: Terminal;
}

export function DecideTerminal({ code, terminal }: DecideTerminalProps) {
  const { role: own } = useMe();
  const mayApprove = useMay(APPROVER_ROLE);
  return (
    <>
      <Text fz={28} fw={600} ff="var(--mantine-font-family-monospace)" aria-label={m.code}>
        {shownUserCode(parseUserCode(code) ?? "")}
      </Text>
      <NameValues
        rows={[
          [m.name, <Foreign key="name" text={terminal.name} />],
          [m.address, terminal.address],
          [m.asked, <Time key="asked" at={terminal.created_at} />],
          [m.expires, <Time key="expires" at={terminal.expires_at} />],
          [m.askedRole, account.role[terminal.role]],
        ]}
      />
      {mayApprove ? (
        <Decision code={code} terminal={terminal} />
      ) : (
        <Alert color="yellow">{m.notYou(account.role[own], account.role[APPROVER_ROLE])}</Alert>
      )}
    </>
  );
}

function Decision({ code, terminal }: DecideTerminalProps) {
  const me = useMe();
  const named = useTenant();
  const isGlobal = useMay("global_admin");
  const roles = useRoleOptions(ROLES);
  const isAbove = !includesRole(me.role as Role, terminal.role);
  const [role, setRole] = useState<Role>(isAbove ? (me.role as Role) : terminal.role);
  const [tenant, setTenant] = useState(named ?? me.tenant.id);
  const { data: tenants = [{ value: me.tenant.id, label: me.tenant.name }] } = useTenantNames(isGlobal);
  const tenantName = tenants.find(({ value }) => value === tenant)?.label ?? tenant;
  const decide = useMutation({
    mutationFn: (state: TerminalState) => {
      const { terminals } = apiFor(tenant === me.tenant.id ? undefined : tenant);
      return state === "denied" ? terminals.deny(code) : terminals.approve({ user_code: code, role });
    },
  });
  if (decide.data !== undefined) {
    return <Done>{decide.data.state === "approved" ? m.approved : m.denied}</Done>;
  }
  return (
    <>
      {tenants.length > 1 && (
        <ChoiceField name="tenant" label={m.tenant} value={tenant} onChange={setTenant} options={tenants} />
      )}
      <ChoiceField
        name="role"
        label={m.role}
        {...(isAbove && { hint: m.above(account.role[me.role]) })}
        value={role}
        onChange={(next) => setRole(next as Role)}
        options={roles}
      />
      <Text>{m.gets(visible(tenantName))}</Text>
      <Text fw={600}>{m.compare}</Text>
      {decide.error !== null && <Problem error={decide.error} />}
      <Group gap="sm">
        <Button loading={decide.isPending} onClick={() => decide.mutate("approved")}>
          {m.approve}
        </Button>
        <Button variant="default" disabled={decide.isPending} onClick={() => decide.mutate("denied")}>
          {m.deny}
        </Button>
      </Group>
    </>
  );
}

/** It gets the focus, since the button that had it is gone. */
function Done({ children }: { readonly children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => place.current?.focus(), []);
  return (
    <Alert ref={place} tabIndex={-1} color="green" variant="light" role="status">
      {children}
    </Alert>
  );
}
