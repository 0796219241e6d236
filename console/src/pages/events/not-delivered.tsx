/** The endpoints that did not get an event: why, and what would change it. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import type { Event } from "@signalbox/sdk";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { form } from "../../messages/en/app.ts";
import { event as m } from "../../messages/en/events.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { EndpointLink } from "../../parts/endpoints/endpoint-link.tsx";
import { Facts } from "../../parts/explain/facts.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { useFirstShown } from "../../parts/list/first-shown.tsx";
import { GoButton } from "../../parts/page/go.tsx";
import { Section } from "../../parts/page/page.tsx";
import { visible } from "../../parts/text/visible.ts";
import { useApi, useTenant } from "../../session/api.ts";
import { MayAct } from "../../session/may-act.tsx";
import classes from "./event-deliveries.module.css";

type Missed = Event["not_delivered"][number];

const FIRST_SHOWN = 10;

export function NotDelivered({ event }: { readonly event: Event }) {
  const { shown, more } = useFirstShown(event.not_delivered, FIRST_SHOWN);
  const takers = useTakers(event);
  const [asked, setAsked] = useState<Missed | null>(null);
  const [added, setAdded] = useState<string | null>(null);
  return (
    <Section title={m.notDelivered}>
      {added !== null && (
        <Alert color="green" variant="light" role="status" mb="sm">
          {added}
        </Alert>
      )}
      <ul className={classes.rows}>
        {shown.map((missed) => (
          <li key={missed.endpoint_id}>
            <MissedEndpoint
              event={event}
              missed={missed}
              takesNow={takers.has(missed.endpoint_id)}
              onAdd={() => setAsked(missed)}
            />
          </li>
        ))}
      </ul>
      {more}
      {asked !== null && (
        <AddToFilter
          type={event.type}
          missed={asked}
          onClose={() => setAsked(null)}
          onAdded={() => setAdded(m.added(event.type, visible(asked.endpoint_name)))}
        />
      )}
    </Section>
  );
}

/** The endpoints that would get such an event by now. */
function useTakers({ type, not_delivered: missed }: Event): ReadonlySet<string> {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ["endpoint", "would-get", useTenant(), type],
    queryFn: ({ signal }) => api.events.suppose({ type }, { signal }),
    enabled: missed.some(({ reason }) => reason === "filter"),
  });
  return new Set(data?.endpoints?.results.map(({ endpoint_id: id }) => id));
}

interface MissedProps {
  readonly event: Event;
  readonly missed: Missed;
  /** Whether its filter was changed since. */
  readonly takesNow: boolean;
  readonly onAdd: () => void;
}

function MissedEndpoint({ event, missed, takesNow, onAdd }: MissedProps) {
  const [isOpen, setOpen] = useState(false);
  const { endpoint_id: id, endpoint_name: name, reason } = missed;
  const canGet = !missed.endpoint_deleted;
  return (
    <div className={classes.main}>
      <EndpointLink of={missed} charsMax={200} />
      <Text size="sm">
        {m.reasons[reason](event.type)} {takesNow && m.takesNow}
      </Text>
      <Group gap="xs" mt={4}>
        <Button
          size="compact-xs"
          variant="default"
          aria-expanded={isOpen}
          aria-label={m.whyFor(visible(name))}
          onClick={() => setOpen(!isOpen)}
        >
          {m.why}
        </Button>
        <MayAct>
          {canGet && reason === "filter" && !takesNow && (
            <Button
              size="compact-xs"
              variant="default"
              aria-label={m.addToFilterFor(event.type, visible(name))}
              onClick={onAdd}
            >
              {m.addToFilter}
            </Button>
          )}
          {canGet && (
            <GoButton
              size="compact-xs"
              variant="default"
              to="/events/publish"
              search={{ like: event.id, endpoint: id }}
              aria-label={m.sendToFor(visible(name))}
            >
              {m.sendTo}
            </GoButton>
          )}
        </MayAct>
      </Group>
      {isOpen && <WhyNot eventId={event.id} endpointId={id} />}
    </div>
  );
}

function WhyNot({ eventId, endpointId }: { readonly eventId: string; readonly endpointId: string }) {
  const api = useApi();
  const tenant = useTenant();
  const why = useQuery({
    queryKey: ["endpoint", "why", tenant, eventId, endpointId],
    queryFn: ({ signal }) => api.events.explain(eventId, { endpoint_id: endpointId }, { signal }),
  });
  if (why.error !== null) return <Problem error={why.error} onRetry={() => void why.refetch()} />;
  return (
    <div style={{ marginBlockStart: "0.5rem" }}>
      {why.data === undefined ? <LaterSkeleton rows={2} height={24} /> : <Facts facts={why.data} />}
    </div>
  );
}

interface AddProps {
  readonly type: string;
  readonly missed: Missed;
  readonly onClose: () => void;
  readonly onAdded: () => void;
}

function AddToFilter({ type, missed, onClose, onAdded }: AddProps) {
  const api = useApi();
  const queries = useQueryClient();
  const add = useMutation({
    async mutationFn() {
      // Its filter as it is now: somebody may have changed it.
      const { event_types } = await api.endpoints.get(missed.endpoint_id);
      if (event_types === null || event_types.includes(type)) return;
      await api.endpoints.update(missed.endpoint_id, { event_types: [...event_types, type] });
    },
    async onSuccess() {
      onAdded();
      onClose();
      await queries.invalidateQueries({ queryKey: ["endpoint"] });
    },
  });
  return (
    <Dialog onClose={onClose} title={m.addToFilterFor(type, missed.endpoint_name)}>
      <Stack gap="md">
        <Text size="sm">{m.addToFilterHint(type)}</Text>
        {add.error !== null && <Problem error={add.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {form.cancel}
          </Button>
          <Button loading={add.isPending} onClick={() => add.mutate()} data-autofocus>
            {m.addToFilter}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
