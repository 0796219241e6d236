/** The canonical form of JSON (RFC 8785), and a check for texts that would change their meaning in it. */

/** The server refuses deeper JSON. */
const DEPTH_MAX = 64;
/** With the `u` flag, a surrogate pair counts as one character, so only lone surrogates match. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Write a value in canonical form.
 *
 * @param value a result of `JSON.parse`
 * @throws {TypeError} for lone surrogates, and for values that are nested deeper than the server accepts
 */
export function canonical(value: unknown, depth = 0): string {
  if (depth > DEPTH_MAX) throw new TypeError(`The value is nested deeper than ${DEPTH_MAX} levels.`);
  if (typeof value === "string") return canonicalString(value);
  // ECMAScript's number format is the canonical one; -0 is "0".
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value)
    ? `[${value.map((item) => canonical(item, depth + 1)).join()}]`
    : canonicalObject(value, depth);
}

function canonicalString(text: string): string {
  if (LONE_SURROGATE.test(text))
    throw new TypeError("A string contains a lone surrogate, which has no canonical form.");
  return JSON.stringify(text);
}

function canonicalObject(value: object, depth: number): string {
  // `sort` orders by UTF-16 code units by default, which is the canonical order.
  const members = Object.keys(value)
    .sort()
    .map((key) => `${canonicalString(key)}:${canonical((value as Record<string, unknown>)[key], depth + 1)}`);
  return `{${members.join()}}`;
}

/** Strings, numbers and punctuation of a JSON text, except colons and the literals `true`, `false` and `null`. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[^\s,\]}]*|[{}[\],]/g;

/**
 * Check that a text keeps its meaning in canonical form.
 *
 * @param text a text that `JSON.parse` accepts
 * @throws {TypeError} for repeated keys, and for numbers with more digits than a double can hold
 */
export function checkText(text: string): void {
  /** The keys so far of each open object; null for an array. */
  const open: (Set<string> | null)[] = [];
  let isKey = false;
  for (const [token] of text.matchAll(TOKEN)) {
    switch (token[0]) {
      case "{":
      case "[":
        isKey = token === "{";
        open.push(isKey ? new Set() : null);
        break;
      case "}":
      case "]":
        isKey = false;
        open.pop();
        break;
      case ",":
        isKey = open.at(-1) !== null;
        break;
      case '"':
        if (isKey) addKey(open.at(-1), JSON.parse(token) as string);
        isKey = false;
        break;
      default:
        checkNumber(token);
    }
  }
}

function addKey(keys: Set<string> | null | undefined, key: string): void {
  if (keys?.has(key)) throw new TypeError(`The key ${JSON.stringify(key)} is repeated.`);
  keys?.add(key);
}

function checkNumber(text: string): void {
  const value = Number(text);
  if (Number.isFinite(value) && decimal(text) === decimal(String(value))) return;
  throw new TypeError(`The number ${text} would change its value in canonical form; send it as a string.`);
}

/** A number's value in a form that is the same for all its notations: the digits and a power of ten. */
function decimal(text: string): string {
  const [mantissa = "", power = "0"] = text.replace(/^-/, "").split(/e/i);
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  if (end === 0) return "0";
  const exponent = Number(power) - fraction.length + (digits.length - end);
  return `${text.startsWith("-") ? "-" : ""}${digits.slice(0, end)}e${exponent}`;
}
