/** The verbs that the ledger's thread runs. */
import type { Seq } from "../../../domain/ids.ts";
import { LEDGER_BEHIND_ROWS_MAX, LEDGER_STEP_ROWS } from "../../../domain/limits.ts";
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
import { countWrites, type NextWrite } from "./write.ts";

/** What the verbs work with: a connection, and the ledger, which the first verb opens. */
export interface Keeping extends Connection {
  ledger: Ledger | null;
  /** The number of the last write that the ledger contains. */
  writes: number;
  readonly freezes: Freezes;
}

export function createKeeping(connection: Connection): Keeping {
  return { ...connection, ledger: null, writes: 0, freezes: new Map() };
}

function ledgerOf(k: Keeping): Ledger {
  // What another node has stored does not fit what this one has in memory: the segments are others.
  if (k.isShared && k.ledger !== null && countWrites(k) !== k.writes) k.ledger = null;
  if (k.ledger === null) {
    k.ledger = openLedger(k);
    k.writes = countWrites(k);
  }
  return k.ledger;
}

interface Written {
  readonly write: Parameters<typeof noteWritten>[1];
  readonly writes: number | null;
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
    return { ...nextWrite(ledger), after: k.writes };
  },
  noteWritten(k: Keeping, { write, writes }: Written): void {
    // Another node has stored a part of its own, or a query has opened the ledger again.
    if (writes === null || writes !== k.writes + 1) k.ledger = null;
    else k.writes = writes;
    if (k.ledger !== null) noteWritten(k.ledger, write);
  },
};
