/** How events, deliveries and endpoints look. */
import type { Delivery, DeliveryStatus, EndpointStatus, EventSummary } from "../../../../sdk/src/index.ts";
import type { Color } from "../../output/color.ts";
import type { ListView } from "../../output/output.ts";
import type { Cell } from "../../output/table.ts";
import { shortTime } from "../../output/time.ts";

export const STATUSES = [
  "PENDING",
  "SCHEDULED",
  "HELD",
  "IN_PROGRESS",
  "DELIVERED",
  "FAILED",
  "CANCELLED",
  "EXPIRED",
] as const satisfies readonly DeliveryStatus[];

const COLORS: Readonly<Record<DeliveryStatus | EndpointStatus, Color>> = {
  PENDING: "cyan",
  SCHEDULED: "yellow",
  HELD: "yellow",
  IN_PROGRESS: "cyan",
  DELIVERED: "green",
  FAILED: "red",
  CANCELLED: "dim",
  EXPIRED: "red",
  ACTIVE: "green",
  PAUSED: "yellow",
  DISABLED: "red",
};

export function statusCell(status: DeliveryStatus | EndpointStatus): Cell {
  return { text: status, color: COLORS[status] };
}

/** Whether no attempt follows. */
export function hasEnded({ status }: Pick<Delivery, "status">): boolean {
  return ["DELIVERED", "FAILED", "CANCELLED", "EXPIRED"].includes(status);
}

export const DELIVERY_LIST: ListView<Delivery> = {
  id: ({ id }) => id,
  columns: [
    { head: "DELIVERY", cell: ({ id }) => id, narrow: "id" },
    { head: "STATUS", cell: ({ status }) => statusCell(status) },
    { head: "HTTP", cell: ({ last_http_status }) => last_http_status, align: "end" },
    { head: "TRIES", cell: ({ attempts_count }) => attempts_count, align: "end" },
    { head: "TYPE", cell: ({ event_type }) => event_type, narrow: "cut" },
    { head: "ENDPOINT", cell: ({ endpoint_name }) => endpoint_name, narrow: "drop" },
    { head: "CREATED", cell: ({ created_at }) => shortTime(created_at), narrow: "omit" },
    { head: "LAST ERROR", cell: ({ last_error }) => last_error, narrow: "below" },
  ],
  none: "No deliveries match.",
};

export const EVENT_LIST: ListView<EventSummary> = {
  id: ({ id }) => id,
  columns: [
    { head: "EVENT", cell: ({ id }) => id, narrow: "id" },
    { head: "TYPE", cell: ({ type }) => type, narrow: "cut" },
    { head: "DELIVERIES", cell: ({ deliveries }) => countsOf(deliveries.by_status), narrow: "cut" },
    { head: "CREATED", cell: ({ created_at }) => shortTime(created_at), narrow: "omit" },
    { head: "BYTES", cell: ({ payload_bytes }) => payload_bytes, narrow: "omit", align: "end" },
  ],
  none: "No events match.",
};

function countsOf(counts: Readonly<Partial<Record<DeliveryStatus, number>>>): string {
  return Object.entries(counts)
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");
}
