/** `/console/deliveries/{id}`: what became of one delivery, why, and what comes next. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { DeliveryDetail, Fact } from "@signalbox/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "../../messages/en/app.ts";
import { deliveryList } from "../../messages/en/deliveries.ts";
import { delivery as m } from "../../messages/en/delivery.ts";
import { CopyButton } from "../../parts/actions/copy-button.tsx";
import { CopyView } from "../../parts/actions/copy-view.tsx";
import { EndpointLink } from "../../parts/endpoints/endpoint-link.tsx";
import { Facts } from "../../parts/explain/facts.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Missing } from "../../parts/feedback/missing.tsx";
import { isMissing, Problem } from "../../parts/feedback/problem.tsx";
import { useShortcuts } from "../../parts/keys/shortcuts.ts";
import { useRecordKeys } from "../../parts/list/record-keys.ts";
import { Go, usePathParam } from "../../parts/page/go.tsx";
import { Page, Section } from "../../parts/page/page.tsx";
import { DeliveryState } from "../../parts/text/delivery-state.tsx";
import { visible } from "../../parts/text/visible.ts";
import { Countdown } from "../../parts/time/time.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { MayAct } from "../../session/may-act.tsx";
import { useReadAgain } from "../../session/read-again.ts";
import { Attempts } from "./delivery/attempts.tsx";
import { isAtTheEarliest } from "./delivery/steps.ts";
import { Timeline } from "./delivery/timeline.tsx";
import type { Act } from "./delivery-acts.tsx";

/** A delivery that has not ended is read again, also where the stream is not live. */
const REFETCH_MS = 15_000;
const RETRYABLE = ["FAILED", "EXPIRED", "CANCELLED"];
const ENDED = [...RETRYABLE, "DELIVERED"];

export default function DeliveryPage() {
  const api = useApi();
  const tenant = useTenant();
  const id = usePathParam("id");
  useRecordKeys(id);
  const query = useQuery({
    queryKey: ["delivery", "one", tenant, id],
    queryFn: async ({ signal }) => {
      const [delivery, facts] = await Promise.all([
        api.deliveries.get(id, { signal }),
        api.deliveries.explain(id, { signal }),
      ]);
      return { delivery, facts };
    },
    refetchInterval: ({ state }) => (isEnded(state.data?.delivery) ? false : REFETCH_MS),
  });
  if (isMissing(query.error)) {
    const list = { to: "/deliveries", list: deliveryList.title };
    return <Missing what={m.noSuch} id={id} {...list} wasThere={query.data !== undefined} />;
  }
  if (query.data === undefined) {
    if (query.error === null) return <LaterSkeleton rows={8} />;
    return (
      <Page title={visible(id)}>
        <Problem error={query.error} onRetry={() => void query.refetch()} isRetrying={query.isFetching} />
      </Page>
    );
  }
  const { delivery, facts } = query.data;
  return (
    <Page
      title={m.title(delivery.event_type, visible(delivery.endpoint_name))}
      aside={<DeliveryState status={delivery.status} />}
      lead={<Lead delivery={delivery} facts={facts} />}
      actions={
        <>
          <CopyView request={{ path: `/v1/deliveries/${delivery.id}` }} />
          <MayAct>
            <Acts key={delivery.id} delivery={delivery} />
          </MayAct>
        </>
      }
    >
      {query.error !== null && <Problem error={query.error} onRetry={() => void query.refetch()} />}
      <Section title={m.why}>
        <Facts facts={facts} />
        {delivery.endpoint_deleted && <Text mt="sm">{m.endpointDeleted}</Text>}
      </Section>
      <Section title={m.timeline}>
        <Timeline delivery={delivery} facts={facts} />
      </Section>
      <Section title={m.attempts}>
        {delivery.attempts.length === 0 ? <Text>{m.noAttempt}</Text> : <Attempts delivery={delivery} />}
      </Section>
    </Page>
  );
}

function isEnded(delivery: DeliveryDetail | undefined): boolean {
  return delivery !== undefined && ENDED.includes(delivery.status);
}

/** Null while nothing is scheduled. An endpoint that rests delays the retry. */
function nextAttempt({ next_attempt_at: at, status }: DeliveryDetail, facts: readonly Fact[]): string | null {
  if (at === null || status !== "SCHEDULED") return null;
  return facts.find(({ rule }) => rule === "next")?.at ?? at;
}

function Lead({ delivery, facts }: { readonly delivery: DeliveryDetail; readonly facts: readonly Fact[] }) {
  const nextAt = nextAttempt(delivery, facts);
  return (
    <Group gap="xs">
      <Go to={`/events/${delivery.event_id}`}>{m.event}</Go>
      <EndpointLink of={delivery} charsMax={100} />
      <Group gap="xs" wrap="nowrap">
        <span style={{ overflowWrap: "anywhere" }}>{delivery.id}</span>
        <CopyButton small text={delivery.id} label={keys.copyId} />
      </Group>
      {nextAt !== null && (
        <span>
          {m.nextAttempt}{" "}
          <Countdown until={nextAt} ended={m.due} isFuture note={isAtTheEarliest(facts) ? m.earliest : ""} />
        </span>
      )}
    </Group>
  );
}

function Acts({ delivery }: { readonly delivery: DeliveryDetail }) {
  const [isAsking, setAsking] = useState(false);
  const act = useAct(delivery, () => setAsking(false));
  const canReplay = !delivery.endpoint_deleted;
  const canRetry = canReplay && RETRYABLE.includes(delivery.status);
  const canCancel = canReplay && !isEnded(delivery);
  useShortcuts(keys.thisPage, [
    { keys: "r", label: m.retry, run: () => canRetry && act.mutate("retry") },
    { keys: "e", label: m.replay, run: () => canReplay && act.mutate("replay") },
    { keys: "c", label: m.cancel, run: () => canCancel && setAsking(true) },
  ]);
  const created = act.variables === "replay" ? act.data : undefined;
  return (
    <>
      {canCancel && (
        <Button variant="default" onClick={() => setAsking(true)}>
          {m.cancel}
        </Button>
      )}
      {canReplay && (
        <Button
          variant="default"
          loading={act.isPending && act.variables === "replay"}
          onClick={() => act.mutate("replay")}
        >
          {m.replay}
        </Button>
      )}
      {canRetry && (
        <Button loading={act.isPending && act.variables === "retry"} onClick={() => act.mutate("retry")}>
          {m.retry}
        </Button>
      )}
      {act.error !== null && !isAsking && <Problem error={act.error} />}
      {created !== undefined && created !== null && (
        <Text role="status" size="sm">
          {created === 0 ? m.replaySkipped : m.replayed}{" "}
          <Go td="underline" to={`/events/${delivery.event_id}`}>
            {m.openNew}
          </Go>
        </Text>
      )}
      <CancelDialog act={act} isOpen={isAsking} onClose={() => setAsking(false)} />
    </>
  );
}

/** Retries, replays or cancels the delivery. A replay returns the number of deliveries that it created. */
function useAct({ id }: DeliveryDetail, onSuccess: () => void) {
  const api = useApi();
  const readAgain = useReadAgain("delivery", "event");
  return useMutation({
    async mutationFn(what: Act): Promise<number | null> {
      if (what === "retry") await api.deliveries.retry(id);
      if (what === "cancel") await api.deliveries.cancel(id);
      if (what !== "replay") return null;
      return (await api.replays.create({ delivery_ids: [id] })).created_deliveries;
    },
    onSettled: readAgain,
    onSuccess,
  });
}

interface CancelDialogProps {
  readonly act: ReturnType<typeof useAct>;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

function CancelDialog({ act, isOpen, onClose }: CancelDialogProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={m.cancelTitle}>
      <Stack>
        <Text size="sm">{m.cancelHint}</Text>
        {act.error !== null && <Problem error={act.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {m.keep}
          </Button>
          <Button color="red.9" loading={act.isPending} onClick={() => act.mutate("cancel")} data-autofocus>
            {m.cancel}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
