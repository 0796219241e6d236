/**
 * Checkpoints in another thread. SQLite's own checkpoints run within a commit, and delayed every publish by 15 to 25
 * ms, several times a second at full load. Here another thread writes most of the log back, and the writer thread only
 * the few pages that were added meanwhile. Then the log starts again at its beginning, which requires that all of it
 * was written back.
 */
import { Worker } from "node:worker_threads";
import type { Connection } from "../connection.ts";
import { isPassing } from "../group.ts";

export interface Checkpoints {
  /** Call it between commits. */
  afterGroup(): void;
  close(): Promise<void>;
}

/**
 * The log is written back at this many pages, 8 MB. Most are versions of the same last pages, each written only once.
 */
const LOG_PAGES = 2000;

/** In pages. */
interface Log {
  readonly log: number;
  readonly checkpointed: number;
}

export function startCheckpoints({ prepare }: Connection, file: string): Checkpoints {
  let thread: Worker | null = null;
  let underWay = false;
  let nextAtPages = LOG_PAGES;

  /** Started when it is first needed: an idle server saves its 20 MB. */
  function start(): Worker {
    const worker = new Worker(new URL("./checkpoint-thread.ts", import.meta.url), { workerData: file });
    worker.on("message", () => {
      underWay = false;
      const { log, checkpointed } = finish();
      // A read transaction can keep pages from being written back. Do not try again at once.
      nextAtPages = checkpointed === log ? LOG_PAGES : log + LOG_PAGES;
    });
    return worker;
  }

  function finish(): Log {
    try {
      return prepare("PRAGMA wal_checkpoint(PASSIVE)").get() as unknown as Log;
    } catch (error) {
      if (!isPassing(error)) throw error;
      return size();
    }
  }

  const size = () => prepare("PRAGMA wal_checkpoint(NOOP)").get() as unknown as Log;

  return {
    afterGroup() {
      if (underWay) return;
      const { log } = size();
      if (log < LOG_PAGES) nextAtPages = LOG_PAGES;
      if (log < nextAtPages) return;
      underWay = true;
      thread ??= start();
      thread.postMessage(null);
    },
    async close() {
      await thread?.terminate();
    },
  };
}
