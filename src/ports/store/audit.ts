/** The verbs on the audit log. A verb that changes something writes its own entry. */
import type { Actor, ActorRef } from "../../domain/access/access.ts";
import type { AuditActor, AuditType } from "../../domain/access/audit.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";

export interface AuditFilter {
  readonly tenantSeq: Seq;
  readonly pauseId: Uuid | null;
  readonly type: AuditType | null;
  /** What the action was about; not for pauses. */
  readonly subjectId?: Uuid | null;
  /** The key or the user that acted. */
  readonly actorId?: Uuid | null;
  /** At this time or later. */
  readonly from: EpochMs | null;
  /** Before this time. */
  readonly to: EpochMs | null;
}

export interface AuditRow {
  readonly id: Uuid;
  readonly type: AuditType;
  readonly actor: AuditActor;
  /** The key or the user that acted; null for others. */
  readonly by: ActorRef | null;
  /** The e-mail address of the user that acted; null for others. */
  readonly email: string | null;
  readonly pauseId: Uuid | null;
  /** What the action was about; null for pauses. */
  readonly subjectId: Uuid | null;
  /** Ids in it are bare UUIDs, without a prefix. */
  readonly data: Readonly<Record<string, string | null>>;
  readonly createdAt: EpochMs;
}

/** An action that changes nothing else in the store. */
export interface RecordedAction {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly type: AuditType;
  readonly subject?: Uuid;
  readonly data: Readonly<Record<string, string | null>>;
  readonly now: EpochMs;
}

export interface AuditPage {
  /** Newest first. */
  readonly rows: readonly AuditRow[];
  readonly total: number;
}

export interface AuditVerbs {
  listAudit(filter: AuditFilter, offset: number, limit: number): Promise<AuditPage>;
  recordAction(action: RecordedAction): Promise<void>;
}
