import type { EpochMs, Uuid } from "../domain/ids.ts";

/** Time, timers and chance. Nothing else in the server reads a clock or rolls a die. */
export interface Clock {
  /** Epoch milliseconds; never goes back. */
  now(): EpochMs;
  /** Milliseconds from an arbitrary start; unaffected by changes of the wall clock. */
  monotonicMs(): number;
  /** The wall clock as it is, which may go back: for signatures, and for detecting that it did. */
  wallMs(): EpochMs;
  /** The store has seen this time: `now` goes on from it. */
  notBefore(ms: EpochMs): void;
  /** Run `task` once after `ms` (at most `TIMER_MS_MAX`). The timer does not keep the process alive. */
  after(ms: number, task: () => void): Timer;
  /** Uniform in [0, 1). */
  random(): number;
  /** A UUIDv7, strictly greater than the one before. */
  uuid(): Uuid;
  /** Cryptographically strong random bytes, hexadecimal. */
  randomHex(bytes: number): string;
  /** Cryptographically strong random bytes, standard base64. */
  randomBase64(bytes: number): string;
}

export interface Timer {
  cancel(): void;
}
