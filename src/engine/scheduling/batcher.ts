/** Batches elements into calls of an array verb: a few calls are in flight while the next array fills. */
import { StoreUnavailable } from "../../domain/errors.ts";
import type { Seq } from "../../domain/ids.ts";
import {
  BATCH_CALLS_MAX,
  BATCH_ELEMENTS_EARLY,
  BATCH_PASSED_OVER_COUNT_MAX,
  GROUP_DELIVERIES_SHARED_MAX,
} from "../../domain/limits.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { Company } from "./company.ts";
import { FairQueue } from "./fair-queue.ts";
import { Shares } from "./shares.ts";
import type { TenantActivity } from "./tenant-activity.ts";

export interface Weight {
  readonly rows: number;
  readonly bytes: number;
}

export interface BatcherOptions<E, R> {
  readonly carryOut: (elements: readonly E[]) => Promise<readonly R[]>;
  /** The bounds of one call. An element over the limit is sent alone. */
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** The bytes that may wait or be in flight; tenants share them. Unbounded if omitted. */
  readonly queueBytesMax?: number;
  /**
   * Whether other tenants are active. Then each tenant has only `GROUP_DELIVERIES_SHARED_MAX` rows in flight, or one larger
   * element: every member of a transaction waits for all of its rows.
   */
  readonly activity?: Pick<TenantActivity, "isShared" | "note">;
  /** The tenant that an element belongs to: tenants join calls in turn. When left out, elements keep their order. */
  readonly tenantOf?: (element: E) => Seq;
  /** While the store cannot commit and all calls wait for it, elements are rejected instead of waiting behind those calls. */
  readonly outage?: Pick<Outage, "reason" | "onChange">;
  /** Another verb, whose commits small batches of patient elements share. */
  readonly company?: Pick<Company, "wait">;
  /** Called when a call fails as a whole. Its result says whether to try the same elements again or to reject them. */
  readonly onFailure: (error: unknown) => Promise<"again" | "giveUp">;
}

interface Waiting<E, R> extends Weight {
  readonly element: E;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Stands for all tenants where elements belong to no tenant in particular. */
const NO_TENANT: Seq = 0;

export class Batcher<E, R> {
  readonly #options: BatcherOptions<E, R>;
  readonly #tenantOf: (element: E) => Seq;
  readonly #queue = new FairQueue<Waiting<E, R>>();
  /** The bytes of all elements that wait or are in flight. */
  readonly #bytes: Shares;
  /** Elements in calls that are in flight, and how many rows of each tenant those calls have. */
  #inFlight = 0;
  readonly #rowsInFlight = new Shares(Number.POSITIVE_INFINITY);
  /** Calls in flight, and the one that is about to begin. */
  #calls = 0;
  /** Whether a call begins at the end of this turn of the event loop. */
  #isStarting = false;
  #onDrained: (() => void)[] = [];

  constructor(options: BatcherOptions<E, R>) {
    this.#options = options;
    this.#tenantOf = options.tenantOf ?? (() => NO_TENANT);
    this.#bytes = new Shares(options.queueBytesMax ?? Number.POSITIVE_INFINITY);
    options.outage?.onChange(() => this.#rejectStuck());
  }

  /** Elements that have no result yet. */
  get size(): number {
    return this.#queue.size + this.#inFlight;
  }

  get bytes(): number {
    return this.#bytes.taken;
  }

  /** How many more bytes the tenant may add: its share of `queueBytesMax`. */
  allowance(tenantSeq: Seq): number {
    return this.#bytes.allowance(tenantSeq);
  }

  /** @param isPatient whether nobody waits for the result */
  add(element: E, weight: Weight, isPatient = false): Promise<R> {
    const tenantSeq = this.#tenantOf(element);
    this.#options.activity?.note(tenantSeq);
    this.#bytes.take(tenantSeq, weight.bytes);
    return new Promise((resolve, reject) => {
      this.#queue.push(tenantSeq, { element, ...weight, resolve, reject });
      if (!isPatient || !this.#waits()) this.#start();
      this.#rejectStuck();
    });
  }

  #waits(): boolean {
    if (this.#queue.size >= BATCH_ELEMENTS_EARLY) return false;
    return this.#options.company?.wait(() => this.#startNow()) ?? false;
  }

  /** Resolves when no element waits. */
  drained(): Promise<void> {
    this.#startNow();
    if (this.#calls === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** Nothing of an element in the queue has happened. */
  #rejectStuck(): void {
    const { outage } = this.#options;
    if (!outage?.reason || this.#calls < BATCH_CALLS_MAX || this.#isStarting) return;
    for (let waiting = this.#queue.next(); waiting !== null; waiting = this.#queue.next()) {
      this.#bytes.free(this.#tenantOf(waiting.element), waiting.bytes);
      waiting.reject(new StoreUnavailable("earlier calls wait for it"));
    }
  }

  #start(): void {
    if (this.#calls >= BATCH_CALLS_MAX) return;
    if (this.#queue.size >= BATCH_ELEMENTS_EARLY) {
      this.#calls += 1;
      void this.#run();
    } else if (!this.#isStarting) {
      this.#calls += 1;
      this.#isStarting = true;
      // Whatever else arrives in this turn of the event loop joins the batch.
      setImmediate(() => {
        this.#isStarting = false;
        void this.#run();
      });
    }
  }

  #startNow(): void {
    if (this.#queue.size === 0 || this.#calls >= BATCH_CALLS_MAX || this.#isStarting) return;
    this.#calls += 1;
    void this.#run();
  }

  /** One of the calls that may be in flight: one batch after the other, until nothing waits. */
  async #run(): Promise<void> {
    while (this.#queue.size > 0) {
      const batch = this.#take();
      if (batch.length === 0) break; // all waiting tenants are at their limit; the calls in flight continue with the rest
      this.#inFlight += batch.length;
      await this.#carryOut(batch);
      this.#inFlight -= batch.length;
      for (const { element, rows, bytes } of batch) {
        const tenantSeq = this.#tenantOf(element);
        this.#rowsInFlight.free(tenantSeq, rows);
        this.#bytes.free(tenantSeq, bytes);
      }
    }
    this.#calls -= 1;
    if (this.#calls > 0) return;
    for (const resolve of this.#onDrained) resolve();
    this.#onDrained = [];
  }

  /**
   * Take as many elements as fit into one call. A tenant whose next element does not fit is passed over and keeps its turn.
   * If the call ended there instead, its large elements would leave the other tenants one element per call.
   */
  #take(): Waiting<E, R>[] {
    const { rowsMax, bytesMax } = this.#options;
    const batch: Waiting<E, R>[] = [];
    let rows = 0;
    let bytes = 0;
    let passedOver = 0;
    const fits = (tenantSeq: Seq, waiting: Waiting<E, R>): boolean => {
      const isEmpty = batch.length === 0;
      const isInBounds = isEmpty || (rows + waiting.rows <= rowsMax && bytes + waiting.bytes <= bytesMax);
      if (isInBounds && this.#mayJoin(tenantSeq, waiting)) return true;
      passedOver += 1;
      return false;
    };
    while (rows < rowsMax && bytes < bytesMax && passedOver < BATCH_PASSED_OVER_COUNT_MAX) {
      const waiting = this.#queue.next(fits);
      if (waiting === null) break;
      batch.push(waiting);
      this.#rowsInFlight.take(this.#tenantOf(waiting.element), waiting.rows);
      rows += waiting.rows;
      bytes += waiting.bytes;
    }
    return batch;
  }

  /** Whether the tenant may have so many more rows in flight. */
  #mayJoin(tenantSeq: Seq, { rows }: Waiting<E, R>): boolean {
    const inFlight = this.#rowsInFlight.of(tenantSeq);
    if (inFlight === 0 || inFlight + rows <= GROUP_DELIVERIES_SHARED_MAX) return true;
    return !(this.#options.activity?.isShared ?? false);
  }

  async #carryOut(batch: readonly Waiting<E, R>[]): Promise<void> {
    const elements = batch.map(({ element }) => element);
    for (;;) {
      try {
        const results = await this.#options.carryOut(elements);
        for (const [index, waiting] of batch.entries()) waiting.resolve(results[index] as R);
        return;
      } catch (error) {
        if ((await this.#options.onFailure(error)) === "again") continue;
        for (const waiting of batch) waiting.reject(error);
        return;
      }
    }
  }
}

/** Whether an error says that the store cannot commit now and may be able to later. */
export function isUnavailable(error: unknown): error is StoreUnavailable {
  return error instanceof StoreUnavailable;
}
