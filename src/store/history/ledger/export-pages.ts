/** readLedger: the history in order of creation, page by page. Nothing stays open between two pages. */
import type { EpochMs, Seq, Uuid } from "../../../domain/ids.ts";
import type { Cursor, LedgerExportPage, LedgerFilter } from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { uuidBytes } from "../../rows.ts";
import { compareSorted, type SortedRow, sortedRowsOf } from "./column-scan.ts";
import { compareIds, idKeyOf } from "./columns.ts";
import { type Ledger, withColumns } from "./ledger.ts";
import { findPredicate, matchRows, mayMatch, type Predicate } from "./predicate.ts";
import { readLedgerRows } from "./rows.ts";

export function readLedger(
  ledger: Ledger,
  connection: Connection,
  filter: LedgerFilter,
  cursor: Cursor | null,
  limit: number,
): LedgerExportPage {
  const after = cursor === null ? null : readCursor(cursor);
  const upTo = after?.upTo ?? ledger.progress.delivery;
  const predicate = findPredicate(connection, filter, { createdMax: Number.POSITIVE_INFINITY, upTo });
  if (predicate === null) return { rows: [], next: null };
  const sorted = firstAfter(ledger, connection, predicate, after, limit);
  const rows = readLedgerRows(
    connection,
    sorted.map(({ seq }) => seq),
  );
  const last = rows.at(-1);
  const isEnd = sorted.length < limit || last === undefined;
  return { rows, next: isEnd ? null : writeCursor({ createdAt: last.createdAt, id: last.id, upTo }) };
}

/** The next page begins after this time and id. `upTo` is the last delivery that existed when the export began. */
interface Progress {
  readonly upTo: Seq;
  readonly createdAt: EpochMs;
  readonly id: Uuid;
}

function writeCursor({ upTo, createdAt, id }: Progress): Cursor {
  return `${upTo} ${createdAt} ${id}` as Cursor;
}

function readCursor(cursor: Cursor): Progress {
  const [upTo, createdAt, id] = cursor.split(" ");
  return { upTo: Number(upTo), createdAt: Number(createdAt), id: id as Uuid };
}

function firstAfter(
  ledger: Ledger,
  connection: Connection,
  predicate: Predicate,
  after: Progress | null,
  limit: number,
): SortedRow[] {
  const from = after === null ? null : { key: after.createdAt, id: idKeyOf(uuidBytes(after.id)) };
  const rest: Predicate = {
    ...predicate,
    createdMin: Math.max(predicate.createdMin, from?.key ?? Number.NEGATIVE_INFINITY),
  };
  const isAfter = ({ key, id }: SortedRow) => from === null || key > from.key || compareIds(id, from.id) > 0;
  let found: SortedRow[] = [];
  // Creation times nearly rise with sequences, so one or two segments have the next rows, and no other can have earlier
  // ones.
  for (const segment of ledger.shelves.get(predicate.tenantSeq) ?? []) {
    const latest = found.length < limit ? Number.POSITIVE_INFINITY : (found.at(-1)?.key ?? 0);
    if (segment.createdMin > latest || !mayMatch(segment, rest)) continue;
    withColumns(ledger, connection, segment, (columns) => {
      found.push(...sortedRowsOf(columns, matchRows(columns, segment, rest), segment, "createdAt").filter(isAfter));
    });
    found = found.sort(compareSorted).slice(0, limit);
  }
  return found;
}
