/** The verbs that list events and event types. */
import type { DeliveryState } from "../../domain/delivery/delivery.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Cursor } from "./cursor.ts";

/** All conditions must hold. Null is no condition. */
export interface EventFilter {
  readonly tenantSeq: Seq;
  /** An exact event type, or a prefix with `.*`. */
  readonly eventType: string | null;
  /** Accepted at this time or later. */
  readonly from: EpochMs | null;
  /** Accepted before this time. */
  readonly to: EpochMs | null;
  /** Published from an inbound event of this source whose record is retained. */
  readonly sourceId: Uuid | null;
  /** Only events without any delivery. */
  readonly undelivered: boolean;
  /** A part of the payload's text, in payloads of up to `PAYLOAD_SEARCH_BYTES_MAX`. */
  readonly payloadText: string | null;
}

/** An event as lists show it, without its payload. */
export interface EventRow {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly type: string;
  readonly acceptedAt: EpochMs;
  readonly payloadBytes: number;
  readonly pauseId: Uuid | null;
  /** The inbound event that it was published from. */
  readonly inboundId: Uuid | null;
  /** The source of that inbound event; null as well when its record is gone. */
  readonly sourceId: Uuid | null;
  /** How many of its deliveries are in each state. States without a delivery are left out. */
  readonly deliveries: Readonly<Partial<Record<DeliveryState, number>>>;
}

export interface EventPage {
  /** Newest first. Can be shorter than asked for although `next` is not null: a list visits a limited number of rows. */
  readonly rows: readonly EventRow[];
  readonly next: Cursor | null;
}

/** An event type of which events are retained. */
export interface EventTypeRow {
  readonly name: string;
  /** When its oldest and its newest retained event were accepted. */
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
  /** Events in the last hour. Above `EVENT_RATE_SAMPLE_ROWS` deliveries it is estimated from the latest ones. */
  readonly perHour: number;
  /** How many endpoints an event of this type would go to now. */
  readonly endpoints: number;
}

export interface EventTypePage {
  /** By name. */
  readonly rows: readonly EventTypeRow[];
  readonly next: Cursor | null;
}

export interface EventTypeQuery {
  readonly tenantSeq: Seq;
  /** The beginning of the name; empty for all types. */
  readonly prefix: string;
  readonly now: EpochMs;
}

export interface EventListVerbs {
  listEvents(filter: EventFilter, cursor: Cursor | null, limit: number): Promise<EventPage>;
  listEventTypes(query: EventTypeQuery, cursor: Cursor | null, limit: number): Promise<EventTypePage>;
}
