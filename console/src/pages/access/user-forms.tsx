/** The forms that create a user and change a user's role. */
import { USER_ROLES } from "@domain/access/access.ts";
import type { PasswordLink, User, UserInput } from "@signalbox/sdk";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { users as m, roleHints } from "../../messages/en/access.ts";
import { form } from "../../messages/en/app.ts";
import { ChoiceField, TextField } from "../../parts/form/fields.tsx";
import { FormDialog } from "../../parts/form/form-dialog.tsx";
import { useApi } from "../../session/api.ts";
import { useRoleOptions } from "./role-options.ts";

interface CreateUserProps {
  readonly onClose: () => void;
  readonly onMade: (made: User & PasswordLink) => void;
}

type UserRole = UserInput["role"];

export function CreateUser({ onClose, onMade }: CreateUserProps) {
  const api = useApi();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<UserRole>("developer");
  const create = useMutation({
    mutationFn: () => api.users.create({ email: email.trim(), role }),
    onSuccess: onMade,
  });
  return (
    <FormDialog title={m.create} action={create} onClose={onClose}>
      <TextField
        name="email"
        label={m.email}
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        data-autofocus
      />
      <RoleSelect role={role} onChange={setRole} />
    </FormDialog>
  );
}

interface ChangeRoleProps {
  readonly of: User;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function ChangeRole({ of: user, onClose, onDone }: ChangeRoleProps) {
  const api = useApi();
  const [role, setRole] = useState<UserRole>(user.role === "agent" ? "developer" : user.role);
  const change = useMutation({
    // Somebody else may have changed the role meanwhile, which no choice here is meant to undo.
    mutationFn: async () => {
      if (role !== user.role) await api.users.update(user.id, { role });
    },
    onSuccess: onDone,
  });
  return (
    <FormDialog title={m.changeRole(user.email)} submit={form.save} action={change} onClose={onClose}>
      <RoleSelect role={role} onChange={setRole} />
    </FormDialog>
  );
}

interface RoleSelectProps {
  readonly role: UserRole;
  readonly onChange: (role: UserRole) => void;
}

function RoleSelect({ role, onChange }: RoleSelectProps) {
  return (
    <ChoiceField
      name="role"
      label={m.role}
      hint={roleHints[role]}
      value={role}
      onChange={(next) => onChange(next as UserRole)}
      options={useRoleOptions(USER_ROLES)}
    />
  );
}
