/** Counts mistakes in a sliding window, by what made them. */
import { LRUCache } from "lru-cache";
import { BAD_PASSWORDS_KEPT_COUNT_MAX, entriesMax } from "../../domain/limits.ts";

export interface WindowLimit {
  /** How many mistakes are allowed within the window. */
  readonly countMax: number;
  readonly windowMs: number;
}

export class WindowCount {
  readonly #limit: WindowLimit;
  /** The times of the latest mistakes, at most `countMax`, oldest first. */
  readonly #times = new LRUCache<string, readonly number[]>(entriesMax(BAD_PASSWORDS_KEPT_COUNT_MAX));

  constructor(limit: WindowLimit) {
    this.#limit = limit;
  }

  /**
   * How long to wait before another try; 0 allows it now.
   *
   * @param now monotonic milliseconds: a clock that nobody can set
   */
  waitMs(now: number, key: string): number {
    const { countMax, windowMs } = this.#limit;
    const recent = this.#recent(key, now);
    const [oldest = now] = recent;
    return recent.length < countMax ? 0 : oldest + windowMs - now;
  }

  record(now: number, key: string): void {
    this.#times.set(key, [...this.#recent(key, now), now].slice(-this.#limit.countMax));
  }

  /** Take back what was recorded at this time: it was no mistake. */
  takeBack(time: number, key: string): void {
    const times = this.#times.get(key) ?? [];
    const index = times.lastIndexOf(time);
    if (index !== -1) this.#times.set(key, times.toSpliced(index, 1));
  }

  #recent(key: string, now: number): readonly number[] {
    return (this.#times.get(key) ?? []).filter((time) => time > now - this.#limit.windowMs);
  }
}
