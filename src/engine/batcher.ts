/** Collects single elements into arrays for an array verb: some calls under way, the next one filling meanwhile. */
import { StoreUnavailable } from "../domain/errors.ts";
import { BATCH_CALLS_MAX, BATCH_ELEMENTS_EARLY } from "../domain/limits.ts";

export interface Batcher<E, R> {
  add(element: E, weight: Weight): Promise<R>;
  /** Elements not yet answered. */
  readonly size: number;
  readonly bytes: number;
  /** Resolves once nothing is waiting. */
  drained(): Promise<void>;
}

export interface Weight {
  readonly rows: number;
  readonly bytes: number;
}

export interface BatcherOptions<E, R> {
  readonly carryOut: (elements: readonly E[]) => Promise<readonly R[]>;
  /** One call's bounds; a single larger element still goes. */
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** Called when a call failed as a whole; resolves to try the same elements again, or to give up on them. */
  readonly onFailure: (error: unknown) => Promise<"again" | "giveUp">;
}

interface Waiting<E, R> extends Weight {
  readonly element: E;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

export function createBatcher<E, R>(options: BatcherOptions<E, R>): Batcher<E, R> {
  let queue: Waiting<E, R>[] = [];
  let underWay = 0;
  let bytes = 0;
  /** Calls under way, and whether another begins at the end of this turn of the event loop. */
  let running = 0;
  let starting = false;
  let idle: (() => void)[] = [];

  function take(): Waiting<E, R>[] {
    let rows = 0;
    let taken = 0;
    let takenBytes = 0;
    for (const waiting of queue) {
      rows += waiting.rows;
      takenBytes += waiting.bytes;
      if (taken > 0 && (rows > options.rowsMax || takenBytes > options.bytesMax)) break;
      taken += 1;
    }
    const batch = taken === queue.length ? queue : queue.slice(0, taken);
    queue = taken === queue.length ? [] : queue.slice(taken);
    return batch;
  }

  async function carryOut(batch: readonly Waiting<E, R>[]): Promise<void> {
    const elements = batch.map(({ element }) => element);
    for (;;) {
      try {
        const results = await options.carryOut(elements);
        for (const [index, waiting] of batch.entries()) waiting.resolve(results[index] as R);
        return;
      } catch (error) {
        if ((await options.onFailure(error)) === "again") continue;
        for (const waiting of batch) waiting.reject(error);
        return;
      }
    }
  }

  /** One of the calls that may be under way: one batch after the other, until nothing waits. */
  async function run(): Promise<void> {
    while (queue.length > 0) {
      const batch = take();
      underWay += batch.length;
      await carryOut(batch);
      underWay -= batch.length;
      for (const waiting of batch) bytes -= waiting.bytes;
    }
    running -= 1;
    if (running > 0) return;
    for (const resolve of idle) resolve();
    idle = [];
  }

  return {
    get size() {
      return queue.length + underWay;
    },
    get bytes() {
      return bytes;
    },
    add(element, weight) {
      bytes += weight.bytes;
      return new Promise((resolve, reject) => {
        queue.push({ element, ...weight, resolve, reject });
        if (running >= BATCH_CALLS_MAX) return;
        if (queue.length >= BATCH_ELEMENTS_EARLY) {
          running += 1;
          void run();
        } else if (!starting) {
          running += 1;
          starting = true;
          // Whatever else arrives in this turn of the event loop joins the batch.
          setImmediate(() => {
            starting = false;
            void run();
          });
        }
      });
    },
    drained() {
      if (running === 0) return Promise.resolve();
      return new Promise((resolve) => idle.push(resolve));
    },
  };
}

/** Whether an error says that the store cannot commit now and may later. */
export function isUnavailable(error: unknown): error is StoreUnavailable {
  return error instanceof StoreUnavailable;
}
