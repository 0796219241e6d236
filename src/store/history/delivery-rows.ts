/** Reads a delivery as lists show it, with the states that are derived and not stored. */
import type { Classification, TerminalReason } from "../../domain/delivery/delivery.ts";
import type { EndpointStatus } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { DeliveryRow, LastAttempt } from "../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { all } from "../read-connection.ts";
import { stateName, uuidText } from "../rows.ts";
import { STATE } from "../stored-enums.ts";

export const DELIVERY_FIELDS = `
    d.seq, d.id, v.id AS event_id, t.name AS event_type, e.id AS endpoint_id, e.name AS endpoint_name,
    e.status, e.deleted_at, l.wait_until, d.state, d.ordered, d.attempts, d.due_at, d.created_at, d.run_started_at,
    d.last_attempt_at, d.ended_at, d.reason, a.started_at, a.http_status, a.classification, a.error_detail`;

// Five look-ups by primary key in addition to the delivery's. The event's payload is stored after its id, so it is not
// read.
export const FROM_DELIVERIES = `
  FROM deliveries d
  CROSS JOIN events v ON v.seq = d.event_seq
  CROSS JOIN event_types t ON t.seq = d.type_seq
  CROSS JOIN endpoints e ON e.seq = d.endpoint_seq
  LEFT JOIN lanes l ON l.endpoint_seq = d.endpoint_seq
  LEFT JOIN attempts a ON a.seq = d.last_attempt_seq`;

/** Deliveries by their sequences. All of a page are read at once, since each statement to PostgreSQL is a round trip. */
export const WITH_SEQS = "WHERE d.seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))";

const SELECT = `
  SELECT ${DELIVERY_FIELDS}
  ${FROM_DELIVERIES}
  ${WITH_SEQS}`;

export interface DeliveryColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly event_id: Uint8Array;
  readonly event_type: string;
  readonly endpoint_id: Uint8Array;
  readonly endpoint_name: string;
  readonly status: EndpointStatus;
  readonly deleted_at: EpochMs | null;
  readonly wait_until: EpochMs | null;
  readonly state: number;
  readonly ordered: number;
  readonly attempts: number;
  readonly due_at: EpochMs;
  readonly created_at: EpochMs;
  readonly run_started_at: EpochMs | null;
  readonly last_attempt_at: EpochMs | null;
  readonly ended_at: EpochMs | null;
  readonly reason: TerminalReason | null;
  /** Of the latest attempt, like the following. */
  readonly started_at: EpochMs | null;
  readonly http_status: number | null;
  readonly classification: Classification | null;
  readonly error_detail: string | null;
}

/** Null when there is no such delivery. */
export function readDeliveryRow(connection: Connection, seq: Seq): DeliveryRow | null {
  return readDeliveryRows(connection, [seq])[0] ?? null;
}

/** In the order of the sequences, without those that there are not. */
export function readDeliveryRows(connection: Connection, seqs: readonly Seq[]): DeliveryRow[] {
  return columnsBySeq<DeliveryColumns>(connection, SELECT, seqs).map(toDeliveryRow);
}

/** @param sql ends in `WITH_SEQS` */
export function columnsBySeq<Columns extends DeliveryColumns>(
  connection: Connection,
  sql: string,
  seqs: readonly Seq[],
): Columns[] {
  if (seqs.length === 0) return [];
  const found = new Map(all<Columns>(connection, sql, JSON.stringify(seqs)).map((columns) => [columns.seq, columns]));
  return seqs.flatMap((seq) => found.get(seq) ?? []);
}

export function toDeliveryRow(columns: DeliveryColumns): DeliveryRow {
  const deleted = columns.deleted_at !== null;
  const waits = columns.state < STATE.leased && !deleted;
  // The backlog of a deleted endpoint ended with the endpoint, even before a job has updated the rows.
  const derivedEnd = columns.state < STATE.leased && deleted;
  const endedAt = derivedEnd ? columns.deleted_at : columns.ended_at;
  return {
    seq: columns.seq,
    id: uuidText(columns.id),
    eventId: uuidText(columns.event_id),
    eventType: columns.event_type,
    endpointId: uuidText(columns.endpoint_id),
    endpointName: columns.endpoint_name,
    endpointDeleted: deleted,
    state: stateName(columns.state, { active: columns.status === "ACTIVE", deleted }),
    attempts: columns.attempts,
    nextAttemptAt: waits ? nextAttemptAt(columns) : null,
    firstScheduledAt: columns.created_at,
    lastAttemptAt: columns.last_attempt_at,
    lastAttempt: lastAttemptOf(columns),
    endedAt,
    reason: derivedEnd ? "endpoint_deleted" : reasonOf(columns),
    createdAt: columns.created_at,
    updatedAt: Math.max(columns.created_at, columns.run_started_at ?? 0, columns.last_attempt_at ?? 0, endedAt ?? 0),
  };
}

function lastAttemptOf(columns: DeliveryColumns): LastAttempt | null {
  const { started_at: startedAt, http_status: httpStatus, classification, error_detail: errorDetail } = columns;
  return startedAt === null || classification === null ? null : { startedAt, httpStatus, classification, errorDetail };
}

/** A delivered row stores no reason, since it is the most common. */
function reasonOf({ state, reason }: DeliveryColumns): TerminalReason | null {
  return state === STATE.delivered ? "delivered" : reason;
}

/**
 * The `due_at` of an ordered delivery is its position in the lane, which retries do not change. The lane itself waits.
 */
function nextAttemptAt({ state, ordered, due_at, wait_until }: DeliveryColumns): EpochMs {
  return state === STATE.waitingRetry && ordered === 1 ? Math.max(due_at, wait_until ?? 0) : due_at;
}
