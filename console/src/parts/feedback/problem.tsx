/** A request that failed: what the server said, and what to do now. */
import { Alert, Button, Stack } from "@mantine/core";
import { SignalboxError } from "@signalbox/sdk";
import { useMemo } from "react";
import { problem as m } from "../../messages/en/app.ts";
import { useSecondsLeft } from "../time/seconds-left.ts";
import { ProblemText } from "./problem-text.tsx";

interface ProblemProps {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
  readonly isRetrying?: boolean;
}

/** Counts down where the server said when to come back. */
export function Problem({ error, onRetry, isRetrying = false }: ProblemProps) {
  const untilMs = useMemo(() => retryAtMs(error), [error]);
  const secondsLeft = useSecondsLeft(untilMs);
  return (
    <Alert color="red" variant="light" role="alert">
      <Stack gap="sm" align="flex-start">
        <div>
          <ProblemText error={error} secondsLeft={secondsLeft} />
        </div>
        {onRetry !== undefined && (
          <Button variant="default" size="xs" onClick={onRetry} loading={isRetrying} disabled={secondsLeft > 0}>
            {m.tryAgain}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

function retryAtMs(error: unknown): number {
  const seconds = error instanceof SignalboxError ? error.retryAfterSeconds : null;
  return seconds === null ? 0 : Date.now() + seconds * 1000;
}

/** Whether the error says that there is no such thing, or not for this tenant. */
export function isMissing(error: unknown): boolean {
  return error instanceof SignalboxError && (error.status === 404 || error.code === "VALIDATION_ERROR");
}
