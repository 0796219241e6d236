/**
 * Limits reads with large results to a few at once; the tenants take turns. Results that arrive together are all
 * rendered before the event loop does anything else, so the next read begins one turn after a result.
 */
import { Overloaded } from "../../../domain/errors.ts";
import type { Seq } from "../../../domain/ids.ts";
import { LARGE_READS_COUNT_MAX, LARGE_READS_WAITING_OF_TENANT_COUNT_MAX } from "../../../domain/limits.ts";

/** `tenantSeq` null: the read is of no single tenant. */
type LargeReads = <T>(tenantSeq: Seq | null, read: () => Promise<T>) => Promise<T>;

/** The returned function throws `Overloaded` when too many reads of the tenant wait. */
export function createLargeReads(
  countMax = LARGE_READS_COUNT_MAX,
  waitingOfTenantMax = LARGE_READS_WAITING_OF_TENANT_COUNT_MAX,
): LargeReads {
  /** The waiting reads by tenant, in the order of the tenants' turns. Each tenant has at least one. */
  const waiting = new Map<Seq | null, (() => void)[]>();
  let underWay = 0;

  function wait(tenantSeq: Seq | null): Promise<void> {
    const queue = waiting.get(tenantSeq) ?? [];
    if (queue.length >= waitingOfTenantMax) throw new Overloaded("too many reads of the tenant wait");
    waiting.set(tenantSeq, queue);
    return new Promise((resolve) => {
      queue.push(resolve);
    });
  }

  /** A read has ended: start the next one. */
  function passOn(): void {
    const [first] = waiting;
    if (first === undefined) {
      underWay -= 1;
      return;
    }
    const [tenantSeq, queue] = first;
    const begin = queue.shift();
    waiting.delete(tenantSeq);
    if (queue.length > 0) waiting.set(tenantSeq, queue);
    begin?.();
  }

  return async (tenantSeq, read) => {
    if (underWay < countMax) underWay += 1;
    else await wait(tenantSeq);
    try {
      return await read();
    } finally {
      setImmediate(passOn);
    }
  };
}
