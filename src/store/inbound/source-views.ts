/**
 * getSource, listSources and findSource find sources that are not deleted, getDeletedSource the others, hadSource both.
 */
import type { Seq, Uuid } from "../../domain/ids.ts";
import type { Source } from "../../domain/inbound/source.ts";
import type { Cursor, DeletedSource, SourcePage } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { nextCursor, seqAfter } from "../cursors.ts";
import { one, page, type ReadConnection } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import { readSource, SOURCE_COLUMNS, type SourceColumns } from "./source-rows.ts";

const BY_ID = `SELECT ${SOURCE_COLUMNS} FROM sources s WHERE s.id = ? AND s.deleted_at IS NULL`;
const BY_NAME = `
  SELECT ${SOURCE_COLUMNS}
  FROM sources s INDEXED BY sources_by_name
  WHERE s.name = ? AND s.deleted_at IS NULL`;

export function findSource(
  connection: ReadConnection,
  by: { readonly id: Uuid } | { readonly name: string },
): Source | null {
  const row =
    "id" in by
      ? one<SourceColumns>(connection, BY_ID, uuidBytes(by.id))
      : one<SourceColumns>(connection, BY_NAME, by.name);
  return row === undefined ? null : readSource(connection, row);
}

export function getSource(connection: ReadConnection, tenantSeq: Seq, id: Uuid): Source | null {
  const row = one<SourceColumns>(connection, BY_ID, uuidBytes(id));
  return row === undefined || row.tenant_seq !== tenantSeq ? null : readSource(connection, row);
}

const DELETED = `SELECT ${SOURCE_COLUMNS} FROM sources s WHERE s.id = ? AND s.deleted_at IS NOT NULL`;

export function getDeletedSource(connection: ReadConnection, tenantSeq: Seq, id: Uuid): DeletedSource | null {
  const row = one<SourceColumns>(connection, DELETED, uuidBytes(id));
  if (row === undefined || row.tenant_seq !== tenantSeq) return null;
  const { secret: _, previousSecret: __, ...source } = readSource(connection, row);
  return source;
}

const SEQ = "SELECT seq FROM sources WHERE id = ? AND tenant_seq = ?";

/** Finds deleted sources as well, since what came from them is still kept. */
export function findSourceSeq(connection: ReadConnection, tenantSeq: Seq, id: Uuid): Seq | null {
  return one<{ seq: Seq }>(connection, SEQ, uuidBytes(id), tenantSeq)?.seq ?? null;
}

export function hadSource(connection: ReadConnection, tenantSeq: Seq, id: Uuid): boolean {
  return findSourceSeq(connection, tenantSeq, id) !== null;
}

// The index ends in the sequence, so no sort is needed.
const OF_TENANT = `
  SELECT ${SOURCE_COLUMNS}
  FROM sources s INDEXED BY sources_live
  WHERE s.tenant_seq = ? AND s.deleted_at IS NULL AND s.seq > ?
  ORDER BY s.seq
  LIMIT ?`;

// Served by sources_live, so that deleted sources cost nothing.
const COUNT = "SELECT count(*) AS count FROM sources WHERE tenant_seq = ? AND deleted_at IS NULL";

export function countSources(connection: Connection, tenantSeq: Seq): number {
  return one<{ count: number }>(connection, COUNT, tenantSeq)?.count ?? 0;
}

export function listSources(
  connection: ReadConnection,
  tenantSeq: Seq,
  cursor: Cursor | null,
  limit: number,
): SourcePage {
  const { rows, more } = page<SourceColumns>(connection, OF_TENANT, [tenantSeq, seqAfter(cursor)], limit);
  return { sources: rows.map((row) => readSource(connection, row)), next: nextCursor(rows, more) };
}
