import type { EpochMs, Uuid } from "../domain/ids.ts";

/** Time, timers and random numbers. Nothing else in the server reads a clock or makes a random number. */
export interface Clock {
  /** The current time in epoch milliseconds. Never goes back. */
  now(): EpochMs;
  /** Milliseconds since an arbitrary start. Changes of the wall clock do not affect it. */
  monotonicMs(): number;
  /** The machine's clock as it is; it may go back. Use it for signatures. */
  wallMs(): EpochMs;
  /** The clock that `now` follows, as it is; it may go back. Use it to detect that the clock jumped. */
  followedMs(): EpochMs;
  /**
   * From now on, `now` follows another clock than the machine's. That clock showed `at` at some moment since `beganMs` of
   * the monotonic clock. What `now` follows changes only as far as it contradicts that. Only the first call can set `now`
   * back.
   */
  follow(at: EpochMs, beganMs: number): void;
  /** From now on, `now` returns this time or a later one: the store has already seen it. */
  notBefore(ms: EpochMs): void;
  /** Run `task` once after `ms` (at most `TIMER_MS_MAX`). The timer does not keep the process alive. */
  after(ms: number, task: () => void): Timer;
  /** Uniform in [0, 1). */
  random(): number;
  /** A UUIDv7 that is strictly greater than the one before it. */
  uuid(): Uuid;
  /** Cryptographically strong random bytes, hexadecimal. */
  randomHex(bytes: number): string;
  /** Cryptographically strong random bytes, standard base64. */
  randomBase64(bytes: number): string;
}

export interface Timer {
  cancel(): void;
}
