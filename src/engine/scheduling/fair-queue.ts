/** A queue that serves tenants in turn, and what each tenant has in it first in, first out. */
import type { Seq } from "../../domain/ids.ts";

export interface FairQueue<T> {
  readonly size: number;
  push(tenantSeq: Seq, item: T): void;
  /** The next item; null when there is none. */
  peek(): T | null;
  /**
   * Take the next item; null when there is none.
   *
   * @param mayServe tenants for which it answers false are passed over, and keep their turn
   */
  next(mayServe?: (tenantSeq: Seq) => boolean): T | null;
}

/** Items from `head` on. Taking them off the front of a long array would move the rest each time. */
interface Line<T> {
  items: T[];
  head: number;
}

/** How many taken items a line may have at its front. */
const TAKEN_MAX = 1024;

export function createFairQueue<T>(): FairQueue<T> {
  // A Map keeps the tenants in turn: the one that was served goes to its end.
  const lines = new Map<Seq, Line<T>>();
  let size = 0;

  function take(tenantSeq: Seq, line: Line<T>): T {
    const item = line.items[line.head] as T;
    line.head += 1;
    size -= 1;
    if (line.head === line.items.length) {
      lines.delete(tenantSeq);
      return item;
    }
    if (line.head === TAKEN_MAX) {
      line.items = line.items.slice(TAKEN_MAX);
      line.head = 0;
    }
    if (lines.size > 1) {
      lines.delete(tenantSeq);
      lines.set(tenantSeq, line);
    }
    return item;
  }

  return {
    get size() {
      return size;
    },
    push(tenantSeq, item) {
      size += 1;
      const line = lines.get(tenantSeq);
      if (line === undefined) lines.set(tenantSeq, { items: [item], head: 0 });
      else line.items.push(item);
    },
    peek() {
      const first = lines.values().next();
      return first.done ? null : (first.value.items[first.value.head] as T);
    },
    next(mayServe) {
      for (const [tenantSeq, line] of lines) {
        if (mayServe === undefined || mayServe(tenantSeq)) return take(tenantSeq, line);
      }
      return null;
    },
  };
}
