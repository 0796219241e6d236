/** Checks of what callers give. TypeScript makes most of them for its own; in plain JavaScript it may be anything. */

/**
 * Check a text, without repeating it: it may be a key.
 *
 * @param what its name, at the beginning of the message
 * @throws {TypeError} for what is not a string, or empty
 */
export function checkString(what: string, value: unknown): asserts value is string {
  if (typeof value === "string" && value !== "") return;
  const found = value === "" ? "it is empty" : `this is ${value === null ? "null" : typeof value}`;
  throw new TypeError(`${what} must be a string that is not empty; ${found}.`);
}

/** @throws {TypeError} for what is neither undefined nor a string that is not empty */
export function checkOptionalString(what: string, value: unknown): asserts value is string | undefined {
  if (value !== undefined) checkString(what, value);
}

/** @throws {TypeError} for what is no finite number of 0 or more: every comparison with NaN is false */
export function checkAmount(what: string, value: unknown): asserts value is number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return;
  throw new TypeError(`${what} must be a finite number of 0 or more; this is ${shown(value)}.`);
}

/**
 * A date in epoch milliseconds.
 *
 * @throws {TypeError} for what is no `Date`, or an invalid one
 */
export function dateMs(what: string, value: unknown): number {
  const ms = isDate(value) ? value.getTime() : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new TypeError(`${what} must be a valid Date; this is ${isDate(value) ? "an invalid one" : shown(value)}.`);
}

/** A Date can come from another realm (test runners do that), where `instanceof` is false. */
function isDate(value: unknown): value is Date {
  return value instanceof Date || tagOf(value) === "Date";
}

/** @throws {TypeError} for what is not one of them */
export function checkOneOf<Allowed extends string>(
  what: string,
  value: unknown,
  allowed: readonly Allowed[],
): asserts value is Allowed {
  if (allowed.some((one) => one === value)) return;
  throw new TypeError(`${what} must be one of ${allowed.join(", ")}; this is ${shown(value)}.`);
}

/** @throws {TypeError} for what is neither undefined nor a function */
export function checkOptionalFunction(what: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw new TypeError(`${what} must be a function; this is ${shown(value)}.`);
}

/** `Map`, `Promise`, `Uint8Array` and the like, in every realm. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null ? `of type ${tagOf(value)}` : String(value);
}
