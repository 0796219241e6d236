/**
 * Lets small batches of one verb share the commits of another. A commit has a fixed cost, so a batch that nobody waits for
 * waits for the next call of the other verb, if one is likely to come soon.
 */
import { COMPANY_WAIT_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

export class Company {
  readonly #clock: Pick<Clock, "after" | "monotonicMs">;
  /** When the other verb was last called, and the time between its last two calls. */
  #cameMs = Number.NEGATIVE_INFINITY;
  #gapMs = Number.POSITIVE_INFINITY;
  /** Calls of the other verb that have no result yet. */
  #present = 0;
  /** Starts the batch that waits. */
  #start: (() => void) | null = null;
  #waitsSinceMs = 0;
  #isArmed = false;

  constructor(clock: Pick<Clock, "after" | "monotonicMs">) {
    this.#clock = clock;
  }

  /** Calls `start` later, and returns true. Returns false if no company is likely: start now. */
  wait(start: () => void): boolean {
    // Under load, there is always a commit, and it has many of both verbs without waiting.
    if (this.#present > 0) return false;
    const nowMs = this.#clock.monotonicMs();
    if (Math.max(this.#gapMs, nowMs - this.#cameMs) > COMPANY_WAIT_MS) return false;
    if (this.#start === null) this.#waitsSinceMs = nowMs;
    this.#start = start;
    if (!this.#isArmed) this.#arm(COMPANY_WAIT_MS);
    return true;
  }

  /** The other verb is called. */
  come(call: Promise<unknown>): void {
    const leave = (): void => {
      this.#present -= 1;
    };
    this.#present += 1;
    call.then(leave, leave);
    const nowMs = this.#clock.monotonicMs();
    this.#gapMs = nowMs - this.#cameMs;
    this.#cameMs = nowMs;
    this.#go();
  }

  #go(): void {
    const start = this.#start;
    this.#start = null;
    start?.();
  }

  /** The timer is not cancelled when company comes: that would cost more than a look in vain. */
  #arm(waitMs: number): void {
    this.#isArmed = true;
    this.#clock.after(waitMs, () => {
      this.#isArmed = false;
      if (this.#start === null) return;
      const leftMs = this.#waitsSinceMs + COMPANY_WAIT_MS - this.#clock.monotonicMs();
      if (leftMs > 0) this.#arm(leftMs);
      else this.#go();
    });
  }
}
