/** The verbs that the ledger's thread runs. */
import { randomInt } from "node:crypto";
import type { Seq } from "../../../domain/ids.ts";
import {
  HISTORY_CACHE_BYTES_DEFAULT,
  HISTORY_UNREAD_CACHE_BYTES_MAX,
  LEDGER_BEHIND_ROWS_MAX,
  LEDGER_STEP_ROWS,
  LEDGER_UNREAD_STEPS_COUNT,
} from "../../../domain/limits.ts";
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

/** Bytes of columns that stay in memory while somebody reads the history, and while nobody does. */
interface Cache {
  readonly bytesMax: number;
  readonly unreadBytesMax: number;
}

/** What the verbs work with: a connection, and the ledger, which the first verb opens. */
export interface Keeping extends Connection {
  ledger: Ledger | null;
  /** The last write that the ledger contains, and one of this node that may be stored already. */
  write: { stored: number; pending: number | null };
  readonly freezes: Freezes;
  readonly cache: Cache;
  /** Steps since somebody read it. */
  unreadSteps: number;
}

const CACHE: Cache = { bytesMax: HISTORY_CACHE_BYTES_DEFAULT, unreadBytesMax: HISTORY_UNREAD_CACHE_BYTES_MAX };

export function createKeeping(connection: Connection, cache: Partial<Cache> = {}): Keeping {
  return {
    ...connection,
    ledger: null,
    write: { stored: 0, pending: null },
    freezes: new Map(),
    cache: { ...CACHE, ...cache },
    unreadSteps: LEDGER_UNREAD_STEPS_COUNT,
  };
}

function ledgerOf(k: Keeping): Ledger {
  // What another node has stored does not fit what this one has in memory: the segments are others.
  if (k.isShared && k.ledger !== null && !isOwn(k, lastWrite(k))) k.ledger = null;
  if (k.ledger === null) {
    k.ledger = openLedger(k, k.cache.bytesMax);
    k.write = { stored: lastWrite(k), pending: null };
  }
  return k.ledger;
}

const isOwn = ({ write }: Keeping, last: number): boolean => last === write.stored || last === write.pending;

interface Written {
  readonly write: Parameters<typeof noteWritten>[1] & Pick<NextWrite, "number">;
  readonly isStored: boolean;
}

/** Read the ledger with everything that this transaction sees. */
function reading<T>(k: Keeping, read: (ledger: Ledger) => T): T {
  const ledger = ledgerOf(k);
  while (!advance(ledger, k, LEDGER_STEP_ROWS));
  const result = read(ledger);
  trimLedger(ledger, k.cache.bytesMax);
  k.unreadSteps = 0;
  return result;
}

/** One step towards being up to date. Returns whether more is left. */
export interface LedgerStep {
  readonly more: boolean;
  /** Whether enough has changed that the ledger should be stored. */
  readonly isDue: boolean;
}

export const LEDGER_VERBS = {
  queryDeliveries(k: Keeping, query: DeliveriesQuery): CountedDeliveries {
    return reading(k, (ledger) => queryDeliveries(ledger, k, k.freezes, query));
  },
  countBulk(k: Keeping, query: BulkQuery): BulkCount {
    return reading(k, (ledger) => countBulk(ledger, k, k.freezes, query));
  },
  findBulk(k: Keeping, step: BulkStep): readonly Seq[] {
    return reading(k, (ledger) => findBulk(ledger, k, step));
  },
  listLedger(k: Keeping, query: LedgerQuery): LedgerPage {
    return reading(k, (ledger) => listLedger(ledger, k, k.freezes, query));
  },
  readLedger(k: Keeping, filter: LedgerFilter, cursor: Cursor | null, limit: number): LedgerExportPage {
    return reading(k, (ledger) => readLedger(ledger, k, filter, cursor, limit));
  },
  stepLedger(k: Keeping, behindRowsMax = LEDGER_BEHIND_ROWS_MAX): LedgerStep {
    const ledger = ledgerOf(k);
    const more = !advance(ledger, k, LEDGER_STEP_ROWS);
    const isRead = k.unreadSteps < LEDGER_UNREAD_STEPS_COUNT;
    trimLedger(ledger, isRead ? k.cache.bytesMax : k.cache.unreadBytesMax);
    k.unreadSteps += 1;
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
