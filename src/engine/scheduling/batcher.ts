/** Collects single elements into arrays for an array verb: some calls under way, the next one filling meanwhile. */
import { StoreUnavailable } from "../../domain/errors.ts";
import type { Seq } from "../../domain/ids.ts";
import { BATCH_CALLS_MAX, BATCH_ELEMENTS_EARLY } from "../../domain/limits.ts";
import { createFairQueue } from "./fair-queue.ts";
import { createShares } from "./shares.ts";

export interface Batcher<E, R> {
  add(element: E, weight: Weight): Promise<R>;
  /** Elements not yet answered. */
  readonly size: number;
  readonly bytes: number;
  /** How many more bytes the tenant may add: its share of `queueBytesMax`. */
  allowance(tenantSeq: Seq): number;
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
  /** Bytes that may wait or be under way; tenants share them. No bound when left out. */
  readonly queueBytesMax?: number;
  /** Whose an element is: tenants join calls in turn. When left out, elements go in the order of their arrival. */
  readonly tenantOf?: (element: E) => Seq;
  /** Called when a call failed as a whole; resolves to try the same elements again, or to give up on them. */
  readonly onFailure: (error: unknown) => Promise<"again" | "giveUp">;
}

interface Waiting<E, R> extends Weight {
  readonly element: E;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Stands for all tenants where elements are nobody's in particular. */
const NOBODY: Seq = 0;

export function createBatcher<E, R>(options: BatcherOptions<E, R>): Batcher<E, R> {
  const { tenantOf = () => NOBODY, queueBytesMax = Number.POSITIVE_INFINITY } = options;
  const queue = createFairQueue<Waiting<E, R>>();
  /** The bytes of what waits and of what is under way. */
  const bytes = createShares(queueBytesMax);
  let underWay = 0;
  /** Calls under way, and whether another begins at the end of this turn of the event loop. */
  let running = 0;
  let starting = false;
  let idle: (() => void)[] = [];

  function take(): Waiting<E, R>[] {
    const batch: Waiting<E, R>[] = [];
    let rows = 0;
    let batchBytes = 0;
    for (let waiting = queue.peek(); waiting !== null; waiting = queue.peek()) {
      rows += waiting.rows;
      batchBytes += waiting.bytes;
      if (batch.length > 0 && (rows > options.rowsMax || batchBytes > options.bytesMax)) break;
      batch.push(waiting);
      queue.next();
    }
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
    while (queue.size > 0) {
      const batch = take();
      underWay += batch.length;
      await carryOut(batch);
      underWay -= batch.length;
      for (const waiting of batch) bytes.giveBack(tenantOf(waiting.element), waiting.bytes);
    }
    running -= 1;
    if (running > 0) return;
    for (const resolve of idle) resolve();
    idle = [];
  }

  return {
    get size() {
      return queue.size + underWay;
    },
    get bytes() {
      return bytes.taken;
    },
    allowance: (tenantSeq) => bytes.allowance(tenantSeq),
    add(element, weight) {
      const tenantSeq = tenantOf(element);
      bytes.take(tenantSeq, weight.bytes);
      return new Promise((resolve, reject) => {
        queue.push(tenantSeq, { element, ...weight, resolve, reject });
        if (running >= BATCH_CALLS_MAX) return;
        if (queue.size >= BATCH_ELEMENTS_EARLY) {
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
