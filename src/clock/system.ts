/** The system clock, timers and random numbers. No other file reads them. */
import { randomBytes, randomFillSync } from "node:crypto";
import { nextUuid, type Uuid, type UuidState } from "../domain/ids.ts";
import { TIMER_MS_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";

/**
 * Random words generated in one call. A call costs about 1 µs regardless of its size, and an id needs up to three
 * words.
 */
const RANDOM_WORDS = 1024;

export function createSystemClock(): Clock {
  let lastMs = 0;
  let offsetMs: number | null = null;
  /**
   * Set while the wall clock is behind a time that `now` already returned. It records when that began, and `now` runs
   * at half speed meanwhile.
   */
  let ahead: { readonly sinceMonotonicMs: number; readonly sinceMs: number } | null = null;
  const now = () => {
    const wallMs = Date.now() + (offsetMs ?? 0);
    if (wallMs >= lastMs) {
      ahead = null;
      lastMs = wallMs;
      return wallMs;
    }
    // If `now` stood still until the wall clock caught up, every retry would wait for that long. Half speed avoids
    // this.
    ahead ??= { sinceMonotonicMs: performance.now(), sinceMs: lastMs };
    lastMs = Math.max(lastMs, Math.floor(ahead.sinceMs + (performance.now() - ahead.sinceMonotonicMs) / 2));
    return lastMs;
  };
  const random32 = randomWords();
  const state: UuidState = { lastMs: 0, randA: 0, high: 0, low: 0 };
  return {
    now,
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    follow(ms) {
      if (offsetMs === null) [lastMs, ahead] = [0, null];
      offsetMs = ms;
    },
    notBefore(ms) {
      if (ms > lastMs) lastMs = ms;
    },
    after(ms, task) {
      const timer = setTimeout(task, Math.min(Math.max(ms, 0), TIMER_MS_MAX)).unref();
      return { cancel: () => clearTimeout(timer) };
    },
    random: () => Math.random(),
    uuid: (): Uuid => nextUuid(state, now(), random32),
    randomHex: (bytes) => randomBytes(bytes).toString("hex"),
    randomBase64: (bytes) => randomBytes(bytes).toString("base64"),
  };
}

function randomWords(): () => number {
  const words = new Uint32Array(RANDOM_WORDS);
  let next = RANDOM_WORDS;
  return () => {
    if (next === RANDOM_WORDS) {
      randomFillSync(words);
      next = 0;
    }
    return words[next++] as number;
  };
}
