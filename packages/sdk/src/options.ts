/** Check arguments. TypeScript prevents most mistakes, but in plain JavaScript an argument can be anything. */

/**
 * Check a string. The error does not contain it, because it may be a key.
 *
 * @param what the name at the start of the message
 * @throws {TypeError} unless the value is a non-empty string
 */
export function checkString(what: string, value: unknown): asserts value is string {
  if (typeof value === "string" && value !== "") return;
  const found = value === "" ? "it is empty" : `this is ${value === null ? "null" : typeof value}`;
  throw new TypeError(`${what} must be a non-empty string; ${found}.`);
}

/**
 * @throws {TypeError} unless the value is undefined or a non-empty string
 */
export function checkOptionalString(what: string, value: unknown): asserts value is string | undefined {
  if (value !== undefined) checkString(what, value);
}

/**
 * @throws {TypeError} unless the value is a finite number of 0 or more; comparisons with NaN are always false
 */
export function checkAmount(what: string, value: unknown): asserts value is number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return;
  throw new TypeError(`${what} must be a finite number of 0 or more; this is ${shown(value)}.`);
}

/**
 * A date in epoch milliseconds.
 *
 * @throws {TypeError} unless the value is a valid `Date`
 */
export function dateMs(what: string, value: unknown): number {
  const ms = isDate(value) ? value.getTime() : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new TypeError(`${what} must be a valid Date; this is ${isDate(value) ? "an invalid one" : shown(value)}.`);
}

/** A Date can come from another realm, for example in test runners, where `instanceof` is false. */
function isDate(value: unknown): value is Date {
  return value instanceof Date || tagOf(value) === "Date";
}

/**
 * @throws {TypeError} unless the value is one of `allowed`
 */
export function checkOneOf<Allowed extends string>(
  what: string,
  value: unknown,
  allowed: readonly Allowed[],
): asserts value is Allowed {
  if (allowed.some((one) => one === value)) return;
  throw new TypeError(`${what} must be one of ${allowed.join(", ")}; this is ${shown(value)}.`);
}

/**
 * @throws {TypeError} unless the value is undefined or a function
 */
export function checkOptionalFunction(what: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw new TypeError(`${what} must be a function; this is ${shown(value)}.`);
}

/** The type name, such as `Map`, `Promise` or `Uint8Array`, in every realm. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null ? `of type ${tagOf(value)}` : String(value);
}
