/** writeLedger: stores a part of the ledger. */

import type { Connection } from "../../connection.ts";
import type { LedgerWrite, PackedSegment } from "./ledger.ts";

/** A write by a number that no other one has, of a ledger that contains the write `after`. */
export interface NextWrite extends LedgerWrite {
  readonly number: number;
  readonly after: number;
}

/** As large as `randomInt` can choose, so that two nodes never choose the same number. */
export const WRITE_NUMBER_MAX = 2 ** 48 - 1;

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
const WRITE = `
  INSERT INTO marks (name, value)
  VALUES ('ledger_write', ?)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
const DONE_CHANGES = `
  DELETE FROM ledger_changes
  WHERE seq IN (SELECT seq FROM ledger_changes WHERE seq <= ? ORDER BY seq LIMIT ?)`;

/** How many old change notes one write deletes: twice as many as are added between two writes. */
const CHANGES_MAX = 20_000;

/**
 * Returns false if nothing is stored, since another node has stored a part meanwhile. Its segments have the same numbers, and the
 * changes that it has read are deleted.
 */
export function writeLedger(connection: Connection, write: NextWrite): boolean {
  const { number: writeNumber, segments, emptied, progress, after } = write;
  if (lastWrite(connection) !== after) return false;
  const { prepare } = connection;
  prepare(WRITE).run(writeNumber);
  for (const segment of segments) prepare(SEGMENT).run(...valuesOf(segment));
  for (const number of emptied) prepare("DELETE FROM ledger_segments WHERE number = ?").run(number);
  if (progress === null) return true;
  prepare(PROGRESS).run(JSON.stringify(progress));
  prepare(DONE_CHANGES).run(progress.change, CHANGES_MAX);
  return true;
}

/** The number of the last `writeLedger`; 0 if there was none. */
export function lastWrite({ prepare }: Connection): number {
  return Number(prepare("SELECT value FROM marks WHERE name = 'ledger_write'").get()?.value ?? 0);
}

function valuesOf(segment: PackedSegment) {
  const { number, tenantSeq, firstSeq, lastSeq, count, createdMin, createdMax, columns } = segment;
  return [number, tenantSeq, firstSeq, lastSeq, count, createdMin, createdMax, columns] as const;
}
