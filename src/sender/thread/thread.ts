/** The sending thread, as the main thread uses it. */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Outcome } from "../../domain/delivery/delivery.ts";
import {
  HANDED_OVER_CHARS_MAX,
  SENDING_THREAD_ABORT_MS,
  SENDING_THREAD_PAUSE_FIRST_MS,
  SENDING_THREAD_PAUSE_MS_MAX,
  SENDING_THREAD_QUIET_TICKS_COUNT,
  SENDING_THREAD_SILENT_TICKS_COUNT,
  SENDING_THREAD_TICK_MS,
  UNHANDLED_COUNT_MAX,
} from "../../domain/limits.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Noticed } from "../../ports/telemetry.ts";
import { internalError } from "../failures/failures.ts";
import type { PreparedRequest } from "../request.ts";
import { ABORT_ALL, addRequest, type Packed, packRequests, readOutcomes, type ThreadData } from "./messages.ts";

/** A request, and what takes its outcome. */
export interface Attempt {
  readonly request: PreparedRequest;
  readonly resolve: (outcome: Outcome) => void;
}

export interface SendingThreadOptions {
  readonly clock: Pick<Clock, "monotonicMs" | "after">;
  readonly start: (unhandled: Int32Array) => Worker;
  readonly onNotice: (notice: Noticed) => void;
}

/** 2 MB in three parts. With 4 MB, an event takes as much processor time. */
const YOUNG_GENERATION_MB = 6;

/** In a build, the thread's file is next to the rest of the code. Sources use that of a build with the condition `built`. */
const FILE = import.meta.filename.endsWith(".ts")
  ? fileURLToPath(import.meta.resolve("#threads/sending-thread"))
  : path.join(path.dirname(import.meta.filename), "sending-thread.js");

export function startWorker(workerData: ThreadData): Worker {
  return new Worker(FILE, {
    name: "sending",
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
}

/**
 * Starts with the first attempts, and ends when it has had none for a while. Unlike a thread of the store, it may die
 * without ending the process: each attempt that it had is repeated, as after any failure, and it starts again after a pause.
 */
export class SendingThread {
  readonly #options: SendingThreadOptions;
  #worker: Worker | null = null;
  #isReady = false;
  #isClosed = false;
  /** The attempts that the thread has, by the ids in its messages. */
  readonly #attempts = new Map<number, Attempt>();
  /** The characters in the bodies of these attempts. */
  #chars = 0;
  #lastId = 0;
  /** How many groups the thread has not sent yet, in memory that both threads share. */
  #unhandled: Int32Array = new Int32Array(1);
  #startedMs = 0;
  #pauseMs = 0;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** Ticks without a message from the thread. Time would also pass while the whole process stands still. */
  #silentTicks = 0;
  #ticking: Timer | null = null;

  constructor(options: SendingThreadOptions) {
    this.#options = options;
  }

  /** Whether the thread is there, so that it may have connections. */
  get isRunning(): boolean {
    return this.#worker !== null;
  }

  /** Returns false when the thread cannot take these attempts now. */
  take(attempts: readonly Attempt[]): boolean {
    if (this.#worker === null) this.#start();
    if (this.#worker === null || !this.#isReady || this.#isFull) return false;
    const requests = packRequests(this.#options.clock.monotonicMs());
    for (const attempt of attempts) {
      this.#lastId += 1;
      this.#attempts.set(this.#lastId, attempt);
      this.#chars += attempt.request.body.length;
      addRequest(requests, this.#lastId, attempt.request);
    }
    Atomics.add(this.#unhandled, 0, 1);
    this.#worker.postMessage(requests);
    return true;
  }

  get #isFull(): boolean {
    return Atomics.load(this.#unhandled, 0) >= UNHANDLED_COUNT_MAX || this.#chars > HANDED_OVER_CHARS_MAX;
  }

  /** End every attempt that the thread has, also if it does not respond. */
  abortAll(): void {
    if (this.#attempts.size === 0) return;
    this.#worker?.postMessage(ABORT_ALL);
    const lastId = this.#lastId;
    this.#options.clock.after(SENDING_THREAD_ABORT_MS, () => this.#endAll({ kind: "aborted" }, lastId));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    this.#forget();
    this.#endAll({ kind: "aborted" });
    await worker?.terminate();
  }

  #start(): void {
    const { clock, start } = this.#options;
    this.#startedMs = clock.monotonicMs();
    if (this.#isClosed || this.#startedMs < this.#pausedUntilMs) return;
    this.#unhandled = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    try {
      this.#worker = this.#watched(start(this.#unhandled));
      this.#tickLater();
    } catch (error) {
      this.#died(error);
    }
  }

  #watched(worker: Worker): Worker {
    const ifCurrent = (task: () => void) => {
      if (worker === this.#worker) task();
    };
    worker.on("message", (outcomes: Packed) => ifCurrent(() => this.#receive(outcomes)));
    worker.on("error", (error) => ifCurrent(() => this.#died(error)));
    worker.on("messageerror", (error) => ifCurrent(() => this.#died(error)));
    worker.on("exit", () => ifCurrent(() => this.#died(new Error("it ended by itself"))));
    worker.unref(); // a listener for messages refs it
    return worker;
  }

  #receive(outcomes: Packed): void {
    this.#isReady = true;
    this.#silentTicks = 0;
    readOutcomes(outcomes, (id, outcome) => this.#end(id, outcome));
  }

  #end(id: number, outcome: Outcome): void {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) return;
    this.#attempts.delete(id);
    this.#chars -= attempt.request.body.length;
    attempt.resolve(outcome);
  }

  /** Whether the receivers got the requests of its attempts is unknown. */
  #died(error: unknown): void {
    const { clock, onNotice } = this.#options;
    void this.#worker?.terminate();
    const nowMs = clock.monotonicMs();
    const hasLasted = nowMs - this.#startedMs > SENDING_THREAD_PAUSE_MS_MAX;
    const pauseMs = Math.max(hasLasted ? 0 : this.#pauseMs * 2, SENDING_THREAD_PAUSE_FIRST_MS);
    this.#pauseMs = Math.min(pauseMs, SENDING_THREAD_PAUSE_MS_MAX);
    this.#pausedUntilMs = nowMs + this.#pauseMs;
    this.#forget();
    const fields = { error: error instanceof Error ? error.message : String(error), attempts: this.#attempts.size };
    onNotice({ level: "error", what: "sending_thread_ended", fields });
    this.#endAll(internalError("the thread that sends requests ended; the receiver may have got this one"));
  }

  #endAll(outcome: Outcome, lastId = this.#lastId): void {
    for (const id of [...this.#attempts.keys()]) if (id <= lastId) this.#end(id, outcome);
  }

  /** From now on, there is no thread. */
  #forget(): void {
    this.#worker = null;
    this.#isReady = false;
    this.#silentTicks = 0;
    this.#ticking?.cancel();
  }

  #tickLater(): void {
    this.#ticking = this.#options.clock.after(SENDING_THREAD_TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#silentTicks += 1;
    const isBusy = this.#attempts.size > 0 || !this.#isReady;
    if (this.#silentTicks <= (isBusy ? SENDING_THREAD_SILENT_TICKS_COUNT : SENDING_THREAD_QUIET_TICKS_COUNT)) {
      this.#tickLater();
      return;
    }
    if (isBusy) {
      this.#died(new Error("it did not respond"));
      return;
    }
    void this.#worker?.terminate();
    this.#forget();
  }
}
