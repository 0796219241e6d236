/** What an endpoint is doing now, in one word. */
import { type Health, isProbing } from "../delivery/health.ts";
import type { EpochMs } from "../ids.ts";
import type { EndpointStatus } from "./endpoint.ts";

export const ENDPOINT_STATES = [
  /** Its latest attempt succeeded, or there was none. */
  "healthy",
  /** Its latest attempts failed. */
  "failing",
  /** After 20 consecutive failures: no attempt until the rest is over. */
  "resting",
  /** After the rest: one attempt at a time, until one succeeds. */
  "probing",
  /** It asked for a wait with `Retry-After`, or an ordered delivery waits for its retry. */
  "throttled",
  "paused",
  "disabled",
] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

export interface LaneHealth {
  readonly status: EndpointStatus;
  readonly health: Health;
  /** No attempt starts before this time; null when the endpoint waits for nothing. */
  readonly waitUntil: EpochMs | null;
}

export function endpointState({ status, health, waitUntil }: LaneHealth, now: EpochMs): EndpointState {
  if (status === "PAUSED") return "paused";
  if (status === "DISABLED") return "disabled";
  if (health.restUntil !== null && now < health.restUntil) return "resting";
  if (isProbing(health)) return "probing";
  if (waitUntil !== null && now < waitUntil) return "throttled";
  return health.failureStreak > 0 ? "failing" : "healthy";
}
