/** A delivery → its row of the history, with what its latest attempt came to. */
import type { Classification } from "../../../domain/delivery.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import { ledgerStatus } from "../../../domain/ledger.ts";
import type { LedgerRow } from "../../../ports/store.ts";
import type { Connection } from "../connection.ts";
import { DELIVERY_FIELDS, type DeliveryColumns, FROM_DELIVERIES, toDeliveryRow } from "../delivery-rows.ts";
import { one } from "../reading.ts";

const SELECT = `
  SELECT ${DELIVERY_FIELDS},
    e.url, u.url AS attempt_url, a.started_at, a.http_status, a.classification, a.error_detail
  ${FROM_DELIVERIES}
  LEFT JOIN attempts a ON a.seq = d.last_attempt_seq
  LEFT JOIN urls u ON u.seq = a.url_seq
  WHERE d.seq = ?`;

interface Columns extends DeliveryColumns {
  readonly url: string;
  readonly attempt_url: string | null;
  readonly started_at: EpochMs | null;
  readonly http_status: number | null;
  readonly classification: Classification | null;
  readonly error_detail: string | null;
}

export function readLedgerRow(connection: Connection, seq: Seq): LedgerRow | null {
  const columns = one<Columns>(connection, SELECT, seq);
  return columns === undefined ? null : toLedgerRow(columns);
}

function toLedgerRow(columns: Columns): LedgerRow {
  const { id, eventId, eventType, endpointId, state, attempts, createdAt, endedAt, nextAttemptAt, reason } =
    toDeliveryRow(columns);
  return {
    id,
    eventId,
    eventType,
    endpointId,
    url: columns.attempt_url ?? columns.url,
    status: ledgerStatus(state),
    attempts,
    lastAttempt: lastAttemptOf(columns),
    createdAt,
    deliveredAt: state === "DELIVERED" ? endedAt : null,
    nextAttemptAt,
    reason,
  };
}

function lastAttemptOf(columns: Columns): LedgerRow["lastAttempt"] {
  const { started_at: startedAt, http_status: httpStatus, classification, error_detail: errorDetail } = columns;
  return startedAt === null || classification === null ? null : { startedAt, httpStatus, classification, errorDetail };
}
