/** A process's clock in virtual time, and the machine's wall clock, which can jump. */
import { type EpochMs, nextUuid, type UuidState } from "../../src/domain/ids.ts";
import { TIMER_MS_MAX } from "../../src/domain/limits.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Random } from "./random.ts";
import type { ProcessTimeline, Timeline } from "./timeline.ts";

export interface WallClock {
  readonly nowMs: EpochMs;
  jump(ms: number): void;
}

export const WALL_START_MS = 1_800_000_000_000;

export function createWallClock(timeline: Timeline): WallClock {
  let offsetMs = WALL_START_MS;
  return {
    get nowMs() {
      return Math.floor(offsetMs + timeline.nowMs);
    },
    jump(ms) {
      offsetMs += ms;
    },
  };
}

/**
 * `setTimeout` and `Date.now` round differently, so a timer may fire slightly before or after the clock shows its
 * time.
 */
const EARLY_MS = 0.6;
const LATE_MS = 2;

export interface SimClockOptions {
  readonly timeline: ProcessTimeline;
  readonly wall: Pick<WallClock, "nowMs">;
  readonly random: Random;
}

/**
 * Behaves like `src/clock/system.ts`: `now` never goes back, and runs at half speed while the wall clock is behind
 * it.
 */
export function createSimClock({ timeline, wall, random }: SimClockOptions): Clock {
  let lastMs = 0;
  let offsetMs: number | null = null;
  let ahead: { readonly sinceMonotonicMs: number; readonly sinceMs: number } | null = null;
  const now = () => {
    const followedMs = wall.nowMs + (offsetMs ?? 0);
    if (followedMs >= lastMs) {
      ahead = null;
      lastMs = followedMs;
      return lastMs;
    }
    ahead ??= { sinceMonotonicMs: timeline.nowMs, sinceMs: lastMs };
    lastMs = Math.max(lastMs, Math.floor(ahead.sinceMs + (timeline.nowMs - ahead.sinceMonotonicMs) / 2));
    return lastMs;
  };
  const state: UuidState = { lastMs: 0, randA: 0, high: 0, low: 0 };
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => random.below(256)));
  return {
    now,
    monotonicMs: () => timeline.nowMs,
    wallMs: () => wall.nowMs,
    follow(ms) {
      if (offsetMs === null) [lastMs, ahead] = [0, null];
      offsetMs = ms;
    },
    notBefore(ms) {
      if (ms > lastMs) lastMs = ms;
    },
    after(ms, task) {
      const delayMs = Math.min(Math.max(ms, 0), TIMER_MS_MAX) + random.between(-EARLY_MS, LATE_MS);
      return timeline.after(Math.max(delayMs, 0.001), task);
    },
    random: () => random.next(),
    uuid: () => nextUuid(state, now(), random.word),
    randomHex: (count) => bytes(count).toString("hex"),
    randomBase64: (count) => bytes(count).toString("base64"),
  };
}
