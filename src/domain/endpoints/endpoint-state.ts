/** What an endpoint is doing now, in one word. */
import { type Health, isProbing } from "../delivery/health.ts";
import type { EpochMs } from "../ids.ts";
import type { EndpointStatus } from "./endpoint.ts";

export const ENDPOINT_STATES = [
  /** Its latest attempt succeeded, or there was none. */
  "healthy",
  /** Its latest attempts failed. An ordered endpoint may wait for the retry of its earliest delivery. */
  "failing",
  /** After 20 consecutive failures: no attempt until the rest is over. */
  "resting",
  /** After the rest: one attempt at a time, until one succeeds. */
  "probing",
  /** It asked for a wait with `Retry-After`. */
  "throttled",
  "paused",
  "disabled",
  /** A listener to which nobody listens: its deliveries are held. */
  "no_listener",
] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

export interface LaneHealth {
  readonly status: EndpointStatus;
  readonly pausedAt: EpochMs | null;
  readonly ordered: boolean;
  readonly health: Health;
  /** No attempt starts before this time; null when the endpoint waits for nothing. */
  readonly waitUntil: EpochMs | null;
}

export function endpointState(lane: LaneHealth, now: EpochMs): EndpointState {
  const { status, pausedAt, ordered, health, waitUntil } = lane;
  if (status === "PAUSED") return pausedAt === null ? "no_listener" : "paused";
  if (status === "DISABLED") return "disabled";
  if (health.restUntil !== null && now < health.restUntil) return "resting";
  if (isProbing(health)) return "probing";
  const isFailing = health.failureStreak > 0;
  // After any failure, an ordered endpoint waits for the retry. Its receiver need not have asked for that.
  if (waitUntil !== null && now < waitUntil && !(ordered && isFailing)) return "throttled";
  return isFailing ? "failing" : "healthy";
}
