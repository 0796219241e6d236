/** The audit: who did what. Each changing verb writes its own row, in its own transaction. */
import type { Actor } from "../../../domain/access/access.ts";
import type { AuditType } from "../../../domain/access/audit.ts";
import type { EpochMs, Seq, Uuid } from "../../../domain/ids.ts";
import { uuidBytes } from "../../rows.ts";
import type { Writing } from "../writing.ts";

export interface AuditEntry {
  /** Whose audit it stands in: for a `global_admin` not always the actor's own. */
  readonly tenantSeq: Seq;
  /** `human`: whoever had a pause's link. `system`: Signalbox itself. */
  readonly actor: Actor | "human" | "system";
  readonly type: AuditType;
  readonly pauseId?: Uuid;
  /** Ids in it are bare: the surface that shows them has its own spelling. */
  readonly data: Readonly<Record<string, string | null>>;
  readonly now: EpochMs;
}

const INSERT = `
  INSERT INTO audit (id, tenant_seq, event_type, actor_kind, actor_id, pause_id, data, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

export function audit(w: Writing, { tenantSeq, actor, type, pauseId, data, now }: AuditEntry): void {
  const { kind, id } = typeof actor === "string" ? { kind: actor, id: null } : actor;
  const isSomebody = id !== null && kind !== "system";
  w.prepare(INSERT).run(
    uuidBytes(w.newId()),
    tenantSeq,
    type,
    kind,
    isSomebody ? uuidBytes(id) : null,
    pauseId === undefined ? null : uuidBytes(pauseId),
    JSON.stringify(data),
    now,
  );
}

/** Which key or user it was, for the data of what a `developer` did. */
export function byActor({ kind, id }: Actor): Readonly<Record<string, string>> {
  return kind === "user" ? { userId: id } : { keyId: id };
}
