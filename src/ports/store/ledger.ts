/** The verbs behind the delivery history of the dashboard: sorted by any column, from any offset, with exact totals. */
import type { TerminalReason } from "../../domain/delivery/delivery.ts";
import type { LEDGER_DIRECTIONS, LEDGER_ORDERS, LedgerStatus } from "../../domain/history/ledger.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Cursor } from "./cursor.ts";
import type { LastAttempt } from "./history.ts";

/** All conditions must hold. Null is no condition. */
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

/** Equal rows are ordered by their ids, in the same direction. What was never delivered comes last in both directions. */
export interface LedgerOrder {
  readonly by: (typeof LEDGER_ORDERS)[number];
  readonly direction: (typeof LEDGER_DIRECTIONS)[number];
}

export interface LedgerQuery {
  readonly filter: LedgerFilter;
  readonly order: LedgerOrder;
  readonly offset: number;
  readonly limit: number;
  /** An earlier `LedgerPage.asOf`, or a creation time. Later deliveries are neither shown nor counted. */
  readonly asOf: EpochMs | null;
  readonly now: EpochMs;
}

export interface LedgerRow {
  readonly id: Uuid;
  readonly eventId: Uuid;
  readonly eventType: string;
  readonly endpointId: Uuid;
  /** The URL of the latest attempt; before the first attempt, the endpoint's. */
  readonly url: string;
  readonly status: LedgerStatus;
  readonly attempts: number;
  /** Of the latest attempt; null before the first. */
  readonly lastAttempt: LastAttempt | null;
  readonly createdAt: EpochMs;
  readonly deliveredAt: EpochMs | null;
  /** Null unless the delivery waits. */
  readonly nextAttemptAt: EpochMs | null;
  /** Null until the delivery ends. */
  readonly reason: TerminalReason | null;
}

export interface LedgerPage {
  readonly rows: readonly LedgerRow[];
  /** How many rows match, exactly. */
  readonly total: number;
  /** Pass it for the next pages: they then show no delivery that was created after this page was read, and miss none. */
  readonly asOf: EpochMs;
}

export interface LedgerExportPage {
  /** In order of creation. */
  readonly rows: readonly LedgerRow[];
  /** Where the next page begins; null at the end. No page has a delivery that was created after the first page was read. */
  readonly next: Cursor | null;
}

export interface LedgerVerbs {
  listLedger(query: LedgerQuery): Promise<LedgerPage>;
  /** The next part of an export. Null begins with the oldest delivery. */
  readLedger(filter: LedgerFilter, cursor: Cursor | null, limit: number): Promise<LedgerExportPage>;
  /** Prepare what was added since the last call, so that `listLedger` has little left to do. Call it about every second. */
  keepLedger(): Promise<void>;
}
