/** Asks before something that cannot be undone: says exactly what happens, and has the name typed. */
import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { form as m } from "../../messages/en/app.ts";
import { Problem } from "../feedback/problem.tsx";
import { visible } from "../text/visible.ts";
import { useRetryWait } from "../time/seconds-left.ts";
import { Dialog } from "./dialog.tsx";

interface DangerDialogProps {
  readonly title: string;
  /** What happens, with the exact count. */
  readonly children: ReactNode;
  /** What has to be typed. Without it, the button alone confirms. */
  readonly name?: string;
  readonly confirm: string;
  readonly isPending: boolean;
  readonly error?: unknown;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

export function DangerDialog(props: DangerDialogProps) {
  const { title, children, name, confirm, isPending, error = null, onConfirm, onClose } = props;
  const [typed, setTyped] = useState("");
  const waits = useRetryWait(error) > 0;
  const matches = name === undefined || [name, visible(name)].some((one) => one.trim() === typed.trim());
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (matches && !isPending && !waits) onConfirm();
  };
  return (
    <Dialog onClose={onClose} title={title}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Alert color="red" variant="light">
            <Text size="sm" component="div">
              {children}
            </Text>
          </Alert>
          {name !== undefined && (
            <TextInput
              data-autofocus
              label={m.typeName(visible(name))}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
            />
          )}
          {error !== null && <Problem error={error} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose} data-autofocus={name === undefined ? true : undefined}>
              {m.cancel}
            </Button>
            <Button type="submit" color="red.9" disabled={!matches || waits} loading={isPending}>
              {confirm}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
