/** Explains deliveries and events from the store's facts, and what a filter would change. */
import { isReservedEventType, matchesFilters, matchingFilter } from "../../../domain/delivery/event.ts";
import type { Endpoint } from "../../../domain/endpoints/endpoint.ts";
import type { EpochMs, Uuid } from "../../../domain/ids.ts";
import { PAYLOAD_BYTES_MAX } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Store, Subscribers, TypeCount } from "../../../ports/store.ts";
import type { Caller } from "../../access/caller.ts";
import { isHidden } from "../agent-view.ts";
import { explainDelivery } from "./explain-delivery.ts";
import { explainEvent, explainMissing, explainType } from "./explain-event.ts";
import type { Fact } from "./fact.ts";

/** A question about an event that nobody has published, or about a filter that no endpoint has. */
export interface Supposition {
  readonly type: string | null;
  /** Null when none was given. */
  readonly payloadBytes: number | null;
  readonly endpointId: Uuid | null;
  /** The filters to suppose. `undefined`: those that the endpoint has. */
  readonly filters: readonly string[] | null | undefined;
}

export interface Supposed {
  readonly facts: readonly Fact[];
  /** Who would get an event of this type; null without a type. */
  readonly subscribers: Subscribers | null;
  /** What the filters would have changed in the last day; null unless filters are supposed. */
  readonly lastDay: LastDay | null;
}

export interface LastDay {
  readonly since: EpochMs;
  /** False when the day has more events than one request counts. The counts are then of the newest events. */
  readonly complete: boolean;
  /** Events that match the supposed filters. */
  readonly matched: number;
  /** Types that match the supposed filters and not the present ones. Without an endpoint, all that match. */
  readonly gained: readonly TypeCount[];
  /** Types that match the present filters and not the supposed ones. */
  readonly lost: readonly TypeCount[];
}

type FactStore = Pick<
  Store,
  "findDeliveryFacts" | "findEventFacts" | "findSubscribers" | "countTypes" | "getEvent" | "getEndpoint"
>;

const DAY_MS = 86_400_000;

export class Explanations {
  readonly #clock: Pick<Clock, "now">;
  readonly #store: FactStore;

  constructor(clock: Pick<Clock, "now">, store: FactStore) {
    this.#clock = clock;
    this.#store = store;
  }

  /** Null when the tenant has no such delivery. */
  async delivery(caller: Caller, id: Uuid): Promise<readonly Fact[] | null> {
    const facts = await this.#store.findDeliveryFacts(caller.tenantSeq, id);
    return facts === null || isHidden(caller, facts.row.eventType) ? null : explainDelivery(facts, this.#clock.now());
  }

  /** `event` or `endpoint` when the tenant has no such event or endpoint. */
  async event(caller: Caller, id: Uuid, endpointId: Uuid | null): Promise<readonly Fact[] | "event" | "endpoint"> {
    if (endpointId === null) {
      const event = await this.#store.getEvent(caller.tenantSeq, id);
      return event === null || isHidden(caller, event.type) ? "event" : explainEvent(event);
    }
    const facts = await this.#store.findEventFacts(caller.tenantSeq, id, endpointId);
    if (typeof facts === "string") return facts;
    if (isHidden(caller, facts.eventType)) return "event";
    const [newest] = facts.deliveryIds;
    const delivery = newest === undefined ? null : await this.delivery(caller, newest);
    return delivery ?? explainMissing(facts);
  }

  /** Null when the tenant has no such endpoint. */
  async suppose({ tenantSeq }: Caller, asked: Supposition): Promise<Supposed | null> {
    const { type, endpointId, filters } = asked;
    const view = endpointId === null ? null : await this.#store.getEndpoint(tenantSeq, endpointId);
    if (endpointId !== null && view === null) return null;
    const endpoint = view?.endpoint ?? null;
    const found = type === null ? null : await this.#store.findSubscribers(tenantSeq, type);
    const subscribers = found === null || type === null ? null : supposedOf(found, type, endpoint, filters);
    return {
      facts: [
        ...publishFacts(asked),
        ...(type !== null && subscribers !== null ? explainSupposed(type, subscribers, endpoint) : []),
      ],
      subscribers,
      lastDay: filters === undefined ? null : await this.#lastDay(tenantSeq, endpoint, filters),
    };
  }

  async #lastDay(tenantSeq: number, endpoint: Endpoint | null, filters: readonly string[] | null): Promise<LastDay> {
    const since = this.#clock.now() - DAY_MS;
    const { types, complete } = await this.#store.countTypes(tenantSeq, since);
    const present = endpoint === null ? [] : endpoint.eventTypes;
    const changes = (from: readonly string[] | null, to: readonly string[] | null) =>
      types
        .filter(({ name }) => !matchesFilters(from, name) && matchesFilters(to, name))
        .sort((a, b) => b.events - a.events || (a.name < b.name ? -1 : 1));
    const matched = types.filter(({ name }) => matchesFilters(filters, name));
    return {
      since,
      complete,
      matched: matched.reduce((sum, { events }) => sum + events, 0),
      gained: changes(present, filters),
      lost: changes(filters, present),
    };
  }
}

/** The subscribers if the endpoint had these filters. */
function supposedOf(
  found: Subscribers,
  type: string,
  endpoint: Endpoint | null,
  filters: Supposition["filters"],
): Subscribers {
  if (endpoint === null) return found;
  const had = found.first.find(({ endpointId }) => endpointId === endpoint.id);
  if (filters === undefined) return had === undefined ? NOBODY : { count: 1, first: [had] };
  if (endpoint.status === "DISABLED" || !matchesFilters(filters, type)) return NOBODY;
  const filter = filters === null ? null : matchingFilter(filters, type);
  const { id: endpointId, name, status } = endpoint;
  return { count: 1, first: [{ endpointId, name, status, filter }] };
}

const NOBODY: Subscribers = { count: 0, first: [] };

function explainSupposed(type: string, subscribers: Subscribers, endpoint: Endpoint | null): Fact[] {
  if (endpoint === null || subscribers.count > 0) return explainType(type, subscribers);
  const why = endpoint.status === "DISABLED" ? "it is DISABLED" : `${type} matches none of its filters`;
  const sentence = `${endpoint.name} would not get it: ${why}.`;
  return [{ at: null, rule: "would_not_match", sentence, refs: { endpointId: endpoint.id } }];
}

/** What a publish would be refused for. */
function publishFacts({ type, payloadBytes }: Supposition): Fact[] {
  const found: Fact[] = [];
  if (type !== null && isReservedEventType(type)) {
    const sentence = `Only Signalbox publishes events ${type}. A publish would be refused with RESERVED_EVENT_TYPE.`;
    found.push({ at: null, rule: "reserved", sentence, refs: {} });
  }
  if (payloadBytes !== null && payloadBytes > PAYLOAD_BYTES_MAX) {
    const sentence = `The payload has ${payloadBytes} bytes, ${payloadBytes - PAYLOAD_BYTES_MAX} more than a payload may have.`;
    found.push({ at: null, rule: "too_large", sentence, refs: {} });
  }
  return found;
}
