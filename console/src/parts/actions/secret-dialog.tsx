/** Shows a secret once. It closes only by its button, so that no stray key loses the secret. */
import { Button, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { CodeBlock } from "../text/code-block.tsx";
import { Dialog } from "./dialog.tsx";

interface SecretDialogProps {
  readonly title: string;
  readonly hint: string;
  readonly label: string;
  readonly secret: string;
  readonly done: string;
  readonly onDone: () => void;
  readonly children?: ReactNode;
}

export function SecretDialog({ title, hint, label, secret, done, onDone, children }: SecretDialogProps) {
  return (
    <Dialog onClose={onDone} title={title} closeOnEscape={false} closeOnClickOutside={false} withCloseButton={false}>
      <Stack gap="md">
        <Text size="sm">{hint}</Text>
        <CodeBlock text={secret} label={label} />
        {children}
        <Group justify="flex-end">
          <Button onClick={onDone} data-autofocus>
            {done}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
