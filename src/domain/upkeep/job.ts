/** Background jobs: changes of too many rows for one transaction. */
import type { DeliveryState } from "../delivery/delivery.ts";

export const BULK_ACTIONS = ["retry", "replay", "cancel"] as const;
/** What can be done to all deliveries that match a filter. */
export type BulkAction = (typeof BULK_ACTIONS)[number];

export const JOB_KINDS = ["recover", "cancel_backlog", "bulk_retry", "bulk_replay", "bulk_cancel"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export const JOB_STATES = ["running", "done", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

/** The states in which an action changes a delivery. */
export const STATES_OF_ACTION: Readonly<Record<BulkAction, readonly DeliveryState[]>> = {
  retry: ["FAILED", "EXPIRED", "CANCELLED"],
  replay: ["PENDING", "SCHEDULED", "HELD", "IN_PROGRESS", "DELIVERED", "FAILED", "CANCELLED", "EXPIRED"],
  cancel: ["PENDING", "SCHEDULED", "HELD", "IN_PROGRESS"],
};
