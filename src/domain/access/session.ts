/** How long a dashboard session lasts. */
import type { EpochMs } from "../ids.ts";
import { SESSION_IDLE_MS, SESSION_MS_MAX } from "../limits.ts";

export interface SessionTimes {
  /** When the session was last used, to the minute. */
  readonly seenAt: EpochMs;
  /** When the session ends, even if it is in use. */
  readonly expiresAt: EpochMs;
}

/** The time at which a session that starts now expires. */
export function sessionEnd(now: EpochMs): EpochMs {
  return now + SESSION_MS_MAX;
}

/** Whether a session is still valid: it has not expired, and it was used within the last 12 hours. */
export function isLive({ seenAt, expiresAt }: SessionTimes, now: EpochMs): boolean {
  return now < expiresAt && now < seenAt + SESSION_IDLE_MS;
}

/** The form of a session token: 64 hex digits, which encode 32 random bytes. */
export const SESSION_TOKEN_PATTERN = /^[0-9a-f]{64}$/;
export const SESSION_TOKEN_RANDOM_BYTES = 32;
