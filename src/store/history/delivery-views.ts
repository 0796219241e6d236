/** getDelivery: one delivery with its attempts. */
import type { Classification } from "../../domain/delivery/delivery.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { LIST_ROWS_PER_STATEMENT } from "../../domain/limits.ts";
import type { AttemptRow, DeliveryRow } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all, one } from "../read-connection.ts";
import { uuidBytes, uuidText } from "../rows.ts";
import { OUTCOME } from "../stored-enums.ts";
import { readDeliveryRow } from "./delivery-rows.ts";

const BY_ID = "SELECT seq, last_attempt_seq FROM deliveries WHERE id = ? AND tenant_seq = ?";

/** Oldest first. After very many manual retries only the newest attempts are returned. */
export function getDelivery(
  connection: Connection,
  tenantSeq: Seq,
  id: Uuid,
): { row: DeliveryRow; attempts: readonly AttemptRow[] } | null {
  const found = one<{ seq: Seq; last_attempt_seq: Seq | null }>(connection, BY_ID, uuidBytes(id), tenantSeq);
  const row = found === undefined ? null : readDeliveryRow(connection, found.seq);
  if (found === undefined || row === null) return null;
  return { row, attempts: readAttempts(connection, found.last_attempt_seq) };
}

// Needs no index, since each attempt refers to the one before it.
const CHAIN = `
  WITH RECURSIVE chain (seq, previous_seq, length) AS (
    SELECT seq, previous_seq, 1
    FROM attempts
    WHERE seq = ?
    UNION ALL
    SELECT a.seq, a.previous_seq, chain.length + 1
    FROM chain CROSS JOIN attempts a ON a.seq = chain.previous_seq
    WHERE chain.length < ?)
  SELECT chain.length AS age, a.id, a.number, a.started_at, a.latency_ms, a.outcome, a.classification, a.http_status, a.snippet,
    a.error_detail, a.response_headers, a.timings, u.url
  FROM chain
  CROSS JOIN attempts a ON a.seq = chain.seq
  LEFT JOIN urls u ON u.seq = a.url_seq`;

interface AttemptColumns {
  /** 1 for the latest attempt. */
  readonly age: number;
  readonly id: Uint8Array;
  readonly number: number;
  readonly started_at: EpochMs;
  readonly latency_ms: number;
  readonly outcome: number;
  readonly classification: Classification;
  readonly http_status: number | null;
  readonly snippet: string | null;
  readonly error_detail: string | null;
  readonly response_headers: string | null;
  readonly timings: string | null;
  readonly url: string | null;
}

export function readAttempts(connection: Connection, lastAttemptSeq: Seq | null): AttemptRow[] {
  if (lastAttemptSeq === null) return [];
  const rows = all<AttemptColumns>(connection, CHAIN, lastAttemptSeq, LIST_ROWS_PER_STATEMENT);
  rows.sort((a, b) => b.age - a.age);
  return rows.map((row) => ({
    id: uuidText(row.id),
    number: row.number,
    startedAt: row.started_at,
    endedAt: row.started_at + row.latency_ms,
    outcome: OUTCOME.name(row.outcome),
    classification: row.classification,
    httpStatus: row.http_status,
    snippet: row.snippet,
    errorDetail: row.error_detail,
    url: row.url ?? "",
    responseHeaders: row.response_headers,
    timings: row.timings,
  }));
}
