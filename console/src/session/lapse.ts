/** Whether the session has ended while a page was open. */
import { SignalboxError } from "@signalbox/sdk";
import { useSyncExternalStore } from "react";

let lapsed = false;
const listeners = new Set<() => void>();

// `Esc` must not close the dialog with a form that is under the sign-in dialog. Dialogs listen on the window in the
// capture phase, so this listener is there before any of them.
addEventListener("keydown", (event) => lapsed && event.key === "Escape" && event.stopImmediatePropagation(), {
  capture: true,
});

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
