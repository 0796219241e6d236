/** One JSON text written anew as the writers of other languages would: other white space, other escapes, sorted keys. */
import { JsonScanner, type JsonToken } from "../../../domain/text/json-scanner.ts";

/** The white space between tokens, and the order of keys. */
export interface Layout {
  readonly comma: string;
  readonly colon: string;
  /** Null: all on one line. */
  readonly indent: string | null;
  readonly order: "asItCame" | "sorted" | "byLength";
}

/** Escapes in a text that has only those that JSON demands. */
export type Escapes = (text: string) => string;

/** Null: indented, it would be mostly indent, such as brackets of a great depth. Nobody indents what is like that. */
export type WriteJson = (layout: Layout, escapes: Escapes) => string | null;

/** Indent beside the text itself, at most so many times as long: common bodies have as much as once or twice. */
const INDENT_MAX = 4;

/**
 * Numbers stay as they are spelled, and keys where they are: `JSON.parse` would make 1 of 1.0, and put "2" before "10".
 *
 * @param text  a text that `JSON.parse` accepts, of bounded depth
 * @param field left out, when it is a member of the outermost object
 */
export function jsonWriter(text: string, field: string | null = null): WriteJson {
  let tree: Json | null = null;
  let steps: number | null = null;
  const written = new Map<Layout, string>();
  return (layout, escapes) => {
    tree ??= without(readJson(text), field);
    if (layout.indent !== null) {
      steps ??= stepsOf(tree, 0);
      if (steps * layout.indent.length > INDENT_MAX * text.length) return null;
    }
    const known = written.get(layout) ?? write(tree, layout);
    written.set(layout, known);
    return escapes(known);
  };
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

type Member = readonly [key: string, value: Json];
/** A scalar is its own text; of a string, and of a key, with no more escapes than JSON demands. */
type Json = string | { readonly items: readonly Json[] } | { readonly members: readonly Member[] };

function readJson(text: string): Json {
  const scanner = new JsonScanner(text);

  function object(): Json {
    const members: Member[] = [];
    for (let token = scanner.next(); token !== "}"; token = scanner.next()) {
      if (token === ",") continue;
      const key = string();
      scanner.next(); // the colon
      members.push([key, value(scanner.next())]);
    }
    return { members };
  }

  function array(): Json {
    const items: Json[] = [];
    for (let token = scanner.next(); token !== "]"; token = scanner.next()) {
      if (token !== ",") items.push(value(token));
    }
    return { items };
  }

  function value(token: JsonToken): Json {
    if (token === "{") return object();
    if (token === "[") return array();
    return token === "string" ? string() : scanner.source;
  }

  function string(): string {
    const spelled = scanner.source;
    return spelled.includes("\\") ? JSON.stringify(JSON.parse(spelled)) : spelled;
  }

  return value(scanner.next());
}

function without(tree: Json, field: string | null): Json {
  if (field === null || typeof tree === "string" || !("members" in tree)) return tree;
  const key = JSON.stringify(field);
  return { members: tree.members.filter(([name]) => name !== key) };
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How many indents stand before its lines, all told. */
function stepsOf(tree: Json, depth: number): number {
  if (typeof tree === "string") return 0;
  const parts = "items" in tree ? tree.items : tree.members.map(([, value]) => value);
  const inner = parts.reduce((sum, part) => sum + depth + 1 + stepsOf(part, depth + 1), 0);
  return inner + (parts.length === 0 ? 0 : depth);
}

/** Token by token: a list of parts for every pair of brackets would take twice as long where there is little else. */
function write(tree: Json, { comma, colon, indent, order }: Layout): string {
  let text = "";

  /** @param line what a line that holds the value itself begins with */
  function value(tree: Json, line: string): void {
    if (typeof tree === "string") text += tree;
    else if ("items" in tree) block("[", tree.items, "]", line, value);
    else block("{", ordered(tree.members, order), "}", line, member);
  }

  function member([key, one]: Member, line: string): void {
    text += key + colon;
    value(one, line);
  }

  function block<Part>(
    open: string,
    parts: readonly Part[],
    close: string,
    line: string,
    part: (part: Part, line: string) => void,
  ): void {
    const isIndented = indent !== null && parts.length > 0;
    const inner = isIndented ? line + indent : line;
    text += open;
    let before = "";
    for (const one of parts) {
      text += before;
      if (isIndented) text += inner;
      part(one, inner);
      before = comma;
    }
    text += isIndented ? line + close : close;
  }

  value(tree, "\n");
  return text;
}

function ordered(members: readonly Member[], order: Layout["order"]): readonly Member[] {
  if (order === "asItCame") return members;
  const isByLength = order === "byLength";
  return members.toSorted(([a], [b]) => (isByLength ? a.length - b.length : 0) || compared(a, b));
}

/** Without the closing quotes: a space in a key would come before them. */
function compared(a: string, b: string): number {
  const [left, right] = [a.slice(1, -1), b.slice(1, -1)];
  return left < right ? -1 : left > right ? 1 : 0;
}

// ── Escapes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const noEscapes: Escapes = (text) => text;

/** Whatever is not printable ASCII: Python's `ensure_ascii`. */
export const asciiEscapes: Escapes = (text) => text.replaceAll(/[\x7f-\uffff]/g, unicodeEscape);

export const slashEscapes: Escapes = (text) => text.replaceAll("/", "\\/").replaceAll(/[\u2028\u2029]/g, unicodeEscape);

export const phpEscapes: Escapes = (text) => asciiEscapes(text).replaceAll("/", "\\/");

/** So that it can stand inside HTML: what Go and Rails do. */
export const htmlEscapes: Escapes = (text) => text.replaceAll(/[<>&\u2028\u2029]/g, unicodeEscape);

export const gsonEscapes: Escapes = (text) => text.replaceAll(/[<>&='\u2028\u2029]/g, unicodeEscape);

/** A `+` in a number, as in 1e+21, is taken for one in a string: a sender that does not write it so is not recognised. */
export const dotnetEscapes: Escapes = (text) =>
  text.replaceAll(/\\.|[<>&'+`\x7f-\uffff]/g, (found) => {
    if (found === '\\"') return "\\u0022";
    return found.startsWith("\\") ? found : `\\u${hexOf(found).toUpperCase()}`;
  });

function unicodeEscape(unit: string): string {
  return `\\u${hexOf(unit)}`;
}

function hexOf(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, "0");
}
