/** The verbs on endpoints. */
import type { Actor } from "../../domain/access.ts";
import type { DisabledReason, Endpoint, EndpointSettings, EndpointStatus, Surface } from "../../domain/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { QuotaExceeded } from "../../domain/quota.ts";
import type { LaneState } from "./delivering.ts";

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
  /** The sequence to go on after; null at the end. */
  readonly nextAfter: Seq | null;
}

/** A page by its place in the list. */
export interface EndpointPlaces {
  readonly views: readonly EndpointView[];
  /** Of all pages. */
  readonly total: number;
}

export interface TenantEndpoints {
  readonly version: number;
  readonly endpoints: readonly Endpoint[];
}

export interface EndpointVerbs {
  createEndpoint(request: CreateEndpoint): Promise<{ kind: "created"; endpoint: Endpoint } | QuotaExceeded>;
  /** Null when the tenant has no such endpoint. */
  patchEndpoint(request: PatchEndpoint): Promise<{ endpoint: Endpoint; lane: LaneState } | null>;
  /** Erases secret and headers, keeps name and URL for the history; its backlog is cancelled by a job. */
  deleteEndpoint(request: { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs }): Promise<LaneState | null>;
  /** All endpoints of a tenant that are not deleted, for matching events. */
  loadEndpoints(tenantSeq: Seq): Promise<TenantEndpoints>;
  getEndpoint(tenantSeq: Seq, id: Uuid): Promise<EndpointView | null>;
  /** In creation order. */
  listEndpoints(tenantSeq: Seq, after: Seq | null, limit: number): Promise<EndpointPage>;
  /** In creation order; `offset` is at most `ENDPOINTS_PER_TENANT_MAX`. */
  listEndpointsFrom(tenantSeq: Seq, offset: number, limit: number): Promise<EndpointPlaces>;
}
