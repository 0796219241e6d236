/** An endpoint's state as a badge. */
import type { Endpoint, EndpointState } from "@signalbox/sdk";
import { endpoints as m } from "../../messages/en/endpoints.ts";
import { StateBadge, type Tone } from "../text/state-badge.tsx";

export const STATES = [
  "healthy",
  "failing",
  "resting",
  "probing",
  "throttled",
  "paused",
  "disabled",
  "no_listener",
] as const;

const TONES: Readonly<Record<EndpointState, Tone>> = {
  healthy: "ok",
  failing: "bad",
  resting: "bad",
  probing: "busy",
  throttled: "warn",
  paused: "warn",
  disabled: "bad",
  no_listener: "idle",
};

export function EndpointBadge({ of: { health } }: { readonly of: Pick<Endpoint, "health"> }) {
  if (isUntried(health)) return <StateBadge tone="idle" word={m.states.untried} />;
  return <StateBadge tone={TONES[health.state]} word={m.states[health.state]} />;
}

/** For the server, an endpoint is healthy until an attempt fails. */
export function isUntried({ state, last_success_at: success, last_failure: failure }: Endpoint["health"]): boolean {
  return state === "healthy" && success === null && failure === null;
}
