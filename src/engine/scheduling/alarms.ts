/** Many alarms on one timer, which is set to the earliest of them. */
import TinyQueue from "tinyqueue";
import type { EpochMs } from "../../domain/ids.ts";
import { TIMER_MS_MAX } from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";

interface Alarm<T> {
  readonly subject: T;
  readonly at: EpochMs;
}

/** Alarms that no longer count may be as many as those that do, and so many more. Each keeps its subject in memory. */
const STALE_COUNT_MAX = 64;

function compare<T>(one: Alarm<T>, other: Alarm<T>): number {
  return one.at - other.at;
}

export class Alarms<T> {
  readonly #clock: Pick<Clock, "now" | "after">;
  readonly #wake: (subject: T) => void;
  #queue = new TinyQueue<Alarm<T>>([], compare);
  /** The alarm that counts for each subject. The queue may hold others of the same subject, which are skipped. */
  readonly #current = new Map<T, EpochMs>();
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #isStopped = false;

  constructor(clock: Pick<Clock, "now" | "after">, wake: (subject: T) => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** How many alarms are in memory, including those that no longer count. */
  get size(): number {
    return this.#queue.length;
  }

  /** Wake the subject at `at`, unless it has an earlier alarm. A subject has one alarm, the earliest. */
  set(subject: T, at: EpochMs): void {
    const present = this.#current.get(subject);
    if (this.#isStopped || (present !== undefined && present <= at)) return;
    this.#current.set(subject, at);
    this.#queue.push({ subject, at });
    this.#removeStale();
    this.#arm();
  }

  /** Forget the subject. Without this, a subject that is no longer used stays in memory until its alarm rings. */
  cancel(subject: T): void {
    if (this.#current.delete(subject)) this.#removeStale();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#isStopped = true;
  }

  #removeStale(): void {
    if (this.#queue.length <= 2 * this.#current.size + STALE_COUNT_MAX) return;
    const counting = this.#queue.data.filter(({ subject, at }) => this.#current.get(subject) === at);
    this.#queue = new TinyQueue(counting, compare);
  }

  #arm(): void {
    const first = this.#queue.peek();
    if (first === undefined || first.at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = first.at;
    const waitMs = Math.min(Math.max(first.at - this.#clock.now(), 0), TIMER_MS_MAX);
    this.#timer = this.#clock.after(waitMs, () => this.#ring());
  }

  #ring(): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    for (let first = this.#queue.peek(); first !== undefined && first.at <= now; first = this.#queue.peek()) {
      this.#queue.pop();
      if (this.#current.get(first.subject) !== first.at) continue;
      this.#current.delete(first.subject);
      this.#wake(first.subject);
    }
    this.#arm();
  }
}
