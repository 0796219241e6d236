/** Keeps the ledger near the present and written down: between the thread that owns it and the one that writes. */
import type { LedgerWrite, PackedSegment } from "./ledger.ts";
import type { LedgerStep } from "./verbs.ts";

/** The threads' verbs. */
export interface KeeperCalls {
  /** How much comes after what is written; it takes no ledger to tell. */
  countBehind(): Promise<number>;
  /** Whether the ledger's thread has begun: a server whose history nobody reads does without it. */
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
  /** Near the present: what a query has left to read is little. */
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
      // Where it cannot be written, on a full disk, it can be read all the same; whoever keeps it hears of it.
      await keep().catch(() => undefined);
      wasKept = true;
    },
  };
}
