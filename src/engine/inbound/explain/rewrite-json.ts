/** A JSON text as another program writes it: the same values in the same order, with other white space and escapes. */
import { JsonScanner } from "../../../domain/text/json-scanner.ts";

export interface JsonStyle {
  readonly comma: string;
  readonly colon: string;
  /** Null writes everything on one line. */
  readonly indent: string | null;
  /** Adds escapes to a text that has only those that JSON demands. */
  readonly escapes: (text: string) => string;
}

/** A text of nothing but nested brackets becomes mostly indent, and nobody signs such a text. */
const GROWTH_MAX = 8;

/**
 * Numbers keep their spelling and members their order. `JSON.parse` would turn 1.0 into 1 and put "2" before "10".
 *
 * @param text a text that `JSON.parse` accepts
 * @returns null when the text would grow more than eightfold
 */
export function rewriteJson(text: string, { comma, colon, indent, escapes }: JsonStyle): string | null {
  const scanner = new JsonScanner(text);
  let written = "";
  let isFirst = false;
  let isNextLine = false;
  for (let token = scanner.next(); token !== "end"; token = scanner.next()) {
    const opens = token === "{" || token === "[";
    const closes = token === "}" || token === "]";
    if (indent !== null && (closes ? !isFirst : isNextLine)) {
      written += `\n${indent.repeat(opens ? scanner.depth - 1 : scanner.depth)}`;
    }
    if (token === ",") written += comma;
    else if (token === ":") written += colon;
    else written += token === "string" ? withFewestEscapes(scanner.source) : scanner.source;
    if (written.length > GROWTH_MAX * text.length) return null;
    isFirst = opens;
    isNextLine = opens || token === ",";
  }
  return escapes(written);
}

function withFewestEscapes(string: string): string {
  return string.includes("\\") ? JSON.stringify(JSON.parse(string)) : string;
}

export const noEscapes = (text: string): string => text;

/** Everything but printable ASCII, as Python's `ensure_ascii` does. */
export const asciiEscapes = (text: string): string =>
  text.replaceAll(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

export const phpEscapes = (text: string): string => asciiEscapes(text).replaceAll("/", "\\/");
