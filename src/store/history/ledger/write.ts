/** writeLedger: stores a part of the ledger. */

import type { Connection } from "../../connection.ts";
import type { LedgerWrite, PackedSegment } from "./ledger.ts";

/** A write of a ledger that was read after so many writes. */
export interface NextWrite extends LedgerWrite {
  readonly after: number;
}

const SEGMENT = `
  INSERT INTO ledger_segments
    (number, tenant_seq, first_seq, last_seq, count, created_min, created_max, columns)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (number) DO UPDATE SET
    tenant_seq = excluded.tenant_seq,
    first_seq = excluded.first_seq,
    last_seq = excluded.last_seq,
    count = excluded.count,
    created_min = excluded.created_min,
    created_max = excluded.created_max,
    columns = excluded.columns`;
const PROGRESS = `
  INSERT INTO meta (name, value)
  VALUES ('ledger', ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
const WRITES = `
  INSERT INTO marks (name, value)
  VALUES ('ledger_writes', 1)
  ON CONFLICT (name) DO UPDATE SET value = marks.value + 1
  RETURNING value`;
const DONE_CHANGES = `
  DELETE FROM ledger_changes
  WHERE seq IN (SELECT seq FROM ledger_changes WHERE seq <= ? ORDER BY seq LIMIT ?)`;

/** How many old change notes one write deletes: twice as many as are added between two writes. */
const CHANGES_MAX = 20_000;

/**
 * Returns how often the ledger has been written. Null: nothing is stored, since another node has stored a part meanwhile. Its
 * segments have the same numbers, and the changes that it has read are deleted.
 */
export function writeLedger(connection: Connection, { segments, emptied, progress, after }: NextWrite): number | null {
  if (countWrites(connection) !== after) return null;
  const { prepare } = connection;
  const writes = Number(prepare(WRITES).get()?.value);
  for (const segment of segments) prepare(SEGMENT).run(...valuesOf(segment));
  for (const number of emptied) prepare("DELETE FROM ledger_segments WHERE number = ?").run(number);
  if (progress === null) return writes;
  prepare(PROGRESS).run(JSON.stringify(progress));
  prepare(DONE_CHANGES).run(progress.change, CHANGES_MAX);
  return writes;
}

/** The number of the last `writeLedger`. */
export function countWrites({ prepare }: Connection): number {
  return Number(prepare("SELECT value FROM marks WHERE name = 'ledger_writes'").get()?.value ?? 0);
}

function valuesOf(segment: PackedSegment) {
  const { number, tenantSeq, firstSeq, lastSeq, count, createdMin, createdMax, columns } = segment;
  return [number, tenantSeq, firstSeq, lastSeq, count, createdMin, createdMax, columns] as const;
}
