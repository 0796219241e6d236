/** Events: what a service publishes, and which endpoints it is for. */
import type { EpochMs, Uuid } from "../ids.ts";
import { EVENT_TYPE_CHARS_MAX } from "../limits.ts";

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

/** The filter of an endpoint that has none; no caller can write it. */
const EVERYTHING = "*";

/**
 * Every filter that lets events of this type pass: one for each dot of the type, and two more.
 *
 * Looking these up in an index costs the same however many endpoints and filters a tenant has.
 */
export function filtersFor(type: string): string[] {
  return [EVERYTHING, ...prefixFilters(type), type];
}

/**
 * The filters that are left without those that another one covers: at most one of them lets any type pass.
 *
 * `["order.*", "order.paid", "order.paid"]` is `["order.*"]`; null is `["*"]`, which `filtersFor` has for every type.
 */
export function essentialFilters(filters: readonly string[] | null): string[] {
  if (filters === null) return [EVERYTHING];
  const distinct = new Set(filters);
  const isCovered = (filter: string) => prefixFilters(filter).some((wider) => wider !== filter && distinct.has(wider));
  return [...distinct].filter((filter) => !isCovered(filter));
}

/** `a.b.c` → `a.*`, `a.b.*`. */
function prefixFilters(text: string): string[] {
  const found: string[] = [];
  for (let dot = text.indexOf("."); dot !== -1; dot = text.indexOf(".", dot + 1)) {
    found.push(`${text.slice(0, dot + 1)}*`);
  }
  return found;
}
