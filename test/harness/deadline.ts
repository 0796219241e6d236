/** Deadlines for signals. A test whose signal never arrives fails with the signal's name instead of hanging. */

/** Long enough for a very busy machine. Only a failing test waits this long. */
export const DEADLINE_MS = 60_000;

export interface Signalled<T> {
  readonly promise: Promise<T>;
  give(value: T): void;
}

/** A promise that the caller fulfills with `give`. It rejects if that does not happen before the deadline. */
export function signalled<T>(what: string, deadlineMs = DEADLINE_MS): Signalled<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  // tidy-allow timer: a deadline that fails
  const timer = setTimeout(() => reject(new Error(`${what} did not happen within ${deadlineMs} ms`)), deadlineMs);
  const settled = () => clearTimeout(timer);
  promise.then(settled, settled);
  return { promise, give: resolve };
}

/** Settles as the promise does, or rejects at the deadline with an error that says what did not happen. */
export async function within<T>(promise: Promise<T>, what: string, deadlineMs = DEADLINE_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  // tidy-allow timer: a deadline that fails
  const timer = setTimeout(() => late.reject(new Error(`${what} did not happen within ${deadlineMs} ms`)), deadlineMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Leaves the CPU to the server between two questions. No result depends on its length. */
const POLL_MS = 10;

/** Asks again until the answer is not null. For changes that send no signal. */
export async function polled<T>(ask: () => Promise<T | null>, what: string): Promise<T> {
  const deadline = performance.now() + DEADLINE_MS;
  while (performance.now() < deadline) {
    const answer = await within(ask(), what);
    if (answer !== null) return answer;
    // tidy-allow timer: the time between two polls
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`${what} did not happen within ${DEADLINE_MS} ms`);
}
