/** The verbs on endpoints. */

import type { Actor } from "../../domain/access/access.ts";
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { Classification } from "../../domain/delivery/delivery.ts";
import type { Health } from "../../domain/delivery/health.ts";
import type {
  Destination,
  DisabledReason,
  Endpoint,
  EndpointSettings,
  EndpointStatus,
  EndpointSurface,
  MatchedEndpoint,
  Transport,
} from "../../domain/endpoints/endpoint.ts";
import type { EndpointState } from "../../domain/endpoints/endpoint-state.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Detail } from "../../domain/pauses/pause.ts";
import type { Cursor } from "./cursor.ts";
import type { LaneState } from "./delivery.ts";

export interface CreateEndpoint {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly settings: EndpointSettings;
  readonly secret: string;
  /** `http` when it is left out. */
  readonly transport?: Transport;
  readonly createdThrough: EndpointSurface;
  readonly now: EpochMs;
}

/** Changes only what is present, all of it in one transaction. */
export interface PatchEndpoint {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly settings?: Partial<EndpointSettings>;
  /** `toggle` makes an ACTIVE endpoint DISABLED and any other ACTIVE. The transaction decides which. */
  readonly status?: EndpointStatus | "toggle";
  readonly disabledReason?: DisabledReason;
  /** The new signing secret, and until when the previous one is used as well; null drops the previous one at once. */
  readonly secret?: { readonly value: string; readonly previousUntil: EpochMs | null };
  /** The details of a question about it: without effect if the endpoint is not as these show it. */
  readonly shown?: readonly Detail[];
  readonly now: EpochMs;
}

/** An endpoint, and what lists show of its deliveries and attempts. */
export interface EndpointView {
  readonly endpoint: Endpoint;
  /** Deliveries that have not ended, counted up to `WAITING_COUNT_MAX`. */
  readonly waiting: { readonly count: number; readonly more: boolean };
  /** How many of them the nodes have leased. */
  readonly leased: number;
  readonly lastAttemptAt: EpochMs | null;
  /** Successful attempts since the endpoint was created, tests included. */
  readonly successCount: number;
  /** Failed attempts since the endpoint was created, tests included. */
  readonly failureCount: number;
  readonly lastSuccessAt: EpochMs | null;
  readonly lastFailure: AttemptFailure | null;
  readonly health: Health;
  /** The first failed attempt after the last success; null when there is none. */
  readonly failingSince: EpochMs | null;
  /** No attempt starts before this time; null when it waits for nothing. */
  readonly waitUntil: EpochMs | null;
  /** When the delivery at the front of its backlog was created; null when none waits in the store. */
  readonly oldestAt: EpochMs | null;
  /** Payload bytes that arrived while it was held. */
  readonly heldBytes: number;
  /** Null for an endpoint with a URL. */
  readonly listener: ListenerState | null;
}

/** Who listens, or who did last. */
export interface ListenerState {
  readonly isConnected: boolean;
  /** `ada@laptop`; null before the first reader. */
  readonly reader: string | null;
  /** Null unless somebody listens. */
  readonly connectedAt: EpochMs | null;
  /** When somebody listened last; without a reader so far, when it was created. */
  readonly seenAt: EpochMs;
}

/** What happened in a failed attempt. */
export interface AttemptFailure {
  readonly at: EpochMs;
  readonly classification: Classification;
  readonly httpStatus: number | null;
  readonly errorDetail: string | null;
}

/** Which endpoints a list has. Null conditions do not apply. */
export interface EndpointFilter {
  readonly states: readonly EndpointState[] | null;
  /** A part of the name or the URL, in any case. */
  readonly text: string | null;
  /** Search no query of a URL, so that nobody finds a credential letter by letter. */
  readonly withoutSecrets?: true;
  /** Endpoints that take events of this type. */
  readonly eventType: string | null;
  /** The time as of which an endpoint has its state. */
  readonly now: EpochMs;
}

export interface EndpointPage {
  readonly views: readonly EndpointView[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

/** A page that begins at an offset. */
export interface EndpointOffsetPage {
  readonly views: readonly EndpointView[];
  /** How many endpoints the tenant has. */
  readonly total: number;
}

/** What was read of one version of a tenant's endpoints. The publish that uses it checks that the version is current. */
export interface Versioned<T> {
  readonly version: number;
  readonly found: T;
}

/** The endpoints that an event goes to. */
export interface Match {
  readonly count: number;
  /** In creation order. Empty when there are more than `EVENT_TARGETS_MAX`. */
  readonly endpoints: readonly MatchedEndpoint[];
}

export interface EndpointVerbs {
  createEndpoint(request: CreateEndpoint): Promise<{ kind: "created"; endpoint: Endpoint } | QuotaExceeded>;
  /** Null when the tenant has no such endpoint, or it is not as `shown`. */
  patchEndpoint(request: PatchEndpoint): Promise<{ endpoint: Endpoint; lane: LaneState } | null>;
  /** Erases the secret and the headers. The name and URL stay for the history. A job cancels what still waits. */
  deleteEndpoint(request: { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs }): Promise<LaneState | null>;
  /**
   * The endpoints that events of these types go to. PAUSED endpoints are included, DISABLED ones are not.
   *
   * Returns one match per type, in order. When the types together match too many endpoints for one read, it returns only
   * the first matches, and at least one.
   */
  matchTypes(tenantSeq: Seq, types: readonly string[]): Promise<Versioned<readonly Match[]>>;
  /** Those of these endpoints that the tenant has, DISABLED ones included. Asks for at most `ENDPOINTS_PER_READ_MAX`. */
  findEndpoints(tenantSeq: Seq, ids: readonly Uuid[]): Promise<Versioned<readonly MatchedEndpoint[]>>;
  /** How to send to these endpoints. Leaves out those whose secret does not decrypt. */
  loadDestinations(tenantSeq: Seq, endpointSeqs: readonly Seq[]): Promise<Versioned<readonly Destination[]>>;
  getEndpoint(tenantSeq: Seq, id: Uuid): Promise<EndpointView | null>;
  /** In creation order. With a filter, a page can be shorter than `limit` although there are more. */
  listEndpoints(
    tenantSeq: Seq,
    cursor: Cursor | null,
    limit: number,
    filter?: EndpointFilter | null,
  ): Promise<EndpointPage>;
  /** How many endpoints are in each state. */
  countEndpointStates(tenantSeq: Seq, now: EpochMs): Promise<Readonly<Record<EndpointState, number>>>;
  /** In creation order; `offset` is at most `ENDPOINTS_PER_TENANT_MAX`. */
  listEndpointsFrom(tenantSeq: Seq, offset: number, limit: number): Promise<EndpointOffsetPage>;
}
