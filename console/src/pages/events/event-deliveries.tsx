/** The deliveries of one event, with a box to choose those to replay. */
import { Text } from "@mantine/core";
import type { Delivery } from "@signalbox/sdk";
import { event as m } from "../../messages/en/events.ts";
import { useFirstShown } from "../../parts/list/first-shown.tsx";
import { Go } from "../../parts/page/go.tsx";
import { DeliveryState } from "../../parts/text/delivery-state.tsx";
import { Foreign } from "../../parts/text/foreign.tsx";
import { visible } from "../../parts/text/visible.ts";
import { Time } from "../../parts/time/time.tsx";
import classes from "./event-deliveries.module.css";

interface EventDeliveriesProps {
  readonly deliveries: readonly Delivery[];
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (selected: ReadonlySet<string>) => void;
}

export function EventDeliveries({ deliveries, selected, onSelect }: EventDeliveriesProps) {
  const { shown, more } = useFirstShown(deliveries);
  const toggle = (id: string): void => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  return (
    <>
      <ul className={classes.rows}>
        {shown.map((delivery) => (
          <li key={delivery.id}>
            <input
              type="checkbox"
              aria-label={m.select(visible(delivery.endpoint_name))}
              checked={selected.has(delivery.id)}
              onChange={() => toggle(delivery.id)}
            />
            <div className={classes.main}>
              <div className={classes.head}>
                <Go to={`/deliveries/${delivery.id}`}>
                  <Foreign text={delivery.endpoint_name} charsMax={200} />
                </Go>
                <DeliveryState status={delivery.status} />
                <Text span size="sm" c="dimmed">
                  {m.attemptCount(delivery.attempts_count)}
                </Text>
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
