/** A queue that serves tenants in turn, and the items of each tenant in the order of their arrival. */
import type { Seq } from "../../domain/ids.ts";

/** The items from `head` on. Taking an item off the front of a long array would move all others each time. */
interface Line<T> {
  items: T[];
  head: number;
}

/** How many taken items a line may have at its front. */
const TAKEN_MAX = 1024;

export class FairQueue<T> {
  // A Map iterates in insertion order; a served tenant moves to the end.
  readonly #lines = new Map<Seq, Line<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(tenantSeq: Seq, item: T): void {
    this.#size += 1;
    const line = this.#lines.get(tenantSeq);
    if (line === undefined) this.#lines.set(tenantSeq, { items: [item], head: 0 });
    else line.items.push(item);
  }

  /**
   * Take the next item; null when there is none.
   *
   * @param mayServe gets each tenant's first item. Tenants for which it returns false are passed over, and keep their turn
   */
  next(mayServe?: (tenantSeq: Seq, item: T) => boolean): T | null {
    for (const [tenantSeq, line] of this.#lines) {
      if (mayServe === undefined || mayServe(tenantSeq, line.items[line.head] as T)) return this.#take(tenantSeq, line);
    }
    return null;
  }

  #take(tenantSeq: Seq, line: Line<T>): T {
    const item = line.items[line.head] as T;
    line.head += 1;
    this.#size -= 1;
    if (line.head === line.items.length) {
      this.#lines.delete(tenantSeq);
      return item;
    }
    if (line.head === TAKEN_MAX) {
      line.items = line.items.slice(TAKEN_MAX);
      line.head = 0;
    }
    if (this.#lines.size > 1) {
      this.#lines.delete(tenantSeq);
      this.#lines.set(tenantSeq, line);
    }
    return item;
  }
}
