/** Shows the link of a question, after a warning: the link decides without a name. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import type { Pause } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { form } from "../../messages/en/app.ts";
import { pause as m } from "../../messages/en/pauses.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { ProblemText } from "../../parts/feedback/problem-text.tsx";
import { CodeBlock } from "../../parts/text/code-block.tsx";
import { useApi } from "../../session/api.ts";

export function LinkDialog({ pause, onClose }: { readonly pause: Pause; readonly onClose: () => void }) {
  const api = useApi();
  const queries = useQueryClient();
  const reveal = useMutation({
    mutationFn: () => api.revealPauseLink(pause.pause_id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["pause"] }),
    // The link is kept nowhere but in this dialog.
    gcTime: 0,
  });
  const isRestricted = pause.protected || pause.approvers !== null;
  return (
    <Dialog onClose={onClose} title={m.revealTitle} centered>
      <Stack gap="sm">
        <Text size="sm">{isRestricted ? m.revealHintSafe : m.revealHint}</Text>
        {reveal.data !== undefined && <CodeBlock text={reveal.data} label={m.link} />}
        {reveal.error !== null && (
          <Alert color="red" variant="light" role="alert">
            <ProblemText error={reveal.error} />
          </Alert>
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} data-autofocus>
            {form.close}
          </Button>
          {reveal.data === undefined && (
            <Button onClick={() => reveal.mutate()} loading={reveal.isPending}>
              {m.reveal}
            </Button>
          )}
        </Group>
      </Stack>
    </Dialog>
  );
}
