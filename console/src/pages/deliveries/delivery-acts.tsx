/** What can be done to one delivery of the list, and what became of it. */
import type { DELIVERY_STATES } from "@domain/delivery/delivery.ts";
import { STATES_OF_ACTION } from "@domain/upkeep/job.ts";
import { ActionIcon, Alert, Menu, Text } from "@mantine/core";
import { type Delivery, SignalboxError } from "@signalbox/sdk";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { copy, form } from "../../messages/en/app.ts";
import { deliveryList as m } from "../../messages/en/deliveries.ts";
import { delivery } from "../../messages/en/delivery.ts";
import { copyText } from "../../parts/actions/copy.ts";
import { curlOf } from "../../parts/actions/copy-view.tsx";
import { ProblemText } from "../../parts/feedback/problem-text.tsx";
import { MoreIcon } from "../../parts/icons.tsx";
import { Go } from "../../parts/page/go.tsx";
import { DeliveryState } from "../../parts/text/delivery-state.tsx";
import { useApi, useTenant } from "../../session/api.ts";
import { useReadAgain } from "../../session/read-again.ts";

export type Act = "retry" | "replay" | "cancel";
export const ACTS: readonly Act[] = ["retry", "replay", "cancel"];

/** Whether the delivery allows the act. The server decides: it may have changed. */
export function isOffered(act: Act, { status, endpoint_deleted: isDeleted }: Delivery): boolean {
  return !isDeleted && STATES_OF_ACTION[act].includes(status as (typeof DELIVERY_STATES)[number]);
}

const { replaySkipped: skipped } = delivery;

interface Done {
  readonly act: Act;
  readonly delivery: Delivery;
  readonly error: unknown;
  /** A replay to an endpoint that takes no deliveries creates none. */
  readonly isSkipped: boolean;
  /** After a conflict, the state that the delivery has now. */
  readonly now: Delivery["status"] | null;
}

export function useActs() {
  const api = useApi();
  const readAgain = useReadAgain("delivery");
  const [done, setDone] = useState<Done | null>(null);
  const { mutate, variables, isPending } = useMutation({
    mutationFn: async ({ act, delivery }: Pick<Done, "act" | "delivery">) => {
      if (act === "replay") return (await api.replays.create({ delivery_ids: [delivery.id] })).created_deliveries === 0;
      if (act === "retry") await api.deliveries.retry(delivery.id);
      else await api.deliveries.cancel(delivery.id);
      return false;
    },
    onSuccess: (isSkipped, asked) => setDone({ ...asked, error: null, isSkipped, now: null }),
    async onError(error, asked) {
      const isFaster = error instanceof SignalboxError && error.status === 409;
      const now = isFaster ? await api.deliveries.get(asked.delivery.id).catch(() => null) : null;
      setDone({ ...asked, error, isSkipped: false, now: now?.status ?? null });
    },
    onSettled: readAgain,
  });
  return {
    done,
    busy: isPending ? (variables?.delivery.id ?? null) : null,
    run: useCallback((act: Act, delivery: Delivery) => mutate({ act, delivery }), [mutate]),
    forget: () => setDone(null),
  };
}

/** What the latest act led to. */
export function ActResult({ done, forget }: Pick<ReturnType<typeof useActs>, "done" | "forget">) {
  return (
    <div role="status" aria-live="polite">
      {done !== null && (
        <Alert
          mb="sm"
          variant="light"
          color={done.error !== null ? "red" : done.isSkipped ? "yellow" : "blue"}
          withCloseButton
          closeButtonLabel={form.close}
          onClose={forget}
        >
          <Text size="sm" component="div">
            <Go td="underline" to={`/deliveries/${done.delivery.id}`}>
              {done.delivery.event_type}
            </Go>
            {": "}
            {done.error !== null ? <Failure done={done} /> : done.isSkipped ? skipped : m.acts[done.act].done}{" "}
            {done.error === null && done.act !== "replay" && <StateNow id={done.delivery.id} />}
          </Text>
        </Alert>
      )}
    </div>
  );
}

/** What became of the delivery since: a retry may have failed again. */
function StateNow({ id }: { readonly id: string }) {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ["delivery", "acted", useTenant(), id],
    queryFn: ({ signal }) => api.deliveries.get(id, { signal }),
  });
  return data === undefined ? null : <DeliveryState status={data.status} />;
}

function Failure({ done: { error, now } }: { readonly done: Done }) {
  return (
    <>
      {now !== null && `${m.faster} `}
      <ProblemText error={error} /> {now !== null && <DeliveryState status={now} />}
    </>
  );
}

interface RowMenuProps {
  readonly delivery: Delivery;
  readonly acts: readonly Act[];
  readonly isBusy: boolean;
  readonly onAct: (act: Act) => void;
}

export function RowMenu({ delivery, acts, isBusy, onAct }: RowMenuProps) {
  const tenant = useTenant();
  const curl = () => curlOf({ path: `/v1/deliveries/${delivery.id}`, query: { tenant } });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          loading={isBusy}
          aria-label={m.actionsOf(`${delivery.event_type} ${delivery.id}`)}
        >
          <MoreIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {delivery.endpoint_deleted && <Menu.Label>{m.endpointDeleted}</Menu.Label>}
        {acts.map((act) => (
          <Menu.Item key={act} onClick={() => onAct(act)}>
            {m.acts[act].button}
          </Menu.Item>
        ))}
        {acts.length > 0 && <Menu.Divider />}
        <Menu.Item onClick={() => void copyText(delivery.id)}>{copy.id}</Menu.Item>
        <Menu.Item onClick={() => void copyText(curl())}>{copy.curl}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
