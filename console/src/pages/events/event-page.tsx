/** `/console/events/{id}`: one event, who got it, and who did not. */
import { Alert, Button, Group, Text } from "@mantine/core";
import type { Delivery, Event } from "@signalbox/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "../../messages/en/app.ts";
import { events, event as m } from "../../messages/en/events.ts";
import { CopyButton } from "../../parts/actions/copy-button.tsx";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Missing } from "../../parts/feedback/missing.tsx";
import { isMissing, Problem } from "../../parts/feedback/problem.tsx";
import { useShortcuts } from "../../parts/keys/shortcuts.ts";
import { useRecordKeys } from "../../parts/list/record-keys.ts";
import { Go, GoButton, useGo, usePathParam } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { visible } from "../../parts/text/visible.ts";
import { idTimeMs } from "../../parts/time/format.ts";
import { Time } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { MayAct } from "../../session/may-act.tsx";
import { useMay } from "../../session/me.ts";
import { useReadAgain } from "../../session/read-again.ts";
import { EventDeliveries } from "./event-deliveries.tsx";
import { NotDelivered } from "./not-delivered.tsx";
import { PayloadSection } from "./payload-section.tsx";

export default function EventPage() {
  const api = useApi();
  const tenant = useTenant();
  const id = usePathParam("id");
  useRecordKeys(id);
  const query = useQuery({
    // What the page shows changes with the outcomes of the event's deliveries.
    queryKey: ["delivery", "of-event", tenant, id],
    queryFn: ({ signal }) => api.events.get(id, { signal }),
  });
  const { data: event, error } = query;
  if (isMissing(error)) {
    return <Missing what={m.noSuch} id={id} to="/events" list={events.title} wasThere={event !== undefined} />;
  }
  if (event !== undefined) return <Loaded event={event} error={error} />;
  if (error === null) return <LaterSkeleton rows={8} />;
  return (
    <Page title={visible(id)}>
      <Problem error={error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />
    </Page>
  );
}

function Loaded({ event, error }: { readonly event: Event; readonly error: unknown }) {
  return (
    <Page
      title={event.type}
      lead={
        <Group gap="xs">
          <Time at={idTimeMs(event.id) ?? event.created_at} absolute withMs focusable />
          <Group gap="xs" wrap="nowrap">
            <Text span size="sm" style={{ overflowWrap: "anywhere" }}>
              {event.id}
            </Text>
            <CopyButton small text={event.id} label={m.copyId} />
          </Group>
          <Origin event={event} />
          {event.traceparent !== null && (
            <Group gap="xs" wrap="nowrap">
              <Text span size="sm" style={{ overflowWrap: "anywhere" }}>
                {m.trace(traceIdOf(event.traceparent))}
              </Text>
              <CopyButton small text={traceIdOf(event.traceparent)} label={m.copyTrace} />
            </Group>
          )}
        </Group>
      }
      actions={
        <>
          <CopyView request={{ path: `/v1/events/${event.id}` }} />
          <MayAct>
            <PublishAgain id={event.id} />
          </MayAct>
        </>
      }
    >
      {error !== null && <Problem error={error} />}
      <DeliveriesSection event={event} />
      {event.not_delivered.length > 0 && <NotDelivered event={event} />}
      <PayloadSection eventId={event.id} />
    </Page>
  );
}

function PublishAgain({ id }: { readonly id: string }) {
  const go = useGo();
  const again = { to: "/events/publish", search: { like: id } };
  useShortcuts(keys.thisPage, [{ keys: "e", label: m.publishAgain, run: () => go(again) }]);
  return (
    <GoButton {...again} variant="default">
      {m.publishAgain}
    </GoButton>
  );
}

function Origin({ event }: { readonly event: Event }) {
  if (event.pause_id !== null) {
    const { decided_by_user: person } = event;
    return (
      <>
        <Go to={`/pauses/${event.pause_id}`}>{m.fromPause}</Go>
        {person && <span>{m.decidedBy(visible(person.email))}</span>}
      </>
    );
  }
  if (event.source_id === null || event.inbound_event_id === null) return null;
  return <Go to={`/inbound/${event.source_id}/events/${event.inbound_event_id}`}>{m.fromInbound}</Go>;
}

/** For a search in the tracing system. */
function traceIdOf(traceparent: string): string {
  return traceparent.split("-")[1] ?? "";
}

const FAILED = ["FAILED", "EXPIRED", "CANCELLED"];

function DeliveriesSection({ event }: { readonly event: Event }) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { said, retry, replay } = useDeliveryActs(() => setSelected(new Set()));
  const failed = event.deliveries.filter(
    ({ status, endpoint_deleted: isDeleted }) => FAILED.includes(status) && !isDeleted,
  );
  const mayAct = useMay("developer");
  const retryAll = () => failed.length > 0 && !retry.isPending && retry.mutate(failed);
  useShortcuts(keys.thisPage, mayAct ? [{ keys: "r", label: m.retryAll, run: retryAll }] : []);
  const problemOf = retry.error ?? replay.error;
  return (
    <Section
      title={m.deliveries}
      actions={
        <Group gap="xs">
          {selected.size > 0 && (
            <Button size="xs" variant="default" loading={replay.isPending} onClick={() => replay.mutate([...selected])}>
              {m.replay(selected.size)}
            </Button>
          )}
          {mayAct && failed.length > 0 && (
            <Button size="xs" loading={retry.isPending} onClick={() => retry.mutate(failed)}>
              {m.retryFailed(failed.length)}
            </Button>
          )}
        </Group>
      }
    >
      {said !== null && (
        <Alert color="green" variant="light" role="status" mb="sm">
          {said}
        </Alert>
      )}
      {problemOf !== null && <Problem error={problemOf} />}
      {event.deliveries.length === 0 ? (
        <Text>{m.noDeliveries}</Text>
      ) : (
        <EventDeliveries deliveries={event.deliveries} selected={selected} onSelect={mayAct ? setSelected : null} />
      )}
    </Section>
  );
}

/** Retries and replays some of the deliveries, and says what the latest act did. */
function useDeliveryActs(onReplayed: () => void) {
  const api = useApi();
  const readAgain = useReadAgain("event", "delivery");
  const [said, setSaid] = useState<string | null>(null);
  const retry = useMutation({
    async mutationFn(deliveries: readonly Delivery[]) {
      setSaid(null);
      let count = 0;
      // One after the other: each is an act of its own, and somebody else may have retried one meanwhile.
      for (const { id } of deliveries) {
        await api.deliveries.retry(id);
        count += 1;
      }
      return count;
    },
    onSuccess: (count) => setSaid(m.retried(count)),
    onSettled: readAgain,
  });
  const replay = useMutation({
    mutationFn: (ids: readonly string[]) => api.replays.create({ delivery_ids: ids }),
    onMutate: () => setSaid(null),
    onSuccess({ created_deliveries, skipped }) {
      onReplayed();
      setSaid(m.replayed(created_deliveries, skipped));
    },
    onSettled: readAgain,
  });
  return { said, retry, replay };
}
