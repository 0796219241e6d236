/** The verbs on human pauses, on telling people of them, and on the audit. */
import type { Actor } from "../../domain/access/access.ts";
import type { AuditActor, AuditType } from "../../domain/access/audit.ts";
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Channel, NotificationState, Pause, PauseStatus, Question, Recipient } from "../../domain/pauses/pause.ts";
import type { Cursor } from "./cursor.ts";
import type { IdempotencyClaim, Wake } from "./delivery.ts";

export interface CreatePause {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly question: Question;
  readonly recipient: Recipient | null;
  /** `pending`: the recipient is to be told. */
  readonly notification: NotificationState;
  readonly expiresAt: EpochMs;
  readonly idempotency: IdempotencyClaim | null;
  readonly now: EpochMs;
}

export type CreatePauseResult =
  | { readonly kind: "created"; readonly pause: Pause }
  /** The same key and fingerprint came before: that pause, as it is now. */
  | { readonly kind: "repeated"; readonly pause: Pause }
  | { readonly kind: "conflict" }
  /** The tenant has as many open pauses, or stores as much, as it may. */
  | QuotaExceeded;

/** Who ends a pause, and how. */
export type EndPause = {
  readonly id: Uuid;
  readonly now: EpochMs;
} & (
  | { readonly by: "human"; readonly choice: string; readonly text: string | null }
  /** Only the tenant's own pause. */
  | { readonly by: "developer"; readonly actor: Actor; readonly tenantSeq: Seq }
  /** Nothing but writing down a time-out that is due. */
  | { readonly by: "deadline" }
);

export type EndPauseResult =
  | { readonly kind: "unknown" }
  /**
   * `ended`: by this call. `before`: by another, or by its deadline, which this call may have written down. `pending`:
   * its deadline has not come.
   */
  | { readonly kind: "ended" | "before" | "pending"; readonly pause: Pause; readonly woken: readonly Wake[] };

export interface DuePauses {
  /** Those that timed out now. */
  readonly ended: readonly Uuid[];
  readonly woken: readonly Wake[];
  /** When the next pending one expires, now or in the past when more are due; null when none is pending. */
  readonly nextAt: EpochMs | null;
}

export interface PauseFilter {
  readonly tenantSeq: Seq;
  readonly status: PauseStatus | null;
}

export interface PausePage {
  /** Newest first. */
  readonly pauses: readonly Pause[];
  /** Where the next page begins; null at the end. */
  readonly next: Cursor | null;
}

/** Someone opened a pause's link. */
export interface Opening {
  readonly pauseId: Uuid;
  readonly method: string;
  readonly userAgent: string | null;
  readonly now: EpochMs;
}

export interface ClaimNotifications {
  readonly channel: Channel;
  readonly now: EpochMs;
  readonly limit: number;
  /** Tenants take turns: go on after this one. 0 begins with the first. */
  readonly afterTenant: Seq;
}

export interface ClaimedNotification {
  readonly pause: Pause;
  /** Attempts before this one. */
  readonly attempts: number;
}

export interface ClaimedNotifications {
  readonly claimed: readonly ClaimedNotification[];
  readonly lastTenant: Seq;
  /** When the next of this channel becomes due; null when none waits. What is due already waits for its tenant's share. */
  readonly nextAt: EpochMs | null;
}

export interface SettleNotification {
  readonly pauseId: Uuid;
  readonly now: EpochMs;
  readonly outcome:
    | { readonly kind: "sent" }
    | { readonly kind: "failed"; readonly reason: string }
    | { readonly kind: "again"; readonly at: EpochMs; readonly reason: string }
    /** Not tried: it was claimed by a server that stops. */
    | { readonly kind: "returned" };
}

export interface AuditFilter {
  readonly tenantSeq: Seq;
  readonly pauseId: Uuid | null;
  readonly type: AuditType | null;
  /** At this time or later. */
  readonly from: EpochMs | null;
  /** Before this time. */
  readonly to: EpochMs | null;
}

export interface AuditRow {
  readonly id: Uuid;
  readonly type: AuditType;
  /** `human`: whoever had the link. */
  readonly actor: AuditActor;
  readonly pauseId: Uuid | null;
  /** Ids in it are bare. */
  readonly data: Readonly<Record<string, string | null>>;
  readonly createdAt: EpochMs;
}

export interface AuditPage {
  /** Newest first. */
  readonly rows: readonly AuditRow[];
  readonly total: number;
}

export interface PauseVerbs {
  createPause(request: CreatePause): Promise<CreatePauseResult>;
  /** The pause that this key and fingerprint made before; null when there is none. */
  findRepeatedPause(tenantSeq: Seq, idempotency: IdempotencyClaim, now: EpochMs): Promise<Pause | null>;
  /**
   * The one conditional update that an answer, a cancellation and the deadline race on; the winner publishes its event
   * in the same transaction. An answer or cancellation at or after `expiresAt` writes the time-out down instead.
   */
  endPause(request: EndPause): Promise<EndPauseResult>;
  /** Time out up to `limit` pauses whose deadline has passed, each with its event. */
  endDuePauses(now: EpochMs, limit: number): Promise<DuePauses>;
  /** At most `OPENINGS_COUNT_MAX` are kept of a pause. */
  recordOpening(opening: Opening): Promise<void>;
  /**
   * Take notifications that are due for this node, of each tenant so many that `NOTIFICATIONS_OF_TENANT_COUNT_MAX` are
   * claimed; those of pauses that have ended fail instead.
   */
  claimNotifications(request: ClaimNotifications): Promise<ClaimedNotifications>;
  settleNotification(request: SettleNotification): Promise<void>;
  /** `tenantSeq` null: whoever's it is, for the holder of its link. */
  getPause(tenantSeq: Seq | null, id: Uuid): Promise<Pause | null>;
  listPauses(filter: PauseFilter, cursor: Cursor | null, limit: number): Promise<PausePage>;
  listAudit(filter: AuditFilter, offset: number, limit: number): Promise<AuditPage>;
}
