/** Signals that do not come: a test that waits for one fails with its name, instead of hanging. */

/** Long enough for the busiest machine; nothing waits for it but a test that fails. */
const DEADLINE_MS = 60_000;

export interface Signalled<T> {
  readonly promise: Promise<T>;
  give(value: T): void;
}

/** A promise that somebody else settles, and that fails by itself when nobody does. */
export function signalled<T>(what: string, deadlineMs = DEADLINE_MS): Signalled<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  // tidy-allow timer: a deadline that fails
  const timer = setTimeout(() => reject(new Error(`${what} did not happen within ${deadlineMs} ms`)), deadlineMs);
  const settled = () => clearTimeout(timer);
  promise.then(settled, settled);
  return { promise, give: resolve };
}

/** The promise's own end, or an error that says what did not happen. */
export async function within<T>(promise: Promise<T>, what: string, deadlineMs = DEADLINE_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  // tidy-allow timer: a deadline that fails
  const timer = setTimeout(() => late.reject(new Error(`${what} did not happen in ${deadlineMs} ms`)), deadlineMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
