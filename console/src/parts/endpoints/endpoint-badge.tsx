/** An endpoint's state as a badge. */
import type { EndpointState } from "@signalbox/sdk";
import { endpoints as m } from "../../messages/en/endpoints.ts";
import { StateBadge, type Tone } from "../text/state-badge.tsx";

export const STATES = ["healthy", "failing", "resting", "probing", "throttled", "paused", "disabled"] as const;

const TONES: Readonly<Record<EndpointState, Tone>> = {
  healthy: "ok",
  failing: "bad",
  resting: "bad",
  probing: "busy",
  throttled: "warn",
  paused: "warn",
  disabled: "bad",
};

export function EndpointBadge({ state }: { readonly state: EndpointState }) {
  return <StateBadge tone={TONES[state]} word={m.states[state]} />;
}
