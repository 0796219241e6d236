/**
 * Checkpoints in another thread. SQLite's own checkpoints run within a commit, and delayed every publish by 15 to 25
 * ms, several times a second at full load. Here another thread writes most of the log back, and the writer thread only
 * the few pages that were added meanwhile. Then the log starts again at its beginning, which requires that all of it
 * was written back.
 */
import { Worker } from "node:worker_threads";
import type { Connection } from "../connection.ts";
import { threadFile } from "../threads/thread-files.ts";

/**
 * The log is written back at this many pages, 8 MB. Most are versions of the same last pages, each written only once.
 */
const LOG_PAGES = 2000;

/** In pages. */
interface Log {
  readonly log: number;
  readonly checkpointed: number;
}

export class Checkpoints {
  readonly #connection: Connection;
  readonly #file: string;
  /** Started when it is first needed: an idle server saves its 20 MB. */
  #thread: Worker | null = null;
  #isRunning = false;
  #nextAtPages = LOG_PAGES;

  constructor(connection: Connection, file: string) {
    this.#connection = connection;
    this.#file = file;
  }

  /** Call it between commits. */
  afterGroup(): void {
    if (this.#isRunning) return;
    const { log } = this.#size();
    if (log < LOG_PAGES) this.#nextAtPages = LOG_PAGES;
    if (log < this.#nextAtPages) return;
    this.#isRunning = true;
    this.#thread ??= this.#start();
    this.#thread.postMessage(null);
  }

  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(threadFile("checkpoint-thread"), { name: "checkpoint", workerData: this.#file });
    worker.on("message", () => {
      this.#isRunning = false;
      const { log, checkpointed } = this.#finish();
      // A read transaction can keep pages from being written back. Do not try again at once.
      this.#nextAtPages = checkpointed === log ? LOG_PAGES : log + LOG_PAGES;
    });
    return worker;
  }

  #finish(): Log {
    try {
      return this.#connection.prepare("PRAGMA wal_checkpoint(PASSIVE)").get() as unknown as Log;
    } catch (error) {
      if (this.#connection.faultOf(error)?.kind !== "passing") throw error;
      return this.#size();
    }
  }

  #size(): Log {
    return this.#connection.prepare("PRAGMA wal_checkpoint(NOOP)").get() as unknown as Log;
  }
}
