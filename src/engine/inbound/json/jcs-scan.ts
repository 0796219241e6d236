/** What a parsed value no longer tells of its JSON text, at any depth: repeated keys, digits that a double cannot hold. */
import { endOfScalar, endOfString } from "../../../domain/text/json.ts";
import { keepsValue } from "./jcs-decimals.ts";

export type JsonFault =
  | { readonly kind: "repeatedKey"; readonly key: string }
  | { readonly kind: "tooDeep" }
  | { readonly kind: "changedNumber"; readonly number: string }
  | { readonly kind: "loneSurrogate" };

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * The gravest fault of a text that `JSON.parse` accepts, in one pass: a repeated key or too much depth before one
 * that only keeps it from having a canonical form. Null when it has none.
 */
export function scanJson(text: string, depthMax: number): JsonFault | null {
  /** Of each object that is open its keys so far; null for an array. */
  const open: (Set<string> | null)[] = [];
  let lossy: JsonFault | null = null;
  let isKey = false;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const start = at++;
    if (code === QUOTE) {
      at = endOfString(text, start);
      const raw = text.slice(start + 1, at - 1);
      // Two spellings of a key are one key: `"a"` and `"\u0061"`.
      const isEscaped = raw.includes("\\");
      const string: string = isEscaped ? JSON.parse(text.slice(start, at)) : raw;
      // In UTF-8 half of a surrogate pair can only stand as an escape.
      if (isEscaped && !string.isWellFormed()) lossy ??= { kind: "loneSurrogate" };
      if (!isKey) continue;
      const keys = open.at(-1);
      if (keys?.has(string)) return { kind: "repeatedKey", key: string };
      keys?.add(string);
      isKey = false;
    } else if (code === MINUS || (code >= DIGIT_0 && code <= DIGIT_9)) {
      at = endOfScalar(text, start);
      const number = text.slice(start, at);
      if (lossy === null && !keepsValue(number)) lossy = { kind: "changedNumber", number };
    } else if (code === COMMA) {
      isKey = open.at(-1) !== null;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (open.length === depthMax) return { kind: "tooDeep" };
      isKey = code === OPEN_BRACE;
      open.push(isKey ? new Set() : null);
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      isKey = false;
      open.pop();
    }
  }
  return lossy;
}
