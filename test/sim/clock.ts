/** A process's clock in virtual time, and the machine's wall clock, which can jump. */
import { createTime } from "../../src/clock/followed-time.ts";
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

export function createSimClock({ timeline, wall, random }: SimClockOptions): Clock {
  const monotonicMs = () => timeline.nowMs;
  const wallMs = () => wall.nowMs;
  const time = createTime({ wallMs, monotonicMs });
  const state: UuidState = { lastMs: 0, randA: 0, high: 0, low: 0 };
  const bytes = (count: number) => Buffer.from(Array.from({ length: count }, () => random.below(256)));
  return {
    ...time,
    monotonicMs,
    wallMs,
    after(ms, task) {
      const delayMs = Math.min(Math.max(ms, 0), TIMER_MS_MAX) + random.between(-EARLY_MS, LATE_MS);
      return timeline.after(Math.max(delayMs, 0.001), task);
    },
    random: () => random.next(),
    uuid: () => nextUuid(state, time.now(), random.word),
    randomHex: (count) => bytes(count).toString("hex"),
    randomBase64: (count) => bytes(count).toString("base64"),
  };
}
