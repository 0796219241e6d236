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
import {
  type Ledger,
  type LedgerWrite,
  nextWrite,
  noteWritten,
  openLedger,
  readProgress,
  trimLedger,
} from "./ledger.ts";
import { type Freezes, listLedger } from "./pages.ts";

/** What the verbs work with: a connection, and the ledger, which the first verb opens. */
export interface Keeping extends Connection {
  ledger: Ledger | null;
  readonly freezes: Freezes;
}

export function createKeeping(connection: Connection): Keeping {
  return { ...connection, ledger: null, freezes: new Map() };
}

function ledgerOf(k: Keeping): Ledger {
  k.ledger ??= openLedger(k);
  return k.ledger;
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
  nextWrite: (k: Keeping): LedgerWrite => nextWrite(ledgerOf(k)),
  noteWritten: (k: Keeping, write: Parameters<typeof noteWritten>[1]): void => noteWritten(ledgerOf(k), write),
};
