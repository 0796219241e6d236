/** The verbs behind the delivery history: any filter, sorted by any column, from any offset, with exact totals. */
import type { TerminalReason } from "../../domain/delivery/delivery.ts";
import type {
  DeliveryConditions,
  LEDGER_DIRECTIONS,
  LEDGER_ORDERS,
  LedgerStatus,
} from "../../domain/history/ledger.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Cursor } from "./cursor.ts";
import type { DeliveryRow, LastAttempt } from "./history.ts";

export interface LedgerFilter extends DeliveryConditions {
  readonly tenantSeq: Seq;
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

/** One page of deliveries as lists show them. */
export interface DeliveriesQuery {
  readonly filter: LedgerFilter;
  readonly order: DeliveryOrder;
  /** Null begins with the first row. A cursor belongs to its order's `by`. */
  readonly cursor: Cursor | null;
  readonly limit: number;
  /** Whether to count the matching rows. */
  readonly count: boolean;
  /** An earlier `asOf`, or a creation time. Later deliveries are neither shown nor counted. */
  readonly asOf: EpochMs | null;
  readonly now: EpochMs;
}

/** Equal rows are in the order of their commits, in the same direction. By `createdAt`, all rows are. */
export interface DeliveryOrder {
  readonly by: "createdAt" | "attempts";
  readonly direction: (typeof LEDGER_DIRECTIONS)[number];
}

export interface CountedDeliveries {
  readonly rows: readonly DeliveryRow[];
  readonly next: Cursor | null;
  /** How many rows match, exactly; null when it was not asked for. */
  readonly total: number | null;
  /** Pass it for further pages, and to change what was counted. Null unless rows were counted or `asOf` was given. */
  readonly asOf: EpochMs | null;
}

export interface LedgerVerbs {
  /** A page of `listDeliveries` for any filter and order, and without a limit of visited rows. */
  queryDeliveries(query: DeliveriesQuery): Promise<CountedDeliveries>;
  listLedger(query: LedgerQuery): Promise<LedgerPage>;
  /** The next part of an export. Null begins with the oldest delivery. */
  readLedger(filter: LedgerFilter, cursor: Cursor | null, limit: number): Promise<LedgerExportPage>;
  /**
   * Prepare what was added since the last call, so that `listLedger` has little left to do. Call it about every second.
   *
   * @param isWriter whether this node stores what it prepared. Only one node may.
   */
  keepLedger(isWriter: boolean): Promise<void>;
}
