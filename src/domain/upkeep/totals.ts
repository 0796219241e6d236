/** What a process counts from its start on, in the transactions that it commits. */

/** The counters, and what each of them tells apart. */
export const TOTALS = {
  /** Events that were stored, by what published them. */
  events: ["publish", "inbound", "pause", "operational", "test"],
  /** Deliveries that were stored, by what created them. A replay is of an older event. */
  deliveries: ["publish", "inbound", "pause", "operational", "test", "replay"],
  /** Deliveries that ended. One that is retried by hand can end again. */
  endedDeliveries: ["DELIVERED", "FAILED", "EXPIRED", "CANCELLED"],
  createdPauses: ["created"],
  endedPauses: ["responded", "timed_out", "cancelled"],
} as const;

export type Totals = { readonly [Of in keyof typeof TOTALS]: Readonly<Record<TotalName<Of>, number>> };
export type TotalName<Of extends keyof typeof TOTALS> = (typeof TOTALS)[Of][number];
