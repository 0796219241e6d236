/** Asks once more before an answer counts, and for the password where the question is protected. */
import { Alert, Button, Group, PasswordInput, Stack, Text } from "@mantine/core";
import { type Pause, SignalboxError } from "@signalbox/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { pause as m } from "../../messages/en/pauses.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { ProblemText } from "../../parts/feedback/problem-text.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { visible } from "../../parts/text/visible.ts";
import { useRetryWait } from "../../parts/time/seconds-left.ts";
import { useApi } from "../../session/api.ts";
import classes from "./pause-page.module.css";

interface DecideDialogProps {
  readonly pause: Pause;
  readonly choice: string;
  /** Empty: none. */
  readonly note: string;
  readonly onClose: () => void;
  readonly onChanged: () => void;
  /** Somebody else ended the question first. */
  readonly onTooLate: (error: SignalboxError) => void;
}

export function DecideDialog(props: DecideDialogProps) {
  const { pause, choice, note, onClose } = props;
  const { decide, error, needsPassword, secondsLeft } = useDecision(props);
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (secondsLeft > 0) return;
    decide.mutate(password === "" ? null : password);
  };
  return (
    <Dialog onClose={onClose} title={m.confirmTitle(choice)} centered>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm">{pause.quorum === null ? m.confirmHint : m.voteHint}</Text>
          {note !== "" && pause.allow_text_response && (
            <div>
              <Text size="sm" c="dimmed">
                {m.withNote}
              </Text>
              <blockquote className={classes.note}>
                <Foreign text={note} />
              </blockquote>
            </div>
          )}
          {needsPassword && (
            <PasswordInput
              label={m.password}
              description={m.passwordHint}
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              error={passwordFault(error)}
              required
              withAsterisk={false}
              data-autofocus
              autoFocus
            />
          )}
          {error !== null && passwordFault(error) === null && !isPasswordRequired(error) && (
            <Alert color="red" variant="light" role="alert">
              <ProblemText error={error} secondsLeft={secondsLeft} />
            </Alert>
          )}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {m.keepOpen}
            </Button>
            <Button type="submit" loading={decide.isPending} disabled={secondsLeft > 0} data-autofocus={!needsPassword}>
              {m.confirm(visible(choice))}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function useDecision({ pause, choice, note, onClose, onChanged, onTooLate }: DecideDialogProps) {
  const api = useApi();
  const queries = useQueryClient();
  const [asked, setAsked] = useState(false);
  const decide = useMutation({
    mutationFn: (password: string | null) =>
      api.decidePause(pause.pause_id, {
        choice,
        text: note === "" ? null : note,
        ...(password !== null && { password }),
      }),
    onSuccess() {
      onClose();
      onChanged();
      void queries.invalidateQueries({ queryKey: ["pause"] });
    },
    onError(error) {
      if (isPasswordRequired(error)) setAsked(true);
      if (isTooLate(error)) {
        onTooLate(error);
        onChanged();
        onClose();
      }
    },
  });
  return { decide, error: decide.error, needsPassword: asked, secondsLeft: useRetryWait(decide.error) };
}

function isPasswordRequired(error: unknown): boolean {
  return error instanceof SignalboxError && error.code === "PASSWORD_REQUIRED";
}

function passwordFault(error: unknown): string | null {
  return error instanceof SignalboxError && error.code === "INVALID_CREDENTIALS" ? error.message : null;
}

/** The pause ended while the dialog was open. */
function isTooLate(error: unknown): error is SignalboxError {
  return error instanceof SignalboxError && (error.status === 410 || error.code === "ALREADY_CANCELLED");
}
