/**
 * Limits reads with large results to a few at once; the tenants take turns. Results that arrive together are all
 * rendered before the event loop does anything else, so the next read begins one turn after a result.
 */
import { Overloaded } from "../../domain/errors.ts";
import type { Seq } from "../../domain/ids.ts";
import { LARGE_READS_COUNT_MAX, LARGE_READS_WAITING_OF_TENANT_COUNT_MAX } from "../../domain/limits.ts";

export class LargeReads {
  readonly #countMax: number;
  readonly #waitingOfTenantMax: number;
  /** The waiting reads by tenant, in the order of the tenants' turns. Each tenant has at least one. */
  readonly #waiting = new Map<Seq | null, (() => void)[]>();
  #running = 0;

  constructor(countMax = LARGE_READS_COUNT_MAX, waitingOfTenantMax = LARGE_READS_WAITING_OF_TENANT_COUNT_MAX) {
    this.#countMax = countMax;
    this.#waitingOfTenantMax = waitingOfTenantMax;
  }

  /**
   * @param tenantSeq null when the read is of no single tenant
   * @throws Overloaded when too many reads of the tenant wait
   */
  async run<T>(tenantSeq: Seq | null, read: () => Promise<T>): Promise<T> {
    if (this.#running < this.#countMax) this.#running += 1;
    else await this.#wait(tenantSeq);
    try {
      return await read();
    } finally {
      setImmediate(() => this.#passOn());
    }
  }

  #wait(tenantSeq: Seq | null): Promise<void> {
    const queue = this.#waiting.get(tenantSeq) ?? [];
    if (queue.length >= this.#waitingOfTenantMax) throw new Overloaded("too many reads of the tenant wait");
    this.#waiting.set(tenantSeq, queue);
    return new Promise((resolve) => {
      queue.push(resolve);
    });
  }

  /** A read has ended: start the next one. */
  #passOn(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#running -= 1;
      return;
    }
    const [tenantSeq, queue] = first;
    const begin = queue.shift();
    this.#waiting.delete(tenantSeq);
    if (queue.length > 0) this.#waiting.set(tenantSeq, queue);
    begin?.();
  }
}
