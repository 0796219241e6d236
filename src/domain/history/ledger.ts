/** The delivery history: what it is filtered and sorted by, and how the dashboard shows it. */
import type { Classification, DeliveryState, TerminalReason } from "../delivery/delivery.ts";
import type { EpochMs, Uuid } from "../ids.ts";

/** The dashboard's three statuses; see docs/dashboard.md. */
export const LEDGER_STATUSES = ["pending", "delivered", "failed"] as const;
export type LedgerStatus = (typeof LEDGER_STATUSES)[number];

export const LEDGER_ORDERS = ["createdAt", "deliveredAt", "attempts"] as const;
export const LEDGER_DIRECTIONS = ["asc", "desc"] as const;

/** A delivery that ended without being delivered has failed. A delivery that has not ended is pending. */
export const STATES_OF_STATUS: Readonly<Record<LedgerStatus, readonly DeliveryState[]>> = {
  pending: ["PENDING", "SCHEDULED", "HELD", "IN_PROGRESS"],
  delivered: ["DELIVERED"],
  failed: ["FAILED", "EXPIRED", "CANCELLED"],
};

export function ledgerStatus(state: DeliveryState): LedgerStatus {
  return LEDGER_STATUSES.find((status) => STATES_OF_STATUS[status].includes(state)) ?? "pending";
}

/** What a search names. */
export type DeliverySearch =
  | { readonly kind: "event"; readonly id: Uuid }
  | { readonly kind: "delivery"; readonly id: Uuid }
  | { readonly kind: "endpoint"; readonly id: Uuid }
  | { readonly kind: "typePrefix"; readonly prefix: string };

/** The conditions of a filter. All of them must hold. Null is no condition. */
export interface DeliveryConditions {
  readonly states: readonly DeliveryState[] | null;
  readonly endpointIds: readonly Uuid[] | null;
  readonly deliveryIds: readonly Uuid[] | null;
  readonly eventId: Uuid | null;
  /** An exact event type, or a prefix with `.*`. */
  readonly eventType: string | null;
  readonly search: DeliverySearch | null;
  /** Created at this time or later. */
  readonly from: EpochMs | null;
  /** Created before this time. */
  readonly to: EpochMs | null;
  /** The HTTP status of the latest attempt, both bounds included. */
  readonly httpStatus: { readonly min: number; readonly max: number } | null;
  /** Of the latest attempt. */
  readonly classification: Classification | null;
  readonly reason: TerminalReason | null;
  readonly attemptsMin: number | null;
}

export const ANY_DELIVERY: DeliveryConditions = {
  states: null,
  endpointIds: null,
  deliveryIds: null,
  eventId: null,
  eventType: null,
  search: null,
  from: null,
  to: null,
  httpStatus: null,
  classification: null,
  reason: null,
  attemptsMin: null,
};
