/** Keeps the ledger current and stored. It works between the thread that owns the ledger and the one that writes. */
import type { LedgerWrite, PackedSegment } from "./ledger.ts";
import type { LedgerStep } from "./verbs.ts";

/** The verbs of the two threads. */
export interface KeeperCalls {
  /** How many rows come after the stored part. It can be counted without the ledger's thread. */
  countBehind(): Promise<number>;
  /** Whether the ledger's thread has started. A server whose history nobody reads needs no such thread. */
  isOpen(): boolean;
  stepLedger(behindRowsMax: number): Promise<LedgerStep>;
  nextWrite(): Promise<LedgerWrite>;
  writeLedger(write: LedgerWrite): Promise<void>;
  noteWritten(write: {
    readonly segments: readonly Pick<PackedSegment, "number" | "version">[];
    readonly emptied: readonly number[];
  }): Promise<void>;
}

export interface Keeper {
  keep(): Promise<void>;
  /** Bring the ledger so far up to date that a query has little left to read. */
  ready(): Promise<void>;
}

export function createKeeper(calls: KeeperCalls, behindRowsMax: number): Keeper {
  let keeping: Promise<void> | null = null;
  let wasKept = false;

  async function keepOnce(): Promise<void> {
    if (!calls.isOpen() && (await calls.countBehind()) < behindRowsMax) return;
    let step: LedgerStep;
    do {
      step = await calls.stepLedger(behindRowsMax);
      if (step.isDue) await writeAll();
    } while (step.more);
  }

  async function writeAll(): Promise<void> {
    let write: LedgerWrite;
    do {
      write = await calls.nextWrite();
      await calls.writeLedger(write);
      const segments = write.segments.map(({ number, version }) => ({ number, version }));
      await calls.noteWritten({ segments, emptied: write.emptied });
    } while (write.progress === null);
  }

  function keep(): Promise<void> {
    keeping ??= keepOnce().finally(() => {
      keeping = null;
    });
    return keeping;
  }

  return {
    keep,
    async ready() {
      if (wasKept) return;
      // When it cannot be written, for example on a full disk, it can still be read. The caller of `keep` gets the
      // error.
      await keep().catch(() => undefined);
      wasKept = true;
    },
  };
}
