/** What a list says when it has no rows, and how a person who may do that fills it. */
import { Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { MayAct } from "../../session/may-act.tsx";
import { CodeBlock } from "../text/code-block.tsx";

interface EmptyProps {
  readonly title: string;
  readonly hint?: string;
  /** A command that fills the list. */
  readonly command?: string;
  /** Buttons. */
  readonly children?: ReactNode;
}

export function Empty({ title, hint, command, children }: EmptyProps) {
  return (
    <Stack gap="sm">
      <Text fw={600}>{title}</Text>
      <MayAct>
        {hint !== undefined && <Text>{hint}</Text>}
        {command !== undefined && <CodeBlock text={command} label={hint ?? title} />}
        {children !== undefined && <Group>{children}</Group>}
      </MayAct>
    </Stack>
  );
}
