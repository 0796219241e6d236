/**
 * Checkpoints beside the writer: SQLite's own run within a commit, and held up every publish for 15 to 25 ms, several
 * times a second at full load. Here another thread writes most of the log back meanwhile, and the writer only the few
 * pages that came after; then the log begins anew, which it does only once nothing of it is left to write back.
 */
import { Worker } from "node:worker_threads";
import type { Connection } from "../connection.ts";
import { isPassing } from "../group.ts";

export interface Checkpoints {
  /** To be called between commits. */
  afterGroup(): void;
  close(): Promise<void>;
}

/** Pages of the log at which it is written back, 8 MB: most of them are the same tail pages again, written once. */
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

  /** At the first need: a server at rest does without its 20 MB. */
  function start(): Worker {
    const worker = new Worker(new URL("./checkpoint-thread.ts", import.meta.url), { workerData: file });
    worker.on("message", () => {
      underWay = false;
      const { log, checkpointed } = finish();
      // A reader in the middle of its work keeps pages from being written back: not again at once.
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
