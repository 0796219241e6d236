/** Keeps the ledger current and stored. It works between the thread that owns the ledger and the one that writes. */
import type { PackedSegment } from "./ledger.ts";
import type { LedgerStep } from "./verbs.ts";
import type { NextWrite } from "./write.ts";

/** The verbs of the two threads. */
export interface KeeperCalls {
  /** How many rows come after the stored part. It can be counted without the ledger's thread. */
  countBehind(): Promise<number>;
  /** Whether the ledger's thread has started. A server whose history nobody reads needs no such thread. */
  isOpen(): boolean;
  stepLedger(behindRowsMax: number): Promise<LedgerStep>;
  nextWrite(): Promise<NextWrite>;
  /** Returns whether it was stored. */
  writeLedger(write: NextWrite): Promise<boolean>;
  noteWritten(written: {
    readonly write: Pick<NextWrite, "number"> & {
      readonly segments: readonly Pick<PackedSegment, "number" | "version">[];
      readonly emptied: readonly number[];
    };
    readonly isStored: boolean;
  }): Promise<void>;
}

export class Keeper {
  readonly #calls: KeeperCalls;
  readonly #behindRowsMax: number;
  #keeping: Promise<void> | null = null;
  #wasKept = false;

  constructor(calls: KeeperCalls, behindRowsMax: number) {
    this.#calls = calls;
    this.#behindRowsMax = behindRowsMax;
  }

  /** @param isWriter whether this node stores the ledger. Only one may. */
  keep(isWriter: boolean): Promise<void> {
    this.#keeping ??= this.#keepOnce(isWriter).finally(() => {
      this.#keeping = null;
    });
    return this.#keeping;
  }

  /** Bring the ledger so far up to date that a query has little left to read. */
  async ready(): Promise<void> {
    if (this.#wasKept) return;
    // When it cannot be written, for example on a full disk, it can still be read. The caller of `keep` gets the error.
    await this.keep(false).catch(() => undefined);
    this.#wasKept = true;
  }

  async #keepOnce(isWriter: boolean): Promise<void> {
    const calls = this.#calls;
    if (!calls.isOpen() && (await calls.countBehind()) < this.#behindRowsMax) return;
    let step: LedgerStep;
    do {
      step = await calls.stepLedger(this.#behindRowsMax);
      if (step.isDue && isWriter) await this.#writeAll();
    } while (step.more);
  }

  async #writeAll(): Promise<void> {
    const calls = this.#calls;
    let write: NextWrite;
    let isStored: boolean;
    do {
      write = await calls.nextWrite();
      isStored = await calls.writeLedger(write);
      const { number, emptied } = write;
      const segments = write.segments.map(({ number, version }) => ({ number, version }));
      await calls.noteWritten({ write: { number, segments, emptied }, isStored });
    } while (isStored && write.progress === null);
  }
}

/** What a server at rest calls again and again. */
const UPKEEP_VERBS: ReadonlySet<string> = new Set(["heartbeat", "leases", "changesSince"]);

interface Writer {
  call<T>(verb: string, args: readonly unknown[]): Promise<T>;
}

/** Whether something was written since the ledger was last kept. Nothing else gives it work. */
export class LedgerNews {
  #hasNews = true;

  /** The same writer. Its writes are news. */
  follow(writer: Writer): Writer {
    return {
      call: async (verb, args) => {
        const result = await writer.call(verb, args);
        this.#hasNews ||= !UPKEEP_VERBS.has(verb);
        return result as never;
      },
    };
  }

  async handle(keep: () => Promise<void>): Promise<void> {
    if (!this.#hasNews) return;
    this.#hasNews = false;
    try {
      await keep();
    } catch (error) {
      this.#hasNews = true;
      throw error;
    }
  }
}
