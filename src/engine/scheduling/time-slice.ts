/**
 * Limits how long one kind of work may keep the event loop, so that a burst of it does not delay everything else.
 *
 * The work may run for a slice of time. If more is left, the event loop takes a turn. After it the work may run for as long
 * as that turn took, or for a slice if that is longer. So the work and everything else each get at least half of the time.
 */
import type { Clock } from "../../ports/clock.ts";
import { nextTurn } from "./turns.ts";

/** The weight of the latest call of `work` in the smoothed duration of a step. */
const STEP_MS_WEIGHT = 0.02;

export class TimeSlice {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #sliceMs: number;
  readonly #onTurn: () => void;
  /** Time worked since the slice began. A negative value extends the slice after a long turn of everything else. */
  #spentMs = 0;
  #endedAtMs = 0;
  /** The smoothed duration of a step. */
  #stepMs = 0;
  /** How much of the present turn the work itself has caused, in steps. */
  #ownSteps = 0;
  /** Whether the work waits for the event loop's turn. */
  #isYielding = false;

  /** @param onTurn called when the event loop has taken its turn; it has to call `work` again */
  constructor(clock: Pick<Clock, "monotonicMs">, sliceMs: number, onTurn: () => void) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
    this.#onTurn = onTurn;
  }

  /**
   * Call `step` until it returns false, which means that nothing is left to do. If the slice is used up before that, return
   * and go on after the event loop's turn.
   */
  work(step: () => boolean): void {
    if (this.#isYielding) return;
    const fromMs = this.#clock.monotonicMs();
    const spentMs = this.#spentMs < 0 ? this.#spentMs : Math.max(0, this.#spentMs - (fromMs - this.#endedAtMs));
    let nowMs = fromMs;
    let steps = 0;
    while (step()) {
      steps += 1;
      nowMs = this.#clock.monotonicMs();
      if (spentMs + nowMs - fromMs < this.#sliceMs) continue;
      this.#isYielding = true;
      this.#ownSteps = 0;
      void nextTurn().then(() => this.#afterTurn());
      break;
    }
    if (steps > 0) this.#stepMs += ((nowMs - fromMs) / steps - this.#stepMs) * STEP_MS_WEIGHT;
    this.#spentMs = spentMs + nowMs - fromMs;
    this.#endedAtMs = nowMs;
  }

  /** Deduct this many steps from the current turn, because the work itself caused them. They must not extend the slice. */
  leaveOut(steps: number): void {
    this.#ownSteps += steps;
  }

  #afterTurn(): void {
    this.#isYielding = false;
    const turnMs = this.#clock.monotonicMs() - this.#endedAtMs - this.#ownSteps * this.#stepMs;
    this.#spentMs = Math.min(0, this.#sliceMs - turnMs);
    this.#onTurn();
    // Unused time is not saved for a later burst.
    if (!this.#isYielding) this.#spentMs = Math.max(0, this.#spentMs);
  }
}
