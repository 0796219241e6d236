/** The verbs that read events, deliveries and statistics, and those that act on single deliveries. */
import type { Actor } from "../../domain/access/access.ts";
import type { AttemptEnd } from "../../domain/delivery/attempt-error.ts";
import type { AttemptOutcome, Classification, DeliveryState, TerminalReason } from "../../domain/delivery/delivery.ts";
import type { TraceContext } from "../../domain/delivery/trace-context.ts";
import type { EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { DeliverySearch } from "../../domain/history/ledger.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Person, Vote } from "../../domain/pauses/pause.ts";
import type { Cursor } from "./cursor.ts";
import type { DeliveryRef, Wake } from "./delivery.ts";

/** A delivery as the lists show it. */
export interface DeliveryRow {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly eventId: Uuid;
  readonly eventType: string;
  readonly endpointId: Uuid;
  readonly endpointName: string;
  readonly endpointDeleted: boolean;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Null unless the delivery waits. */
  readonly nextAttemptAt: EpochMs | null;
  readonly firstScheduledAt: EpochMs;
  readonly lastAttemptAt: EpochMs | null;
  /** Null before the first attempt. */
  readonly lastAttempt: LastAttempt | null;
  readonly endedAt: EpochMs | null;
  readonly reason: TerminalReason | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** How a delivery's latest attempt ended. */
export interface LastAttempt extends AttemptEnd {
  readonly startedAt: EpochMs;
}

export interface AttemptRow {
  readonly id: Uuid;
  readonly number: number;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly outcome: AttemptOutcome;
  readonly classification: Classification;
  readonly httpStatus: number | null;
  readonly snippet: string | null;
  readonly errorDetail: string | null;
  readonly url: string;
  /** A line for each stored header of the response. */
  readonly responseHeaders: string | null;
  /** In the form of `timingsText`. */
  readonly timings: string | null;
}

/** The conditions that indexes answer. All must hold. Null is no condition. */
export interface DeliveryFilter {
  readonly tenantSeq: Seq;
  readonly state: DeliveryState | null;
  readonly endpointId: Uuid | null;
  readonly eventId: Uuid | null;
  /** An exact event type, or a prefix with `.*`. */
  readonly eventType: string | null;
  readonly search: DeliverySearch | null;
  /** Created at this time or later. */
  readonly from: EpochMs | null;
  /** Created before this time. */
  readonly to: EpochMs | null;
}

export interface DeliveryPage {
  /** Newest first. Can be shorter than asked for although `next` is not null: a list visits a limited number of rows. */
  readonly rows: readonly DeliveryRow[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

export interface EventView {
  readonly id: Uuid;
  readonly type: string;
  readonly payload: string;
  readonly acceptedAt: EpochMs;
  /** The pause that the event is about. */
  readonly pauseId: Uuid | null;
  /** The signed-in user who decided that pause. */
  readonly decidedBy: Person | null;
  /** The votes on that pause; null unless it takes several. */
  readonly votes: readonly Vote[] | null;
  /** The trace that the event is part of. */
  readonly trace: TraceContext | null;
  readonly deliveries: readonly DeliveryRow[];
  /** Endpoints that existed at the time and got no delivery, at most `EVENT_TARGETS_MAX`. */
  readonly notDelivered: readonly {
    readonly endpointId: Uuid;
    readonly endpointName: string;
    /** Since the event. */
    readonly endpointDeleted: boolean;
    readonly reason: "filter" | "disabled" | "not_named";
  }[];
}

export type CancelResult =
  | { readonly kind: "cancelled"; readonly endpointSeq: Seq; readonly deliverySeq: Seq }
  /** The delivery is leased. No new attempt starts, and an attempt in flight decides how the delivery ends. */
  | { readonly kind: "requested"; readonly endpointSeq: Seq; readonly deliverySeq: Seq }
  | { readonly kind: "ended" }
  | { readonly kind: "unknown" };

export type RetryResult =
  | { readonly kind: "queued"; readonly row: DeliveryRow; readonly wake: Wake | null }
  /** `notFailed`: it is not FAILED, EXPIRED or CANCELLED. `reason` is a sentence for the caller. */
  | {
      readonly kind: "invalid";
      readonly why: "notFailed" | "endpointDeleted" | "isTest";
      readonly reason: string;
    }
  | { readonly kind: "unknown" };

/** The result of one step over an event's deliveries, oldest first. */
export interface RetriedOfEvent {
  /** Those that were FAILED, EXPIRED or CANCELLED and now wait again. Never tests, nor those of deleted endpoints. */
  readonly deliveryIds: readonly Uuid[];
  readonly woken: readonly Wake[];
  /** Where the next step begins; null when all have been looked at. */
  readonly next: Cursor | null;
}

export interface RetryOfEvent {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly eventId: Uuid;
  /** Null begins with the oldest delivery. */
  readonly cursor: Cursor | null;
  readonly now: EpochMs;
}

export interface ReplayRequest {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly deliveryIds: readonly Uuid[];
  readonly dryRun: boolean;
  readonly now: EpochMs;
}

export type ReplayResult =
  /** `skipped`: how many got no new delivery because their endpoint is deleted or DISABLED. */
  | { readonly kind: "created"; readonly count: number; readonly skipped: number; readonly woken: readonly Wake[] }
  | { readonly kind: "unknown"; readonly deliveryIds: readonly Uuid[] };

/** One entry of the stream: a delivery as lists show it, after an attempt. */
export interface OutcomeRow {
  readonly attemptSeq: Seq;
  readonly row: DeliveryRow;
}

export interface OutcomePage {
  readonly outcomes: readonly OutcomeRow[];
  /** Every attempt up to this one was looked at. */
  readonly upTo: Seq;
  readonly more: boolean;
}

/** The counts of one hour. */
export interface HourCounts {
  /** When the hour begins. */
  readonly hour: EpochMs;
  /** Deliveries created in this hour. */
  readonly total: number;
  /** Deliveries that ended as DELIVERED in this hour. */
  readonly delivered: number;
  /** Deliveries that ended in any other way in this hour. */
  readonly failed: number;
}

export interface EndpointHealthRow {
  readonly endpointId: Uuid;
  readonly name: string;
  readonly status: EndpointStatus;
  readonly total: number;
  readonly delivered: number;
  readonly failed: number;
  readonly latencySumMs: number;
  readonly latencyCount: number;
  /** Attempts, as they happened. */
  readonly attemptsOk: number;
  readonly attemptsFailed: number;
  /** When the first of its consecutive failures happened; null when the latest attempt succeeded. */
  readonly failingSince: EpochMs | null;
}

/** The attempts of one endpoint in one hour. */
export interface EndpointHour {
  readonly endpointSeq: Seq;
  readonly hour: EpochMs;
  readonly ok: number;
  readonly failed: number;
}

/** Counts to add to those of an hour. */
export interface NewTally {
  readonly tenantSeq: Seq;
  readonly hour: EpochMs;
  /** The minute of the hour that the counts are of. Nodes that share a store also read each other's minutes. */
  readonly minute?: EpochMs;
  /** What the counts are about: empty for the whole tenant, or the engine's name of one of its parts. */
  readonly scope: string;
  readonly tally: string;
}

export interface MinuteTally {
  readonly minute: EpochMs;
  readonly tally: string;
}

export interface HourTally {
  readonly hour: EpochMs;
  readonly tally: string;
}

/** Deliveries of a tenant that wait in the store. */
export interface BacklogCount {
  readonly tenantSeq: Seq;
  /** Their endpoint is not ACTIVE. */
  readonly held: number;
  /** They are due. */
  readonly ready: number;
  /** They wait for their next attempt. */
  readonly scheduled: number;
  /** There are more than was counted. */
  readonly more: boolean;
  readonly heldBytes: number;
  /** When the oldest one was created; null when none waits. */
  readonly oldestAt: EpochMs | null;
  /** Since when the delivery that could be claimed for the longest time waits; null when none could be claimed. */
  readonly readySince: EpochMs | null;
}

export interface HistoryVerbs {
  listDeliveries(filter: DeliveryFilter, cursor: Cursor | null, limit: number): Promise<DeliveryPage>;
  getDelivery(tenantSeq: Seq, id: Uuid): Promise<{ row: DeliveryRow; attempts: readonly AttemptRow[] } | null>;
  getEvent(tenantSeq: Seq, id: Uuid): Promise<EventView | null>;
  cancel(request: { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs }): Promise<CancelResult>;
  retry(request: { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs }): Promise<RetryResult>;
  /** Looks at no more than `EVENT_TARGETS_MAX` deliveries per call. Null when the tenant has no such event. */
  retryEvent(request: RetryOfEvent): Promise<RetriedOfEvent | null>;
  replay(request: ReplayRequest): Promise<ReplayResult>;
  /** The outcomes after this attempt, in order. Null asks only where the stream ends now. */
  tail(tenantSeq: Seq, after: Seq | null, limit: number): Promise<OutcomePage>;
  /** Every hour of [from, to), those with only zeros included. */
  countVolume(tenantSeq: Seq, from: EpochMs, to: EpochMs): Promise<readonly HourCounts[]>;
  /** Answered attempts by latency, in the five ranges that 100, 300, 1000 and 5000 ms divide. */
  countLatency(tenantSeq: Seq, from: EpochMs, to: EpochMs): Promise<readonly [number, number, number, number, number]>;
  /** Add tallies (the text of domain/history/tally.ts) to those of their hours. */
  addTallies(tallies: readonly NewTally[]): Promise<void>;
  /** The tallies of one scope in the hours of [from, to), in any order. Hours without one are left out. */
  readTallies(tenantSeq: Seq, scope: string, from: EpochMs, to: EpochMs): Promise<readonly HourTally[]>;
  /**
   * The tallies of one scope in the minutes of [from, to), of all nodes and in any order. Only a store that nodes share has
   * them, and only for `TALLY_MINUTES_MAX`.
   */
  readMinutes(tenantSeq: Seq, scope: string, from: EpochMs, to: EpochMs): Promise<readonly MinuteTally[]>;
  /** How many deliveries of the tenant all nodes have leased. */
  countInProgress(tenantSeq: Seq): Promise<number>;
  /** Of every tenant that has a backlog, or of one. Counts at most `WAITING_COUNT_MAX` deliveries of an endpoint. */
  countBacklogs(tenantSeq: Seq | null, now: EpochMs): Promise<readonly BacklogCount[]>;
  countEndpointHealth(tenantSeq: Seq, from: EpochMs, to: EpochMs): Promise<readonly EndpointHealthRow[]>;
  /** Attempts as they happened, by hour, in any order. Hours without one are left out. */
  countEndpointAttempts(
    tenantSeq: Seq,
    endpointSeqs: readonly Seq[],
    from: EpochMs,
    to: EpochMs,
  ): Promise<readonly EndpointHour[]>;
}

export type { DeliveryRef, DeliverySearch };
