/** Limits how much one stream sends in a second, and counts what it passes over. */
import type { EpochMs } from "../../domain/ids.ts";
import type { Clock, Timer } from "../../ports/clock.ts";

const WINDOW_MS = 1000;

export class StreamRateLimit {
  readonly #clock: Pick<Clock, "now" | "after">;
  /** Null: no limit. */
  readonly #perSecondMax: number | null;
  readonly #onSkipped: () => void;
  #windowStart: EpochMs = 0;
  #sent = 0;
  #skipped = 0;
  #isDue = false;
  #timer: Timer | null = null;

  /** @param onSkipped called at most once a second, when `takeSkipped` has something to report */
  constructor(clock: Pick<Clock, "now" | "after">, perSecondMax: number | null, onSkipped: () => void) {
    this.#clock = clock;
    this.#perSecondMax = perSecondMax;
    this.#onSkipped = onSkipped;
  }

  /** Whether to send one more now. If not, it counts as skipped. */
  allows(): boolean {
    if (this.#perSecondMax === null) return true;
    const now = this.#clock.now();
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#sent = 0;
    }
    if (this.#sent < this.#perSecondMax) {
      this.#sent += 1;
      return true;
    }
    this.skip();
    return false;
  }

  /** Count one that is not sent. */
  skip(): void {
    this.#skipped += 1;
    this.#timer ??= this.#clock.after(WINDOW_MS, () => {
      this.#timer = null;
      this.#isDue = true;
      this.#onSkipped();
    });
  }

  /** How many were skipped since the last call; null while there is nothing to report. */
  takeSkipped(): number | null {
    if (!this.#isDue) return null;
    const count = this.#skipped;
    this.#isDue = false;
    this.#skipped = 0;
    return count;
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
