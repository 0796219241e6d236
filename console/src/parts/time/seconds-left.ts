import { SignalboxError } from "@signalbox/sdk";
import { useMemo } from "react";
import { useNow } from "./ticker.ts";

/** The whole seconds until a time, 0 once it has passed. */
export function useSecondsLeft(untilMs: number): number {
  return useNow((nowMs) => Math.max(0, Math.ceil((untilMs - nowMs) / 1000)));
}

/** The seconds after which the server wants to be asked again. 0 without an error, and for one that has no `Retry-After`. */
export function useRetryWait(error: unknown): number {
  const untilMs = useMemo(() => retryAtMs(error), [error]);
  return useSecondsLeft(untilMs);
}

function retryAtMs(error: unknown): number {
  const seconds = error instanceof SignalboxError ? error.retryAfterSeconds : null;
  return seconds === null ? 0 : Date.now() + seconds * 1000;
}
