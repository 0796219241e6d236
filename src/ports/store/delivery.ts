/**
 * The verbs on the way of a delivery: publish, claim, settle, release. Arrays in, one result per element.
 *
 * A request that names a delivery or a lane names its tenant too, so that a store can keep each tenant's rows together.
 */

import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { LeasedDelivery, Transition } from "../../domain/delivery/delivery.ts";
import type { Event } from "../../domain/delivery/event.ts";
import type { Health } from "../../domain/delivery/health.ts";
import type { Destination, Format } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, LeaseToken, Seq, Uuid } from "../../domain/ids.ts";

export interface PublishRequest {
  readonly tenantSeq: Seq;
  readonly event: Event;
  /** The version of the tenant's endpoints that `targets` was worked out from; a newer one answers `stale`. */
  readonly endpointVersion: number;
  readonly targets: readonly PublishTarget[];
  /** Whether the caller named the endpoints, overriding their filters. */
  readonly named: boolean;
  /** Named endpoints that get none because they are DISABLED; the event says so. */
  readonly namedDisabled: readonly Seq[];
  readonly idempotency: IdempotencyClaim | null;
}

export interface PublishTarget {
  readonly endpointSeq: Seq;
  readonly deliveryId: Uuid;
  readonly format: Format;
  readonly ordered: boolean;
  /** The lease to take if the lane is free; null when this node has no room and the delivery is to wait in the store. */
  readonly token: LeaseToken | null;
}

/** One idempotency key of one tenant, as hexadecimal SHA-256 digests. */
export interface IdempotencyClaim {
  readonly surface: "events" | "pauses";
  readonly keyHash: string;
  /** Covers type, payload bytes and the sorted endpoint ids. */
  readonly fingerprint: string;
}

export type PublishResult =
  | {
      readonly kind: "published";
      readonly eventSeq: Seq;
      /** Its deliveries': not before the event's time, nor before any delivery that was there. */
      readonly createdAt: EpochMs;
      readonly deliveries: readonly PublishedDelivery[];
    }
  /** The same key and fingerprint came before: that event, and the deliveries it made then. */
  | { readonly kind: "repeated"; readonly eventId: Uuid; readonly deliveries: readonly DeliveryRef[] }
  | { readonly kind: "conflict" }
  | { readonly kind: "stale" }
  /** The tenant's paused endpoints hold as much as they may; this one would hold more. */
  | { readonly kind: "backlogFull"; readonly endpointId: Uuid }
  /** The tenant stores as much as it may. */
  | QuotaExceeded
  | Broken;

/** An error of ours in this element alone; the others of its group are not affected. */
export interface Broken {
  readonly kind: "broken";
  readonly message: string;
}

/** In the order of the request's targets. */
export interface PublishedDelivery {
  readonly seq: Seq;
  readonly leased: boolean;
}

export interface DeliveryRef {
  readonly deliveryId: Uuid;
  readonly endpointId: Uuid;
}

/** What the store knows of a lane beside its deliveries. */
export interface LaneState {
  readonly endpointSeq: Seq;
  /**
   * Grows with each change of the lane, whichever node makes it, and is kept in the lane's row. Of two states the one
   * with the higher revision is newer, in whatever order the answers arrive; states with the same revision are equal.
   */
  readonly revision: number;
  /** When the store next has a delivery for it; null when none waits or the lane is held. */
  readonly readyAt: EpochMs | null;
  readonly health: Health;
  /** No attempt before this: a Retry-After of the whole endpoint, or the wait of an ordered lane. */
  readonly waitUntil: EpochMs | null;
  /** Not ACTIVE, or deleted. */
  readonly held: boolean;
  /** How long it had been held before its present active time. */
  readonly heldMs: number;
  readonly generation: number;
}

export interface ClaimRequest {
  readonly now: EpochMs;
  /** Lanes that this node owns and has room in, in the order in which to serve them. */
  readonly lanes: readonly {
    readonly endpointSeq: Seq;
    readonly count: number;
    /** One delivery is claimed whatever its size. */
    readonly bytesMax: number;
  }[];
  readonly adopt: Adopt;
  readonly deliveriesMax: number;
  readonly bytesMax: number;
  /** Tokens are this and the integers after it; `deliveriesMax` of them are reserved. */
  readonly firstToken: LeaseToken;
}

/** Which of the ready lanes that no node owns to adopt: tenants in turn, of each the longest ready first. */
export interface Adopt {
  readonly lanesMax: number;
  /** How many deliveries to claim of each. */
  readonly countEach: number;
  /** Leave the lanes of these tenants. */
  readonly exceptTenants: readonly Seq[];
}

export interface ClaimResult {
  readonly lanes: readonly ClaimedLane[];
  /** Lanes whose endpoints cannot be read (a secret that does not open); they are put off, and hold up no other. */
  readonly broken: readonly { readonly endpointSeq: Seq; readonly message: string }[];
  /** Whether ready lanes that no node owns are left, besides those of `exceptTenants`. */
  readonly more: boolean;
  /** Whether ready lanes of `exceptTenants` were left. */
  readonly passedOver: boolean;
  /** When the next lane that no node owns will be ready, of those that are not; null when none will. */
  readonly nextReadyAt: EpochMs | null;
}

export interface ClaimedLane {
  readonly endpoint: Destination;
  readonly state: LaneState;
  /** In the lane's order. */
  readonly deliveries: readonly LeasedDelivery[];
}

/** The record of one attempt. */
export interface AttemptRecord {
  readonly id: Uuid;
  /** Counts from 1 over the delivery's whole life. */
  readonly number: number;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly httpStatus: number | null;
  readonly snippet: string | null;
  readonly errorDetail: string | null;
  readonly url: string;
}

export interface Settlement {
  readonly tenantSeq: Seq;
  readonly deliverySeq: Seq;
  readonly token: LeaseToken;
  readonly endpointSeq: Seq;
  /** The endpoint's when the attempt started; its effects apply only if it is unchanged. */
  readonly generation: number;
  readonly attempt: AttemptRecord;
  readonly transition: Transition;
}

export type SettleResult = SettledResult | Broken;

export interface SettledResult {
  /** `stale`: the lease was no longer ours; the attempt is in the history, a success may have ended the delivery. */
  readonly kind: "settled" | "stale";
  /** Orders the outcomes in the stream. */
  readonly attemptSeq: Seq;
  /** The delivery's state after it: may differ from the transition's, when a cancel was asked for meanwhile. */
  readonly state: "DELIVERED" | "FAILED" | "EXPIRED" | "CANCELLED" | "SCHEDULED";
  readonly lane: LaneState;
  /** Lanes that got something to do besides: those of an `endpoint.disabled` event. */
  readonly woken: readonly Wake[];
  /** Whether this settlement disabled the endpoint. */
  readonly disabled: boolean;
}

/** A lane that has something to do from `readyAt` on. */
export interface Wake {
  readonly endpointSeq: Seq;
  readonly readyAt: EpochMs;
}

export interface Lease {
  readonly tenantSeq: Seq;
  readonly deliverySeq: Seq;
  readonly token: LeaseToken;
}

/** Names one lane. */
export interface LaneKey {
  readonly tenantSeq: Seq;
  readonly endpointSeq: Seq;
}

export interface ReleaseRequest {
  readonly now: EpochMs;
  /** Claimed, and not sent. */
  readonly leases: readonly Lease[];
  /** Whether they count as claims that came to nothing, as after a crash; when left out, as never claimed. */
  readonly areVoid?: boolean;
  /** Lanes that this node no longer holds anything of. */
  readonly disown: readonly LaneKey[];
}

/** What a test sent and got, recorded only now. */
export interface TestRecord {
  readonly tenantSeq: Seq;
  readonly endpointSeq: Seq;
  readonly event: Event;
  readonly deliveryId: Uuid;
  readonly format: Format;
  readonly attempt: AttemptRecord;
  readonly transition: Transition;
}

export interface DeliveringVerbs {
  publish(requests: readonly PublishRequest[]): Promise<readonly PublishResult[]>;
  claim(request: ClaimRequest): Promise<ClaimResult>;
  settle(settlements: readonly Settlement[]): Promise<readonly SettleResult[]>;
  /** Give leases back. Answers the lanes that have something to do because of it. */
  release(request: ReleaseRequest): Promise<readonly Wake[]>;
  recordTest(record: TestRecord): Promise<void>;
}
