/** The verbs on sources and on the requests that are received from them. */
import type { Actor } from "../../domain/access/access.ts";
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { Event } from "../../domain/delivery/event.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { PauseStatusFacts, TransitionDirection } from "../../domain/inbound/pause-status.ts";
import type { Rejection } from "../../domain/inbound/request.ts";
import type { Source, SourceSettings } from "../../domain/inbound/source.ts";
import type { Cursor } from "./cursor.ts";
import type { Broken, Wake } from "./delivery.ts";

// ── Sources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface CreateSource {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly settings: SourceSettings;
  /** Null only for scheme `none`. */
  readonly secret: string | null;
  readonly now: EpochMs;
}

export type CreateSourceResult =
  | { readonly kind: "created"; readonly source: Source }
  /** Another source has this name. Names are unique across all tenants. */
  | { readonly kind: "nameTaken" }
  | QuotaExceeded;

export interface PatchSource {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  /** The scheme of a source cannot change. */
  readonly settings: Partial<Omit<SourceSettings, "scheme">>;
  readonly secret?: {
    readonly value: string;
    /** Until when the previous secret is accepted as well; null drops it at once. */
    readonly previousUntil: EpochMs | null;
  };
  readonly now: EpochMs;
}

export type PatchSourceResult =
  | { readonly kind: "patched"; readonly source: Source }
  | { readonly kind: "unknown" }
  | { readonly kind: "nameTaken" };

/** A deleted source. Its secrets are erased. */
export type DeletedSource = Omit<Source, "secret" | "previousSecret">;

export interface SourcePage {
  readonly sources: readonly Source[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

// ── Received requests ───────────────────────────────────────────────────────────────────────────────────────────────

/** `pauseStatus`: received by the pause-status API, in its own format. `any`: received at `/in/{source_id}`. */
export type InboundKind = "pauseStatus" | "any";

/** A request byte for byte, with all that is needed to verify it again. */
export interface RawRequest {
  /** The headers that a scheme can use, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  /** Fills its buffer exactly: part of a pooled buffer would copy the whole pool between threads. */
  readonly body: Uint8Array;
}

export interface Receive {
  readonly id: Uuid;
  readonly kind: InboundKind;
  readonly sourceSeq: Seq;
  readonly tenantSeq: Seq;
  readonly sourceName: string;
  readonly eventType: string | null;
  readonly raw: RawRequest;
  readonly address: string;
  readonly facts: PauseStatusFacts | null;
  /** Hexadecimal SHA-256 of what identifies the request, to detect repeats. Null when nothing identifies it. */
  readonly digest: string | null;
  /** The event to publish; null for none. */
  readonly event: Event | null;
  readonly now: EpochMs;
}

export type ReceiveResult =
  | { readonly kind: "received"; readonly woken: readonly Wake[] }
  /** The same request was received before. Nothing was done. */
  | {
      readonly kind: "repeated";
      readonly id: Uuid;
      readonly direction: TransitionDirection | null;
      readonly triggered: boolean;
      /** The event that the first request published. */
      readonly eventId: Uuid | null;
    }
  /** The tenant has reached its storage quota. */
  | QuotaExceeded
  | Broken;

export interface Refuse {
  readonly id: Uuid;
  readonly kind: InboundKind;
  /** Null when the request names no known source. */
  readonly source: { readonly seq: Seq; readonly tenantSeq: Seq } | null;
  /** For `pauseStatus`, the name that the request gives; null when none could be read. */
  readonly sourceName: string | null;
  readonly eventType: string | null;
  readonly raw: RawRequest;
  /**
   * The request's `Authorization`, for a source of scheme `basic`. It is kept encrypted, to verify the request again, and
   * no record shows it. It is erased once the request is valid, and with its record or its source. Null for none.
   */
  readonly credentials: string | null;
  /** The size of the whole body. Only the beginning of a large body is kept. */
  readonly bodyBytes: number;
  readonly address: string;
  readonly rejection: Rejection;
  readonly explanation: string;
  readonly now: EpochMs;
}

/** The kept `Refuse.credentials` of a refused request. */
export type KeptCredentials =
  | { readonly kind: "kept"; readonly authorization: string }
  | { readonly kind: "none" }
  /** They are there, but the master key does not decrypt them. */
  | { readonly kind: "unopenable" };

export interface InboundRecord {
  readonly seq: Seq;
  readonly id: Uuid;
  readonly kind: InboundKind;
  readonly tenantSeq: Seq | null;
  readonly sourceId: Uuid | null;
  readonly sourceName: string | null;
  readonly eventType: string | null;
  readonly valid: boolean;
  readonly rejection: Rejection | null;
  readonly explanation: string | null;
  readonly raw: RawRequest;
  readonly bodyBytes: number;
  readonly address: string;
  readonly facts: PauseStatusFacts | null;
  readonly receivedAt: EpochMs;
  /** When it was verified; null until then. */
  readonly processedAt: EpochMs | null;
  readonly reprocessedAt: EpochMs | null;
  readonly notes: string | null;
  /** The events that it published, oldest first, at most `INBOUND_EVENTS_SHOWN_MAX`. */
  readonly eventIds: readonly Uuid[];
}

/** A record as lists show it. */
export type InboundRow = Omit<InboundRecord, "raw" | "eventIds">;

/** All conditions must hold. Null is no condition. */
export interface InboundFilter {
  readonly kind: InboundKind | null;
  readonly tenantSeq: Seq;
  /** Also records that belong to no tenant because their source is not known. */
  readonly includeUnattributed: boolean;
  readonly sourceId: Uuid | null;
  readonly sourceName: string | null;
  readonly eventType: string | null;
  readonly direction: TransitionDirection | null;
  readonly valid: boolean | null;
  /** Only requests that were refused for this reason. */
  readonly rejection: Rejection | null;
  /** Received at this time or later. */
  readonly from: EpochMs | null;
  /** Received before this time. */
  readonly to: EpochMs | null;
}

export interface InboundPage {
  /** Newest first. */
  readonly rows: readonly InboundRow[];
  readonly total: number;
}

/** What to count of the requests that were received in a span: a bucket for each step from `from` on. */
export interface InboundSpan extends Pick<InboundFilter, "tenantSeq" | "includeUnattributed"> {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly stepMs: number;
}

export interface InboundCounts {
  /** Earlier requests are not counted: there are more than `INBOUND_COUNTED_ROWS_MAX`. Null when all are counted. */
  readonly since: EpochMs | null;
  /** In any order. Those without a request are left out. */
  readonly buckets: readonly { readonly at: EpochMs; readonly valid: number; readonly refused: number }[];
  /** The busiest first, at most `INBOUND_COUNTED_SOURCES_MAX`. */
  readonly sources: readonly InboundOfSource[];
}

export interface InboundOfSource {
  /** Null: of no source that is known. */
  readonly sourceId: Uuid | null;
  readonly sourceName: string | null;
  readonly valid: number;
  readonly refused: number;
  readonly lastAt: EpochMs;
}

/** How many refused requests are kept of one source for one reason. */
export interface RefusedSum {
  /** Null: of no source that is known. */
  readonly sourceId: Uuid | null;
  readonly sourceName: string | null;
  readonly rejection: Rejection;
  readonly count: number;
  readonly lastAt: EpochMs;
}

export interface RejectedPage {
  /** Oldest first. */
  readonly records: readonly InboundRecord[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

export interface Reprocess {
  readonly actor: Actor;
  /** Null: a record of any tenant. */
  readonly tenantSeq: Seq | null;
  readonly id: Uuid;
  /** The event to publish; null for none. */
  readonly event: Event | null;
  /** What a rejected record becomes, now that it was verified; null for a record that was valid before. */
  readonly verified: Pick<Receive, "sourceSeq" | "tenantSeq" | "sourceName" | "eventType" | "facts" | "digest"> | null;
  /** The record's new event type. When it is absent, the type stays, or becomes that of `verified`. */
  readonly eventType?: string;
  readonly notes?: string | null;
  readonly now: EpochMs;
}

export type ReprocessResult =
  | { readonly kind: "reprocessed"; readonly record: InboundRecord; readonly woken: readonly Wake[] }
  /** Another call has verified it meanwhile, or the same request was received again. Nothing was done. */
  | { readonly kind: "repeated"; readonly id: Uuid }
  | { readonly kind: "unknown" };

export interface InboundVerbs {
  createSource(request: CreateSource): Promise<CreateSourceResult>;
  patchSource(request: PatchSource): Promise<PatchSourceResult>;
  /** Erases its secrets and keeps what was received from it. False when the tenant has no such source. */
  deleteSource(request: { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs }): Promise<boolean>;
  getSource(tenantSeq: Seq, id: Uuid): Promise<Source | null>;
  /** Whether the tenant has or had such a source. A deleted source is known for as long as its records are kept. */
  hadSource(tenantSeq: Seq, id: Uuid): Promise<boolean>;
  /** A deleted source, for as long as its records are kept, so that they can be published again. */
  getDeletedSource(tenantSeq: Seq, id: Uuid): Promise<DeletedSource | null>;
  /** In creation order. */
  listSources(tenantSeq: Seq, cursor: Cursor | null, limit: number): Promise<SourcePage>;
  /** A source of any tenant. */
  findSource(by: { readonly id: Uuid } | { readonly name: string }): Promise<Source | null>;
  /** Creates those that are missing, for the first tenant. Returns the names of those whose stored secret differs. */
  ensureSources(
    sources: readonly { readonly id: Uuid; readonly name: string; readonly secret: string }[],
    now: EpochMs,
  ): Promise<readonly string[]>;

  /** Record a request, remember its digest, and publish its event, in one transaction. One result per element. */
  receive(requests: readonly Receive[]): Promise<readonly ReceiveResult[]>;
  /** Record refused requests, up to the limits on how many are kept. */
  refuse(requests: readonly Refuse[]): Promise<void>;
  listInbound(filter: InboundFilter, offset: number, limit: number): Promise<InboundPage>;
  /**
   * Sums of the refused requests that were received at `from` or later, the largest first, at most
   * `REFUSED_SUMS_COUNT_MAX`.
   */
  sumRefused(
    filter: Pick<InboundFilter, "tenantSeq" | "includeUnattributed"> & { readonly from: EpochMs },
  ): Promise<readonly RefusedSum[]>;
  /** Counts the requests that are kept. */
  countInbound(span: InboundSpan): Promise<InboundCounts>;
  /** `tenantSeq` null: a record of any tenant. */
  getInbound(tenantSeq: Seq | null, id: Uuid): Promise<InboundRecord | null>;
  /** Of a refused record of any tenant, to verify it again. Null when there is no such record, or it is valid by now. */
  getCredentials(id: Uuid): Promise<KeptCredentials | null>;
  /** The rejected records of a source, to verify them again. */
  listRejected(tenantSeq: Seq, sourceId: Uuid, cursor: Cursor | null, limit: number): Promise<RejectedPage>;
  reprocess(request: Reprocess): Promise<ReprocessResult>;
  noteInbound(request: {
    actor: Actor;
    tenantSeq: Seq | null;
    id: Uuid;
    notes: string | null;
    now: EpochMs;
  }): Promise<InboundRecord | null>;
  deleteInbound(request: { actor: Actor; tenantSeq: Seq | null; id: Uuid; now: EpochMs }): Promise<boolean>;
  /** The record that published this event; null when no record did. */
  findInboundOfEvent(tenantSeq: Seq, eventId: Uuid): Promise<Uuid | null>;
}
