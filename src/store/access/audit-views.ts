/** listAudit: pages by offset with an exact total, newest first. Each page is a range of one index. */
import type { AuditActor, AuditType } from "../../domain/access/audit.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { AuditFilter, AuditPage, AuditRow } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";

interface AuditColumns {
  readonly id: Uint8Array;
  readonly event_type: AuditType;
  readonly actor_kind: "key" | "user" | "human" | "system";
  readonly actor_id: Uint8Array | null;
  /** Null unless the actor is a user. */
  readonly email: string | null;
  readonly pause_id: Uint8Array | null;
  readonly subject_id: Uint8Array | null;
  readonly data: string;
  readonly created_at: EpochMs;
}

export function listAudit(connection: Connection, filter: AuditFilter, offset: number, limit: number): AuditPage {
  const { index, where, values } = rangeOf(filter);
  const from = `FROM audit a INDEXED BY ${index} WHERE ${where} AND created_at >= ? AND created_at < ?`;
  const bounds = [...values, filter.from ?? 0, filter.to ?? Number.MAX_SAFE_INTEGER];
  const page = `
    SELECT a.id, event_type, actor_kind, actor_id, pause_id, subject_id, data, created_at,
      CASE WHEN actor_kind = 'user' THEN (SELECT u.email FROM users u WHERE u.id = actor_id) END AS email
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

/**
 * The index is that of the narrowest condition. A pause and a subject have few entries of all types together. The filters
 * by actor and type, and each of them alone, count without reading rows.
 */
function rangeOf({ tenantSeq, pauseId, subjectId = null, actorId = null, type }: AuditFilter): Range {
  const conditions: readonly (readonly [index: string, column: string, value: Range["values"][number] | null])[] = [
    ["audit_of_pause", "pause_id", pauseId === null ? null : uuidBytes(pauseId)],
    ["audit_of_subject", "subject_id", subjectId === null ? null : uuidBytes(subjectId)],
    ["audit_of_actor", "actor_id", actorId === null ? null : uuidBytes(actorId)],
    ["audit_of_type", "event_type", type],
  ];
  const given = conditions.filter(([, , value]) => value !== null);
  return {
    index: given[0]?.[0] ?? "audit_of_tenant",
    // IS TRUE keeps PostgreSQL from the indexes of the other conditions.
    where: [
      "tenant_seq = ?",
      ...given.map(([, column], at) => (at === 0 ? `${column} = ?` : `(${column} = ?) IS TRUE`)),
    ].join(" AND "),
    values: [tenantSeq, ...given.map(([, , value]) => value).filter((value) => value !== null)],
  };
}

function toRow(row: AuditColumns): AuditRow {
  return {
    id: uuidText(row.id),
    type: row.event_type,
    actor: actorOf(row),
    by: byOf(row),
    email: row.email,
    subjectId: row.subject_id === null ? null : uuidText(row.subject_id),
    pauseId: row.pause_id === null ? null : uuidText(row.pause_id),
    data: JSON.parse(row.data) as AuditRow["data"],
    createdAt: row.created_at,
  };
}

function byOf({ actor_kind: kind, actor_id: id }: AuditColumns): AuditRow["by"] {
  return id === null || (kind !== "key" && kind !== "user") ? null : { kind, id: uuidText(id) };
}

/** A user who used the API of endpoints or sources has always been a `developer` there, like a key. */
function actorOf({ actor_kind: kind, event_type: type }: AuditColumns): AuditActor {
  if (kind === "user") return type.startsWith("pause.") ? "user" : "developer";
  return kind === "key" ? "developer" : kind;
}
