/**
 * The verbs that move a delivery along: publish, claim, settle, release. A verb that takes an array returns one result
 * per element, in the same order.
 *
 * Terms: a *lane* is the queue of one endpoint's deliveries. A *lease* gives one delivery to one node; its token tells it
 * from every other lease. A node *owns* a lane from the moment it claims from the lane until it *disowns* the lane; no
 * other node claims from it meanwhile. A *wake* tells a node that a lane has something to claim.
 *
 * A request that names a delivery or a lane also names its tenant, so that a store can keep each tenant's rows together.
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
  /** The version of the tenant's endpoints that `targets` was matched against. If the store has a newer one: `stale`. */
  readonly endpointVersion: number;
  readonly targets: readonly PublishTarget[];
  /** Whether the caller named the endpoints; their filters then do not apply. */
  readonly named: boolean;
  /** Endpoints that the caller named and that get no delivery because they are DISABLED. The event records them. */
  readonly namedDisabled: readonly Seq[];
  readonly idempotency: IdempotencyClaim | null;
}

export interface PublishTarget {
  readonly endpointSeq: Seq;
  readonly deliveryId: Uuid;
  readonly format: Format;
  readonly ordered: boolean;
  /** The lease to take if the lane is free. Null when this node has no capacity: the delivery then waits in the store. */
  readonly token: LeaseToken | null;
}

/** One idempotency key of one tenant, as hexadecimal SHA-256 digests. */
export interface IdempotencyClaim {
  readonly surface: "events" | "pauses";
  readonly keyHash: string;
  /** Covers the type, the payload's bytes and the sorted endpoint ids. */
  readonly fingerprint: string;
}

export type PublishResult =
  | {
      readonly kind: "published";
      readonly eventSeq: Seq;
      /** The creation time of its deliveries: no earlier than the event's time, nor than that of any older delivery. */
      readonly createdAt: EpochMs;
      readonly deliveries: readonly PublishedDelivery[];
    }
  /** This idempotency key was used before, with the same fingerprint: the event of then and its original deliveries. */
  | { readonly kind: "repeated"; readonly eventId: Uuid; readonly deliveries: readonly DeliveryRef[] }
  /** This idempotency key was used before, with another fingerprint. */
  | { readonly kind: "conflict" }
  /** The tenant's endpoints changed since they were matched: match them again. */
  | { readonly kind: "stale" }
  /** The tenant's held endpoints have reached their limit of payload bytes. Names one that would hold more. */
  | { readonly kind: "backlogFull"; readonly endpointId: Uuid }
  /** The tenant has reached its storage quota. */
  | QuotaExceeded
  | Broken;

/** A bug made this one element fail. It was rolled back; the other elements are not affected. */
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

/** The state of a lane, without its deliveries. */
export interface LaneState {
  readonly endpointSeq: Seq;
  /**
   * Grows with each change of the lane, and is stored in the lane's row, so that all nodes agree. Of two states of one
   * lane, the one with the higher revision is newer, in whatever order the results arrive. States with the same revision
   * are equal.
   */
  readonly revision: number;
  /** When the next delivery that waits in the store can be claimed. Null when none waits, or when the lane is held. */
  readonly readyAt: EpochMs | null;
  readonly health: Health;
  /** No attempt starts before this time: the endpoint sent Retry-After, or an ordered lane waits for a retry. */
  readonly waitUntil: EpochMs | null;
  /** The endpoint is not ACTIVE, or is deleted. */
  readonly held: boolean;
  readonly deleted: boolean;
  /** The total duration of its past holds. A hold that still lasts does not count. */
  readonly heldMs: number;
  /** The endpoint's generation. A change that makes the effects of attempts in flight void raises it. */
  readonly generation: number;
  /** Which node owns the lane: the only one that claims for it, and the only one that sends if the lane is paced. */
  readonly owner: LaneOwner;
}

/** As a node sees it. */
export type LaneOwner = "self" | "other" | "nobody";

export interface ClaimRequest {
  readonly now: EpochMs;
  /** Lanes that this node owns and has capacity for, in the order in which to serve them. */
  readonly lanes: readonly {
    readonly endpointSeq: Seq;
    readonly count: number;
    /** Payload bytes. One delivery is claimed even if it is larger. */
    readonly bytesMax: number;
    /** Since the last claim of this lane, only this node leases from it. */
    readonly drain?: Drain;
    /** How many deliveries of the lane this node has leased. Needed with a `drain`. */
    readonly held?: number;
  }[];
  readonly adopt: Adopt;
  readonly deliveriesMax: number;
  readonly bytesMax: number;
  /** The first of `deliveriesMax` consecutive tokens that the caller has reserved for this claim. */
  readonly firstToken: LeaseToken;
}

/** Which ready lanes without an owner to adopt. Tenants take turns; of each tenant the lane that is ready longest is first. */
export interface Adopt {
  readonly lanesMax: number;
  /** How many deliveries to claim from each lane. */
  readonly countEach: number;
  /** Adopt no lane of these tenants. */
  readonly exceptTenants: readonly Seq[];
}

export interface ClaimResult {
  readonly lanes: readonly ClaimedLane[];
  /** Other lanes that got something to claim: those that `delivery.failed` goes to. */
  readonly woken: readonly Wake[];
  /** Lanes whose endpoint cannot be read, for example because its secret does not decrypt. They are claimed later. */
  readonly broken: readonly { readonly endpointSeq: Seq; readonly message: string }[];
  /** Whether ready lanes without an owner are left, not counting those of `exceptTenants`. */
  readonly more: boolean;
  /** Whether ready lanes of `exceptTenants` are left. */
  readonly passedOver: boolean;
  /** When the next lane without an owner becomes ready; null when no such lane waits. Ready lanes do not count. */
  readonly nextReadyAt: EpochMs | null;
}

export interface ClaimedLane {
  readonly endpoint: Destination;
  readonly state: LaneState;
  /** In the lane's order. */
  readonly deliveries: readonly LeasedDelivery[];
  /** Set while only this node leases from the lane. */
  readonly drain: Drain | null;
}

/**
 * Due deliveries are left in a lane that nodes share. Until a claim takes the last of them, no other node leases from the
 * lane, and its owner may use the whole limit on attempts in flight.
 */
export interface Drain {
  /** How many deliveries of the lane the other nodes have leased. They get no more. */
  readonly others: number;
  /** Whether only one due delivery is left. It is the node's when the node holds less than its share. */
  readonly isLast: boolean;
}

/** The record of one attempt. */
export interface AttemptRecord {
  readonly id: Uuid;
  /** Counts from 1 over the delivery's whole life, retries by hand included. */
  readonly number: number;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly httpStatus: number | null;
  readonly snippet: string | null;
  readonly errorDetail: string | null;
  readonly url: string;
  /** A line for each stored header of the response. Null when there is none. */
  readonly responseHeaders: string | null;
  /** In the form of `timingsText`. Null when nothing was measured. */
  readonly timings: string | null;
}

export interface Settlement {
  readonly tenantSeq: Seq;
  readonly deliverySeq: Seq;
  readonly token: LeaseToken;
  readonly endpointSeq: Seq;
  /** The endpoint's when the attempt started. The attempt affects the lane only if it is still the same. */
  readonly generation: number;
  readonly attempt: AttemptRecord;
  readonly transition: Transition;
}

export type SettleResult = SettledResult | Broken;

export interface SettledResult {
  /** `stale`: the lease was no longer ours. The attempt is recorded, and a success ends a delivery that has not ended. */
  readonly kind: "settled" | "stale";
  /** The attempt's sequence. It orders the outcomes in the stream. */
  readonly attemptSeq: Seq;
  /** The delivery's state now. It differs from the transition's if, for example, a cancel was requested meanwhile. */
  readonly state: "DELIVERED" | "FAILED" | "EXPIRED" | "CANCELLED" | "SCHEDULED";
  readonly lane: LaneState;
  /** Other lanes that got something to claim: those that `endpoint.disabled` and `delivery.failed` go to. */
  readonly woken: readonly Wake[];
  /** Whether this settlement disabled the endpoint. */
  readonly disabled: boolean;
}

/** A lane that has something to claim from `readyAt` on. */
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
  /** Leases of deliveries that were not sent. */
  readonly leases: readonly Lease[];
  /** True: each counts as a claim without a result, as after a crash. Left out: as if it had never been claimed. */
  readonly areVoid?: boolean;
  /** Lanes that this node gives up: it holds none of their deliveries, and any node may adopt them. */
  readonly disown: readonly LaneKey[];
}

/** The event, delivery and attempt of a test, which is recorded after it was sent. */
export interface TestRecord {
  readonly tenantSeq: Seq;
  readonly endpointSeq: Seq;
  readonly event: Event;
  readonly deliveryId: Uuid;
  readonly format: Format;
  readonly attempt: AttemptRecord;
  readonly transition: Transition;
}

export interface DeliveryVerbs {
  /** Store each event with its deliveries: the transaction that a 202 waits for. */
  publish(requests: readonly PublishRequest[]): Promise<readonly PublishResult[]>;
  /** Lease due deliveries of this node's lanes, and of ready lanes that it adopts. */
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /** Record attempts, and apply each to its delivery, its lane and the statistics. */
  settle(settlements: readonly Settlement[]): Promise<readonly SettleResult[]>;
  /** Release leases and lanes. Returns which of the lanes have something to claim. */
  release(request: ReleaseRequest): Promise<readonly Wake[]>;
  recordTest(record: TestRecord): Promise<void>;
}
