/** The event that the ending published, and its deliveries. */
import { Text } from "@mantine/core";
import type { Delivery, Event, Pause } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { pause as m } from "../../messages/en/pauses.ts";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { isMissing, Problem } from "../../parts/feedback/problem.tsx";
import { Go } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge, type Tone } from "../../parts/text/state-badge.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import classes from "./pause-page.module.css";

const TONES: Readonly<Record<Delivery["status"], Tone>> = {
  PENDING: "busy",
  SCHEDULED: "warn",
  HELD: "idle",
  IN_PROGRESS: "busy",
  DELIVERED: "ok",
  FAILED: "bad",
  CANCELLED: "idle",
  EXPIRED: "bad",
};

export function PauseEvent({ pause: { event_id: id } }: { readonly pause: Pause }) {
  return (
    <Section title={m.event}>{id === null ? <Text c="dimmed">{m.oldEvent}</Text> : <Deliveries id={id} />}</Section>
  );
}

function Deliveries({ id }: { readonly id: string }) {
  const api = useApi();
  const tenant = useTenant();
  const { data, error, refetch } = useQuery<Event>({
    queryKey: ["delivery", "event", tenant, id],
    queryFn: ({ signal }) => api.events.get(id, { signal }),
  });
  if (error !== null && isMissing(error)) return <Text c="dimmed">{m.noEvent}</Text>;
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <LaterSkeleton rows={2} />;
  return (
    <>
      <Text mb="sm">
        <Go to={`/events/${id}`}>{data.type}</Go>
      </Text>
      {data.deliveries.length === 0 && <Text c="dimmed">{m.noDeliveries}</Text>}
      <ul className={classes.trail} aria-label={m.event}>
        {data.deliveries.map((delivery) => (
          <li key={delivery.id}>
            <Go to={`/deliveries/${delivery.id}`}>
              <Foreign text={delivery.endpoint_name} />
            </Go>
            <StateBadge tone={TONES[delivery.status]} word={delivery.status.toLowerCase().replace("_", " ")} />
            {delivery.last_error !== null && (
              <small>
                <Foreign text={delivery.last_error} />
              </small>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
