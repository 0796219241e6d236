/** The audit: who changed what. Each changing verb writes its own row, in its own transaction. */
import type { Actor } from "../../domain/access.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { uuidBytes } from "../rows.ts";
import type { Writing } from "./writing.ts";

export interface AuditEntry {
  /** Whose audit it stands in: for a `global_admin` not always the actor's own. */
  readonly tenantSeq: Seq;
  readonly actor: Actor;
  readonly type: "key.created" | "key.rotated" | "key.revoked" | "webhook.created" | "webhook.deleted";
  /** Ids in it are bare: the surface that shows them has its own spelling. */
  readonly data: Readonly<Record<string, string>>;
  readonly now: EpochMs;
}

const INSERT = `
  INSERT INTO audit (tenant_seq, event_type, actor_kind, actor_id, data, created_at)
  VALUES (?, ?, ?, ?, ?, ?)`;

export function audit(w: Writing, { tenantSeq, actor, type, data, now }: AuditEntry): void {
  w.prepare(INSERT).run(tenantSeq, type, actor.kind, uuidBytes(actor.id), JSON.stringify(data), now);
}
