/**
 * The deadlines of all attempts on a single timer. 20,000 timers per second would cost more than the attempts
 * themselves.
 */
import { DEADLINE_TICK_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";

/** Slots of the wheel. One turn takes 41 s, longer than any timeout. A longer deadline waits for another turn. */
const SLOTS = 2048;

export interface Deadline {
  /** The tick at which the deadline is due; set by the wheel. */
  dueTick: number;
  onDeadline(): void;
}

/**
 * A timing wheel. A deadline never fires early, and it fires at most `DEADLINE_TICK_MS` late, plus the delay of the
 * event loop.
 */
export class Deadlines<T extends Deadline> {
  readonly #clock: Clock;
  readonly #slots: ReadonlyArray<Set<T>> = Array.from({ length: SLOTS }, () => new Set<T>());
  #size = 0;
  #running = false;
  #lastTick = 0;
  #nowMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The monotonic time of the latest deadline that was set or fired. It is cheap to read, and at most one tick old
   * while a deadline is pending.
   */
  get coarseMs(): number {
    return this.#nowMs;
  }

  add(deadline: T, ms: number): void {
    this.#nowMs = this.#clock.monotonicMs();
    deadline.dueTick = Math.floor((this.#nowMs + ms) / DEADLINE_TICK_MS) + 1;
    this.#slot(deadline.dueTick).add(deadline);
    this.#size += 1;
    if (!this.#running) {
      this.#lastTick = Math.floor(this.#nowMs / DEADLINE_TICK_MS);
      this.#run();
    }
  }

  remove(deadline: T): void {
    if (this.#slot(deadline.dueTick).delete(deadline)) this.#size -= 1;
  }

  /** All pending deadlines. */
  pending(): T[] {
    return this.#slots.flatMap((slot) => [...slot]);
  }

  #slot(tick: number): Set<T> {
    return this.#slots[tick % SLOTS] as Set<T>;
  }

  #run(): void {
    this.#running = this.#size > 0;
    if (this.#running) this.#clock.after(DEADLINE_TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#nowMs = this.#clock.monotonicMs();
    const tick = Math.floor(this.#nowMs / DEADLINE_TICK_MS);
    for (let each = Math.max(this.#lastTick, tick - SLOTS) + 1; each <= tick; each++)
      this.#fire(this.#slot(each), tick);
    this.#lastTick = tick;
    this.#run();
  }

  #fire(slot: Set<T>, tick: number): void {
    for (const deadline of slot) {
      if (deadline.dueTick > tick) continue;
      slot.delete(deadline);
      this.#size -= 1;
      deadline.onDeadline();
    }
  }
}
