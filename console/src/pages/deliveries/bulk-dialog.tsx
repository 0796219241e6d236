/** An act on many deliveries: what it would change, its speed, and the job that does it. */
import { BULK_DELIVERIES_PER_SECOND_MAX } from "@domain/limits.ts";
import { Alert, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import type { BulkCount, BulkInput } from "@signalbox/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { form } from "../../messages/en/app.ts";
import { deliveryList as m } from "../../messages/en/deliveries.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Problem } from "../../parts/feedback/problem.tsx";
import { typedNumber } from "../../parts/form/typed-number.ts";
import { integer } from "../../parts/locale.ts";
import { useGo } from "../../parts/page/go.tsx";
import { DeliveryState } from "../../parts/text/delivery-state.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { useRetryWait } from "../../parts/time/seconds-left.ts";
import { useApi, useTenant } from "../../session/api.ts";
import classes from "./deliveries.module.css";
import type { Act } from "./delivery-acts.tsx";

export interface BulkAsked {
  readonly act: Act;
  readonly filter: BulkInput["filter"];
}

interface BulkDialogProps extends BulkAsked {
  readonly onClose: () => void;
}

export function BulkDialog({ act, filter, onClose }: BulkDialogProps) {
  const api = useApi();
  const tenant = useTenant();
  const count = useQuery({
    queryKey: ["bulk", tenant, act, filter],
    queryFn: ({ signal }) => api.deliveries.countBulk({ action: act, filter }, { signal }),
    // Counted anew whenever the dialog opens, and then frozen.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Dialog onClose={onClose} title={m.acts[act].title} size="lg">
      {count.data === undefined && count.error === null && <LaterSkeleton rows={4} />}
      {count.data === undefined && count.error !== null && (
        <Problem error={count.error} onRetry={() => void count.refetch()} isRetrying={count.isFetching} />
      )}
      {count.data !== undefined && <Counted act={act} filter={filter} count={count.data} onClose={onClose} />}
    </Dialog>
  );
}

function Counted({ act, filter, count, onClose }: BulkDialogProps & { readonly count: BulkCount }) {
  const api = useApi();
  const go = useGo();
  const [perSecond, setPerSecond] = useState("");
  const [typed, setTyped] = useState("");
  const speed = speedOf(perSecond);
  const start = useMutation({
    mutationFn: () =>
      api.deliveries.bulk({ action: act, filter, as_of: count.as_of, per_second: speed === "wrong" ? null : speed }),
    onSuccess: ({ job_id: id }) => go({ to: `/jobs/${id}` }),
  });
  const waits = useRetryWait(start.error) > 0;
  const isConfirmed = act !== "cancel" || typed === m.dialog.word;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isConfirmed && speed !== "wrong" && !waits) start.mutate();
  };
  if (count.total === 0) return <Nothing act={act} count={count} onClose={onClose} />;
  return (
    <form onSubmit={submit}>
      <Stack>
        <Total act={act} count={count} />
        <ByEndpoint count={count} />
        <Sample count={count} />
        <TextInput
          label={m.dialog.perSecond}
          description={m.dialog.perSecondHint}
          inputMode="numeric"
          value={perSecond}
          onChange={(event) => setPerSecond(event.currentTarget.value)}
          error={speed === "wrong" ? m.dialog.perSecondRange(BULK_DELIVERIES_PER_SECOND_MAX) : undefined}
        />
        {act === "cancel" && (
          <TextInput
            label={m.dialog.typeToConfirm(m.dialog.word)}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
          />
        )}
        {start.error !== null && <Problem error={start.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {form.close}
          </Button>
          <Button
            type="submit"
            color={act === "cancel" ? "red" : undefined}
            loading={start.isPending}
            disabled={!isConfirmed || speed === "wrong" || waits}
          >
            {m.acts[act].confirm(count.total)}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Null is as fast as possible. */
function speedOf(text: string): number | null | "wrong" {
  if (text.trim() === "") return null;
  const value = typedNumber(text);
  return typeof value === "number" && value >= 1 && value <= BULK_DELIVERIES_PER_SECOND_MAX ? value : "wrong";
}

function Nothing({ act, count, onClose }: Pick<BulkDialogProps, "act" | "onClose"> & { readonly count: BulkCount }) {
  return (
    <Stack>
      <Alert variant="light" color="gray" role="status">
        {m.dialog.nothing} {count.unchanged > 0 && m.acts[act].not(count.unchanged)}
      </Alert>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {form.close}
        </Button>
      </Group>
    </Stack>
  );
}

function Total({ act, count }: { readonly act: Act; readonly count: BulkCount }) {
  return (
    <div>
      <Text className={classes.total}>{m.count(count.total)}</Text>
      <Text size="sm">{m.acts[act].what}</Text>
      <Text size="sm" c="dimmed">
        {m.dialog.frozen} {count.unchanged > 0 && m.acts[act].not(count.unchanged)}
      </Text>
    </div>
  );
}

/** The rest is summed up. */
const ENDPOINTS_SHOWN = 8;

function ByEndpoint({ count: { endpoints, total } }: { readonly count: BulkCount }) {
  const shown = endpoints.slice(0, ENDPOINTS_SHOWN);
  const rest = total - shown.reduce((sum, { count }) => sum + count, 0);
  return (
    <table className={classes.counts} aria-label={m.dialog.byEndpoint}>
      <thead>
        <tr>
          <th scope="col">{m.columns.endpoint}</th>
          <th scope="col">{m.dialog.deliveries}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ endpoint_id: id, endpoint_name: name, count }) => (
          <tr key={id}>
            <td>
              <Foreign text={name} charsMax={60} />
            </td>
            <td>{integer(count)}</td>
          </tr>
        ))}
        {rest > 0 && (
          <tr>
            <td colSpan={2}>{m.dialog.more(rest)}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function Sample({ count: { sample } }: { readonly count: BulkCount }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {m.dialog.sample}
      </Text>
      <ul className={classes.sample}>
        {sample.map((delivery) => (
          <li key={delivery.id}>
            <Foreign text={delivery.event_type} charsMax={60} /> <DeliveryState status={delivery.status} />
          </li>
        ))}
      </ul>
    </div>
  );
}
