import type { EpochMs, Uuid } from "../domain/ids.ts";

/** Time, timers and random numbers. Nothing else in the server reads a clock or makes a random number. */
export interface Clock {
  /** The current time in epoch milliseconds. Never goes back. */
  now(): EpochMs;
  /** Milliseconds since an arbitrary start. Changes of the wall clock do not affect it. */
  monotonicMs(): number;
  /** The wall clock as it is; it may go back. Use it for signatures, and to detect that the wall clock jumped. */
  wallMs(): EpochMs;
  /**
   * From now on, `now` follows a clock that is this far ahead of the wall clock. Only the first call can set `now` back:
   * nothing depends on its times yet.
   */
  follow(offsetMs: number): void;
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
