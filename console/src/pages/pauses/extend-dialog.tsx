/** Gives an open question a later deadline. */
import { Alert, Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import type { Pause } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { form } from "../../messages/en/app.ts";
import { pause as m } from "../../messages/en/pauses.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { ProblemText } from "../../parts/feedback/problem-text.tsx";
import { useApi } from "../../session/api.ts";

interface ExtendDialogProps {
  readonly pause: Pause;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

const HOUR_SECONDS = 3600;
const CHOICES = [
  ...[1, 4, 12].map((hours) => ({ value: String(hours * HOUR_SECONDS), label: m.extendHours(hours) })),
  ...[1, 2, 7, 30].map((days) => ({ value: String(days * 24 * HOUR_SECONDS), label: m.extendDays(days) })),
];

export function ExtendDialog({ pause, onClose, onChanged }: ExtendDialogProps) {
  const api = useApi();
  const queries = useQueryClient();
  const later = CHOICES.filter(({ value }) => Date.now() + Number(value) * 1000 > Date.parse(pause.expires_at));
  const [seconds, setSeconds] = useState(later[0]?.value ?? "");
  const extend = useMutation({
    mutationFn: () => api.extendPause(pause.pause_id, { expires_in_seconds: Number(seconds) }),
    onSuccess() {
      onClose();
      onChanged();
      void queries.invalidateQueries({ queryKey: ["pause"] });
    },
    onError: onChanged,
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    extend.mutate();
  };
  return (
    <Dialog onClose={onClose} title={m.extendTitle} centered>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm">{m.extendHint}</Text>
          <NativeSelect
            label={m.extendBy}
            data={later}
            value={seconds}
            onChange={(event) => setSeconds(event.currentTarget.value)}
            data-autofocus
          />
          {extend.error !== null && (
            <Alert color="red" variant="light" role="alert">
              <ProblemText error={extend.error} />
            </Alert>
          )}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {form.close}
            </Button>
            <Button type="submit" loading={extend.isPending} disabled={seconds === ""}>
              {m.confirmExtend}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
