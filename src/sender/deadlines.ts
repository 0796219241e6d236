/** Every attempt's deadline on one timer: 20,000 timers a second would cost more than the attempts. */
import { DEADLINE_TICK_MS } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";

/** Slots of the wheel: one turn is 41 s, longer than any time-out; a longer one waits for its next turn. */
const SLOTS = 2048;

export interface Deadline {
  /** The tick at which it is due; the wheel's own. */
  dueTick: number;
  onDeadline(): void;
}

/** A wheel of deadlines. One fires never early, and at most `DEADLINE_TICK_MS` (and what the loop is behind) late. */
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

  /** The monotonic time as of the last deadline set or fired: cheap, and late by a tick at most while one is pending. */
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

  /** All that are pending. */
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
