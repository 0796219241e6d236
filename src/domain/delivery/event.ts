/** Events and the filters that select the endpoints they go to. */
import type { EpochMs, Uuid } from "../ids.ts";
import { EVENT_TYPE_CHARS_MAX } from "../limits.ts";
import type { Person, Vote } from "../pauses/pause.ts";
import type { TraceContext } from "./trace-context.ts";

/** One published event, which goes to any number of endpoints. */
export interface Event {
  readonly id: Uuid;
  readonly tenantId: Uuid;
  readonly type: string;
  /** The payload's JSON text, unchanged from the request. */
  readonly payload: string;
  readonly acceptedAt: EpochMs;
  /** The pause that this event is about; null for other events. */
  readonly pauseId: Uuid | null;
  /** The signed-in user who decided that pause; absent for other events, and when nobody was signed in. */
  readonly decidedBy?: Person;
  /** The votes on that pause; absent unless it takes several. */
  readonly votes?: readonly Vote[];
  /** How many Signalbox servers the event passed through before this one; absent when there were none. */
  readonly hops?: number;
  /** The trace that the event is part of; absent when there is none. */
  readonly trace?: TraceContext;
}

const EVENT_TYPE_PATTERN = new RegExp(`^[A-Za-z0-9_.-]{1,${EVENT_TYPE_CHARS_MAX}}$`);
const RESERVED_PREFIXES = ["pause.", "pause_status.", "endpoint."];

export function isEventType(type: string): boolean {
  return EVENT_TYPE_PATTERN.test(type);
}

/** Events about the operation of this server. Only endpoints whose filters name them get them. */
const OPERATIONAL_EVENT_TYPES: readonly string[] = ["delivery.failed", "endpoint.disabled"];

export function isOperationalEventType(type: string): boolean {
  return OPERATIONAL_EVENT_TYPES.includes(type);
}

/** Whether only Signalbox itself publishes events of this type. */
export function isReservedEventType(type: string): boolean {
  return type === "test" || isOperationalEventType(type) || RESERVED_PREFIXES.some((prefix) => type.startsWith(prefix));
}

/** A filter is an exact event type, or a prefix that ends in `.*`. */
export function isEventFilter(filter: string): boolean {
  return isEventType(filter.endsWith(".*") ? filter.slice(0, -2) : filter);
}

/** Whether an event of this type matches the filters. Null matches every type that is not operational. */
export function matchesFilters(filters: readonly string[] | null, type: string): boolean {
  if (filters === null) return !isOperationalEventType(type);
  return filters.some((filter) => (filter.endsWith(".*") ? type.startsWith(filter.slice(0, -1)) : filter === type));
}

/** The filter that matches events of this type; null when none does. */
export function matchingFilter(filters: readonly string[], type: string): string | null {
  return filters.find((filter) => matchesFilters([filter], type)) ?? null;
}

/** The stored filter of an endpoint without filters. Callers cannot set it. */
const EVERYTHING = "*";

/**
 * Every filter that matches events of this type: the type itself, one prefix for each of its dots, and `*` unless the
 * type is operational.
 *
 * Looking up these filters in an index costs the same regardless of how many endpoints and filters a tenant has.
 */
export function filtersFor(type: string): string[] {
  const named = [...prefixFilters(type), type];
  return isOperationalEventType(type) ? named : [EVERYTHING, ...named];
}

/**
 * The filters without those that another filter covers. At most one of the result matches any given type.
 *
 * `["order.*", "order.paid", "order.paid"]` becomes `["order.*"]`. Null becomes `["*"]`.
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
