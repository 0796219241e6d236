/** listAudit: pages by offset with an exact total, newest first. Each page is a range of one index. */
import type { AuditActor, AuditType } from "../../../domain/access/audit.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import type { AuditFilter, AuditPage, AuditRow } from "../../../ports/store.ts";
import { uuidBytes, uuidText } from "../../rows.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";

interface AuditColumns {
  readonly id: Uint8Array;
  readonly event_type: AuditType;
  readonly actor_kind: "key" | "user" | "human" | "system";
  readonly pause_id: Uint8Array | null;
  readonly data: string;
  readonly created_at: EpochMs;
}

export function listAudit(connection: Connection, filter: AuditFilter, offset: number, limit: number): AuditPage {
  const { index, where, values } = rangeOf(filter);
  const from = `FROM audit INDEXED BY ${index} WHERE ${where} AND created_at >= ? AND created_at < ?`;
  const bounds = [...values, filter.from ?? 0, filter.to ?? Number.MAX_SAFE_INTEGER];
  const page = `
    SELECT id, event_type, actor_kind, pause_id, data, created_at
    ${from}
    ORDER BY created_at DESC, seq DESC
    LIMIT ? OFFSET ?`;
  return {
    rows: all<AuditColumns>(connection, page, ...bounds, limit, offset).map(toRow),
    total: one<{ total: number }>(connection, `SELECT count(*) AS total ${from}`, ...bounds)?.total ?? 0,
  };
}

interface Range {
  readonly index: string;
  readonly where: string;
  readonly values: readonly (Seq | string | Uint8Array)[];
}

/** A pause has few entries of all types together. All other filters have an index that counts without reading rows. */
function rangeOf({ tenantSeq, pauseId, type }: AuditFilter): Range {
  if (pauseId !== null) {
    const ofPause = { index: "audit_of_pause", where: "pause_id = ? AND tenant_seq = ?" };
    const values = [uuidBytes(pauseId), tenantSeq];
    if (type === null) return { ...ofPause, values };
    return { ...ofPause, where: `${ofPause.where} AND event_type = ?`, values: [...values, type] };
  }
  if (type === null) return { index: "audit_of_tenant", where: "tenant_seq = ?", values: [tenantSeq] };
  return { index: "audit_of_type", where: "tenant_seq = ? AND event_type = ?", values: [tenantSeq, type] };
}

function toRow(row: AuditColumns): AuditRow {
  return {
    id: uuidText(row.id),
    type: row.event_type,
    actor: actorOf(row.actor_kind),
    pauseId: row.pause_id === null ? null : uuidText(row.pause_id),
    data: JSON.parse(row.data) as AuditRow["data"],
    createdAt: row.created_at,
  };
}

function actorOf(kind: AuditColumns["actor_kind"]): AuditActor {
  return kind === "key" || kind === "user" ? "developer" : kind;
}
