/** The running tries of one channel. A stop can end them without sending a message twice. */
import { NOTIFICATION_LAST_WORD_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notified } from "../ports/notifier.ts";
import { ABORTED, again, failed } from "./notified.ts";

/** The message may have arrived and must not be sent twice. The caller sees this reason and can pass the link on. */
const UNCONFIRMED = failed("the server stopped before the message was confirmed");

export interface Try {
  /** Aborted when the try is ended early. */
  readonly signal: AbortSignal;
  /** Mark that the other side may have the message. From then on, a stop waits briefly for the response. */
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

  /** Run one try. Never rejects. */
  async run(send: (running: Try) => Promise<Notified>): Promise<Notified> {
    if (this.#closed) return ABORTED;
    const running = startRunning();
    this.#running.add(running);
    try {
      return await Promise.race([send(running), running.result]);
    } catch (error) {
      return again(
        `the message could not be created or sent (${error instanceof Error ? error.name : "unknown error"})`,
      );
    } finally {
      this.#running.delete(running);
      // Resolves `result`, so that `close` no longer waits for this try.
      running.end(ABORTED);
    }
  }

  /** Abort the tries that were not handed over, wait for the others, and start no more. */
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
