/** The verbs on endpoints. */
import type { Actor } from "../../domain/access/access.ts";
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type {
  Destination,
  DisabledReason,
  Endpoint,
  EndpointSettings,
  EndpointStatus,
  MatchedEndpoint,
  Surface,
} from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Cursor } from "./cursor.ts";
import type { LaneState } from "./delivery.ts";

export interface CreateEndpoint {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly settings: EndpointSettings;
  readonly secret: string;
  readonly madeBy: Surface;
  readonly now: EpochMs;
}

/** Only what is present changes, all of it at once. */
export interface PatchEndpoint {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly settings?: Partial<EndpointSettings>;
  /** `toggle` flips between ACTIVE and DISABLED (a PAUSED one becomes ACTIVE), decided in the transaction. */
  readonly status?: EndpointStatus | "toggle";
  readonly disabledReason?: DisabledReason;
  /** The new signing secret, and until when the old one is still good; null switches at once. */
  readonly secret?: { readonly value: string; readonly previousUntil: EpochMs | null };
  readonly now: EpochMs;
}

/** An endpoint as a caller may see it, beside its settings. */
export interface EndpointView {
  readonly endpoint: Endpoint;
  /** Deliveries not yet ended, counted up to `WAITING_COUNT_MAX`. */
  readonly waiting: { readonly count: number; readonly more: boolean };
  readonly lastAttemptAt: EpochMs | null;
  /** Attempts since creation, tests included. */
  readonly successCount: number;
  readonly failureCount: number;
}

export interface EndpointPage {
  readonly views: readonly EndpointView[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

/** A page by its place in the list. */
export interface EndpointPlaces {
  readonly views: readonly EndpointView[];
  /** Of all pages. */
  readonly total: number;
}

/** What was read of a tenant's endpoints, as of one version of them; a publish compares it. */
export interface Versioned<T> {
  readonly version: number;
  readonly found: T;
}

/** The endpoints that an event goes to. */
export interface Match {
  readonly count: number;
  /** In creation order; empty when there are more than `EVENT_TARGETS_MAX`. */
  readonly endpoints: readonly MatchedEndpoint[];
}

export interface EndpointVerbs {
  createEndpoint(request: CreateEndpoint): Promise<{ kind: "created"; endpoint: Endpoint } | QuotaExceeded>;
  /** Null when the tenant has no such endpoint. */
  patchEndpoint(request: PatchEndpoint): Promise<{ endpoint: Endpoint; lane: LaneState } | null>;
  /** Erases secret and headers, keeps name and URL for the history; its backlog is cancelled by a job. */
  deleteEndpoint(request: { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs }): Promise<LaneState | null>;
  /**
   * The endpoints that events of these types go to: PAUSED ones are among them, DISABLED ones are not.
   *
   * One match for each type, in order; only for the first of them when together they have too many endpoints for one
   * read, but always for at least one.
   */
  matchTypes(tenantSeq: Seq, types: readonly string[]): Promise<Versioned<readonly Match[]>>;
  /** Those of these endpoints that the tenant has, DISABLED ones too; at most `ENDPOINTS_PER_READ_MAX` are asked for. */
  findEndpoints(tenantSeq: Seq, ids: readonly Uuid[]): Promise<Versioned<readonly MatchedEndpoint[]>>;
  /** How to send to these endpoints, without those whose secret does not open. */
  loadDestinations(tenantSeq: Seq, endpointSeqs: readonly Seq[]): Promise<Versioned<readonly Destination[]>>;
  getEndpoint(tenantSeq: Seq, id: Uuid): Promise<EndpointView | null>;
  /** In creation order. */
  listEndpoints(tenantSeq: Seq, cursor: Cursor | null, limit: number): Promise<EndpointPage>;
  /** In creation order; `offset` is at most `ENDPOINTS_PER_TENANT_MAX`. */
  listEndpointsFrom(tenantSeq: Seq, offset: number, limit: number): Promise<EndpointPlaces>;
}
