/**
 * The shapes of the API: fields in snake_case, times in RFC 3339 in UTC with whole seconds (`2026-05-08T14:23:00Z`),
 * and ids with a prefix and a UUIDv7.
 */
import type { HeaderField, Timings } from "./delivery/exchange.ts";
import type { ListenerState } from "./listening/listener-state.ts";
import type { EndpointBacklog, EndpointHealthNow } from "./statistics.ts";

/** A JSON object with unknown fields. */
export type JsonObject = { [key: string]: unknown };

/** A user, by the email address at that time. */
export interface UserRef {
  /** `usr_…`. */
  readonly id: string;
  readonly email: string;
}

/** One person's decision on a pause that takes several. */
export interface Vote {
  readonly user: UserRef;
  readonly choice: string;
  readonly text: string | null;
  readonly at: string;
}

/** An invalid field of a request, and the rule that it breaks. */
export interface FieldFault {
  readonly field: string;
  readonly rule: string;
}

// ── Endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The format of the deliveries to an endpoint. */
export type Format = "plain" | "pausepoint" | "pacspace" | "standard";

/** The status of an endpoint. A PAUSED endpoint holds its deliveries. A DISABLED one gets no new events. */
export type EndpointStatus = "ACTIVE" | "PAUSED" | "DISABLED";

/** The settings of a new endpoint. */
export interface EndpointInput {
  /** 1 to 200 characters. Default: the URL's host. */
  readonly name?: string;
  /** `https`, at most 2048 characters. */
  readonly url: string;
  /** 16 to 512 characters. Without one, a `whsec_` secret is generated and shown only in this response. */
  readonly secret?: string;
  readonly description?: string | null;
  /** Exact types, or prefixes that end in `.*`. Null matches every type. */
  readonly event_types?: readonly string[] | null;
  /** Default: `plain`. */
  readonly format?: Format;
  /** At most 20 headers of 4 KB in total, which are sent with each delivery. */
  readonly headers_json?: Readonly<Record<string, string>>;
  /** 1 to 30. Default: 10. */
  readonly timeout_seconds?: number;
  /** One wait per retry: 0 to 20 waits of 1 to 172800 seconds. */
  readonly retry_schedule_seconds?: readonly number[];
  readonly rate_limit_per_second?: number | null;
  /** 1 to 256. Default: 32. */
  readonly max_in_flight?: number;
  /** One delivery at a time, in the order of the events. Default: false. */
  readonly ordered?: boolean;
}

/** Changes to an endpoint: any setting, and the status `ACTIVE` or `PAUSED`. */
export interface EndpointPatch extends Partial<EndpointInput> {
  readonly status?: "ACTIVE" | "PAUSED";
}

/** A URL that receives deliveries. */
export interface Endpoint {
  /** `ep_…`. */
  readonly id: string;
  readonly name: string;
  /** Of a listener: `listener:` and its name. */
  readonly url: string;
  readonly transport: "http" | "stream";
  /** Null for an endpoint with a URL. */
  readonly listener: ListenerState | null;
  readonly description: string | null;
  readonly event_types: readonly string[] | null;
  readonly format: Format;
  /** For a viewer, each value is `[redacted]`. */
  readonly headers_json: Readonly<Record<string, string>>;
  readonly timeout_seconds: number;
  readonly retry_schedule_seconds: readonly number[];
  readonly rate_limit_per_second: number | null;
  readonly max_in_flight: number;
  readonly ordered: boolean;
  readonly status: EndpointStatus;
  /** Null unless PAUSED. */
  readonly paused_at: string | null;
  /** Why the endpoint is DISABLED: a 410 response, five days without a success, or a person. Null unless DISABLED. */
  readonly disabled_reason: "gone" | "no_success" | "manual" | null;
  /** Deliveries that have not ended, counted up to 10,000. `more` is true when there are more. */
  readonly waiting: { readonly count: number; readonly more: boolean };
  readonly health: EndpointHealthNow;
  readonly backlog: EndpointBacklog;
  /** Until then, deliveries carry the signature of the previous secret too. Null outside a rotation's overlap. */
  readonly previous_secret_expires_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A new endpoint. `secret` is present if the server generated it, and is not shown again. */
export interface CreatedEndpoint extends Endpoint {
  readonly secret?: string;
}

/** Options for rotating a secret. */
export interface RotateSecretInput {
  /** Without one, a `whsec_` secret is generated. */
  readonly secret?: string;
  /** How long the old secret stays valid. 0 ends it immediately. Default: 86400. */
  readonly overlap_seconds?: number;
}

/** The result of a rotation. */
export interface RotatedSecret {
  /** The new secret, if the server generated it. It is not shown again. */
  readonly secret?: string;
  /** When the old secret stops being valid. */
  readonly previous_expires_at: string;
}

/** The receiver's response to the event `test`. */
export interface EndpointTestResult {
  readonly success: boolean;
  readonly data: {
    /** Whether the receiver responded with a 2xx status. */
    readonly success: boolean;
    /** Null when no response arrived. */
    readonly httpStatus: number | null;
    readonly message: string;
    /** The delivery that recorded the test; null when nothing was sent. */
    readonly delivery_id: string | null;
    readonly latency_ms: number | null;
    readonly timings: Timings | null;
    readonly response_headers: readonly HeaderField[] | null;
    /** The beginning of the response's body. */
    readonly response_body: string | null;
  };
}

// ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An event to publish. */
export interface EventInput {
  /** 1 to 128 characters of `[A-Za-z0-9_.-]`. */
  readonly type: string;
  /**
   * Any JSON object of at most 256 KB. A string is used as JSON text and delivered byte for byte. Use one for numbers
   * that JavaScript would change, such as `1.0` or numbers of 20 digits.
   */
  readonly payload: object | string;
  /** 1 to 1000 endpoints, instead of all that match the event. */
  readonly endpoint_ids?: readonly string[];
}

/** A delivery of a published event. */
export interface PublishedDelivery {
  readonly delivery_id: string;
  readonly endpoint_id: string;
  /** False if the idempotency key was used before: this is the first response again. */
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

/** The result for one event of a batch. */
export type BatchResult = PublishedEvent | { readonly error: ApiError };

/** The error of one event of a batch. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
  readonly details: readonly FieldFault[];
}

/** A stored event. */
export interface Event {
  /** `evt_…`. */
  readonly id: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly created_at: string;
  /** The pause that the event is about, and the signed-in user who decided it. */
  readonly pause_id: string | null;
  readonly decided_by_user: UserRef | null;
  /** Only of a pause that takes several votes, in their order. */
  readonly votes?: readonly Vote[];
  /** The inbound event that it was published from, and its source. */
  readonly inbound_event_id: string | null;
  readonly source_id: string | null;
  /** The trace that it is part of, as in W3C Trace Context. */
  readonly traceparent: string | null;
  readonly deliveries: readonly Delivery[];
  /** Endpoints that existed at the time and did not get the event, at most 1000. */
  readonly not_delivered: readonly {
    readonly endpoint_id: string;
    readonly endpoint_name: string;
    /** Since the event. */
    readonly endpoint_deleted: boolean;
    readonly reason: "filter" | "disabled" | "not_named";
  }[];
}

// ── Deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The status of a delivery. PENDING, SCHEDULED and HELD deliveries wait, an IN_PROGRESS one is being sent, and the
 * others have ended.
 */
export type DeliveryStatus =
  | "PENDING"
  | "SCHEDULED"
  | "HELD"
  | "IN_PROGRESS"
  | "DELIVERED"
  | "FAILED"
  | "CANCELLED"
  | "EXPIRED";

/** A delivery of one event to one endpoint. */
export interface Delivery {
  /** `del_…`. */
  readonly id: string;
  readonly event_id: string;
  readonly endpoint_id: string;
  readonly endpoint_name: string;
  /** A delivery to a deleted endpoint cannot be retried or replayed. */
  readonly endpoint_deleted: boolean;
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
  /** The status of the latest attempt; null when no response arrived. */
  readonly last_http_status: number | null;
  /** The error of the latest attempt, with a hint; null when it succeeded. */
  readonly last_error: string | null;
}

/** One HTTP request of a delivery. */
export interface Attempt {
  /** `att_…`. */
  readonly id: string;
  /** Counts from 1 over all attempts of the delivery. */
  readonly attempt_number: number;
  readonly started_at: string;
  readonly ended_at: string;
  readonly latency_ms: number;
  readonly outcome: "SUCCESS" | "RETRYABLE_FAILURE" | "NON_RETRYABLE_FAILURE";
  /** `success`, `http_status`, `dns_not_found`, `connect_refused`, `response_timeout`, … */
  readonly classification: string;
  /** Null when no response arrived. */
  readonly http_status: number | null;
  readonly response_body_snippet: string | null;
  /** The reader of the listener that made the attempt; null for an endpoint with a URL. */
  readonly via: string | null;
  readonly error_detail: string | null;
  /** How to fix the cause of the response's status. */
  readonly hint: string | null;
}

/** A delivery with its attempts. */
export interface DeliveryDetail extends Delivery {
  readonly attempts: readonly Attempt[];
}

/** A cancelled delivery. */
export interface CancelledDelivery {
  readonly status: "cancelled";
  readonly delivery_id: string;
}

/** How far an export of the delivery history is. */
export interface ExportProgress {
  /** The text that its caller chose as `progress`. */
  readonly token: string;
  readonly state: "running" | "done" | "failed";
  /** Rows read so far. */
  readonly rows: number;
  /** Rows that matched when the export began. */
  readonly total: number | null;
}

/** Selects deliveries to replay. */
export interface ReplayInput {
  /** At most 1000. */
  readonly delivery_ids: readonly string[];
  /** Only count the deliveries that would be created. */
  readonly dry_run?: boolean;
}

/** The result of a replay. */
export interface Replay {
  /** `bat_…`. */
  readonly batch_id: string;
  readonly created_deliveries: number;
  /** Deliveries that were skipped because their endpoint is deleted or DISABLED. */
  readonly skipped: number;
  readonly dry_run: boolean;
}

// ── Analytics ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Deliveries that ended in one hour. */
export interface VolumeHour {
  readonly hour: string;
  readonly total: number;
  readonly delivered: number;
  readonly failed: number;
}

/** The success rate of one hour in percent; null when no delivery ended in it. */
export interface SuccessHour {
  readonly hour: string;
  readonly rate: number | null;
  readonly total: number;
}

/** The number of attempts in one range of latency. */
export interface LatencyBucket {
  readonly bucket: "<100ms" | "100-300ms" | "300-1000ms" | "1-5s" | ">5s";
  readonly count: number;
}

// ── Pause webhooks ──────────────────────────────────────────────────────────────────────────────────────────────────

/** The events of a human pause. */
export type PauseEventType = "pause.responded" | "pause.timed_out" | "pause.cancelled";

/** The settings of a new webhook on `/v1/webhooks`. */
export interface PauseWebhookInput {
  readonly url: string;
  /** 1 to 3 event types. */
  readonly events: readonly PauseEventType[];
  /** 16 to 512 characters. */
  readonly secret: string;
}

/** An endpoint as `/v1/webhooks` shows it. */
export interface PauseWebhook {
  /** `webhook_…`. */
  readonly id: string;
  readonly url: string;
  /** `["*"]` when the endpoint has no filter. */
  readonly events: readonly string[];
  readonly active: boolean;
  readonly created_at: string;
}
