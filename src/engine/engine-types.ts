/** The engine's interface for the API. Every call is for one tenant, by an authenticated actor. */
import type { Actor, Role } from "../domain/access/access.ts";
import type { QuotaChanges, QuotaExceeded } from "../domain/access/quota.ts";
import type { DeliveryState } from "../domain/delivery/delivery.ts";
import type { Endpoint, EndpointSettings, Surface } from "../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq, Uuid } from "../domain/ids.ts";
import type {
  AttemptRow,
  Cursor,
  DeliveryPage,
  DeliveryRow,
  DeliverySearch,
  EndpointHealthRow,
  EndpointOffsetPage,
  EndpointPage,
  EndpointView,
  EventView,
  HourCounts,
  Job,
  KeyPage,
  KeyRow,
  OutcomeRow,
  RetryResult,
  RevokeKeyResult,
  StoreStats,
  Tenant,
  TenantPage,
  TenantView,
} from "../ports/store.ts";
import type { Caller } from "./access/caller.ts";
import type { Admission } from "./access/publish-rate.ts";
import type { SessionService } from "./access/session-types.ts";
import type { Cursors } from "./history/cursors.ts";
import type { LedgerService } from "./history/ledger.ts";
import type { InboundService } from "./inbound/inbound-service.ts";
import type { PauseService } from "./pauses/pause-types.ts";

export type { Caller } from "./access/caller.ts";
export type { Admission, TooFast } from "./access/publish-rate.ts";

export interface PublishInput {
  readonly type: string;
  /** The JSON text of the payload, as it was sent. */
  readonly payload: string;
  /** Without duplicates. Null sends the event to every endpoint whose filter matches. */
  readonly endpointIds: readonly Uuid[] | null;
  readonly idempotencyKey: string | null;
}

export type PublishAnswer =
  | {
      readonly kind: "accepted";
      readonly eventId: Uuid;
      readonly deliveries: readonly {
        readonly deliveryId: Uuid;
        readonly endpointId: Uuid;
        readonly created: boolean;
      }[];
    }
  /** The idempotency key was used before with different content. */
  | { readonly kind: "conflict" }
  | { readonly kind: "unknownEndpoints"; readonly endpointIds: readonly Uuid[] }
  /** More endpoints match than one event may go to (`EVENT_TARGETS_MAX`). */
  | { readonly kind: "tooManyTargets"; readonly count: number }
  /** 507: the tenant's paused endpoints hold as many bytes as they may. */
  | { readonly kind: "backlogFull"; readonly endpointId: Uuid }
  /** 507: the tenant has used up its storage quota. */
  | QuotaExceeded;

export interface CreateEndpointInput {
  readonly madeBy: Surface;
  /** A null `name` becomes the URL's host. Missing fields take the surface's defaults. */
  readonly settings: Partial<Omit<EndpointSettings, "name" | "url">> & {
    readonly url: string;
    readonly name: string | null;
  };
  /** Null generates a secret. */
  readonly secret: string | null;
}

export type CreateEndpointAnswer =
  | { readonly kind: "created"; readonly endpoint: Endpoint; readonly generatedSecret: string | null }
  | { readonly kind: "urlRefused"; readonly reason: string }
  | QuotaExceeded;

export interface PatchEndpointInput {
  readonly settings?: Partial<EndpointSettings>;
  readonly status?: "ACTIVE" | "PAUSED" | "DISABLED" | "toggle";
  readonly secret?: string;
}

export type PatchEndpointAnswer =
  | { readonly kind: "patched"; readonly view: EndpointView }
  | { readonly kind: "unknown" }
  | { readonly kind: "urlRefused"; readonly reason: string };

export interface RotateSecretAnswer {
  /** Null when the caller provided the secret. */
  readonly generatedSecret: string | null;
  /** When the previous secret stops being valid. Without an overlap this is now. */
  readonly previousExpiresAt: EpochMs;
}

export interface TestAnswer {
  readonly success: boolean;
  readonly httpStatus: number | null;
  /** A sentence for people: the event was sent, or what went wrong. */
  readonly message: string;
}

export interface ListDeliveriesInput {
  readonly state: DeliveryState | null;
  readonly endpointId: Uuid | null;
  readonly eventId: Uuid | null;
  /** An exact event type, or a prefix with `.*`. */
  readonly eventType: string | null;
  readonly search: DeliverySearch | null;
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
  readonly cursor: Cursor | null;
  readonly limit: number;
}

export type RetryEventAnswer =
  /** The deliveries that wait again, oldest first. */
  | { readonly kind: "queued"; readonly deliveryIds: readonly [Uuid, ...Uuid[]] }
  /** No delivery had failed, except tests and deliveries to deleted endpoints. */
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown" };

export type ReplayAnswer =
  | { readonly kind: "created"; readonly batchId: Uuid; readonly count: number; readonly skipped: number }
  | { readonly kind: "unknown"; readonly deliveryIds: readonly Uuid[] };

/** A live feed of outcomes. */
export interface OutcomeStream {
  /** `done` when the reader has fallen behind or the server stops. */
  next(): Promise<{ readonly done: false; readonly value: OutcomeRow } | { readonly done: true }>;
  close(): void;
}

export interface CreatedKey {
  readonly kind: "created";
  readonly row: KeyRow;
  /** Shown once. */
  readonly apiKey: string;
}

export type CreateKeyAnswer = CreatedKey | QuotaExceeded;

/** Only the fields that are present change. */
export interface PatchTenantInput {
  readonly name?: string;
  readonly quotas?: QuotaChanges;
}

export interface EndpointService {
  /** Why an endpoint may not have this URL; null when it may. `create` and `patch` make the same check. */
  urlFault(url: string): Promise<string | null>;
  create(caller: Caller, input: CreateEndpointInput): Promise<CreateEndpointAnswer>;
  get(caller: Caller, id: Uuid): Promise<EndpointView | null>;
  list(caller: Caller, cursor: Cursor | null, limit: number): Promise<EndpointPage>;
  /** A page by its offset, and the total. */
  listFrom(caller: Caller, offset: number, limit: number): Promise<EndpointOffsetPage>;
  /** The ids among these that are not endpoints of the tenant. */
  unknown(caller: Caller, ids: readonly Uuid[]): Promise<readonly Uuid[]>;
  patch(caller: Caller, id: Uuid, input: PatchEndpointInput): Promise<PatchEndpointAnswer>;
  remove(caller: Caller, id: Uuid): Promise<boolean>;
  rotateSecret(
    caller: Caller,
    id: Uuid,
    input: { readonly secret: string | null; readonly overlapSeconds: number },
  ): Promise<RotateSecretAnswer | null>;
  /** Sends the event `test`, whatever the endpoint's status, and waits for the response. */
  test(caller: Caller, id: Uuid): Promise<TestAnswer | null>;
  /** The job's id; null when there is no such endpoint. */
  recover(caller: Caller, id: Uuid, since: EpochMs): Promise<Uuid | null>;
}

export interface HistoryService {
  listDeliveries(caller: Caller, input: ListDeliveriesInput): Promise<DeliveryPage>;
  getDelivery(
    caller: Caller,
    id: Uuid,
  ): Promise<{ readonly row: DeliveryRow; readonly attempts: readonly AttemptRow[] } | null>;
  getEvent(caller: Caller, id: Uuid): Promise<EventView | null>;
  cancel(caller: Caller, id: Uuid): Promise<"cancelled" | "ended" | "unknown">;
  retry(caller: Caller, id: Uuid): Promise<RetryResult>;
  /** Retry all failed deliveries of an event. */
  retryEvent(caller: Caller, eventId: Uuid): Promise<RetryEventAnswer>;
  replay(caller: Caller, deliveryIds: readonly Uuid[], dryRun: boolean): Promise<ReplayAnswer>;
  getJob(caller: Caller, id: Uuid): Promise<Job | null>;
  /** Counts by hour, for whole hours back from now. */
  volume(caller: Caller, hours: number): Promise<readonly HourCounts[]>;
  latency(caller: Caller, hours: number): Promise<readonly [number, number, number, number, number]>;
  endpointHealth(caller: Caller, hours: number): Promise<readonly EndpointHealthRow[]>;
  /** Null when the tenant has `STREAMS_PER_TENANT_MAX` streams open. `after` resumes after this outcome. */
  stream(caller: Caller, after: Seq | null): OutcomeStream | null;
}

export interface AccessService {
  /** The actor that a key belongs to; null when the key is unknown or revoked. */
  authenticate(apiKey: string): Promise<Actor | null>;
  findTenant(id: Uuid): Promise<Tenant | null>;
  createKey(caller: Caller, input: { name: string; role: Role; test: boolean }): Promise<CreateKeyAnswer>;
  /** In creation order. */
  listKeys(caller: Caller, cursor: Cursor | null, limit: number): Promise<KeyPage>;
  revokeKey(caller: Caller, id: Uuid): Promise<RevokeKeyResult>;
  /** Replaces the actor's own key. Null when the actor is not a key, or the key was revoked in the meantime. */
  rotateKey(caller: Caller): Promise<string | null>;
  createTenant(caller: Caller, name: string): Promise<{ readonly tenant: Tenant; readonly apiKey: string }>;
  /** With its quotas and its usage. */
  getTenant(id: Uuid): Promise<TenantView | null>;
  /** Null when there is no such tenant. */
  patchTenant(caller: Caller, id: Uuid, input: PatchTenantInput): Promise<TenantView | null>;
  listTenants(cursor: Cursor | null, limit: number): Promise<TenantPage>;
}

export interface Engine {
  /** Count events towards the tenant's rate, before they are published. */
  admit(caller: Caller, events: number): Admission | Promise<Admission>;
  /** Throws `StoreUnavailable` while the store cannot commit, or while too many bytes wait for it. */
  publish(caller: Caller, input: PublishInput): Promise<PublishAnswer>;
  readonly endpoints: EndpointService;
  readonly history: HistoryService;
  readonly ledger: LedgerService;
  readonly access: AccessService;
  readonly sessions: SessionService;
  readonly pauses: PauseService;
  readonly inbound: InboundService;
  readonly cursors: Cursors;
  readonly status: {
    /** Whether the server is still creating the first tenant, its key and the configured sources. */
    isStarting(): boolean;
    /** Whether a publish would be accepted now, and the reason when it would not. */
    ready(): { readonly ready: true } | { readonly ready: false; readonly reason: string };
    gauges(): EngineGauges;
    store(): Promise<StoreStats>;
  };
}

/** The engine's numbers for the metrics. */
export interface EngineGauges {
  readonly inFlight: number;
  readonly heldInMemory: number;
  readonly heldBytes: number;
  readonly lanes: number;
  readonly publishQueue: number;
  readonly settleQueue: number;
}
