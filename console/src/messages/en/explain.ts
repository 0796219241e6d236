/** The states of deliveries, and the links of an explanation. */
export const deliveryStates = {
  PENDING: "pending",
  SCHEDULED: "scheduled",
  HELD: "held",
  IN_PROGRESS: "in progress",
  DELIVERED: "delivered",
  FAILED: "failed",
  CANCELLED: "cancelled",
  EXPIRED: "expired",
  none: "no delivery",
} as const;

export const facts = { delivery: "Delivery", endpoint: "Endpoint", event: "Event" } as const;
