/**
 * The wire's shapes, as they are: snake_case, times as RFC 3339 in UTC with whole seconds (`2026-05-08T14:23:00Z`), ids
 * as a prefix and a UUIDv7.
 */

/** A JSON object whose fields are not known. */
export type JsonObject = { [key: string]: unknown };

/** One bad field of a request, and the rule that it breaks. */
export interface FieldFault {
  readonly field: string;
  readonly rule: string;
}

// ── Endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** What goes over the wire to an endpoint. */
export type Format = "plain" | "pausepoint" | "pacspace" | "standard";

/** PAUSED holds deliveries; to DISABLED new events do not go at all. */
export type EndpointStatus = "ACTIVE" | "PAUSED" | "DISABLED";

/** What a caller can set when an endpoint is made. */
export interface EndpointInput {
  /** 1 to 200 characters; default the URL's host. */
  readonly name?: string;
  /** `https`, at most 2048 characters. */
  readonly url: string;
  /** 16 to 512 characters; without one a `whsec_` secret is made and shown in this answer only. */
  readonly secret?: string;
  readonly description?: string | null;
  /** Exact types, or prefixes with `.*`; null is all. */
  readonly event_types?: readonly string[] | null;
  /** Default `plain`. */
  readonly format?: Format;
  /** At most 20 headers of 4 KB together, sent with each delivery. */
  readonly headers_json?: Readonly<Record<string, string>>;
  /** 1 to 30; default 10. */
  readonly timeout_seconds?: number;
  /** One wait per retry: 0 to 20 of 1 to 172800. */
  readonly retry_schedule_seconds?: readonly number[];
  readonly rate_limit_per_second?: number | null;
  /** 1 to 256; default 32. */
  readonly max_in_flight?: number;
  /** One delivery at a time, in the order of the events; default false. */
  readonly ordered?: boolean;
}

/** What PATCH takes: any of the settings, and `ACTIVE` or `PAUSED`. */
export interface EndpointPatch extends Partial<EndpointInput> {
  readonly status?: "ACTIVE" | "PAUSED";
}

/** One URL that receives deliveries. */
export interface Endpoint {
  /** `ep_…`. */
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly description: string | null;
  readonly event_types: readonly string[] | null;
  readonly format: Format;
  readonly headers_json: Readonly<Record<string, string>>;
  readonly timeout_seconds: number;
  readonly retry_schedule_seconds: readonly number[];
  readonly rate_limit_per_second: number | null;
  readonly max_in_flight: number;
  readonly ordered: boolean;
  readonly status: EndpointStatus;
  /** Null unless PAUSED. */
  readonly paused_at: string | null;
  /** Why it is DISABLED: a 410 answer, five days without success, or a person. Null unless DISABLED. */
  readonly disabled_reason: "gone" | "no_success" | "manual" | null;
  /** Deliveries that have not ended; counted up to 10,000, and `more` when there are more. */
  readonly waiting: { readonly count: number; readonly more: boolean };
  readonly created_at: string;
  readonly updated_at: string;
}

/** A new endpoint; `secret` is there when it was made by the server, and never shown again. */
export interface CreatedEndpoint extends Endpoint {
  readonly secret?: string;
}

/** How a secret is changed. */
export interface RotateSecretInput {
  /** Without one a `whsec_` secret is made. */
  readonly secret?: string;
  /** How long the old one goes on; default 86400, 0 ends it at once. */
  readonly overlap_seconds?: number;
}

/** A changed secret. */
export interface RotatedSecret {
  /** The new secret, when it was made by the server; never shown again. */
  readonly secret?: string;
  /** Until when the old secret goes on. */
  readonly previous_expires_at: string;
}

/** What the receiver answered to the event `test`. */
export interface EndpointTestResult {
  readonly success: boolean;
  readonly data: {
    /** Whether the receiver answered 2xx. */
    readonly success: boolean;
    /** Null when there was no answer. */
    readonly httpStatus: number | null;
    readonly message: string;
  };
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One fact to publish. */
export interface EventInput {
  /** 1 to 128 of `[A-Za-z0-9_.-]`. */
  readonly type: string;
  /**
   * Any JSON object of at most 256 KB. A string is taken as JSON text and delivered byte for byte: for numbers such as
   * `1.0` or of 20 digits, which JavaScript would change.
   */
  readonly payload: object | string;
  /** 1 to 1000 endpoints, instead of all whose filter matches. */
  readonly endpoint_ids?: readonly string[];
}

/** One endpoint's delivery of a published event. */
export interface PublishedDelivery {
  readonly delivery_id: string;
  readonly endpoint_id: string;
  /** False when the idempotency key had been used: this is the first answer again. */
  readonly created: boolean;
}

/** An event that is committed to disk with all its deliveries. */
export interface PublishedEvent {
  readonly event_id: string;
  readonly deliveries: readonly PublishedDelivery[];
}

/** One event of a batch. */
export interface BatchEventInput extends EventInput {
  /** 1 to 255 visible ASCII characters, remembered for 72 hours. */
  readonly idempotency_key?: string;
}

/** What became of one event of a batch. */
export type BatchResult = PublishedEvent | { readonly error: ApiError };

/** The error of one event of a batch. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
  readonly details: readonly FieldFault[];
}

/** A kept event. */
export interface Event {
  /** `evt_…`. */
  readonly id: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly created_at: string;
  readonly deliveries: readonly Delivery[];
  /** Endpoints that existed then and did not get it, at most 1000. */
  readonly not_delivered: readonly {
    readonly endpoint_id: string;
    readonly reason: "filter" | "disabled" | "not_named";
  }[];
}

// ── Deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** PENDING, SCHEDULED and HELD wait, IN_PROGRESS is on the wire, the others have ended. */
export type DeliveryStatus =
  | "PENDING"
  | "SCHEDULED"
  | "HELD"
  | "IN_PROGRESS"
  | "DELIVERED"
  | "FAILED"
  | "CANCELLED"
  | "EXPIRED";

/** One event on its way to one endpoint. */
export interface Delivery {
  /** `del_…`. */
  readonly id: string;
  readonly event_id: string;
  readonly endpoint_id: string;
  readonly endpoint_name: string;
  readonly event_type: string;
  readonly status: DeliveryStatus;
  readonly attempts_count: number;
  readonly next_attempt_at: string | null;
  readonly first_scheduled_at: string;
  readonly last_attempt_at: string | null;
  readonly terminal_at: string | null;
  readonly terminal_reason: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  /** Of the latest attempt; null when no answer came. */
  readonly last_http_status: number | null;
  /** What went wrong with the latest attempt, with a hint; null when it succeeded. */
  readonly last_error: string | null;
}

/** One HTTP request of a delivery. */
export interface Attempt {
  /** `att_…`. */
  readonly id: string;
  /** Counts from 1 over the delivery's whole life. */
  readonly attempt_number: number;
  readonly started_at: string;
  readonly ended_at: string;
  readonly latency_ms: number;
  readonly outcome: "SUCCESS" | "RETRYABLE_FAILURE" | "NON_RETRYABLE_FAILURE";
  /** `success`, `http_status`, `dns_not_found`, `connect_refused`, `response_timeout`, … */
  readonly classification: string;
  /** Null when there was no answer. */
  readonly http_status: number | null;
  readonly response_body_snippet: string | null;
  readonly error_detail: string | null;
  /** What to do about the status of the answer. */
  readonly hint: string | null;
}

/** A delivery with what was tried. */
export interface DeliveryDetail extends Delivery {
  readonly attempts: readonly Attempt[];
}

/** Which deliveries to list, newest first. */
export interface DeliveryFilter {
  readonly status?: DeliveryStatus;
  readonly endpoint_id?: string;
  readonly event_id?: string;
  /** An exact event type, or a prefix with `.*`. */
  readonly event_type?: string;
  /** An exact event, delivery or endpoint id, or the beginning of an event type. */
  readonly search?: string;
  /** Created at or after, RFC 3339. */
  readonly from?: string;
  /** Created before, RFC 3339. */
  readonly to?: string;
  /** 1 to 100; default 20. */
  readonly limit?: number;
}

/** One page of deliveries. */
export interface DeliveryPage {
  readonly results: readonly Delivery[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/** A cancelled delivery. */
export interface CancelledDelivery {
  readonly status: "cancelled";
  readonly delivery_id: string;
}

/** Which deliveries to make again. */
export interface ReplayInput {
  /** At most 1000. */
  readonly delivery_ids: readonly string[];
  /** Count only. */
  readonly dry_run?: boolean;
}

/** New deliveries of the same events. */
export interface Replay {
  /** `bat_…`. */
  readonly batch_id: string;
  readonly created_deliveries: number;
  /** Left out, because their endpoints are deleted or DISABLED. */
  readonly skipped: number;
  readonly dry_run: boolean;
}

/** A background job, and how far it is. */
export interface Job {
  readonly id: string;
  readonly status: string;
  readonly [field: string]: unknown;
}

// ── Analytics ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Deliveries that ended in one hour. */
export interface VolumeHour {
  readonly hour: string;
  readonly total: number;
  readonly delivered: number;
  readonly failed: number;
}

/** One hour's rate in percent; null when nothing ended in it. */
export interface SuccessHour {
  readonly hour: string;
  readonly rate: number | null;
  readonly total: number;
}

/** How many attempts took how long. */
export interface LatencyBucket {
  readonly bucket: "<100ms" | "100-300ms" | "300-1000ms" | "1-5s" | ">5s";
  readonly count: number;
}

/** One endpoint's figures. */
export interface EndpointHealth {
  readonly endpoint_id: string;
  readonly name: string;
  readonly status: EndpointStatus;
  readonly total: number;
  readonly delivered: number;
  /** In percent; null when nothing ended. */
  readonly success_rate: number | null;
  readonly avg_latency_ms: number | null;
}

// ── Keys, tenants, pause webhooks ───────────────────────────────────────────────────────────────────────────────────

export type Role = "developer" | "org_admin" | "global_admin";

/** How to make a key. */
export interface KeyInput {
  readonly name: string;
  /** Not above the caller's own. */
  readonly role?: Role;
  /** A `sb_test_` key: people are not notified. */
  readonly test?: boolean;
}

/** A key, without its secret part. */
export interface Key {
  /** `key_…`. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly created_at: string;
}

/** A new key; `api_key` is never shown again. */
export interface CreatedKey extends Key {
  readonly api_key: string;
}

/** The events of a human pause. */
export type PauseEventType = "pause.responded" | "pause.timed_out" | "pause.cancelled";

/** How to make a webhook on the pauses surface. */
export interface PauseWebhookInput {
  readonly url: string;
  /** 1 to 3. */
  readonly events: readonly PauseEventType[];
  /** 16 to 512 characters. */
  readonly secret: string;
}

/** An endpoint as the pauses surface shows it. */
export interface PauseWebhook {
  /** `webhook_…`. */
  readonly id: string;
  readonly url: string;
  /** `["*"]` for one without a filter. */
  readonly events: readonly string[];
  readonly active: boolean;
  readonly created_at: string;
}
