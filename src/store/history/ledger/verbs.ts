/** The verbs that the ledger's thread runs. */
import { randomInt } from "node:crypto";
import type { Seq } from "../../../domain/ids.ts";
import { HISTORY_CACHE_BYTES_DEFAULT, LEDGER_BEHIND_ROWS_MAX, LEDGER_STEP_ROWS } from "../../../domain/limits.ts";
import type {
  BulkCount,
  BulkQuery,
  BulkStep,
  CountedDeliveries,
  Cursor,
  DeliveriesQuery,
  LedgerExportPage,
  LedgerFilter,
  LedgerPage,
  LedgerQuery,
} from "../../../ports/store.ts";
import type { Connection } from "../../connection.ts";
import { advance, countBehind } from "./advance.ts";
import { countBulk, findBulk } from "./bulk.ts";
import { queryDeliveries } from "./deliveries.ts";
import { readLedger } from "./export-pages.ts";
import { type Ledger, nextWrite, noteWritten, openLedger, readProgress, trimLedger } from "./ledger.ts";
import { type Freezes, listLedger } from "./pages.ts";
import { lastWrite, type NextWrite, WRITE_NUMBER_MAX } from "./write.ts";

/** What the verbs work with: a connection, and the ledger, which the first verb opens. */
export interface Keeping extends Connection {
  ledger: Ledger | null;
  /** The last write that the ledger contains, and one of this node that may be stored already. */
  write: { stored: number; pending: number | null };
  readonly freezes: Freezes;
  /** Bytes of columns that stay in memory. */
  readonly cacheBytesMax: number;
}

export function createKeeping(connection: Connection, cacheBytesMax = HISTORY_CACHE_BYTES_DEFAULT): Keeping {
  return { ...connection, ledger: null, write: { stored: 0, pending: null }, freezes: new Map(), cacheBytesMax };
}

function ledgerOf(k: Keeping): Ledger {
  // What another node has stored does not fit what this one has in memory: the segments are others.
  if (k.isShared && k.ledger !== null && !isOwn(k, lastWrite(k))) k.ledger = null;
  if (k.ledger === null) {
    k.ledger = openLedger(k, k.cacheBytesMax);
    k.write = { stored: lastWrite(k), pending: null };
  }
  return k.ledger;
}

const isOwn = ({ write }: Keeping, last: number): boolean => last === write.stored || last === write.pending;

interface Written {
  readonly write: Parameters<typeof noteWritten>[1] & Pick<NextWrite, "number">;
  readonly isStored: boolean;
}

/** The ledger with everything that this transaction sees. */
function upToDate(k: Keeping): Ledger {
  const ledger = ledgerOf(k);
  while (!advance(ledger, k, LEDGER_STEP_ROWS));
  return ledger;
}

/** One step towards being up to date. Returns whether more is left. */
export interface LedgerStep {
  readonly more: boolean;
  /** Whether enough has changed that the ledger should be stored. */
  readonly isDue: boolean;
}

export const LEDGER_VERBS = {
  queryDeliveries(k: Keeping, query: DeliveriesQuery): CountedDeliveries {
    const page = queryDeliveries(upToDate(k), k, k.freezes, query);
    trimLedger(ledgerOf(k));
    return page;
  },
  countBulk(k: Keeping, query: BulkQuery): BulkCount {
    const count = countBulk(upToDate(k), k, k.freezes, query);
    trimLedger(ledgerOf(k));
    return count;
  },

  findBulk(k: Keeping, step: BulkStep): readonly Seq[] {
    const found = findBulk(upToDate(k), k, step);
    trimLedger(ledgerOf(k));
    return found;
  },

  listLedger(k: Keeping, query: LedgerQuery): LedgerPage {
    const page = listLedger(upToDate(k), k, k.freezes, query);
    trimLedger(ledgerOf(k));
    return page;
  },
  readLedger(k: Keeping, filter: LedgerFilter, cursor: Cursor | null, limit: number): LedgerExportPage {
    const page = readLedger(upToDate(k), k, filter, cursor, limit);
    trimLedger(ledgerOf(k));
    return page;
  },
  stepLedger(k: Keeping, behindRowsMax = LEDGER_BEHIND_ROWS_MAX): LedgerStep {
    const ledger = ledgerOf(k);
    const more = !advance(ledger, k, LEDGER_STEP_ROWS);
    trimLedger(ledger);
    return { more, isDue: countBehind(k, readProgress(k)) >= behindRowsMax };
  },
  /** The next part for `writeLedger`. */
  nextWrite(k: Keeping): NextWrite {
    const ledger = ledgerOf(k);
    const number = randomInt(1, WRITE_NUMBER_MAX);
    k.write.pending = number;
    return { ...nextWrite(ledger), number, after: k.write.stored };
  },
  noteWritten(k: Keeping, { write, isStored }: Written): void {
    // A query has opened the ledger again meanwhile, because another node had stored a part.
    if (k.write.pending !== write.number) return;
    if (!isStored) k.ledger = null;
    if (k.ledger === null) return;
    k.write = { stored: write.number, pending: null };
    noteWritten(k.ledger, write);
  },
};
