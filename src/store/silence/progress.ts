/**
 * What the main thread sees of the writer thread's work on PostgreSQL while that thread waits. A network that swallows
 * packets reports no error. The thread then waits for seconds, and so would every call behind the one that it carries out.
 */

export interface ProgressData {
  /** One 32-bit counter of PostgreSQL's answers. */
  readonly answers: SharedArrayBuffer;
  /** The latest call that the thread commits, and the latest that the main thread has withdrawn. */
  readonly calls: SharedArrayBuffer;
}

const COMMITTED = 0;
const WITHDRAWN = 1;

export function newProgress(): ProgressData {
  return {
    answers: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
    calls: new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT),
  };
}

export function noteAnswer({ answers }: ProgressData): void {
  Atomics.add(new Int32Array(answers), 0, 1);
}

export function answersOf({ answers }: ProgressData): number {
  return Atomics.load(new Int32Array(answers), 0);
}

/** All calls up to the returned one are withdrawn, unless they were committed. */
export function withdrawnUpTo({ calls }: ProgressData): number {
  return Number(Atomics.load(new BigInt64Array(calls), WITHDRAWN));
}

/**
 * The thread commits all calls up to this one, except those up to the returned one: they are withdrawn.
 *
 * Each side writes its number before it reads the other's, so at least one of them sees the other's. A call may count
 * as committed for the main thread and as withdrawn for this one, and then it gets a reply. It cannot be the other way
 * round.
 */
export function noteCommit(progress: ProgressData, id: number): number {
  Atomics.store(new BigInt64Array(progress.calls), COMMITTED, BigInt(id));
  return withdrawnUpTo(progress);
}

/** Withdraw all calls up to this one, except those up to the returned one: the thread commits them. */
export function withdraw({ calls }: ProgressData, id: number): number {
  const both = new BigInt64Array(calls);
  Atomics.store(both, WITHDRAWN, BigInt(id));
  return Number(Atomics.load(both, COMMITTED));
}
