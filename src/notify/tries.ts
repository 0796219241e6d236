/** The tries of one channel that are under way, so that a stop can end them without sending anything twice. */
import { NOTIFICATION_LAST_WORD_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notified } from "../ports/notifier.ts";
import { ABORTED, again, failed } from "./notified.ts";

/** It may have arrived, and must not be sent twice: whoever asked is told, and may pass the link on. */
const UNCONFIRMED = failed("the server stopped before it was told whether the message arrived");

export interface Try {
  /** Aborted when the try is ended before it comes to its own end. */
  readonly signal: AbortSignal;
  /** From here on the other side may have the message: a stop waits a little for its word. */
  handedOver(): void;
  end(result: Notified): void;
}

interface Running extends Try {
  isHandedOver: boolean;
  readonly result: Promise<Notified>;
}

export class Tries {
  readonly #clock: Clock;
  readonly #running = new Set<Running>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never rejects. */
  async run(attempt: (running: Try) => Promise<Notified>): Promise<Notified> {
    if (this.#closed) return ABORTED;
    const running = startRunning();
    this.#running.add(running);
    try {
      return await Promise.race([attempt(running), running.result]);
    } catch (error) {
      return again(`the message could not be made or sent (${error instanceof Error ? error.name : "unknown error"})`);
    } finally {
      this.#running.delete(running);
      // Whoever waits for all of them is not to wait for this one any longer.
      running.end(ABORTED);
    }
  }

  /** End what nobody has yet, wait for the word on the rest, start nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = [...this.#running];
    for (const each of running) if (!each.isHandedOver) each.end(ABORTED);
    const timer = this.#clock.after(NOTIFICATION_LAST_WORD_MS, () => {
      for (const each of running) each.end(UNCONFIRMED);
    });
    await Promise.all(running.map(({ result }) => result));
    timer.cancel();
  }
}

function startRunning(): Running {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Notified>();
  return {
    signal: controller.signal,
    result: promise,
    isHandedOver: false,
    handedOver() {
      this.isHandedOver = true;
    },
    end(result) {
      resolve(result);
      controller.abort();
    },
  };
}
