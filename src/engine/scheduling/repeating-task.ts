/** A task that runs again and again, one run at a time. */
import { TIMER_MS_MAX } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";

export interface RepeatingTaskOptions {
  readonly clock: Pick<Clock, "after">;
  /** One run. Resolves to the wait before the next run; null when only `wake` starts it. */
  readonly run: () => Promise<number | null>;
  readonly onError: (error: unknown) => void;
  /** The wait after a run that failed. */
  readonly retryMs: number;
}

export class RepeatingTask {
  readonly #options: RepeatingTaskOptions;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  /** A wake-up during a run may announce work that this run no longer sees, so another run follows. */
  #runAgain = false;
  #stopped = false;

  constructor(options: RepeatingTaskOptions) {
    this.#options = options;
  }

  /** Run now, or once more after the current run. */
  wake(): void {
    if (this.#stopped) return;
    if (this.#running !== null) {
      this.#runAgain = true;
      return;
    }
    this.#runAgain = false;
    this.#timer?.cancel();
    this.#running = this.#runOnce();
  }

  /** Run after `waitMs`, in place of the run that was planned before. */
  wakeAfter(waitMs: number): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(waitMs, () => {
      // A timer waits at most `TIMER_MS_MAX`, so a longer wait takes several timers.
      if (waitMs > TIMER_MS_MAX) this.wakeAfter(waitMs - TIMER_MS_MAX);
      else this.wake();
    });
  }

  /** Resolves when the current run has ended; no other run starts. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  async #runOnce(): Promise<void> {
    const { run, onError, retryMs } = this.#options;
    let waitMs: number | null;
    try {
      waitMs = await run();
    } catch (error) {
      onError(error);
      waitMs = retryMs;
    }
    this.#running = null;
    if (this.#runAgain) this.wake();
    else if (waitMs !== null) this.wakeAfter(waitMs);
  }
}
