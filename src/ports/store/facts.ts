/** The verbs that read everything that the engine's rules need to explain a delivery or an event. */
import type { Event } from "../../domain/delivery/event.ts";
import type { Health } from "../../domain/delivery/health.ts";
import type { Endpoint, EndpointStatus, Format } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { AttemptRow, DeliveryRow } from "./history.ts";

/** What decided which events an endpoint got, at some time. */
export interface Subscription {
  readonly status: EndpointStatus | "DELETED";
  /** Null matches every type. */
  readonly filters: readonly string[] | null;
}

export interface LaneFacts {
  readonly health: Health;
  readonly waitUntil: EpochMs | null;
  readonly heldSince: EpochMs | null;
  /** The total duration of its past holds. */
  readonly heldMs: number;
}

export interface DeliveryFacts {
  readonly row: DeliveryRow;
  /** Oldest first. After very many manual retries only the newest. */
  readonly attempts: readonly AttemptRow[];
  readonly event: Event;
  /** Whether the publisher named the endpoints. */
  readonly named: boolean;
  /** Whether it was created after its event, by a replay or a recovery. */
  readonly later: boolean;
  readonly format: Format;
  readonly ordered: boolean;
  readonly cancelRequested: boolean;
  /** When the latest manual retry or recovery of this delivery began its run; null in its first run. */
  readonly runStartedAt: EpochMs | null;
  readonly attemptsBeforeRun: number;
  readonly runFirstActiveMs: number | null;
  /** As it is now. A deleted endpoint has neither secrets nor headers. */
  readonly endpoint: Endpoint;
  readonly endpointDeletedAt: EpochMs | null;
  /** The endpoint when the event was published; null when it did not exist yet. */
  readonly atPublish: Subscription | null;
  readonly lane: LaneFacts;
  /** Waiting deliveries before this one in its lane, counted up to `WAITING_COUNT_MAX`. 0 unless it waits. */
  readonly ahead: number;
}

/** An event and one endpoint of its tenant. */
export interface EventEndpointFacts {
  readonly eventType: string;
  readonly acceptedAt: EpochMs;
  readonly named: boolean;
  /** Whether the publisher named this endpoint while it was DISABLED. */
  readonly namedDisabled: boolean;
  /** Newest first: the deliveries of this event to this endpoint, at most 100. */
  readonly deliveryIds: readonly Uuid[];
  readonly endpoint: {
    readonly id: Uuid;
    readonly name: string;
    readonly createdAt: EpochMs;
    readonly deletedAt: EpochMs | null;
    readonly now: Subscription;
  };
  /** The endpoint when the event was published; null when it did not exist yet. */
  readonly atPublish: Subscription | null;
}

/** An endpoint that a type matches now. */
export interface Subscriber {
  readonly endpointId: Uuid;
  readonly name: string;
  readonly status: EndpointStatus;
  /** The filter that matches; null for an endpoint without filters. */
  readonly filter: string | null;
}

export interface Subscribers {
  readonly count: number;
  /** In creation order, at most `EVENT_TARGETS_MAX`. */
  readonly first: readonly Subscriber[];
}

/** What a type did in a span of time. */
export interface TypeCount {
  readonly name: string;
  readonly events: number;
}

export interface TypeCounts {
  readonly types: readonly TypeCount[];
  /** False when there was more than one request may read. The counts are then of the newest events. */
  readonly complete: boolean;
}

export interface FactVerbs {
  /** Null when the tenant has no such delivery. */
  findDeliveryFacts(tenantSeq: Seq, id: Uuid): Promise<DeliveryFacts | null>;
  /** `event` or `endpoint` when the tenant has no such event or endpoint. Deleted endpoints are found. */
  findEventFacts(tenantSeq: Seq, eventId: Uuid, endpointId: Uuid): Promise<EventEndpointFacts | "event" | "endpoint">;
  /** Endpoints that are neither DISABLED nor deleted, and that an event of this type would go to. */
  findSubscribers(tenantSeq: Seq, type: string): Promise<Subscribers>;
  /** Events by type since a time. */
  countTypes(tenantSeq: Seq, since: EpochMs): Promise<TypeCounts>;
}
