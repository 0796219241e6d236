/** What happened to the question, from the audit, oldest first. */
import { Text } from "@mantine/core";
import type { AuditEvent, Pause } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { pause as m } from "../../messages/en/pauses.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import classes from "./pause-page.module.css";

export function Trail({ pause, isAllowed }: { readonly pause: Pause; readonly isAllowed: boolean }) {
  return (
    <Section title={m.trail}>{isAllowed ? <Entries pause={pause} /> : <Text c="dimmed">{m.trailNeeds}</Text>}</Section>
  );
}

/** The server keeps at most 20 openings and 20 refused answers of a pause, so this is all of it. */
const ENTRIES_MAX = 100;

function Entries({ pause }: { readonly pause: Pause }) {
  const { pause_id: id, status, votes, expires_at, escalated_at } = pause;
  const api = useApi();
  const tenant = useTenant();
  const { data, error, refetch } = useQuery({
    // With each of these that changes, there is an entry more.
    queryKey: ["pause", "trail", tenant, id, status, votes?.length, expires_at, escalated_at],
    queryFn: ({ signal }) => api.audit.list({ pause_id: id, limit: ENTRIES_MAX }, { signal }),
  });
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LaterSkeleton rows={3} />;
  if (data.events.length === 0) return <Text c="dimmed">{m.trailEmpty}</Text>;
  return (
    <ol className={classes.trail} aria-label={m.trail}>
      {data.events.toReversed().map((entry) => (
        <li key={entry.id}>
          <span>
            <Foreign text={entry.actor_user?.email ?? m.actors[entry.actor] ?? entry.actor} />{" "}
            {m.acts[entry.event_type] ?? entry.event_type}
          </span>
          <Time at={entry.created_at} focusable />
          <Details entry={entry} />
        </li>
      ))}
    </ol>
  );
}

/** What the words leave out: the choice, the channel, where a user answered, the browser. */
function Details({ entry: { data } }: { readonly entry: AuditEvent }) {
  const shown = [
    data.choice,
    data.channel,
    data.email,
    data.approvers,
    data.expires_at,
    data.via === "slack" ? m.inSlack : null,
    data.user_agent,
  ].filter((value): value is string => typeof value === "string");
  if (shown.length === 0) return null;
  return (
    <small>
      <Foreign text={shown.join(" · ")} charsMax={200} />
    </small>
  );
}
