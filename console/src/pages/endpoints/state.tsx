/** What an endpoint is doing, in sentences. */
import type { AuditEvent, Endpoint } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { audit } from "../../messages/en/access.ts";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { isUntried } from "../../parts/endpoints/endpoint-badge.tsx";
import { Go } from "../../parts/page/go.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { useMay } from "../../session/me.ts";

/** What the endpoint is doing, since when, and what happens next. */
export function StateSentence({ endpoint }: { readonly endpoint: Endpoint }) {
  const { health, paused_at: pausedAt, rate_limit_per_second: limit } = endpoint;
  // Right after a pause, the endpoint counts as healthy until an attempt fails.
  const failingSince = health.failure_streak > 0 ? health.failing_since : null;
  const since = health.state === "paused" ? pausedAt : failingSince;
  const until = untilOf(endpoint);
  return (
    <span>
      {sentenceOf(endpoint)}
      {since !== null && (
        <>
          {` ${m.since} `}
          <Time at={since} absolute focusable />.
        </>
      )}
      {health.state === "paused" && <PausedBy id={endpoint.id} />}
      {isBlocked(endpoint) && (
        <>
          {` ${m.ordered} `}
          <Go td="underline" to="/deliveries" search={{ endpoint_id: endpoint.id, status: "SCHEDULED" }}>
            {m.toRetried}
          </Go>
          .
        </>
      )}
      {until !== null && (
        <>
          {` ${health.state === "resting" ? m.restUntil : m.waitUntil} `}
          <Time at={until} absolute focusable />.
        </>
      )}
      {limit !== null && (
        <>
          {` ${m.limited(limit)} `}
          <Go td="underline" to={`/endpoints/${endpoint.id}/settings`}>
            {m.tabs.settings}
          </Go>
          .
        </>
      )}
    </span>
  );
}

/** Whether an ordered delivery waits for its retry, and all others behind it. */
function isBlocked({ ordered, health }: Endpoint): boolean {
  return ordered && health.state === "failing" && health.wait_until !== null;
}

function untilOf(endpoint: Endpoint): string | null {
  const { health } = endpoint;
  if (health.state === "resting") return health.rest_until;
  return health.state === "throttled" || isBlocked(endpoint) ? health.wait_until : null;
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
      if (isUntried(health)) return m.unused;
      return succeededLast(health) ? m.healthy : m.sinceFailure;
    default:
      return m[health.state];
  }
}

function succeededLast({ last_success_at: success, last_failure: failure }: Endpoint["health"]): boolean {
  return success !== null && (failure === null || failure.at <= success);
}

/** Only the audit log knows it, and developers may not read that. */
function PausedBy({ id }: { readonly id: string }) {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ["endpoint", "paused-by", useTenant(), id],
    queryFn: async ({ signal }) => {
      const { events } = await api.audit.list({ subject_id: id, event_type: "webhook.updated", limit: 20 }, { signal });
      return events.find(pauses) ?? null;
    },
    enabled: useMay("org_admin"),
  });
  if (data === undefined || data === null) return null;
  return (
    <>
      {` ${m.pausedBy} `}
      <Foreign text={data.actor_user?.email ?? data.actor_id ?? audit.actors.system} charsMax={80} />.
    </>
  );
}

function pauses({ data }: AuditEvent): boolean {
  return data.status === "PAUSED" && data.previous_status !== undefined;
}
