/** The time of a process: it follows the machine's clock or another one, and never goes back. */
import type { EpochMs } from "../domain/ids.ts";
import type { Clock } from "../ports/clock.ts";

export type Time = Pick<Clock, "now" | "followedMs" | "follow" | "notBefore">;

export function createTime({ wallMs, monotonicMs }: Pick<Clock, "wallMs" | "monotonicMs">): Time {
  let lastMs = 0;
  /** How far the other clock is ahead of `monotonicMs`: a step of the wall clock does not change it. */
  let offsetMs: number | null = null;
  /**
   * Set while the followed clock is behind a time that `now` already returned. It records when that began, and `now`
   * runs at half speed meanwhile.
   */
  let ahead: { readonly sinceMonotonicMs: number; readonly sinceMs: EpochMs } | null = null;
  const followedMs = () => (offsetMs === null ? wallMs() : Math.floor(monotonicMs() + offsetMs));
  return {
    followedMs,
    now() {
      const ms = followedMs();
      if (ms >= lastMs) {
        ahead = null;
        lastMs = ms;
        return ms;
      }
      // If `now` stood still until the clock caught up, every retry would wait for that long. Half speed avoids this.
      ahead ??= { sinceMonotonicMs: monotonicMs(), sinceMs: lastMs };
      lastMs = Math.max(lastMs, Math.floor(ahead.sinceMs + (monotonicMs() - ahead.sinceMonotonicMs) / 2));
      return lastMs;
    },
    follow(at, beganMs) {
      // The first estimate is the wall clock, which is often right. Nothing depends on earlier times of `now` yet.
      if (offsetMs === null) [offsetMs, lastMs, ahead] = [wallMs() - monotonicMs(), 0, null];
      offsetMs = Math.min(Math.max(offsetMs, at - monotonicMs()), at - beganMs);
    },
    notBefore(ms) {
      if (ms > lastMs) lastMs = ms;
    },
  };
}
