/** Text on a terminal: how wide it is, where to cut it, and which characters must not reach it. */
import truncatedWidth from "fast-string-truncated-width";

const ELLIPSIS = "…";

// Characters that control a terminal, are invisible, or reverse the reading direction.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text of a server on one line: what could control the terminal is escaped as in JSON. */
export function safe(text: string): string {
  return text.replace(UNSAFE, (found) => NAMED[found] ?? escaped(found));
}

/** The same for text of several lines. */
export function safeLines(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(UNSAFE, (found) => (/[\n\t]/.test(found) ? found : escaped(found)));
}

function escaped(found: string): string {
  return Array.from({ length: found.length }, (_, at) => `\\u${hex(found.charCodeAt(at))}`).join("");
}

function hex(unit: number): string {
  return unit.toString(16).padStart(4, "0");
}

/** JSON whose strings have no such characters either. The value stays the same. */
export function safeJson(value: unknown, indent?: number): string {
  return escapedJson(JSON.stringify(value, null, indent));
}

/** JSON text on several lines. Parsing it would change numbers, such as 19.90. */
export function indentedJson(text: string): string {
  let shown = "";
  let depth = 0;
  let previous = "";
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    const opened = previous === "{" || previous === "[";
    const closes = token === "}" || token === "]";
    if (opened && !closes) depth++;
    if (closes && !opened) depth--;
    if (previous === "," || opened !== closes) shown += `\n${"  ".repeat(depth)}`;
    shown += token === ":" ? ": " : token;
    previous = token;
  }
  return escapedJson(shown);
}

function escapedJson(text: string): string {
  return text.replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

/** The columns that a terminal shows it in. */
export function widthOf(text: string): number {
  return truncatedWidth(text, {}, WIDTHS).width;
}

/** The text, or its start with an ellipsis, in at most `width` columns. */
export function cut(text: string, width: number): string {
  const found = truncatedWidth(text, { limit: width, ellipsis: ELLIPSIS, ellipsisWidth: 1 }, WIDTHS);
  if (!found.truncated) return text;
  if (!found.ellipsed) return text.slice(0, found.index);
  // The library finds a place that is a column too late after a character such as an arrow.
  let kept = text.slice(0, found.index);
  while (kept !== "" && widthOf(kept) >= width) kept = kept.slice(0, -1);
  return kept.replace(/[\ud800-\udbff]$/, "") + ELLIPSIS;
}

const WIDTHS = { controlWidth: 0 };

/** Fill with spaces to `width` columns. */
export function padded(text: string, width: number, align: "start" | "end" = "start"): string {
  const space = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "start" ? text + space : space + text;
}

/** `1 delivery`, `2 deliveries`. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : several}`;
}

/** A word of a command line, as a shell needs it. */
export function quoted(word: string): string {
  return /^[\w.,:@%+/=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
