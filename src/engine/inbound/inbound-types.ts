/** What the API surfaces use of inbound webhooks: sources, the public routes, and the records. */

import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { PauseStatusFacts } from "../../domain/inbound/pause-status.ts";
import type { InboundRequest, Rejection } from "../../domain/inbound/request.ts";
import type { HmacOptions, Source, SourceSettings } from "../../domain/inbound/source.ts";
import type {
  Cursor,
  InboundCounts,
  InboundFilter,
  InboundPage,
  InboundRecord,
  InboundSpan,
  RefusedSum,
  SourcePage,
} from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";

// ── Sources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface CreateSourceInput {
  readonly settings: SourceSettings;
  /** Null generates one, unless the scheme has no secret. */
  readonly secret: string | null;
}

export type CreateSourceOutput =
  | { readonly kind: "created"; readonly source: Source; readonly generatedSecret: string | null }
  /** A name is unique in the whole installation. */
  | { readonly kind: "nameTaken" }
  | QuotaExceeded;

export interface PatchSourceInput {
  readonly settings: Partial<Omit<SourceSettings, "scheme">>;
  /** Replaces the previous secret at once; `rotate` accepts both for a while. */
  readonly secret?: string;
}

export type PatchSourceOutput =
  | { readonly kind: "patched"; readonly source: Source }
  | { readonly kind: "unknown" }
  | { readonly kind: "nameTaken" };

export type RotateSourceOutput =
  | {
      readonly kind: "rotated";
      /** Null when the caller gave the secret. */
      readonly generatedSecret: string | null;
      readonly previousUntil: EpochMs;
    }
  | { readonly kind: "unknown" }
  /** Scheme `none` has no secret. */
  | { readonly kind: "noSecret" };

export interface SourceService {
  create(caller: Caller, input: CreateSourceInput): Promise<CreateSourceOutput>;
  /** In creation order. */
  list(caller: Caller, cursor: Cursor | null, limit: number): Promise<SourcePage>;
  get(caller: Caller, id: Uuid): Promise<Source | null>;
  /** Whether the tenant has the source, or had it and records of it are still stored. */
  had(caller: Caller, id: Uuid): Promise<boolean>;
  patch(caller: Caller, id: Uuid, input: PatchSourceInput): Promise<PatchSourceOutput>;
  rotate(caller: Caller, id: Uuid, secret: string | null, overlapSeconds: number): Promise<RotateSourceOutput>;
  remove(caller: Caller, id: Uuid): Promise<boolean>;
}

// ── The public routes ───────────────────────────────────────────────────────────────────────────────────────────────

/** A request at a public route, with its body. */
export interface PublicRequest extends InboundRequest {
  readonly address: string;
}

export type PauseStatusOutput =
  | {
      readonly kind: "received";
      readonly id: Uuid;
      readonly direction: PauseStatusFacts["direction"];
      readonly notified: boolean;
      readonly duplicate: boolean;
    }
  /** 400: not UTF-8, not a JSON object, a repeated key, or a number that the canonical form changes. */
  | { readonly kind: "unreadable"; readonly message: string }
  /** 401, the same for every cause. */
  | { readonly kind: "unauthorized" }
  /** 422: every missing or malformed field. */
  | { readonly kind: "invalid"; readonly faults: readonly { readonly field: string; readonly rule: string }[] }
  /** 508: genuine, but in a loop. */
  | { readonly kind: "looped"; readonly message: string }
  /** 429: too many requests from this address failed. */
  | { readonly kind: "tooMany" }
  /** 507: the tenant's quota is used up. */
  | QuotaExceeded;

export type AnyOutput =
  | { readonly kind: "received"; readonly id: Uuid; readonly eventId: Uuid; readonly duplicate: boolean }
  /** 200 with this text as the body. Nothing is recorded or published. */
  | { readonly kind: "challenge"; readonly challenge: string }
  /** 401, the same for every cause, an unknown source included. */
  | { readonly kind: "unauthorized" }
  /** 508: genuine, but in a loop. */
  | { readonly kind: "looped"; readonly message: string }
  | { readonly kind: "tooMany" }
  | QuotaExceeded;

export type ReprocessOutput =
  | { readonly kind: "reprocessed"; readonly record: InboundRecord; readonly eventId: Uuid | null }
  /** Still not verified; nothing has changed. */
  | { readonly kind: "failed"; readonly reason: Rejection; readonly explanation: string }
  /** Another request brought the same webhook; this is the ID of its record. */
  | { readonly kind: "repeated"; readonly id: Uuid }
  | { readonly kind: "unknown" };

export interface ReprocessedOfSource {
  readonly reprocessed: number;
  readonly failed: number;
  /** Where the next step begins; null when all records were tried. */
  readonly next: Cursor | null;
}

/** What a source might be changed to. */
export interface SourceTrial {
  /** Null: the present secrets. */
  readonly secret: string | null;
  /** Null: the present options. */
  readonly hmac: HmacOptions | null;
  /** One refused record; null: all that are kept. */
  readonly recordId: Uuid | null;
}

export type TrialOutput =
  | {
      readonly kind: "tried";
      /** How many refused requests would verify. */
      readonly verified: number;
      /** How many would not, by reason. */
      readonly failed: ReadonlyMap<Rejection, number>;
      /** Why the one record would not verify; null otherwise. */
      readonly explanation: string | null;
      /** Further requests were refused in the meantime. */
      readonly more: boolean;
    }
  | { readonly kind: "unknownSource" }
  /** There is no such refused record of the source. */
  | { readonly kind: "unknownRecord" };

export type InboundFilterInput = Omit<InboundFilter, "tenantSeq" | "includeUnattributed">;

export interface InboundService {
  readonly sources: SourceService;
  /** False when requests from this address failed so often, or took so long, that the server verifies none now. */
  mayTry(address: string, bodyBytes: number): boolean;
  /** A request from this address failed before it could be received. */
  countFailure(address: string): void;
  receivePauseStatus(request: PublicRequest): Promise<PauseStatusOutput>;
  receiveAny(sourceId: Uuid, request: PublicRequest): Promise<AnyOutput>;
  /**
   * A `global_admin` who has chosen no tenant also sees the records without a tenant. The first refused rows are
   * explained as in `get`; the others keep the brief explanation from their receipt.
   */
  list(caller: Caller, filter: InboundFilterInput, offset: number, limit: number): Promise<InboundPage>;
  /** Sums of what was refused, by source and reason. A `global_admin` who has chosen no tenant also sees nobody's. */
  sumRefused(caller: Caller, from: EpochMs): Promise<readonly RefusedSum[]>;
  /** What was received in a span, for the same callers. */
  count(caller: Caller, span: Pick<InboundSpan, "from" | "to" | "stepMs">): Promise<InboundCounts>;
  /** Verify refused requests as of their receipt with another secret or other options. Changes nothing. */
  tryOn(caller: Caller, sourceId: Uuid, trial: SourceTrial): Promise<TrialOutput>;
  /** With an explanation that is searched for now, by the source's current settings. */
  get(caller: Caller, id: Uuid): Promise<InboundRecord | null>;
  /** As it is stored, without the search. */
  find(caller: Caller, id: Uuid): Promise<InboundRecord | null>;
  reprocess(caller: Caller, id: Uuid, notes: string | null | undefined): Promise<ReprocessOutput>;
  /** One bounded step over the refused records of a source, the oldest first. Null when there is no such source. */
  reprocessSource(caller: Caller, sourceId: Uuid, cursor: Cursor | null): Promise<ReprocessedOfSource | null>;
  /** Returns what `get` returns. */
  note(caller: Caller, id: Uuid, notes: string | null): Promise<InboundRecord | null>;
  remove(caller: Caller, id: Uuid): Promise<boolean>;
  /** The inbound event that an event was published from. */
  originOf(caller: Caller, eventId: Uuid): Promise<Uuid | null>;
}
