/** The shapes of lists of events, explanations and attempts. */

import type { DeliveryStatus, EndpointStatus, JsonObject } from "../types.ts";
import type { HeaderField, Timings } from "./exchange.ts";

/** Selects events in lists, which are newest first. */
export interface EventFilter {
  /** An exact event type, or a prefix that ends in `.*`. */
  readonly type?: string | undefined;
  /** Accepted at or after this time, RFC 3339. */
  readonly from?: string | undefined;
  /** Accepted before this time, RFC 3339. */
  readonly to?: string | undefined;
  /** Published from an inbound event of this source. */
  readonly source_id?: string | undefined;
  /** Only events that no endpoint got a delivery of. */
  readonly undelivered?: boolean | undefined;
  /**
   * A part of the payload's text as it was sent. Payloads over 16 KB never match. A page can have no results although
   * there are more pages: follow `next_cursor`.
   */
  readonly payload_contains?: string | undefined;
  /** 1 to 100. Default: 20. */
  readonly limit?: number | undefined;
}

/** An event in a list, without its payload. */
export interface EventSummary {
  /** `evt_…`. */
  readonly id: string;
  readonly type: string;
  readonly created_at: string;
  readonly payload_bytes: number;
  readonly pause_id: string | null;
  readonly inbound_event_id: string | null;
  readonly source_id: string | null;
  readonly deliveries: {
    readonly total: number;
    /** Statuses without a delivery are left out. */
    readonly by_status: Readonly<Partial<Record<DeliveryStatus, number>>>;
  };
}

/** One page of events. */
export interface EventPage {
  readonly results: readonly EventSummary[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** A type of retained events. */
export interface EventType {
  readonly name: string;
  readonly first_at: string;
  readonly last_at: string;
  /** Events in the last hour; an estimate at a high rate. */
  readonly per_hour: number;
  /** How many endpoints an event of this type would go to now. */
  readonly endpoints: number;
}

/** One page of event types, by name. */
export interface EventTypePage {
  readonly results: readonly EventType[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** One sentence of an explanation. */
export interface Fact {
  /** When it happened, or will happen, with milliseconds. Null without a time. */
  readonly at: string | null;
  /** A stable name of the rule, such as `matched`, `wait` or `next`. */
  readonly rule: string;
  readonly sentence: string;
  /** What the sentence is about. */
  readonly refs: {
    readonly event_id?: string;
    readonly delivery_id?: string;
    readonly endpoint_id?: string;
    readonly attempt_number?: number;
    readonly filter?: string;
  };
}

/** Facts in order. What comes next is last. */
export interface Explanation {
  readonly facts: readonly Fact[];
}

/** A question about an event that nobody has published, or about a filter that no endpoint has. */
export interface SuppositionInput {
  /** Required without `filter`. */
  readonly type?: string;
  readonly payload?: JsonObject;
  /** Ask about this endpoint only. */
  readonly endpoint_id?: string;
  /** The `event_types` to suppose, of this endpoint or of a new one. */
  readonly filter?: readonly string[] | null;
}

/** How many events of a type there were. */
export interface EventTypeCount {
  readonly type: string;
  readonly events: number;
}

/** The answer to a question about an event or a filter. */
export interface Supposition extends Explanation {
  /** Who would get an event of this type, at most 1000. Null without `type`. */
  readonly endpoints: {
    readonly count: number;
    readonly results: readonly {
      readonly endpoint_id: string;
      readonly endpoint_name: string;
      readonly status: EndpointStatus;
      /** The filter that matches; null for an endpoint without filters. */
      readonly filter: string | null;
    }[];
  } | null;
  /** What `filter` would have changed in the last 24 hours. Null without `filter`. */
  readonly last_day: {
    readonly since: string;
    /** False when the counts are only of the newest events. */
    readonly complete: boolean;
    readonly matched: number;
    readonly gained: readonly EventTypeCount[];
    readonly lost: readonly EventTypeCount[];
  } | null;
}

/** What an attempt sent and got. */
export interface AttemptDetails {
  /** `att_…`. */
  readonly id: string;
  readonly delivery_id: string;
  readonly attempt_number: number;
  readonly url: string;
  /** The reader of the listener that made the attempt; null for an endpoint with a URL. */
  readonly via: string | null;
  readonly started_at: string;
  readonly ended_at: string;
  readonly outcome: "SUCCESS" | "RETRYABLE_FAILURE" | "NON_RETRYABLE_FAILURE";
  readonly classification: string;
  /** What went wrong, with a hint; null for a success. */
  readonly error: string | null;
  /** The server does not store requests. It rendered this one again. */
  readonly request: {
    readonly method: "POST";
    readonly headers: readonly HeaderField[];
    /** Byte for byte as it was sent. */
    readonly body: string;
    readonly reconstructed: boolean;
    /** Why the headers may differ from those that were sent. */
    readonly differs: readonly string[];
  };
  /** Null when no response arrived. */
  readonly response: {
    readonly http_status: number;
    readonly headers: readonly HeaderField[];
    /** False when the response had more headers than are stored. */
    readonly headers_complete: boolean;
    /** The beginning of the body. */
    readonly body: string | null;
  } | null;
  readonly timings: Timings | null;
}

/** What a test sends: an own type and payload, or those of an event. */
export type TestInput =
  | { readonly event_type?: string; readonly payload?: JsonObject | string }
  | { readonly event_id: string };
