/** A request that failed: what the server said, and what to do now. */
import { Alert, Button, Stack } from "@mantine/core";
import { SignalboxError } from "@signalbox/sdk";
import { problem as m } from "../../messages/en/app.ts";
import { useRetryWait } from "../time/seconds-left.ts";
import { FullEndpoint } from "./full-endpoint.tsx";
import { ProblemText } from "./problem-text.tsx";

interface ProblemProps {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
  readonly isRetrying?: boolean;
  /** Instead of the server's sentence. */
  readonly sentence?: string | undefined;
}

/** Counts down where the server said when to come back. */
export function Problem({ error, onRetry, isRetrying = false, sentence }: ProblemProps) {
  const secondsLeft = useRetryWait(error);
  return (
    <Alert color="red" variant="light" role="alert">
      <Stack gap="sm" align="flex-start">
        <div>
          <ProblemText error={error} secondsLeft={secondsLeft} sentence={sentence} />
        </div>
        <FullEndpoint error={error} />
        {onRetry !== undefined && (
          <Button variant="default" size="xs" onClick={onRetry} loading={isRetrying} disabled={secondsLeft > 0}>
            {m.tryAgain}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** Whether the error says that there is no such thing, or not for this tenant. */
export function isMissing(error: unknown): boolean {
  return error instanceof SignalboxError && (error.status === 404 || error.code === "VALIDATION_ERROR");
}
