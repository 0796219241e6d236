/** getPause and listPauses. */
import type { Seq, Uuid } from "../../../domain/ids.ts";
import type { Pause } from "../../../domain/pauses/pause.ts";
import type { Cursor, PauseFilter, PausePage } from "../../../ports/store.ts";
import { uuidBytes } from "../../rows.ts";
import { PAUSE_STATUS } from "../../stored-enums.ts";
import { nextCursor, seqBefore } from "../cursors.ts";
import { one, page, type ReadConnection } from "../read-connection.ts";
import { PAUSE_COLUMNS, PAUSES, type PauseColumns, readPause } from "./pause-rows.ts";

const BY_ID = `SELECT ${PAUSE_COLUMNS} FROM ${PAUSES} WHERE p.id = ?`;
const BY_SEQ = `SELECT ${PAUSE_COLUMNS} FROM ${PAUSES} WHERE p.seq = ?`;

export function findPause(connection: ReadConnection, id: Uuid): PauseColumns | null {
  return one<PauseColumns>(connection, BY_ID, uuidBytes(id)) ?? null;
}

export function getPause(connection: ReadConnection, tenantSeq: Seq | null, id: Uuid): Pause | null {
  const row = findPause(connection, id);
  if (row === null || (tenantSeq !== null && row.tenant_seq !== tenantSeq)) return null;
  return readPause(connection.vault, row);
}

/** @throws when there is none. A pause is not deleted while something refers to its sequence. */
export function loadPause(connection: ReadConnection, seq: Seq): Pause {
  const row = one<PauseColumns>(connection, BY_SEQ, seq);
  if (row === undefined) throw new Error(`no pause ${seq}`);
  return readPause(connection.vault, row);
}

// Both indexes end in the sequence, so no sort is needed.
const OF_TENANT = `
  SELECT ${PAUSE_COLUMNS}
  FROM pauses p INDEXED BY pauses_of_tenant CROSS JOIN tenants t ON t.seq = p.tenant_seq
  WHERE p.tenant_seq = ? AND p.seq < ?
  ORDER BY p.seq DESC
  LIMIT ?`;
const OF_STATUS = `
  SELECT ${PAUSE_COLUMNS}
  FROM pauses p INDEXED BY pauses_of_status CROSS JOIN tenants t ON t.seq = p.tenant_seq
  WHERE p.tenant_seq = ? AND p.status = ? AND p.seq < ?
  ORDER BY p.seq DESC
  LIMIT ?`;

export function listPauses(
  connection: ReadConnection,
  filter: PauseFilter,
  cursor: Cursor | null,
  limit: number,
): PausePage {
  const { tenantSeq, status } = filter;
  const end = seqBefore(cursor);
  const { rows, more } =
    status === null
      ? page<PauseColumns>(connection, OF_TENANT, [tenantSeq, end], limit)
      : page<PauseColumns>(connection, OF_STATUS, [tenantSeq, PAUSE_STATUS.number(status), end], limit);
  return { pauses: rows.map((row) => readPause(connection.vault, row)), next: nextCursor(rows, more) };
}
