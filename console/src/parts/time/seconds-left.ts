import { useNow } from "./ticker.ts";

/** The whole seconds until a time, 0 once it has passed. */
export function useSecondsLeft(untilMs: number): number {
  return useNow((nowMs) => Math.max(0, Math.ceil((untilMs - nowMs) / 1000)));
}
