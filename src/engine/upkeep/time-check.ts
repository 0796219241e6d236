/** Whether the time can be trusted with deleting by age: a wall clock that jumped ahead would delete everything. */
import type { EpochMs } from "../../domain/ids.ts";
import { CLOCK_DOUBT_MS, CLOCK_DRIFT_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

export interface TimeCheck {
  /** Why nothing may be deleted by age now; null when it may. */
  doubt(): string | null;
}

/**
 * @param lastSeenAt the latest time that the store knew before this start. A long downtime looks like a jump; both are
 *   waited out.
 */
export function createTimeCheck(clock: Pick<Clock, "wallMs" | "monotonicMs">, lastSeenAt: EpochMs | null): TimeCheck {
  let base = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
  const apartAtStart = lastSeenAt === null ? 0 : Math.abs(base.wallMs - lastSeenAt);
  let doubtUntilMonotonicMs = apartAtStart > CLOCK_DOUBT_MS ? base.monotonicMs + CLOCK_DOUBT_MS : 0;

  return {
    doubt() {
      const wallMs = clock.wallMs();
      const monotonicMs = clock.monotonicMs();
      const expectedMs = base.wallMs + (monotonicMs - base.monotonicMs);
      base = { wallMs, monotonicMs };
      if (Math.abs(wallMs - expectedMs) > CLOCK_DRIFT_MS_MAX) doubtUntilMonotonicMs = monotonicMs + CLOCK_DOUBT_MS;
      if (monotonicMs >= doubtUntilMonotonicMs) return null;
      return "the wall clock is far from where it was last seen; nothing is deleted by age for an hour";
    },
  };
}
