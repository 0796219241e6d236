/** The verbs that read the delivery history as people do: in any order, from any place on, and counted. */
import type { TerminalReason } from "../../domain/delivery/delivery.ts";
import type { LEDGER_DIRECTIONS, LEDGER_ORDERS, LedgerStatus } from "../../domain/history/ledger.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Cursor } from "./cursor.ts";
import type { LastAttempt } from "./history.ts";

/** Every condition must hold; null asks for nothing. */
export interface LedgerFilter {
  readonly tenantSeq: Seq;
  readonly status: LedgerStatus | null;
  readonly endpointId: Uuid | null;
  /** A whole event type. */
  readonly eventType: string | null;
  /** Created at this time or later. */
  readonly from: EpochMs | null;
  /** Created before this time. */
  readonly to: EpochMs | null;
}

/** Equal rows stand in the order of their ids, in the same direction; what was never delivered comes last in both. */
export interface LedgerOrder {
  readonly by: (typeof LEDGER_ORDERS)[number];
  readonly direction: (typeof LEDGER_DIRECTIONS)[number];
}

export interface LedgerQuestion {
  readonly filter: LedgerFilter;
  readonly order: LedgerOrder;
  readonly offset: number;
  readonly limit: number;
  /** What `LedgerPage.asOf` was, or a creation time: nothing younger is shown or counted. */
  readonly asOf: EpochMs | null;
  readonly now: EpochMs;
}

export interface LedgerRow {
  readonly id: Uuid;
  readonly eventId: Uuid;
  readonly eventType: string;
  readonly endpointId: Uuid;
  /** Where the latest attempt went; before the first, the endpoint's. */
  readonly url: string;
  readonly status: LedgerStatus;
  readonly attempts: number;
  /** Of the latest attempt; null before the first. */
  readonly lastAttempt: LastAttempt | null;
  readonly createdAt: EpochMs;
  readonly deliveredAt: EpochMs | null;
  /** Null unless it waits. */
  readonly nextAttemptAt: EpochMs | null;
  /** Null until it ended. */
  readonly reason: TerminalReason | null;
}

export interface LedgerPage {
  readonly rows: readonly LedgerRow[];
  /** Exactly how many rows there are in all. */
  readonly total: number;
  /** Asked with it, further pages have no row that came after this one was read, and miss none. */
  readonly asOf: EpochMs;
}

export interface LedgerStretch {
  /** In order of creation. */
  readonly rows: readonly LedgerRow[];
  /** Where the next stretch begins; null at the end. Nothing that came after the first stretch is in any other. */
  readonly next: Cursor | null;
}

export interface LedgerVerbs {
  listLedger(question: LedgerQuestion): Promise<LedgerPage>;
  /** Null begins with the oldest. */
  readLedger(filter: LedgerFilter, cursor: Cursor | null, limit: number): Promise<LedgerStretch>;
  /** Prepare what came meanwhile, so that `listLedger` has little left to do. To be called every second or so. */
  keepLedger(): Promise<void>;
}
