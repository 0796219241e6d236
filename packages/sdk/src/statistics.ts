/** Attempts of one span of time. */
export interface AttemptBucket {
  readonly at: string;
  readonly ok: number;
  /** Failed attempts, those that are retried included. */
  readonly failed: number;
  /** Deliveries that succeeded at their first attempt. */
  readonly first_ok: number;
  readonly first_failed: number;
  /** Deliveries that an attempt ended as FAILED or EXPIRED. */
  readonly gave_up: number;
  /** Failed attempts by `classification`. */
  readonly by_class: Readonly<Record<string, number>>;
  /** Milliseconds, within ±12 %; null when nothing was measured. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** 95 % of the deliveries that succeeded did so within this time, in milliseconds. */
  readonly age_p95: number | null;
}

/** The length of a bucket. */
export type StatisticsStep = "1m" | "5m" | "15m" | "1h" | "6h" | "1d";

export interface AttemptStatistics {
  readonly step: StatisticsStep;
  /** When counting began, for steps below an hour. */
  readonly since: string | null;
  readonly buckets: readonly AttemptBucket[];
}

/** Requests that were received from all sources. */
export interface InboundStatistics {
  readonly step: StatisticsStep;
  /** Earlier requests are not counted, because there are too many; null when all are counted. */
  readonly since: string | null;
  readonly buckets: readonly { readonly at: string; readonly valid: number; readonly refused: number }[];
  /** The busiest first. */
  readonly sources: readonly {
    /** Null if no source is known. */
    readonly source_id: string | null;
    readonly source: string | null;
    readonly valid: number;
    readonly refused: number;
    readonly last_received_at: string;
  }[];
}

/** How pauses ended, by the time of their creation. */
export interface PauseStatistics {
  readonly step: StatisticsStep;
  /** Earlier pauses are not counted, because there are too many; null when all are counted. */
  readonly since: string | null;
  readonly buckets: readonly {
    readonly at: string;
    readonly pending: number;
    readonly responded: number;
    readonly timed_out: number;
    /** Those of `timed_out` whose default was taken. */
    readonly by_default: number;
    readonly cancelled: number;
    /** How long people took to decide, in milliseconds; null when nobody did. */
    readonly p50: number | null;
    readonly p95: number | null;
  }[];
}

/** Deliveries that wait, at one time. */
export interface BacklogSample {
  readonly at: string;
  /** Their endpoint is not ACTIVE. */
  readonly held: number;
  /** They are due. */
  readonly waiting: number;
  /** They wait for their next attempt. */
  readonly scheduled: number;
  /** There are more: a count stops at 10,000 for each endpoint. */
  readonly more: boolean;
}

export interface Backlog extends BacklogSample {
  readonly in_progress: number;
  readonly held_bytes: number;
  readonly oldest_at: string | null;
  readonly samples: readonly BacklogSample[];
}

/** What an endpoint is doing now. */
export type EndpointState =
  | "healthy"
  | "failing"
  | "resting"
  | "probing"
  | "throttled"
  | "paused"
  | "disabled"
  | "no_listener";

/** Which endpoints a list has. */
export interface EndpointFilter {
  readonly state?: EndpointState | readonly EndpointState[] | undefined;
  /** A part of the name or the URL, in any case. */
  readonly q?: string | undefined;
  /** Endpoints that take events of this type. */
  readonly eventType?: string | undefined;
}

export interface EndpointCounts {
  readonly total: number;
  /** How many endpoints are in each state now. */
  readonly states: Readonly<Record<EndpointState, number>>;
}

/** The attempts of one endpoint, by hour. */
export interface EndpointAttempts {
  readonly endpoint_id: string;
  readonly hours: readonly { readonly hour: string; readonly ok: number; readonly failed: number }[];
}

/** The health of an endpoint now. */
export interface EndpointHealthNow {
  readonly state: EndpointState;
  /** The first failed attempt after the last success. A pause does not change it. */
  readonly failing_since: string | null;
  /** No attempt before this time, after 20 consecutive failures. */
  readonly rest_until: string | null;
  /** No attempt before this time: the endpoint sent `Retry-After`, or its earliest ordered delivery is retried then. */
  readonly wait_until: string | null;
  readonly failure_streak: number;
  /** Attempts that may be in flight at once now; null when the endpoint is idle. */
  readonly window: number | null;
  readonly in_flight: number;
  /** Attempts per second, measured over one to two minutes. */
  readonly rate: number;
  readonly last_success_at: string | null;
  readonly last_failure: {
    readonly at: string;
    readonly classification: string;
    readonly http_status: number | null;
    readonly error: string | null;
  } | null;
}

/** The backlog of an endpoint. */
export interface EndpointBacklog {
  readonly oldest_at: string | null;
  /** Payload bytes that arrived while the endpoint was held. */
  readonly bytes: number;
  readonly drain_per_second: number;
  /** When the backlog ends at this rate; null when it does not end. */
  readonly drained_at: string | null;
}

/** The figures of one endpoint. */
export interface EndpointHealth {
  readonly endpoint_id: string;
  readonly name: string;
  readonly status: "ACTIVE" | "PAUSED" | "DISABLED";
  readonly total: number;
  readonly delivered: number;
  /** In percent; null when no delivery ended. */
  readonly success_rate: number | null;
  readonly avg_latency_ms: number | null;
  /** Attempts, as they happened. */
  readonly attempts_ok: number;
  readonly attempts_failed: number;
  /** The first failed attempt after the last success; null when its latest attempt succeeded. */
  readonly failing_since: string | null;
}
