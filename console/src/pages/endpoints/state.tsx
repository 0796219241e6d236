/** What an endpoint is doing, in sentences. */
import type { Endpoint } from "@signalbox/sdk";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { Time } from "../../parts/time/time.tsx";

/** What the endpoint is doing, since when, and what happens next. */
export function StateSentence({ endpoint }: { readonly endpoint: Endpoint }) {
  const { health, paused_at: pausedAt } = endpoint;
  // Right after a pause, the endpoint counts as healthy until an attempt fails.
  const failingSince = health.failure_streak > 0 ? health.failing_since : null;
  const since = health.state === "paused" ? pausedAt : failingSince;
  const until =
    health.state === "resting" ? health.rest_until : health.state === "throttled" ? health.wait_until : null;
  return (
    <span>
      {sentenceOf(endpoint)}
      {since !== null && (
        <>
          {` ${m.since} `}
          <Time at={since} absolute focusable />.
        </>
      )}
      {until !== null && (
        <>
          {` ${health.state === "resting" ? m.restUntil : m.waitUntil} `}
          <Time at={until} absolute focusable />.
        </>
      )}
    </span>
  );
}

function sentenceOf({ health, disabled_reason: reason }: Endpoint): string {
  switch (health.state) {
    case "failing":
      return m.failing(health.failure_streak);
    case "resting":
      return m.resting(health.failure_streak);
    case "disabled":
      return m.disabled[reason ?? "manual"];
    case "healthy":
      return health.last_success_at === null ? m.unused : m.healthy;
    default:
      return m[health.state];
  }
}
