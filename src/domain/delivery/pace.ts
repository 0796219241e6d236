/** How the nodes that share a store share what an endpoint allows. */

/** Limits of an endpoint. */
export interface Pace {
  readonly ordered: boolean;
  readonly rateLimited: boolean;
  readonly maxInFlight: number;
  /** A listener: only the node that has its reader can send to it. */
  readonly streamed: boolean;
}

/** Whether only the node that owns the endpoint's lane may send to it: no other one knows the order, or the last start. */
export function isPaced({ ordered, rateLimited, maxInFlight, streamed }: Pace, nodes: number): boolean {
  return ordered || rateLimited || streamed || maxInFlight < nodes;
}

/** A node's part of the attempts in flight. */
export function shareInFlight(maxInFlight: number, nodes: number): number {
  return maxInFlight < nodes ? maxInFlight : Math.floor(maxInFlight / nodes);
}
