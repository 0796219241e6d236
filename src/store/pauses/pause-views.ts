/** getPause, listPauses and countPauses. */
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { PAUSES_COUNTED_ROWS_MAX, PAUSES_SEARCHED_ROWS_MAX } from "../../domain/limits.ts";
import type { Pause, PauseStatus } from "../../domain/pauses/pause.ts";
import type { Cursor, PauseCounts, PauseFilter, PausePage } from "../../ports/store.ts";
import { cursorOf, seqBefore } from "../cursors.ts";
import { matchingPage, one, page, type ReadConnection } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import { CHANNEL, PAUSE_STATUS } from "../stored-enums.ts";
import { PAUSE_COLUMNS, PAUSES, type PauseColumns, readPause } from "./pause-rows.ts";

const BY_ID = `SELECT ${PAUSE_COLUMNS} FROM ${PAUSES} WHERE p.id = ?`;
const BY_SEQ = `SELECT ${PAUSE_COLUMNS} FROM ${PAUSES} WHERE p.seq = ?`;

export function findPause(connection: ReadConnection, id: Uuid): PauseColumns | null {
  return one<PauseColumns>(connection, BY_ID, uuidBytes(id)) ?? null;
}

export function getPause(connection: ReadConnection, tenantSeq: Seq | null, id: Uuid): Pause | null {
  const row = findPause(connection, id);
  if (row === null || (tenantSeq !== null && row.tenant_seq !== tenantSeq)) return null;
  return readPause(connection, row);
}

/** @throws when there is none. A pause is not deleted while something refers to its sequence. */
export function loadPause(connection: ReadConnection, seq: Seq): Pause {
  const row = one<PauseColumns>(connection, BY_SEQ, seq);
  if (row === undefined) throw new Error(`no pause ${seq}`);
  return readPause(connection, row);
}

// Every index ends in the sequence, so no sort is needed.
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
const BY_DEADLINE = `
  SELECT ${PAUSE_COLUMNS}
  FROM pauses p INDEXED BY pauses_by_deadline CROSS JOIN tenants t ON t.seq = p.tenant_seq
  WHERE p.tenant_seq = ? AND p.status = 0 AND (p.expires_at, p.seq) > (?, ?)
  ORDER BY p.expires_at, p.seq
  LIMIT ?`;

const OF_AGENT = `
  SELECT ${PAUSE_COLUMNS}
  FROM pauses p INDEXED BY pauses_of_agent CROSS JOIN tenants t ON t.seq = p.tenant_seq
  WHERE p.agent_id = ? AND p.seq < ?
  ORDER BY p.seq DESC
  LIMIT ?`;

const OPEN_OF_AGENT = `
  SELECT ${PAUSE_COLUMNS}
  FROM pauses p INDEXED BY pauses_open_of_agent CROSS JOIN tenants t ON t.seq = p.tenant_seq
  WHERE p.agent_id = ? AND p.status = 0 AND (p.expires_at, p.seq) > (?, ?)
  ORDER BY p.expires_at, p.seq
  LIMIT ?`;

export function listPauses(
  connection: ReadConnection,
  filter: PauseFilter,
  cursor: Cursor | null,
  limit: number,
): PausePage {
  const { sql, values } = walkOf(filter, cursor);
  const isAll = filter.channel === null && filter.text === null && filter.agentId === undefined;
  const { rows, last, more } = isAll
    ? page<PauseColumns>(connection, sql, values, limit)
    : matchingPage<PauseColumns>(connection, sql, values, {
        limit,
        visitsMax: PAUSES_SEARCHED_ROWS_MAX,
        matches: matcherOf(filter),
      });
  return {
    pauses: rows.map((row) => readPause(connection, row)),
    next: more && last !== undefined ? nextOf(filter, last) : null,
  };
}

function nextOf({ order }: PauseFilter, last: PauseColumns): Cursor {
  return order === "deadline" ? cursorAt(last) : cursorOf(last.seq);
}

interface Walk {
  readonly sql: string;
  readonly values: readonly (number | Uint8Array)[];
}

function walkOf(filter: PauseFilter, cursor: Cursor | null): Walk {
  const { tenantSeq, status, order, agentId } = filter;
  const agent = agentId === undefined ? null : uuidBytes(agentId);
  if (order === "deadline") {
    const after = afterDeadline(cursor);
    return agent === null
      ? { sql: BY_DEADLINE, values: [tenantSeq, ...after] }
      : { sql: OPEN_OF_AGENT, values: [agent, ...after] };
  }
  const end = seqBefore(cursor);
  if (agent !== null) return { sql: OF_AGENT, values: [agent, end] };
  return status === null
    ? { sql: OF_TENANT, values: [tenantSeq, end] }
    : { sql: OF_STATUS, values: [tenantSeq, PAUSE_STATUS.number(status), end] };
}

/** Base 36, so that the deadline and the sequence fit into a cursor. The deadline has a fixed width, until 2059. */
const RADIX = 36;
const DEADLINE_CHARS = 8;

/** The cursor has the deadline itself: the pause may get a later one before the next page. */
function cursorAt({ expires_at: expiresAt, seq }: Pick<PauseColumns, "expires_at" | "seq">): Cursor {
  return (expiresAt.toString(RADIX).padStart(DEADLINE_CHARS, "0") + seq.toString(RADIX)) as Cursor;
}

/** The deadline and the sequence after which a page begins. */
function afterDeadline(cursor: Cursor | null): readonly [EpochMs, Seq] {
  if (cursor === null) return [0, 0];
  const partOf = (...span: [number, number?]) => Number.parseInt(cursor.slice(...span), RADIX);
  return [partOf(0, DEADLINE_CHARS), partOf(DEADLINE_CHARS)];
}

function matcherOf({ channel, text, status }: PauseFilter): (row: PauseColumns) => boolean {
  const wanted = text?.toLowerCase() ?? "";
  const hasChannel = (row: PauseColumns) =>
    channel === null || (row.channel === null ? "none" : CHANNEL.name(row.channel)) === channel;
  const hasText = (row: PauseColumns) =>
    row.message.toLowerCase().includes(wanted) ||
    row.metadata?.toLowerCase().includes(wanted) === true ||
    row.details?.toLowerCase().includes(wanted) === true ||
    uuidText(row.id) === wanted;
  const hasStatus = (row: PauseColumns) => status === null || PAUSE_STATUS.name(row.status) === status;
  return (row) => hasStatus(row) && hasChannel(row) && hasText(row);
}

// Counted by the index alone.
const COUNT = `
  SELECT count(*) AS count
  FROM (
    SELECT 1
    FROM pauses INDEXED BY pauses_of_status
    WHERE tenant_seq = ? AND status = ?
    LIMIT ?) AS counted`;
const NEXT_DEADLINE = `
  SELECT expires_at
  FROM pauses INDEXED BY pauses_by_deadline
  WHERE tenant_seq = ? AND status = 0
  ORDER BY expires_at
  LIMIT 1`;

// Each tenant's row has the number for its quota, and there are far fewer tenants than pauses.
const COUNT_OPEN = "SELECT coalesce(sum(open_pauses), 0) AS count FROM tenants";

/** Of all tenants. */
export function countOpenPauses(connection: ReadConnection): number {
  return Number(one<{ count: number }>(connection, COUNT_OPEN)?.count);
}

export function countPauses(connection: ReadConnection, tenantSeq: Seq): PauseCounts {
  const counted = (status: PauseStatus) => {
    const number = PAUSE_STATUS.number(status);
    const { count = 0 } =
      one<{ count: number }>(connection, COUNT, tenantSeq, number, PAUSES_COUNTED_ROWS_MAX + 1) ?? {};
    return { count: Math.min(count, PAUSES_COUNTED_ROWS_MAX), more: count > PAUSES_COUNTED_ROWS_MAX };
  };
  return {
    counts: {
      pending: counted("pending"),
      responded: counted("responded"),
      timed_out: counted("timed_out"),
      cancelled: counted("cancelled"),
    },
    nextExpiresAt: one<{ expires_at: EpochMs }>(connection, NEXT_DEADLINE, tenantSeq)?.expires_at ?? null,
  };
}
