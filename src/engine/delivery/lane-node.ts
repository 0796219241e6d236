/** What a lane knows of its node, and of the others. */
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import { READER_AHEAD_MS } from "../../domain/limits.ts";
import type { AttemptReaders } from "../../ports/sender.ts";

/** How many nodes are alive. */
export interface NodeCount {
  readonly count: number;
}

export const ONE_NODE: NodeCount = { count: 1 };

/** Who reads listeners on this node. */
export type Readers = Pick<AttemptReaders, "isRead" | "aheadOf">;

export const NO_READERS: Readers = { isRead: () => false, aheadOf: () => 0 };

/**
 * How many attempts a listener's reader may have: those that it makes at a time, and some ahead. It gets none ahead while
 * it fails, and if it is slow, ordered or has a rate.
 */
export function readerLimit(inFlightMax: number, endpoint: Destination, attemptMs: number, readers: Readers): number {
  const ahead = readers.aheadOf(endpoint.seq);
  if (ahead === null) return 0;
  const { ordered, rateLimitPerSecond, maxInFlight } = endpoint;
  if (ordered || rateLimitPerSecond !== null || inFlightMax < maxInFlight) return inFlightMax;
  return inFlightMax + Math.min(ahead, Math.floor((maxInFlight * READER_AHEAD_MS) / Math.max(attemptMs, 1)));
}
