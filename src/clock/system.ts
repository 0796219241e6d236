/** The system clock, timers and random numbers. No other file reads them. */
import { randomBytes, randomFillSync } from "node:crypto";
import { nextUuid, type Uuid, type UuidState } from "../domain/ids.ts";
import { TIMER_MS_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import { createTime } from "./followed-time.ts";

/**
 * Random words generated in one call. A call costs about 1 µs regardless of its size, and an id needs up to three
 * words.
 */
const RANDOM_WORDS = 1024;

export function createSystemClock(): Clock {
  const monotonicMs = () => performance.now();
  const wallMs = () => Date.now();
  const time = createTime({ wallMs, monotonicMs });
  const random32 = randomWords();
  const state: UuidState = { lastMs: 0, randA: 0, high: 0, low: 0 };
  return {
    ...time,
    monotonicMs,
    wallMs,
    after(ms, task) {
      const timer = setTimeout(task, Math.min(Math.max(ms, 0), TIMER_MS_MAX)).unref();
      return { cancel: () => clearTimeout(timer) };
    },
    random: () => Math.random(),
    uuid: (): Uuid => nextUuid(state, time.now(), random32),
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
