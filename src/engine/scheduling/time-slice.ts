/**
 * How much of the event loop's time one kind of work may take, so that a burst of it does not hold up everything else.
 *
 * The work goes on for a slice. When more is left, the event loop takes a turn, and the work then has as much time as
 * that turn took, or a slice if that is longer. So the work and all the rest get at least half of the time each.
 */
import type { Clock } from "../../ports/clock.ts";
import { nextTurn } from "./turns.ts";

export class TimeSlice {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #sliceMs: number;
  readonly #goOn: () => void;
  /** Time worked since the slice began. Below 0: how much longer the work may go on after a long turn of the rest. */
  #spentMs = 0;
  #endedAtMs = 0;
  /** A turn of the event loop is under way, after which the work goes on. */
  #yielding = false;

  /** @param goOn called when the event loop has taken its turn; calls `work` again */
  constructor(clock: Pick<Clock, "monotonicMs">, sliceMs: number, goOn: () => void) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
    this.#goOn = goOn;
  }

  /**
   * Call `step` until it returns false, which means that nothing is left to do. Returns earlier when the slice is used up;
   * `goOn` is called then, after the event loop's turn.
   */
  work(step: () => boolean): void {
    if (this.#yielding) return;
    const fromMs = this.#clock.monotonicMs();
    const spentMs = this.#spentMs < 0 ? this.#spentMs : Math.max(0, this.#spentMs - (fromMs - this.#endedAtMs));
    let nowMs = fromMs;
    while (step()) {
      nowMs = this.#clock.monotonicMs();
      if (spentMs + nowMs - fromMs < this.#sliceMs) continue;
      this.#yielding = true;
      void nextTurn().then(() => this.#afterTurn());
      break;
    }
    this.#spentMs = spentMs + nowMs - fromMs;
    this.#endedAtMs = nowMs;
  }

  #afterTurn(): void {
    this.#yielding = false;
    const turnMs = this.#clock.monotonicMs() - this.#endedAtMs;
    this.#spentMs = Math.min(0, this.#sliceMs - turnMs);
    this.#goOn();
    // Time that is not used now is not saved for a later burst.
    if (!this.#yielding) this.#spentMs = Math.max(0, this.#spentMs);
  }
}
