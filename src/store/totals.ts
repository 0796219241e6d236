/**
 * Counts what this process commits. The numbers are in memory that the main thread also sees, so that a scrape of the
 * metrics sends no message to the writer thread and waits for no transaction.
 */
import { TOTALS, type TotalName, type Totals } from "../domain/upkeep/totals.ts";

type Of = keyof typeof TOTALS;

const KEYS = (Object.keys(TOTALS) as Of[]).flatMap((of) => TOTALS[of].map((name) => ({ of, name })));
const INDEX = totalsOf((index) => index);

export function newTotals(): SharedArrayBuffer {
  return new SharedArrayBuffer(KEYS.length * BigInt64Array.BYTES_PER_ELEMENT);
}

export function readTotals(memory: SharedArrayBuffer): Totals {
  const numbers = new BigInt64Array(memory);
  return totalsOf((index) => Number(Atomics.load(numbers, index)));
}

function totalsOf(numberAt: (index: number) => number): Totals {
  const totals: Record<string, Record<string, number>> = {};
  for (const [index, { of, name }] of KEYS.entries()) totals[of] = { ...totals[of], [name]: numberAt(index) };
  return totals as unknown as Totals;
}

export class Counting {
  readonly #committed: BigInt64Array;
  /** Of the current savepoint or group: what is not flushed is dropped if it is rolled back. */
  readonly #unflushed = KEYS.map(() => 0);
  readonly #ofGroup = KEYS.map(() => 0);

  constructor(memory: SharedArrayBuffer) {
    this.#committed = new BigInt64Array(memory);
  }

  add<T extends Of>(of: T, name: TotalName<T>): void {
    const index = INDEX[of][name];
    this.#unflushed[index] = (this.#unflushed[index] ?? 0) + 1;
  }

  flush(): void {
    for (const [index, count] of this.#unflushed.entries()) {
      this.#ofGroup[index] = (this.#ofGroup[index] ?? 0) + count;
    }
    this.clear();
  }

  /** Drop what was not flushed. */
  clear(): void {
    this.#unflushed.fill(0);
  }

  /** A transaction begins. Whatever is left is of one that was rolled back. */
  begin(): void {
    this.clear();
    this.#ofGroup.fill(0);
  }

  /** Runs after COMMIT. */
  commit(): void {
    for (const [index, count] of this.#ofGroup.entries()) {
      if (count > 0) Atomics.add(this.#committed, index, BigInt(count));
    }
  }
}
