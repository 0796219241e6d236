/** Whether the store can commit. While it cannot, nothing is sent: what came of it could not be written down. */
import { StoreUnavailable } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { isUnavailable } from "../scheduling/batcher.ts";

export interface Outage {
  /** Why the store cannot commit; null while it can. */
  readonly reason: string | null;
  /** An error of a verb: an outage if it says so, else a line in the log. */
  readonly report: (error: unknown) => void;
  /** Wait a moment before trying again; `giveUp` for an error that no waiting mends, or once the server stops. */
  wait(error: unknown): Promise<"again" | "giveUp">;
  /** Something was committed. */
  over(): void;
  onChange(listener: (down: boolean) => void): void;
  stop(): void;
}

const RETRY_MS = 250;

export function createOutage(clock: Clock, telemetry: Telemetry): Outage {
  const listeners: ((down: boolean) => void)[] = [];
  let reason: string | null = null;
  let stopped = false;

  function set(next: string | null): void {
    const changed = (reason === null) !== (next === null);
    reason = next;
    if (!changed) return;
    telemetry.noticed(
      next === null
        ? { level: "info", what: "store_writable_again", fields: {} }
        : { level: "error", what: "store_unavailable", fields: { reason: next } },
    );
    for (const listener of listeners) listener(next !== null);
  }

  function report(error: unknown): void {
    if (isUnavailable(error)) {
      if (!stopped) set(error.message);
      return;
    }
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    telemetry.noticed({ level: "error", what: "verb_failed", fields: { message } });
  }

  return {
    get reason() {
      return reason;
    },
    report,
    wait(error) {
      report(error);
      if (stopped || !(error instanceof StoreUnavailable)) return Promise.resolve("giveUp");
      return new Promise((resolve) => clock.after(RETRY_MS, () => resolve(stopped ? "giveUp" : "again")));
    },
    over: () => set(null),
    onChange: (listener) => void listeners.push(listener),
    stop() {
      stopped = true;
    },
  };
}
