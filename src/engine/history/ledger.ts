/** The delivery history for people: pages of it, and the whole of it for an export. */
import { StoreUnavailable } from "../../domain/errors.ts";
import type { Seq } from "../../domain/ids.ts";
import {
  EXPORT_PAGE_ROWS,
  EXPORT_REST_MS,
  EXPORTS_COUNT_MAX,
  EXPORTS_OF_TENANT_COUNT_MAX,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Cursor, LedgerFilter, LedgerPage, LedgerQuery, LedgerRow, Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";

export type LedgerFilterInput = Omit<LedgerFilter, "tenantSeq">;
export type LedgerInput = Omit<LedgerQuery, "filter" | "now"> & { readonly filter: LedgerFilterInput };

export interface LedgerService {
  list(caller: Caller, input: LedgerInput): Promise<LedgerPage>;
  /**
   * Null when as many exports are under way as may be. To be closed, whether it was read to its end or not.
   * Throws `StoreUnavailable` when the server stops.
   */
  open(caller: Caller, filter: LedgerFilterInput): LedgerReading | null;
}

export interface LedgerReading {
  /** The next rows in order of creation, or none of them yet; null at the end. What came after the first call is not among them. */
  next(): Promise<readonly LedgerRow[] | null>;
  /** Aborted when the server stops: there is no time to read on. */
  readonly stopped: AbortSignal;
  close(): void;
}

export interface Ledger extends LedgerService {
  /** The server stops: every reading ends, and none begins. */
  close(): void;
}

interface Place {
  readonly tenantSeq: Seq;
  readonly stop: AbortController;
}

/** @param isBusy whether deliveries are under way */
export function createLedger(store: Store, clock: Clock, isBusy: () => boolean): Ledger {
  /** Exports under way. */
  const taken = new Set<Place>();
  let stopping = false;

  async function rest(): Promise<void> {
    if (isBusy()) await new Promise<void>((resolve) => clock.after(EXPORT_REST_MS, resolve));
  }

  return {
    list: ({ tenantSeq }, { filter, ...input }) =>
      store.listLedger({ ...input, filter: { ...filter, tenantSeq }, now: clock.now() }),
    open({ tenantSeq }, filter) {
      if (stopping) throw new StoreUnavailable("the server is stopping");
      const ofTenant = [...taken].filter((place) => place.tenantSeq === tenantSeq).length;
      if (taken.size >= EXPORTS_COUNT_MAX || ofTenant >= EXPORTS_OF_TENANT_COUNT_MAX) return null;
      const place: Place = { tenantSeq, stop: new AbortController() };
      taken.add(place);
      return {
        next: reader(store, { ...filter, tenantSeq }, rest),
        stopped: place.stop.signal,
        close: () => void taken.delete(place),
      };
    },
    close() {
      stopping = true;
      for (const { stop } of taken) stop.abort();
    },
  };
}

function reader(store: Store, filter: LedgerFilter, rest: () => Promise<void>): LedgerReading["next"] {
  let cursor: Cursor | null = null;
  let ended = false;
  return async () => {
    if (ended) return null;
    if (cursor !== null) await rest();
    const page = await store.readLedger(filter, cursor, EXPORT_PAGE_ROWS);
    cursor = page.next;
    ended = cursor === null;
    return page.rows;
  };
}
