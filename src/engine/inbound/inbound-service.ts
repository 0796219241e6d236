/** What the surfaces may ask about sources and what is received from them. */

import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { PauseStatusFacts } from "../../domain/inbound/pause-status.ts";
import type { InboundRequest, Rejection } from "../../domain/inbound/request.ts";
import type { Source, SourceSettings } from "../../domain/inbound/source.ts";
import type { Cursor, InboundFilter, InboundPage, InboundRecord, SourcePage } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";

// ── Sources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface CreateSourceInput {
  readonly settings: SourceSettings;
  /** Null: one is generated, unless the scheme has none. */
  readonly secret: string | null;
}

export type CreateSourceAnswer =
  | { readonly kind: "created"; readonly source: Source; readonly generatedSecret: string | null }
  /** Names are the installation's. */
  | { readonly kind: "nameTaken" }
  | QuotaExceeded;

export interface PatchSourceInput {
  readonly settings: Partial<Omit<SourceSettings, "scheme">>;
  /** Holds at once, and the one before no longer; `rotate` lets both hold for a while. */
  readonly secret?: string;
}

export type PatchSourceAnswer =
  | { readonly kind: "patched"; readonly source: Source }
  | { readonly kind: "unknown" }
  | { readonly kind: "nameTaken" };

export type RotateSourceAnswer =
  | {
      readonly kind: "rotated" /** Null when the caller gave it. */;
      readonly generatedSecret: string | null;
      readonly previousUntil: EpochMs;
    }
  | { readonly kind: "unknown" }
  /** Scheme `none` has no secret. */
  | { readonly kind: "noSecret" };

export interface SourceService {
  create(caller: Caller, input: CreateSourceInput): Promise<CreateSourceAnswer>;
  /** In creation order. */
  list(caller: Caller, cursor: Cursor | null, limit: number): Promise<SourcePage>;
  get(caller: Caller, id: Uuid): Promise<Source | null>;
  /** Also a deleted one, for as long as what came from it is kept. */
  had(caller: Caller, id: Uuid): Promise<boolean>;
  patch(caller: Caller, id: Uuid, input: PatchSourceInput): Promise<PatchSourceAnswer>;
  rotate(caller: Caller, id: Uuid, secret: string | null, overlapSeconds: number): Promise<RotateSourceAnswer>;
  remove(caller: Caller, id: Uuid): Promise<boolean>;
}

// ── What is received ────────────────────────────────────────────────────────────────────────────────────────────────

/** A request at a public route, its body read. */
export interface PublicRequest extends InboundRequest {
  readonly address: string;
}

export type PauseStatusAnswer =
  | {
      readonly kind: "received";
      readonly id: Uuid;
      readonly direction: PauseStatusFacts["direction"];
      readonly notified: boolean;
      readonly duplicate: boolean;
    }
  /** 400: not UTF-8, not a JSON object, a repeated key, or a number that canonical form changes. */
  | { readonly kind: "unreadable"; readonly message: string }
  /** 401, always the same. */
  | { readonly kind: "unauthorized" }
  /** 422: every missing or malformed field. */
  | { readonly kind: "invalid"; readonly faults: readonly { readonly field: string; readonly rule: string }[] }
  /** 508: genuine, and on its way in a loop. */
  | { readonly kind: "looped"; readonly message: string }
  /** 429: too many that failed came from there. */
  | { readonly kind: "tooMany" }
  /** 507: its tenant stores as much as it may. */
  | QuotaExceeded;

export type AnyAnswer =
  | { readonly kind: "received"; readonly id: Uuid; readonly eventId: Uuid; readonly duplicate: boolean }
  /** 200 with this text as the body, and nothing else happens. */
  | { readonly kind: "challenge"; readonly challenge: string }
  /** 401, always the same; an unknown source too. */
  | { readonly kind: "unauthorized" }
  /** 508: genuine, and on its way in a loop. */
  | { readonly kind: "looped"; readonly message: string }
  | { readonly kind: "tooMany" }
  | QuotaExceeded;

export type ReprocessAnswer =
  | { readonly kind: "reprocessed"; readonly record: InboundRecord; readonly eventId: Uuid | null }
  /** Still not what its source signs; nothing has changed. */
  | { readonly kind: "failed"; readonly reason: Rejection; readonly explanation: string }
  /** What it says was received by another request, whose record this is. */
  | { readonly kind: "repeated"; readonly id: Uuid }
  | { readonly kind: "unknown" };

export interface ReprocessedOfSource {
  readonly reprocessed: number;
  readonly failed: number;
  /** Where the next step begins; null when all have been looked at. */
  readonly next: Cursor | null;
}

export type InboundFilterInput = Omit<InboundFilter, "tenantSeq" | "includeUnattributed">;

export interface InboundService {
  readonly sources: SourceService;
  /** False when so many that failed came from there, or took so long, that no such body is looked at for now. */
  mayTry(address: string, bodyBytes: number): boolean;
  /** A request from there failed before it could be received. */
  countFailure(address: string): void;
  receivePauseStatus(request: PublicRequest): Promise<PauseStatusAnswer>;
  receiveAny(sourceId: Uuid, request: PublicRequest): Promise<AnyAnswer>;
  /**
   * A `global_admin` without a chosen tenant also sees what belongs to nobody. The explanations of what was refused are
   * looked for as they are read, of as many as there is time for; the others are as brief as they were at receipt.
   */
  list(caller: Caller, filter: InboundFilterInput, offset: number, limit: number): Promise<InboundPage>;
  /** With the explanation that is found now. */
  get(caller: Caller, id: Uuid): Promise<InboundRecord | null>;
  /** As it is kept: for whoever does not show it. */
  find(caller: Caller, id: Uuid): Promise<InboundRecord | null>;
  reprocess(caller: Caller, id: Uuid, notes: string | null | undefined): Promise<ReprocessAnswer>;
  /** One bounded step over what a source's verification refused, the oldest first; null when there is no such source. */
  reprocessSource(caller: Caller, sourceId: Uuid, cursor: Cursor | null): Promise<ReprocessedOfSource | null>;
  /** Answers as `get` does. */
  note(caller: Caller, id: Uuid, notes: string | null): Promise<InboundRecord | null>;
  remove(caller: Caller, id: Uuid): Promise<boolean>;
  /** The inbound event that an event was made from. */
  originOf(caller: Caller, eventId: Uuid): Promise<Uuid | null>;
}
