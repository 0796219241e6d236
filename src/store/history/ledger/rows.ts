/** Reads deliveries as the history shows them, with their latest attempts. */

import { ledgerStatus } from "../../../domain/history/ledger.ts";
import type { Seq } from "../../../domain/ids.ts";
import type { LedgerRow } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import {
  columnsBySeq,
  DELIVERY_FIELDS,
  type DeliveryColumns,
  FROM_DELIVERIES,
  toDeliveryRow,
  WITH_SEQS,
} from "../delivery-rows.ts";

const SELECT = `
  SELECT ${DELIVERY_FIELDS},
    e.url, u.url AS attempt_url
  ${FROM_DELIVERIES}
  LEFT JOIN urls u ON u.seq = a.url_seq
  ${WITH_SEQS}`;

interface Columns extends DeliveryColumns {
  readonly url: string;
  readonly attempt_url: string | null;
}

/** In the order of the sequences, without those that there are not. */
export function readLedgerRows(connection: Connection, seqs: readonly Seq[]): LedgerRow[] {
  return columnsBySeq<Columns>(connection, SELECT, seqs).map(toLedgerRow);
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
