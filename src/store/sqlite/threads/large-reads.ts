/**
 * Reads with large answers: a few at once, and the tenants take turns. The answers of a thread reach the event loop all
 * together, and it does nothing else before each of them is rendered; so the next read begins a turn after an answer.
 */
import { Overloaded } from "../../../domain/errors.ts";
import type { Seq } from "../../../domain/ids.ts";
import { LARGE_READS_COUNT_MAX, LARGE_READS_WAITING_OF_TENANT_COUNT_MAX } from "../../../domain/limits.ts";

/** `tenantSeq` null: of no tenant in particular. */
type LargeReads = <T>(tenantSeq: Seq | null, read: () => Promise<T>) => Promise<T>;

/** The function that it returns throws `Overloaded` when too many reads of the tenant wait. */
export function createLargeReads(
  countMax = LARGE_READS_COUNT_MAX,
  waitingOfTenantMax = LARGE_READS_WAITING_OF_TENANT_COUNT_MAX,
): LargeReads {
  /** By tenant, in the order of their turns; each has at least one that waits. */
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

  /** The next read takes the place of one that is over. */
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
