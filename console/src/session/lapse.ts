/** Whether the session has ended while a page was open. */
import { SignalboxError } from "@signalbox/sdk";
import { useSyncExternalStore } from "react";

let lapsed = false;
const listeners = new Set<() => void>();

export function useLapsed(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => lapsed,
  );
}

export function setLapsed(next: boolean): void {
  lapsed = next;
  for (const listener of listeners) listener();
}

/** A 401 with another code is about a password that was typed. */
export function isLapse(error: unknown): boolean {
  return error instanceof SignalboxError && error.status === 401 && error.code !== "INVALID_CREDENTIALS";
}
