/** The types of the engine's history service, as the API sees them. */
import type { DeliveryState } from "../../domain/delivery/delivery.ts";
import type { DeliveryConditions } from "../../domain/history/ledger.ts";
import type { News, Topic } from "../../domain/history/news.ts";
import type { Tally } from "../../domain/history/tally.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type {
  AttemptRow,
  BacklogCount,
  CountedDeliveries,
  DeliveriesQuery,
  DeliveryRow,
  EndpointHealthRow,
  EventView,
  HourCounts,
  OutcomeRow,
  RetryResult,
} from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";

export interface ListDeliveriesInput extends Omit<DeliveriesQuery, "filter" | "now"> {
  readonly conditions: DeliveryConditions;
}

export type RetryEventOutput =
  /** The deliveries that wait again, oldest first. */
  | { readonly kind: "queued"; readonly deliveryIds: readonly [Uuid, ...Uuid[]] }
  /** No delivery had failed, except tests and deliveries to deleted endpoints. */
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown" };

export type ReplayOutput =
  | { readonly kind: "created"; readonly batchId: Uuid; readonly count: number; readonly skipped: number }
  | { readonly kind: "unknown"; readonly deliveryIds: readonly Uuid[] };

export interface StreamInput {
  /** Resume after this outcome; null starts with the next one. */
  readonly after: Seq | null;
  readonly topics: readonly Topic[];
  /** Only what is about this endpoint, of the topics that are about endpoints. */
  readonly endpointId: Uuid | null;
  /** Only outcomes that put their delivery into one of these states; null: all. */
  readonly states: readonly DeliveryState[] | null;
  /** How much of each topic to send in a second; null: everything. */
  readonly perSecondMax: number | null;
}

/** One entry of a live stream. */
export type StreamItem =
  | ({ readonly kind: "outcome" } & OutcomeRow)
  | { readonly kind: "news"; readonly news: News }
  | ({ readonly kind: "skipped" } & Skipped);

/** What a stream does not send: more than it may send in a second, or than its reader takes, or lost between nodes. */
export interface Skipped {
  /** Without what was lost between nodes, which nobody can count. */
  readonly count: number;
  readonly topics: readonly Topic[];
}

export interface LiveStream {
  /** From then on the stream has every outcome. */
  readonly ready: Promise<void>;
  /** Where a client resumes that has got everything up to now; null if it follows no outcomes. */
  position(): Seq | null;
  /** `done` when the reader has fallen behind or the server stops. */
  next(): Promise<{ readonly done: false; readonly value: StreamItem } | { readonly done: true }>;
  close(): void;
}

/** Which attempts to count. At most one of `endpointId` and `eventType` is set. */
export interface AttemptStatisticsInput {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly stepMs: number;
  readonly endpointId: Uuid | null;
  readonly eventType: string | null;
}

export interface AttemptBuckets {
  /** When counting in memory began; null when the counts are stored ones. */
  readonly since: EpochMs | null;
  readonly buckets: readonly { readonly at: EpochMs; readonly tally: Tally }[];
}

export interface BacklogSample extends BacklogCount {
  readonly at: EpochMs;
}

export interface BacklogOutput {
  readonly at: EpochMs;
  readonly present: BacklogCount;
  /** Deliveries that this node has in memory. */
  readonly inProgress: number;
  /** One for each minute, the oldest first. */
  readonly samples: readonly BacklogSample[];
}

/** The attempts of one endpoint in each of the hours. */
export interface EndpointAttempts {
  readonly endpointId: Uuid;
  readonly hours: readonly { readonly hour: EpochMs; readonly ok: number; readonly failed: number }[];
}

export interface StatisticsService {
  /** Null when the tenant has no such endpoint. */
  attempts(caller: Caller, input: AttemptStatisticsInput): Promise<AttemptBuckets | null>;
  backlog(caller: Caller): Promise<BacklogOutput>;
  /** Attempts by hour, for whole hours back from now, of those of these endpoints that the tenant has. */
  endpointAttempts(caller: Caller, endpointIds: readonly Uuid[], hours: number): Promise<readonly EndpointAttempts[]>;
}

export interface HistoryService {
  listDeliveries(caller: Caller, input: ListDeliveriesInput): Promise<CountedDeliveries>;
  getDelivery(
    caller: Caller,
    id: Uuid,
  ): Promise<{ readonly row: DeliveryRow; readonly attempts: readonly AttemptRow[] } | null>;
  getEvent(caller: Caller, id: Uuid): Promise<EventView | null>;
  cancel(caller: Caller, id: Uuid): Promise<"cancelled" | "ended" | "unknown">;
  retry(caller: Caller, id: Uuid): Promise<RetryResult>;
  /** Retry all failed deliveries of an event. */
  retryEvent(caller: Caller, eventId: Uuid): Promise<RetryEventOutput>;
  replay(caller: Caller, deliveryIds: readonly Uuid[], dryRun: boolean): Promise<ReplayOutput>;
  /** Counts by hour, for whole hours back from now. */
  volume(caller: Caller, hours: number): Promise<readonly HourCounts[]>;
  latency(caller: Caller, hours: number): Promise<readonly [number, number, number, number, number]>;
  endpointHealth(caller: Caller, hours: number): Promise<readonly EndpointHealthRow[]>;
  /** Null when the tenant has `STREAMS_PER_TENANT_MAX` streams open. */
  stream(caller: Caller, input: StreamInput): LiveStream | null;
}
