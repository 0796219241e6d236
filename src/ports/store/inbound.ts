/** The verbs on sources, and on what is received from them. */
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
  /** Null for scheme `none` alone. */
  readonly secret: string | null;
  readonly now: EpochMs;
}

export type CreateSourceResult =
  | { readonly kind: "created"; readonly source: Source }
  /** Names are the installation's: another source has it, whoever's it is. */
  | { readonly kind: "nameTaken" }
  | QuotaExceeded;

export interface PatchSource {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  /** A scheme never changes. */
  readonly settings: Partial<Omit<SourceSettings, "scheme">>;
  readonly secret?: {
    readonly value: string /** Until when the one before holds as well; null: no longer. */;
    readonly previousUntil: EpochMs | null;
  };
  readonly now: EpochMs;
}

export type PatchSourceResult =
  | { readonly kind: "patched"; readonly source: Source }
  | { readonly kind: "unknown" }
  | { readonly kind: "nameTaken" };

/** A source that is deleted: its secrets are erased. */
export type DeletedSource = Omit<Source, "secret" | "previousSecret">;

export interface SourcePage {
  readonly sources: readonly Source[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

// ── What is received ────────────────────────────────────────────────────────────────────────────────────────────────

/** `pauseStatus`: at its own surface, and in its own shape. `any`: at `/in/{source_id}`. */
export type InboundKind = "pauseStatus" | "any";

/** The request byte for byte, with what it takes to verify it again. */
export interface RawRequest {
  /** Those that any scheme may look at, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  /** Of exactly its buffer's size: a piece of a pooled buffer would take the whole pool along between threads. */
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
  /** SHA-256 as hexadecimal of what makes a repeat; null: nothing tells, and none is looked for. */
  readonly digest: string | null;
  /** What it publishes; null: nothing. */
  readonly event: Event | null;
  readonly now: EpochMs;
}

export type ReceiveResult =
  | { readonly kind: "received"; readonly woken: readonly Wake[] }
  /** It came before; nothing has been done. */
  | {
      readonly kind: "repeated";
      readonly id: Uuid;
      readonly direction: TransitionDirection | null;
      readonly triggered: boolean;
      /** The event that it published. */
      readonly eventId: Uuid | null;
    }
  /** The tenant stores as much as it may. */
  | QuotaExceeded
  | Broken;

export interface Refuse {
  readonly id: Uuid;
  readonly kind: InboundKind;
  /** Null: no source that is known. */
  readonly source: { readonly seq: Seq; readonly tenantSeq: Seq } | null;
  /** What it calls itself, for `pauseStatus`; null: nothing that could be read. */
  readonly sourceName: string | null;
  readonly eventType: string | null;
  readonly raw: RawRequest;
  /**
   * What it is verified by and no record shows: its `Authorization`, for a source of scheme `basic`. Kept sealed, to
   * verify it again; erased once it is valid, and with its record or its source. Null: nothing of that kind.
   */
  readonly credentials: string | null;
  /** Of the whole body, of which only the beginning may be kept. */
  readonly bodyBytes: number;
  readonly address: string;
  readonly rejection: Rejection;
  readonly explanation: string;
  readonly now: EpochMs;
}

/** What is left of a refused request's `Refuse.credentials`. */
export type KeptCredentials =
  | { readonly kind: "kept"; readonly authorization: string }
  | { readonly kind: "none" }
  /** They are there, and this store's master key does not open them. */
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
  /** Null until it was verified. */
  readonly processedAt: EpochMs | null;
  readonly reprocessedAt: EpochMs | null;
  readonly notes: string | null;
  /** The events that it published, the oldest first; at most `INBOUND_EVENTS_SHOWN_MAX`. */
  readonly eventIds: readonly Uuid[];
}

/** As lists show it. */
export type InboundRow = Omit<InboundRecord, "raw" | "eventIds">;

/** Every condition must hold; null asks for nothing. */
export interface InboundFilter {
  readonly kind: InboundKind | null;
  readonly tenantSeq: Seq;
  /** Also what belongs to no tenant, since its source is not known. */
  readonly andNobodys: boolean;
  readonly sourceId: Uuid | null;
  readonly sourceName: string | null;
  readonly eventType: string | null;
  readonly direction: TransitionDirection | null;
  readonly valid: boolean | null;
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

export interface RejectedPage {
  /** Oldest first. */
  readonly records: readonly InboundRecord[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

export interface Reprocess {
  readonly actor: Actor;
  /** Null: whichever tenant's. */
  readonly tenantSeq: Seq | null;
  readonly id: Uuid;
  /** What it publishes; null: nothing. */
  readonly event: Event | null;
  /** Set when a rejected one has now been verified: what it becomes. */
  readonly verified: Pick<Receive, "sourceSeq" | "tenantSeq" | "sourceName" | "eventType" | "facts" | "digest"> | null;
  /** What its record's type becomes; absent: it stays, or is `verified`'s. */
  readonly eventType?: string;
  readonly notes?: string | null;
  readonly now: EpochMs;
}

export type ReprocessResult =
  | { readonly kind: "reprocessed"; readonly record: InboundRecord; readonly woken: readonly Wake[] }
  /** Verified meanwhile by somebody else, or what it says came by another way: nothing has been done. */
  | { readonly kind: "repeated"; readonly id: Uuid }
  | { readonly kind: "unknown" };

export interface InboundVerbs {
  createSource(request: CreateSource): Promise<CreateSourceResult>;
  patchSource(request: PatchSource): Promise<PatchSourceResult>;
  /** Its secrets are erased; what came from it stays. False when the tenant has none such. */
  deleteSource(request: { actor: Actor; tenantSeq: Seq; id: Uuid; now: EpochMs }): Promise<boolean>;
  getSource(tenantSeq: Seq, id: Uuid): Promise<Source | null>;
  /** Whether the tenant has such a source, or had: a deleted one is known for as long as what came from it is kept. */
  hadSource(tenantSeq: Seq, id: Uuid): Promise<boolean>;
  /** A deleted one, for as long as what came from it is kept: what it published is published again. */
  getDeletedSource(tenantSeq: Seq, id: Uuid): Promise<DeletedSource | null>;
  /** In creation order. */
  listSources(tenantSeq: Seq, cursor: Cursor | null, limit: number): Promise<SourcePage>;
  /** Whosever it is. */
  findSource(by: { readonly id: Uuid } | { readonly name: string }): Promise<Source | null>;
  /** Makes those that are missing, for the first tenant; answers the names whose stored secret differs. */
  ensureSources(
    sources: readonly { readonly id: Uuid; readonly name: string; readonly secret: string }[],
    now: EpochMs,
  ): Promise<readonly string[]>;

  /** Record, remember against repeats, publish: in one transaction. One result per element. */
  receive(requests: readonly Receive[]): Promise<readonly ReceiveResult[]>;
  /** Keep what was refused, within the caps. */
  refuse(requests: readonly Refuse[]): Promise<void>;
  listInbound(filter: InboundFilter, offset: number, limit: number): Promise<InboundPage>;
  /** `tenantSeq` null: whosever it is. */
  getInbound(tenantSeq: Seq | null, id: Uuid): Promise<InboundRecord | null>;
  /** Of a refused one, whosever it is, to verify it again; null: it is not refused any more, or not there. */
  getCredentials(id: Uuid): Promise<KeptCredentials | null>;
  /** The rejected ones of a source, to be verified again. */
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
  /** The inbound event that an event was made from; null when it was not. */
  findInboundOfEvent(tenantSeq: Seq, eventId: Uuid): Promise<Uuid | null>;
}
