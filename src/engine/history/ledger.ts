/** The delivery history as people read it: in pages, or whole as an export. */
import { StoreUnavailable } from "../../domain/errors.ts";
import type { ExportNews, News } from "../../domain/history/news.ts";
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
import { ExportProgress } from "./export-progress.ts";
import type { Streams } from "./streams.ts";

export type LedgerFilterInput = Omit<LedgerFilter, "tenantSeq">;
export type LedgerInput = Omit<LedgerQuery, "filter" | "now"> & { readonly filter: LedgerFilterInput };

export interface LedgerService {
  list(caller: Caller, input: LedgerInput): Promise<LedgerPage>;
  /**
   * Whether `open` would start an export now.
   *
   * @throws StoreUnavailable when the server is stopping
   */
  mayOpen(caller: Caller): boolean;
  /**
   * Start an export. Close it, whether or not you read it to the end.
   *
   * @param token names the export for `progress` and in the stream; null tells nothing
   * @returns null when `EXPORTS_COUNT_MAX` exports, or `EXPORTS_OF_TENANT_COUNT_MAX` of the tenant, are open
   * @throws StoreUnavailable when the server is stopping
   */
  open(caller: Caller, filter: LedgerFilterInput, token: string | null): LedgerExport | null;
  /** How far an export is, or how it ended. Null if this node knows none with this token. */
  progress(caller: Caller, token: string): ExportNews | null;
}

export interface LedgerExport {
  /**
   * The next rows in order of creation; null at the end. May be empty before the end. Rows that were created after the
   * first call are not included.
   */
  next(): Promise<readonly LedgerRow[] | null>;
  /** Aborted when the server stops. */
  readonly stopped: AbortSignal;
  /** Whether the client has the whole file. */
  ended(isComplete: boolean): void;
  close(): void;
}

export interface LedgerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly streams: Pick<Streams, "announce" | "exports">;
  /** Whether deliveries are in progress. */
  readonly isBusy: () => boolean;
}

export class Ledger implements LedgerService {
  readonly #options: LedgerOptions;
  readonly #exports = new Set<OpenExport>();
  #stopping = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  list({ tenantSeq }: Caller, { filter, ...input }: LedgerInput): Promise<LedgerPage> {
    const { clock, store } = this.#options;
    return store.listLedger({ ...input, filter: { ...filter, tenantSeq }, now: clock.now() });
  }

  mayOpen({ tenantSeq }: Caller): boolean {
    if (this.#stopping) throw new StoreUnavailable("the server is stopping");
    const ofTenant = [...this.#exports].filter((each) => each.tenantSeq === tenantSeq).length;
    return this.#exports.size < EXPORTS_COUNT_MAX && ofTenant < EXPORTS_OF_TENANT_COUNT_MAX;
  }

  open(caller: Caller, filter: LedgerFilterInput, token: string | null): LedgerExport | null {
    if (!this.mayOpen(caller)) return null;
    const { actor, tenantSeq } = caller;
    const { clock, store, streams } = this.#options;
    const announce = (news: News): void => streams.announce(tenantSeq, news);
    const progress = token === null ? null : new ExportProgress({ clock, announce, token });
    const opened: OpenExport = new OpenExport(this.#options, { ...filter, tenantSeq }, progress, () => {
      this.#exports.delete(opened);
    });
    this.#exports.add(opened);
    // An export works while the store cannot write.
    store.recordAction({ actor, tenantSeq, type: "export.started", data: {}, now: clock.now() }).catch(() => undefined);
    return opened;
  }

  progress({ tenantSeq }: Caller, token: string): ExportNews | null {
    const { clock, streams } = this.#options;
    return streams.exports.find(tenantSeq, token, clock.now());
  }

  /** The server stops: every export ends, and no new one starts. */
  close(): void {
    this.#stopping = true;
    for (const each of this.#exports) each.stop();
  }
}

class OpenExport implements LedgerExport {
  readonly #options: LedgerOptions;
  readonly #filter: LedgerFilter;
  readonly #progress: ExportProgress | null;
  readonly #onClose: () => void;
  readonly #abort = new AbortController();
  #cursor: Cursor | null = null;
  #atEnd = false;

  constructor(options: LedgerOptions, filter: LedgerFilter, progress: ExportProgress | null, onClose: () => void) {
    this.#options = options;
    this.#filter = filter;
    this.#progress = progress;
    this.#onClose = onClose;
  }

  get tenantSeq(): Seq {
    return this.#filter.tenantSeq;
  }

  get stopped(): AbortSignal {
    return this.#abort.signal;
  }

  async next(): Promise<readonly LedgerRow[] | null> {
    if (this.#atEnd) return null;
    if (this.#cursor !== null) await this.#yieldToDeliveries();
    else this.#progress?.begin(await this.#count());
    const { rows, next } = await this.#options.store.readLedger(this.#filter, this.#cursor, EXPORT_PAGE_ROWS);
    this.#cursor = next;
    this.#atEnd = next === null;
    this.#progress?.read(rows.length);
    return rows;
  }

  ended(isComplete: boolean): void {
    this.#progress?.end(isComplete);
  }

  close(): void {
    this.#onClose();
  }

  stop(): void {
    this.#abort.abort();
  }

  async #count(): Promise<number> {
    const { clock, store } = this.#options;
    const order = { by: "createdAt", direction: "asc" } as const;
    const query = { filter: this.#filter, order, offset: 0, limit: 0, asOf: null, now: clock.now() };
    return (await store.listLedger(query)).total;
  }

  async #yieldToDeliveries(): Promise<void> {
    const { clock, isBusy } = this.#options;
    if (isBusy()) await new Promise<void>((resolve) => clock.after(EXPORT_REST_MS, resolve));
  }
}
