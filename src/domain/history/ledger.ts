/** The delivery history as the dashboard shows it. */
import type { DeliveryState } from "../delivery/delivery.ts";

/** The dashboard's three statuses; see docs/dashboard.md. */
export const LEDGER_STATUSES = ["pending", "delivered", "failed"] as const;
export type LedgerStatus = (typeof LEDGER_STATUSES)[number];

export const LEDGER_ORDERS = ["createdAt", "deliveredAt", "attempts"] as const;
export const LEDGER_DIRECTIONS = ["asc", "desc"] as const;

/** A delivery that ended without being delivered has failed. A delivery that has not ended is pending. */
export function ledgerStatus(state: DeliveryState): LedgerStatus {
  switch (state) {
    case "DELIVERED":
      return "delivered";
    case "FAILED":
    case "EXPIRED":
    case "CANCELLED":
      return "failed";
    case "PENDING":
    case "SCHEDULED":
    case "HELD":
    case "IN_PROGRESS":
      return "pending";
  }
}
