/** The headers of a request, in whichever shape a platform hands them over. */
import { tagOf } from "./options.ts";

/** What stands for a header: its text, or all its texts. */
type HeaderValue = string | readonly string[] | undefined;

/**
 * A request's headers as Fetch's `Headers`, as a `Map` or other pairs of name and value, or as a record such as Node's
 * `request.headers`. Names may be in any case.
 */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Iterable<readonly [name: string, value: HeaderValue]>
  | { readonly [name: string]: HeaderValue };

/** Looks up a header by its name in lower case; null when it is absent or empty. */
export type HeaderReader = (name: string) => string | null;

/** Stands for a header that came twice: it fits no signature, timestamp or id. */
export const REPEATED = "\n";

const SHAPES = "headers must be a Headers object, a Map or array of [name, value] pairs, or a record";

/**
 * Make one lookup of all the shapes.
 *
 * @throws {TypeError} for what is none of them; the lookup, for a value that is neither text nor texts
 */
export function headerReader(headers: unknown): HeaderReader {
  if (typeof headers !== "object" || headers === null) throw new TypeError(`${SHAPES}; this is ${kindOf(headers)}.`);
  if (tagOf(headers) === "Promise") throw new TypeError(`${SHAPES}; this is a Promise: await it.`);
  // Pairs come before `get`: that of a Map knows the exact name alone.
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
  throw new TypeError(`${SHAPES}; this has an item that is no such pair (as Node's request.rawHeaders has).`);
}

/** Checked when it is read: what other headers hold is nobody's business here. */
function onlyText(name: string, values: readonly unknown[]): string | null {
  const present = values.filter((value) => value !== undefined && value !== null);
  if (present.length > 1) return REPEATED;
  const [value = ""] = present;
  if (typeof value !== "string") throw new TypeError(`headers has a ${name} that is no string, but ${typeof value}.`);
  // Some frameworks' `get` says "" of an absent header; an empty one is as good as none.
  return value === "" ? null : value;
}
