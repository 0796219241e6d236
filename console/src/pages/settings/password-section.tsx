import { passwordFault } from "@domain/access/access.ts";
import { Alert, Stack } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { settings as m } from "../../messages/en/settings.ts";
import { PasswordField } from "../../parts/form/fields.tsx";
import { type FieldFault, Form } from "../../parts/form/form.tsx";
import { Section } from "../../parts/page/page.tsx";
import { useApi } from "../../session/api.ts";

/** Changes the own password. The server's rule is checked before the request, so that it shows at once. */
export function PasswordSection() {
  const api = useApi();
  const queries = useQueryClient();
  const [faults, setFaults] = useState<readonly FieldFault[]>([]);
  const [key, setKey] = useState(0);
  const change = useMutation({
    mutationFn: (input: { currentPassword: string; newPassword: string }) => api.session.changePassword(input),
    async onSuccess() {
      // A new form: passwords do not stay on the screen.
      setKey(key + 1);
      await queries.invalidateQueries({ queryKey: ["session"] });
    },
  });
  const submit = (values: FormData): void => {
    const [currentPassword, newPassword, repeated] = ["currentPassword", "newPassword", "repeated"].map((name) =>
      String(values.get(name) ?? ""),
    ) as [string, string, string];
    const found = faultsOf({ currentPassword, newPassword, repeated });
    setFaults(found);
    change.reset();
    if (found.length === 0) change.mutate({ currentPassword, newPassword });
  };
  return (
    <Section title={m.password}>
      <Stack gap="md" maw={400}>
        {change.isSuccess && (
          <Alert color="green" variant="light" role="status">
            {m.passwordChanged}
          </Alert>
        )}
        <Form
          key={key}
          onSubmit={submit}
          isPending={change.isPending}
          error={change.error}
          faults={faults}
          submit={m.changePassword}
        >
          <PasswordField name="currentPassword" label={m.currentPassword} autoComplete="current-password" />
          <PasswordField name="newPassword" label={m.newPassword} autoComplete="new-password" />
          <PasswordField name="repeated" label={m.repeatPassword} autoComplete="new-password" />
        </Form>
      </Stack>
    </Section>
  );
}

interface Input {
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly repeated: string;
}

function faultsOf({ currentPassword, newPassword, repeated }: Input): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  if (currentPassword === "") faults.push({ field: "currentPassword", rule: m.required });
  const rule = passwordFault(newPassword);
  if (rule !== null) faults.push({ field: "newPassword", rule: m.passwordRule(rule) });
  if (repeated !== newPassword) faults.push({ field: "repeated", rule: m.notTheSame });
  return faults;
}
