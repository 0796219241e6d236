/** How long whoever signed in stays so. */
import type { EpochMs } from "../ids.ts";
import { SESSION_IDLE_MS, SESSION_MS_MAX } from "../limits.ts";

export interface SessionTimes {
  /** When it was last used, to the minute. */
  readonly seenAt: EpochMs;
  /** Its end, however much it is used. */
  readonly expiresAt: EpochMs;
}

/** The latest end of a session that begins now. */
export function sessionEnd(now: EpochMs): EpochMs {
  return now + SESSION_MS_MAX;
}

/** Whether a session still holds: it has not come to its end, and was used within half a day. */
export function isLive({ seenAt, expiresAt }: SessionTimes, now: EpochMs): boolean {
  return now < expiresAt && now < seenAt + SESSION_IDLE_MS;
}

/** A session token's form: 64 hex digits, that is 32 random bytes. */
export const SESSION_TOKEN_PATTERN = /^[0-9a-f]{64}$/;
export const SESSION_TOKEN_RANDOM_BYTES = 32;
