/** The deliveries of one event, with a box to choose those to replay for a person who may replay. */
import { Text } from "@mantine/core";
import type { Delivery } from "@signalbox/sdk";
import { problem } from "../../messages/en/app.ts";
import { event as m } from "../../messages/en/events.ts";
import { useFirstShown } from "../../parts/list/first-shown.tsx";
import { Go } from "../../parts/page/go.tsx";
import { DeliveryState } from "../../parts/text/delivery-state.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { visible } from "../../parts/text/visible.ts";
import { idTimeMs } from "../../parts/time/format.ts";
import { Time } from "../../parts/time/time.tsx";
import classes from "./event-deliveries.module.css";

interface EventDeliveriesProps {
  readonly deliveries: readonly Delivery[];
  readonly selected: ReadonlySet<string>;
  readonly onSelect: ((selected: ReadonlySet<string>) => void) | null;
}

/** Of endpoints with several deliveries: which one was the first. */
function placesOf(deliveries: readonly Delivery[]): ReadonlyMap<string, string> {
  const groups = Map.groupBy(deliveries, ({ endpoint_id: id }) => id);
  return new Map(
    [...groups.values()].flatMap((group) => {
      if (group.length === 1) return [];
      // The ids are in the order of their creation.
      const [first, ...others] = group.map(({ id }) => id).sort();
      return [[first ?? "", m.first] as const, ...others.map((id) => [id, m.again] as const)];
    }),
  );
}

export function EventDeliveries({ deliveries, selected, onSelect }: EventDeliveriesProps) {
  const { shown, more } = useFirstShown(deliveries);
  const places = placesOf(deliveries);
  const toggle = (id: string): void => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect?.(next);
  };
  return (
    <>
      <ul className={classes.rows}>
        {shown.map((delivery) => (
          <li key={delivery.id}>
            {onSelect !== null && (
              <input
                type="checkbox"
                aria-label={m.select(visible(delivery.endpoint_name))}
                checked={selected.has(delivery.id) && !delivery.endpoint_deleted}
                disabled={delivery.endpoint_deleted}
                onChange={() => toggle(delivery.id)}
              />
            )}
            <div className={classes.main}>
              <div className={classes.head}>
                <Go to={`/deliveries/${delivery.id}`}>
                  <Foreign text={delivery.endpoint_name} charsMax={200} />
                </Go>
                {delivery.endpoint_deleted && <span>{problem.deleted}</span>}
                <DeliveryState status={delivery.status} />
                <Text span size="sm" c="dimmed">
                  {m.attemptCount(delivery.attempts_count)}
                </Text>
                {places.has(delivery.id) && (
                  <Text span size="sm" c="dimmed">
                    {places.get(delivery.id)} <Time at={idTimeMs(delivery.id) ?? delivery.created_at} />
                  </Text>
                )}
                {delivery.status === "SCHEDULED" && delivery.next_attempt_at !== null && (
                  <Text span size="sm" c="dimmed">
                    {m.next} <Time at={delivery.next_attempt_at} />
                  </Text>
                )}
              </div>
              {delivery.last_error !== null && (
                <Text size="sm" className={classes.error}>
                  <Foreign text={delivery.last_error} charsMax={500} />
                </Text>
              )}
            </div>
          </li>
        ))}
      </ul>
      {more}
    </>
  );
}
