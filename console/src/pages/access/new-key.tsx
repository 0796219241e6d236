/** The form for a new key. */
import { AGENT_SCOPES, AGENT_SCOPES_DEFAULT, ROLES } from "@domain/access/access.ts";
import type { AgentScope, Role } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { keys as m, roleHints } from "../../messages/en/access.ts";
import { ChoiceField, SwitchField, TextField } from "../../parts/form/fields.tsx";
import { FormDialog } from "../../parts/form/form-dialog.tsx";
import { useApi } from "../../session/api.ts";
import { useRoleOptions } from "./role-options.ts";

const DAY_MS = 86_400_000;
const EXPIRIES = { never: null, week: 7, month: 30, quarter: 90, year: 365 } as const;
type Expiry = keyof typeof EXPIRIES;

interface NewKeyProps {
  readonly onClose: () => void;
  readonly onMade: (apiKey: string) => void;
}

export function NewKey({ onClose, onMade }: NewKeyProps) {
  const api = useApi();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("developer");
  const [scopes, setScopes] = useState<readonly AgentScope[]>(AGENT_SCOPES_DEFAULT);
  const [test, setTest] = useState(false);
  const [expiry, setExpiry] = useState<Expiry>("never");
  const create = useMutation({
    mutationFn: () =>
      api.keys.create({ name, role, scopes: role === "agent" ? scopes : null, test, expires_at: expiresAt(expiry) }),
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
      <ChoiceField
        name="role"
        label={m.role}
        hint={roleHints[role]}
        value={role}
        onChange={(next) => setRole(next as Role)}
        options={useRoleOptions(ROLES)}
      />
      {role === "agent" && <Scopes chosen={scopes} onChange={setScopes} />}
      <ChoiceField
        name="expires_at"
        label={m.expires}
        value={expiry}
        onChange={(next) => setExpiry(next as Expiry)}
        options={Object.keys(EXPIRIES).map((value) => ({ value, label: m.expiries[value as Expiry] }))}
      />
      <SwitchField label={m.test} hint={m.testHint} checked={test} onChange={setTest} />
    </FormDialog>
  );
}

interface ScopesProps {
  readonly chosen: readonly AgentScope[];
  readonly onChange: (scopes: readonly AgentScope[]) => void;
}

function Scopes({ chosen, onChange }: ScopesProps) {
  return AGENT_SCOPES.map((scope) => (
    <SwitchField
      key={scope}
      label={m.scopes[scope]}
      hint={m.scopeHints[scope]}
      checked={chosen.includes(scope)}
      onChange={(isOn) => onChange(AGENT_SCOPES.filter((one) => (one === scope ? isOn : chosen.includes(one))))}
    />
  ));
}

function expiresAt(expiry: Expiry): string | null {
  const days = EXPIRIES[expiry];
  return days === null ? null : new Date(Date.now() + days * DAY_MS).toISOString();
}
