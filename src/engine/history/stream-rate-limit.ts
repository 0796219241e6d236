/** Limits how much of each topic one stream sends in a second, and remembers what it passes over. */
import type { Topic } from "../../domain/history/news.ts";
import type { EpochMs } from "../../domain/ids.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Skipped } from "./history-types.ts";

const WINDOW_MS = 1000;

/** Each topic has the whole limit: many outcomes must not displace the news of a question. */
export class StreamRateLimit {
  readonly #clock: Pick<Clock, "now" | "after">;
  /** Null: no limit. */
  readonly #perSecondMax: number | null;
  readonly #onSkipped: () => void;
  #windowStart: EpochMs = 0;
  readonly #sent = new Map<Topic, number>();
  #count = 0;
  readonly #topics = new Set<Topic>();
  #isDue = false;
  #timer: Timer | null = null;

  /** @param onSkipped called at most once a second, when `takeSkipped` has something to report */
  constructor(clock: Pick<Clock, "now" | "after">, perSecondMax: number | null, onSkipped: () => void) {
    this.#clock = clock;
    this.#perSecondMax = perSecondMax;
    this.#onSkipped = onSkipped;
  }

  /** Whether to send one more of this topic now. If not, it counts as skipped. */
  allows(topic: Topic): boolean {
    if (this.#perSecondMax === null) return true;
    const now = this.#clock.now();
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#sent.clear();
    }
    const sent = this.#sent.get(topic) ?? 0;
    if (sent < this.#perSecondMax) {
      this.#sent.set(topic, sent + 1);
      return true;
    }
    this.skip(topic);
    return false;
  }

  /**
   * Remember what is not sent.
   *
   * @param count zero if it is not known
   */
  skip(topic: Topic, count = 1): void {
    this.#count += count;
    this.#topics.add(topic);
    this.#timer ??= this.#clock.after(WINDOW_MS, () => {
      this.#timer = null;
      this.#isDue = true;
      this.#onSkipped();
    });
  }

  /** Whether `takeSkipped` has something to report. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** What was skipped since the last call; null while there is nothing to report. */
  takeSkipped(): Skipped | null {
    if (!this.#isDue) return null;
    const skipped = { count: this.#count, topics: [...this.#topics] };
    this.#isDue = false;
    this.#count = 0;
    this.#topics.clear();
    return skipped;
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
