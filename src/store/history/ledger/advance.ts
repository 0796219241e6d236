/**
 * Brings the ledger up to date with what the writer appends: new deliveries, attempts, and changes without an attempt.
 *
 * It always enters the current row of a delivery and never a difference. So reading the same part again, after a crash
 * or next to newer rows, changes nothing.
 */
import type { Classification, TerminalReason } from "../../../domain/delivery/delivery.ts";
import type { EpochMs, Seq } from "../../../domain/ids.ts";
import type { Connection } from "../../connection.ts";
import { all, one } from "../../read-connection.ts";
import { CLASSIFICATION, REASON, STATE } from "../../stored-enums.ts";
import { type Entry, idKeyOf, PENDING, SCHEDULED } from "./columns.ts";
import { dropEntry, type Ledger, type LedgerProgress, putEntry } from "./ledger.ts";

const ENDS = `
  SELECT
    coalesce((SELECT max(seq) FROM deliveries), 0) AS delivery,
    coalesce((SELECT max(seq) FROM attempts), 0) AS attempt,
    coalesce((SELECT max(seq) FROM ledger_changes), 0) AS change`;

/** An upper bound of how many rows of the three sequences come after the progress. */
export function countBehind(connection: Connection, progress: LedgerProgress): number {
  const ends = one<LedgerProgress>(connection, ENDS) ?? progress;
  const after = (name: keyof LedgerProgress) => Math.max(0, ends[name] - progress[name]);
  return after("delivery") + after("attempt") + after("change");
}

const FIELDS = `
    d.seq, d.id, d.tenant_seq, d.endpoint_seq, d.type_seq, d.state, d.attempts, d.attempts_before_run, d.created_at,
    d.ended_at, d.reason, l.http_status, l.classification`;
// By primary key. Most of the time the row is read already, as the attempt that led here.
const LATEST = "LEFT JOIN attempts l ON l.seq = d.last_attempt_seq";

const NEW = `
  SELECT ${FIELDS}
  FROM deliveries d ${LATEST}
  WHERE d.seq > ?
  ORDER BY d.seq
  LIMIT ?`;

// By primary key, twice. Attempts of deliveries that are not in the ledger yet are skipped: their rows say the same.
const ATTEMPTED = `
  SELECT ${FIELDS}
  FROM attempts a CROSS JOIN deliveries d ON d.seq = a.delivery_seq ${LATEST}
  WHERE a.seq > ? AND a.seq <= ? AND a.delivery_seq <= ?`;

const CHANGED = `
  SELECT c.tenant_seq AS tenant, c.delivery_seq AS delivery, ${FIELDS}
  FROM ledger_changes c LEFT JOIN deliveries d ON d.seq = c.delivery_seq ${LATEST}
  WHERE c.seq > ? AND c.seq <= ? AND c.delivery_seq <= ?`;

interface Row {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly tenant_seq: Seq;
  readonly endpoint_seq: Seq;
  readonly type_seq: Seq;
  readonly state: number;
  readonly attempts: number;
  readonly attempts_before_run: number;
  readonly created_at: EpochMs;
  readonly ended_at: EpochMs | null;
  readonly reason: TerminalReason | null;
  readonly http_status: number | null;
  readonly classification: Classification | null;
}

interface ChangedRow extends Row {
  readonly tenant: Seq;
  readonly delivery: Seq;
}

/** One step over at most `rowsMax` rows of each sequence. Returns whether the ledger is up to date. */
export function advance(ledger: Ledger, connection: Connection, rowsMax: number): boolean {
  const { progress } = ledger;
  const ends = one<LedgerProgress>(connection, ENDS) ?? progress;
  const fresh = all<Row>(connection, NEW, progress.delivery, rowsMax);
  for (const row of fresh) putEntry(ledger, connection, row.tenant_seq, entryOf(row));
  // All rows up to the end were read. Retention may have deleted rows after the last one that was read.
  const delivery =
    fresh.length < rowsMax ? Math.max(ends.delivery, progress.delivery) : (fresh.at(-1)?.seq ?? progress.delivery);
  const attempt = Math.min(Math.max(ends.attempt, progress.attempt), progress.attempt + rowsMax);
  const change = Math.min(Math.max(ends.change, progress.change), progress.change + rowsMax);
  for (const row of all<Row>(connection, ATTEMPTED, progress.attempt, attempt, progress.delivery)) {
    putEntry(ledger, connection, row.tenant_seq, entryOf(row));
  }
  for (const row of all<ChangedRow>(connection, CHANGED, progress.change, change, progress.delivery)) {
    if (row.seq === null) dropEntry(ledger, connection, row.tenant, row.delivery);
    else putEntry(ledger, connection, row.tenant_seq, entryOf(row));
  }
  ledger.progress = { delivery, attempt, change };
  return fresh.length < rowsMax && attempt >= ends.attempt && change >= ends.change;
}

function entryOf(row: Row): Entry {
  return {
    seq: row.seq,
    createdAt: row.created_at,
    deliveredAt: row.state === STATE.delivered ? row.ended_at : null,
    id: idKeyOf(row.id),
    endpointSeq: row.endpoint_seq,
    typeSeq: row.type_seq,
    attempts: row.attempts,
    httpStatus: row.http_status ?? 0,
    state: stateOf(row),
    classification: row.classification === null ? 0 : CLASSIFICATION.number(row.classification),
    reason: reasonOf(row),
  };
}

/** A leased delivery is entered in the state that it has after a release, because a release is not noted. */
function stateOf({ state, attempts, attempts_before_run: before }: Row): number {
  return state !== STATE.leased ? state : attempts > before ? SCHEDULED : PENDING;
}

/** A delivered row stores no reason, since it is the most common. */
function reasonOf({ state, reason }: Row): number {
  if (state === STATE.delivered) return REASON.number("delivered");
  return reason === null ? 0 : REASON.number(reason);
}
