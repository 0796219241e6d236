/**
 * Whether the store can commit.
 *
 * The server starts no attempt during an outage, because it could not store the result.
 */
import { StoreUnavailable } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

const RETRY_MS = 250;

/** Read after a change that is stored. If the store goes away now: a 503 would say that nothing has happened. */
export function readOr<T>(fallback: T, reading: Promise<T>): Promise<T> {
  return reading.catch((error) => {
    if (error instanceof StoreUnavailable) return fallback;
    throw error;
  });
}

export class Outage {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #listeners: ((down: boolean) => void)[] = [];
  #reason: string | null = null;
  #stopped = false;

  constructor(clock: Clock, telemetry: Telemetry) {
    this.#clock = clock;
    this.#telemetry = telemetry;
  }

  /** Why the store cannot commit; null while it can. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Handle an error of the store: `StoreUnavailable` begins an outage, any other error is logged. */
  report(error: unknown): void {
    if (error instanceof StoreUnavailable) {
      if (!this.#stopped) this.#set(error.message);
      return;
    }
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#telemetry.noticed({ level: "error", what: "verb_failed", fields: { message } });
  }

  /**
   * Report an error, and wait before the next try.
   *
   * Resolves to `giveUp` when a retry cannot help, and once the server stops.
   */
  wait(error: unknown): Promise<"again" | "giveUp"> {
    this.report(error);
    if (this.#stopped || !(error instanceof StoreUnavailable)) return Promise.resolve("giveUp");
    return new Promise((resolve) => {
      this.#clock.after(RETRY_MS, () => resolve(this.#stopped ? "giveUp" : "again"));
    });
  }

  /** The store committed something. */
  end(): void {
    this.#set(null);
  }

  onChange(listener: (down: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** From now on `wait` resolves to `giveUp`. */
  stop(): void {
    this.#stopped = true;
  }

  #set(reason: string | null): void {
    const changed = (this.#reason === null) !== (reason === null);
    this.#reason = reason;
    if (!changed) return;
    this.#telemetry.noticed(
      reason === null
        ? { level: "info", what: "store_writable_again", fields: {} }
        : { level: "error", what: "store_unavailable", fields: { reason } },
    );
    for (const listener of this.#listeners) listener(reason !== null);
  }
}
