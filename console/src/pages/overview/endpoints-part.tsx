/** The endpoints that are not healthy: since when, and why. */
import { List as Items, Text } from "@mantine/core";
import "@mantine/core/styles/List.css";
import type { Endpoint, EndpointCounts, Signalbox } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { overview as m } from "../../messages/en/overview.ts";
import { EndpointBadge } from "../../parts/endpoints/endpoint-badge.tsx";
import { readEndpoints } from "../../parts/endpoints/read-endpoints.ts";
import { HEALTH } from "../../parts/endpoints/use-attempts.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Go } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import classes from "./facts.module.css";

const SHOWN_MAX = 6;
/** Nothing arrives, and nobody has chosen that. These are shown first. */
const URGENT = ["failing", "resting", "probing", "disabled"] as const;
const CALM = ["throttled", "paused"] as const;
const UNWELL = [...URGENT, ...CALM];

async function readUnwell(api: Signalbox, signal: AbortSignal): Promise<readonly Endpoint[]> {
  const { rows: urgent } = await readEndpoints(api, { state: URGENT, limit: SHOWN_MAX, signal });
  if (urgent.length === SHOWN_MAX) return urgent;
  const { rows: calm } = await readEndpoints(api, { state: CALM, limit: SHOWN_MAX - urgent.length, signal });
  return [...urgent, ...calm];
}

export function EndpointsPart({ counts }: { readonly counts: EndpointCounts }) {
  const unwell = counts.total - counts.states.healthy;
  return (
    <Section title={m.endpoints}>
      {unwell === 0 ? <Text>{m.allWell(counts.total)}</Text> : <Unwell count={unwell} />}
    </Section>
  );
}

function Unwell({ count }: { readonly count: number }) {
  const api = useApi();
  const tenant = useTenant();
  const { data, error, refetch } = useQuery({
    queryKey: ["endpoint", "unwell", tenant],
    queryFn: ({ signal }) => readUnwell(api, signal),
    ...HEALTH,
  });
  if (data === undefined) {
    return error === null ? <LaterSkeleton rows={3} /> : <Problem error={error} onRetry={() => void refetch()} />;
  }
  const more = count - data.length;
  return (
    <>
      <Items listStyleType="none" spacing="xs">
        {data.map((endpoint) => (
          <Items.Item key={endpoint.id}>
            <Go to={`/endpoints/${endpoint.id}`}>
              <Foreign text={endpoint.name} charsMax={60} />
            </Go>{" "}
            <EndpointBadge of={endpoint} /> <Since of={endpoint} />
            <Why of={endpoint} />
          </Items.Item>
        ))}
      </Items>
      {more > 0 && (
        <Text mt="xs">
          <Go to="/endpoints" search={{ state: UNWELL }}>
            {m.more(more)}
          </Go>
        </Text>
      )}
    </>
  );
}

function Since({ of: { health, paused_at: pausedAt } }: { readonly of: Endpoint }) {
  const until =
    health.state === "resting" ? health.rest_until : health.state === "throttled" ? health.wait_until : null;
  const since = health.state === "paused" ? pausedAt : health.failing_since;
  return (
    <>
      {since !== null && (
        <>
          {m.since} <Time at={since} absolute />
        </>
      )}
      {until !== null && (
        <>
          {since === null ? "" : ", "}
          {m.until} <Time at={until} absolute />
        </>
      )}
    </>
  );
}

/** Why the endpoint is in its state, and what waits because of that. */
function Why({ of: { health, waiting, disabled_reason: reason } }: { readonly of: Endpoint }) {
  const failure = health.last_failure;
  const parts = [
    ...(health.state === "disabled" ? [m.why[reason ?? "manual"]] : []),
    ...(health.state !== "disabled" && health.state !== "paused" && failure !== null
      ? [
          m.lastFailure(
            failure.http_status === null ? (failure.error ?? failure.classification) : `HTTP ${failure.http_status}`,
          ),
        ]
      : []),
    ...(waiting.count > 0 ? [m.waits(waiting.count, waiting.more)] : []),
  ];
  if (parts.length === 0) return null;
  return (
    <div className={classes.why}>
      <Foreign text={parts.join(" · ")} charsMax={200} />
    </div>
  );
}
