/** Events: what a service publishes, and which endpoints it is for. */
import type { Endpoint } from "./endpoint.ts";
import type { EpochMs, Uuid } from "./ids.ts";
import { EVENT_TYPE_CHARS_MAX } from "./limits.ts";

/** One published fact, sent to any number of endpoints. */
export interface Event {
  readonly id: Uuid;
  readonly tenantId: Uuid;
  readonly type: string;
  /** The payload's own JSON text, as it stood in the request. */
  readonly payload: string;
  readonly acceptedAt: EpochMs;
  /** Set on the events of a human pause. */
  readonly pauseId: Uuid | null;
  /** How many Signalbox servers it came through before this one; absent when it came through none. */
  readonly hops?: number;
}

const EVENT_TYPE_PATTERN = new RegExp(`^[A-Za-z0-9_.-]{1,${EVENT_TYPE_CHARS_MAX}}$`);
const RESERVED_PREFIXES = ["pause.", "pause_status.", "endpoint."];

export function isEventType(type: string): boolean {
  return EVENT_TYPE_PATTERN.test(type);
}

/** Types that only Signalbox itself publishes. */
export function isReservedEventType(type: string): boolean {
  return type === "test" || RESERVED_PREFIXES.some((prefix) => type.startsWith(prefix));
}

/** A filter is an exact event type, or a prefix that ends in `.*`. */
export function isEventFilter(filter: string): boolean {
  return isEventType(filter.endsWith(".*") ? filter.slice(0, -2) : filter);
}

/** Whether an event of this type passes the filters; null lets everything pass. */
export function matchesFilters(filters: readonly string[] | null, type: string): boolean {
  if (filters === null) return true;
  return filters.some((filter) => (filter.endsWith(".*") ? type.startsWith(filter.slice(0, -1)) : filter === type));
}

/** The endpoints that an event without named endpoints goes to. PAUSED ones hold it; DISABLED ones do not match. */
export function matchEndpoints<E extends Pick<Endpoint, "status" | "eventTypes">>(
  endpoints: readonly E[],
  type: string,
): E[] {
  return endpoints.filter((endpoint) => endpoint.status !== "DISABLED" && matchesFilters(endpoint.eventTypes, type));
}
