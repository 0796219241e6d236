/** Read the headers of a request in the shapes that platforms provide. */
import { tagOf } from "./options.ts";

/** A header's value, or all its values. */
type HeaderValue = string | readonly string[] | undefined;

/**
 * A request's headers: Fetch's `Headers`, a `Map` or other pairs of name and value, or a record such as Node's
 * `request.headers`. Names may be in any letter case.
 */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Iterable<readonly [name: string, value: HeaderValue]>
  | { readonly [name: string]: HeaderValue };

/** Looks up a header by its lower-case name. Returns null when it is absent or empty. */
export type HeaderReader = (name: string) => string | null;

/** Stands for a repeated header. It matches no signature, timestamp or id. */
export const REPEATED = "\n";

const SHAPES = "headers must be a Headers object, a Map or array of [name, value] pairs, or a record";

/**
 * Create a lookup for headers of any supported shape.
 *
 * @throws {TypeError} for an unsupported shape; the lookup throws for a value that is not a string or list of strings
 */
export function headerReader(headers: unknown): HeaderReader {
  if (typeof headers !== "object" || headers === null) throw new TypeError(`${SHAPES}; this is ${kindOf(headers)}.`);
  if (tagOf(headers) === "Promise") throw new TypeError(`${SHAPES}; this is a Promise: await it.`);
  // Pairs are checked before `get`, because a Map's `get` finds only the exact name.
  if (isIterable(headers)) return pairReader(headers);
  if (hasGet(headers)) return (name) => onlyText(name, [headers.get(name)].flat());
  return pairReader(Object.entries(headers));
}

function kindOf(headers: unknown): string {
  return headers === null ? "null" : typeof headers;
}

function isIterable(headers: object): headers is Iterable<unknown> {
  return Symbol.iterator in headers && typeof headers[Symbol.iterator] === "function";
}

function hasGet(headers: object): headers is { get(name: string): unknown } {
  return "get" in headers && typeof headers.get === "function";
}

function pairReader(pairs: Iterable<unknown>): HeaderReader {
  const values = new Map<string, unknown[]>();
  for (const pair of pairs) {
    const [name, value] = asPair(pair);
    const lower = name.toLowerCase();
    const all = values.get(lower) ?? [];
    values.set(lower, all);
    for (const one of [value].flat()) all.push(one);
  }
  return (name) => onlyText(name, values.get(name) ?? []);
}

function asPair(pair: unknown): readonly [string, unknown] {
  if (Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string") return [pair[0], pair[1]];
  throw new TypeError(
    `${SHAPES}; this has an item that is not such a pair (Node's request.rawHeaders is not supported).`,
  );
}

/** Values are checked when a header is read, so that other headers do not matter. */
function onlyText(name: string, values: readonly unknown[]): string | null {
  const present = values.filter((value) => value !== undefined && value !== null);
  if (present.length > 1) return REPEATED;
  const [value = ""] = present;
  if (typeof value !== "string") throw new TypeError(`headers must have a string as ${name}; this is ${typeof value}.`);
  // Some frameworks' `get` returns "" for an absent header. An empty header counts as absent.
  return value === "" ? null : value;
}
