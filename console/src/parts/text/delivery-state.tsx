/** The state of a delivery, and how many deliveries of an event are in which state. */
import type { DeliveryStatus, EventSummary } from "@signalbox/sdk";
import { deliveryStates as m } from "../../messages/en/explain.ts";
import { integer } from "../locale.ts";
import classes from "./delivery-state.module.css";
import { StateBadge, type Tone } from "./state-badge.tsx";

const TONES: Readonly<Record<DeliveryStatus, Tone>> = {
  PENDING: "busy",
  SCHEDULED: "busy",
  HELD: "warn",
  IN_PROGRESS: "busy",
  DELIVERED: "ok",
  FAILED: "bad",
  CANCELLED: "idle",
  EXPIRED: "bad",
};

export function DeliveryState({ status }: { readonly status: DeliveryStatus }) {
  return <StateBadge tone={TONES[status]} word={m[status]} />;
}

/** The states that a reader looks for come first. */
const ORDER: readonly DeliveryStatus[] = [
  "FAILED",
  "EXPIRED",
  "HELD",
  "SCHEDULED",
  "PENDING",
  "IN_PROGRESS",
  "DELIVERED",
  "CANCELLED",
];

export function DeliveryCounts({ deliveries }: Pick<EventSummary, "deliveries">) {
  if (deliveries.total === 0) return <StateBadge tone="idle" word={m.none} />;
  return (
    <span className={classes.counts}>
      {ORDER.map((status) => {
        const count = deliveries.by_status[status];
        return count === undefined ? null : (
          <StateBadge key={status} tone={TONES[status]} word={`${integer(count)} ${m[status]}`} />
        );
      })}
    </span>
  );
}
