/** Blanks out everything that is not code, so that a plain text search finds only code. */

/** Both texts have the same length and line breaks, so an index into one is valid in the other. */
export interface Scan {
  /** Comments and the contents of strings, templates and regular expressions are replaced by spaces. */
  readonly code: string;
  readonly source: string;
}

const WORD = /[\w$]/;
/** A slash after one of these words starts a regular expression. After any other word, number or bracket it divides. */
const BEFORE_EXPRESSION = new Set(
  "return typeof case in of do else void delete throw new instanceof yield await default".split(" "),
);

export function scan(source: string): Scan {
  return { source, code: new Scanner(source).run() };
}

class Scanner {
  readonly #source: string;
  #at = 0;
  #code = "";
  /** The number of open braces inside each open `${`. */
  readonly #templates: number[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  run(): string {
    while (this.#at < this.#source.length) this.#step();
    return this.#code;
  }

  #step(): void {
    const character = this.#source[this.#at] ?? "";
    const two = this.#source.slice(this.#at, this.#at + 2);
    if (two === "//") this.#blankTo(this.#indexOf("\n", this.#at));
    else if (two === "/*") this.#blankTo(this.#indexOf("*/", this.#at + 2) + 2);
    else if (character === '"' || character === "'") this.#string(character);
    else if (character === "/" && this.#mayBeginExpression()) this.#regularExpression();
    else if (character === "`") this.#template();
    else if (character === "}" && this.#templates.at(-1) === 0) this.#resumeTemplate();
    else this.#plain(character);
  }

  #plain(character: string): void {
    const open = this.#templates.length - 1;
    if (open >= 0 && character === "{") this.#templates[open] = (this.#templates[open] ?? 0) + 1;
    if (open >= 0 && character === "}") this.#templates[open] = (this.#templates[open] ?? 0) - 1;
    this.#keep();
  }

  /** Called at the brace that closes a `${`, where the template's text continues. */
  #resumeTemplate(): void {
    this.#templates.pop();
    this.#template();
  }

  /** Scans from a backtick or a closing brace to the end of the template or to its next `${`. */
  #template(): void {
    this.#keep();
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at];
      const opens = this.#source.startsWith("${", this.#at);
      if (character === "`" || opens) {
        this.#keep();
        if (!opens) return;
        this.#keep();
        this.#templates.push(0);
        return;
      }
      this.#blankTo(this.#at + (character === "\\" ? 2 : 1));
    }
  }

  #string(quote: string): void {
    this.#keep();
    while (this.#at < this.#source.length && this.#source[this.#at] !== quote) {
      this.#blankTo(this.#at + (this.#source[this.#at] === "\\" ? 2 : 1));
    }
    this.#keep();
  }

  #regularExpression(): void {
    this.#keep();
    let inClass = false;
    while (this.#at < this.#source.length) {
      const character = this.#source[this.#at];
      if (character === "\n" || (character === "/" && !inClass)) break;
      if (character === "[") inClass = true;
      if (character === "]") inClass = false;
      this.#blankTo(this.#at + (character === "\\" ? 2 : 1));
    }
    this.#keep();
  }

  #mayBeginExpression(): boolean {
    const before = this.#code.trimEnd();
    const last = before.at(-1) ?? "";
    if (last === "" || !/[\w$)\]}"'`]/.test(last)) return true;
    let start = before.length;
    while (start > 0 && WORD.test(before[start - 1] ?? "")) start--;
    return BEFORE_EXPRESSION.has(before.slice(start));
  }

  #keep(): void {
    this.#code += this.#source[this.#at] ?? "";
    this.#at++;
  }

  #blankTo(end: number): void {
    this.#code += this.#source.slice(this.#at, end).replace(/[^\n]/g, " ");
    this.#at = Math.min(end, this.#source.length);
  }

  #indexOf(text: string, from: number): number {
    const found = this.#source.indexOf(text, from);
    return found === -1 ? this.#source.length : found;
  }
}

export interface Import {
  readonly specifier: string;
  /** `import type` or `export type`, which is erased before the code runs. */
  readonly typeOnly: boolean;
  readonly at: number;
}

/** Every static import, dynamic import and re-export in a file. */
export function importsOf({ code, source }: Scan): Import[] {
  const found: Import[] = [];
  // A specifier is a string after `from`, `import` or `import(`. The statement's first words show whether it is type-
  // only.
  for (const match of code.matchAll(/\b(from\s*|import\s*\(?\s*)(["'])(\s*)\2/g)) {
    const [, keyword = "", , blanked = ""] = match;
    const end = match.index + match[0].length - 1;
    const specifier = source.slice(end - blanked.length, end);
    const typeOnly = keyword.startsWith("from") && isTypeOnly(code.slice(0, match.index));
    found.push({ specifier, typeOnly, at: match.index });
  }
  return found;
}

/** Whether the statement at the end of `before` imports or re-exports types only. */
function isTypeOnly(before: string): boolean {
  const statement = Math.max(before.lastIndexOf("import"), before.lastIndexOf("export"));
  return statement !== -1 && /^(import|export)\s+type\s+[{*\w]/.test(before.slice(statement));
}

/** The location as `path:line`, which terminals and editors turn into a link. */
export function place(path: string, source: string, at: number): string {
  return `${path}:${source.slice(0, at).split("\n").length}`;
}
