/** Reads a delivery as the history shows it, with its latest attempt. */

import { ledgerStatus } from "../../../domain/history/ledger.ts";
import type { Seq } from "../../../domain/ids.ts";
import type { LedgerRow } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { one } from "../../read-connection.ts";
import { DELIVERY_FIELDS, type DeliveryColumns, FROM_DELIVERIES, toDeliveryRow } from "../delivery-rows.ts";

const SELECT = `
  SELECT ${DELIVERY_FIELDS},
    e.url, u.url AS attempt_url
  ${FROM_DELIVERIES}
  LEFT JOIN urls u ON u.seq = a.url_seq
  WHERE d.seq = ?`;

interface Columns extends DeliveryColumns {
  readonly url: string;
  readonly attempt_url: string | null;
}

export function readLedgerRow(connection: Connection, seq: Seq): LedgerRow | null {
  const columns = one<Columns>(connection, SELECT, seq);
  return columns === undefined ? null : toLedgerRow(columns);
}

function toLedgerRow(columns: Columns): LedgerRow {
  const {
    id,
    eventId,
    eventType,
    endpointId,
    state,
    attempts,
    createdAt,
    endedAt,
    nextAttemptAt,
    reason,
    lastAttempt,
  } = toDeliveryRow(columns);
  return {
    id,
    eventId,
    eventType,
    endpointId,
    url: columns.attempt_url ?? columns.url,
    status: ledgerStatus(state),
    attempts,
    lastAttempt,
    createdAt,
    deliveredAt: state === "DELIVERED" ? endedAt : null,
    nextAttemptAt,
    reason,
  };
}
