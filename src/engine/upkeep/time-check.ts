/**
 * Whether retention may trust the wall clock.
 *
 * If the wall clock jumped ahead, deleting by age would delete everything.
 */
import type { EpochMs } from "../../domain/ids.ts";
import { CLOCK_DOUBT_MS, CLOCK_DRIFT_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

type Clocks = Pick<Clock, "followedMs" | "monotonicMs">;

export class TimeCheck {
  readonly #clock: Clocks;
  #followedMs: EpochMs;
  #monotonicMs: number;
  #doubtUntilMonotonicMs: number;

  /**
   * @param lastSeenAt the latest time that the store recorded before this start; null for a new store. A long downtime
   *                   looks like a jump, so retention waits after both.
   */
  constructor(clock: Clocks, lastSeenAt: EpochMs | null) {
    this.#clock = clock;
    this.#followedMs = clock.followedMs();
    this.#monotonicMs = clock.monotonicMs();
    const gapMs = lastSeenAt === null ? 0 : Math.abs(this.#followedMs - lastSeenAt);
    this.#doubtUntilMonotonicMs = gapMs > CLOCK_DOUBT_MS ? this.#monotonicMs + CLOCK_DOUBT_MS : 0;
  }

  /** Why nothing may be deleted by age now; null when deleting is safe. */
  doubt(): string | null {
    const followedMs = this.#clock.followedMs();
    const monotonicMs = this.#clock.monotonicMs();
    const expectedMs = this.#followedMs + (monotonicMs - this.#monotonicMs);
    this.#followedMs = followedMs;
    this.#monotonicMs = monotonicMs;
    if (Math.abs(followedMs - expectedMs) > CLOCK_DRIFT_MS_MAX)
      this.#doubtUntilMonotonicMs = monotonicMs + CLOCK_DOUBT_MS;
    if (monotonicMs >= this.#doubtUntilMonotonicMs) return null;
    return "the wall clock jumped, or the server was down for a long time; retention waits for an hour";
  }
}
