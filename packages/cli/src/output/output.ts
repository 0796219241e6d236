/** Where a command prints: tables for people, JSON for programs, or only ids. */
import { type Paint, paintFor } from "./color.ts";
import { type Cell, type Column, record, table } from "./table.ts";
import { cut, safe, safeJson } from "./text.ts";

/** A stream of the process, or one of a test. */
export interface Writable {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string, written?: () => void): boolean;
}

export type Mode = "people" | "json" | "quiet";

/** How to show one thing. */
export interface View<Item> {
  /** What `--quiet` prints. */
  readonly id: (item: Item) => string | null;
  readonly fields: (item: Item) => readonly (readonly [name: string, cell: Cell])[];
}

/** How to show several things. */
export interface ListView<Item> {
  readonly id: (item: Item) => string | null;
  readonly columns: readonly Column<Item>[];
  /** What people read when there are none. */
  readonly none: string;
}

/** Rows whose columns are aligned together. Later ones are aligned anew, so a long list does not wait for its end. */
const ALIGNED_ROWS = 100;
/** How often progress is told where it cannot replace its line. */
const PROGRESS_MS = 5000;
/** The width of a terminal that does not tell its own. */
const COLUMNS_DEFAULT = 80;

export class Output {
  readonly mode: Mode;
  readonly paint: Paint;
  /** For standard error. */
  readonly paintError: Paint;
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  readonly #canReplace: boolean;
  #progress = { line: "", atMs: 0 };

  constructor(mode: Mode, stdout: Writable, stderr: Writable, env: Readonly<Record<string, string | undefined>>) {
    this.mode = mode;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#canReplace = stderr.isTTY === true && env.TERM !== "dumb";
    this.paint = paintFor(stdout, env);
    this.paintError = paintFor(stderr, env);
  }

  /** The terminal's columns; infinite when the output is not a terminal. */
  get width(): number {
    return this.#stdout.isTTY === true ? (this.#stdout.columns ?? COLUMNS_DEFAULT) : Number.POSITIVE_INFINITY;
  }

  /** Print one thing: a record, the JSON of the API, or its id. */
  async one<Item>(item: Item, { id, fields }: View<Item>): Promise<void> {
    if (this.mode === "json") return this.write(`${safeJson(item, 2)}\n`);
    if (this.mode === "quiet") return this.#id(id(item));
    return this.write(lines(record(fields(item), this)));
  }

  /** Print several things as they come: a table, one JSON value a line, or their ids. */
  async list<Item>(items: Iterable<Item> | AsyncIterable<Item>, view: ListView<Item>): Promise<void> {
    let rows: Item[] = [];
    let printed = 0;
    const flush = async () => {
      const [head = "", ...others] = table(rows, view.columns, this);
      // The heads of the columns are printed once.
      await this.write(lines(printed === 0 ? [head, ...others] : others));
      printed += rows.length;
      rows = [];
    };
    for await (const item of items) {
      if (this.mode === "people") {
        rows.push(item);
        if (rows.length === ALIGNED_ROWS) await flush();
      } else {
        await this.item(item, view.id(item), "");
      }
    }
    if (rows.length > 0) await flush();
    if (printed === 0 && this.mode === "people") this.tell(view.none);
  }

  /** Print one of many things that come over time: a line for people, NDJSON, or its id. */
  async item(value: unknown, id: string | null, line: string): Promise<void> {
    if (this.mode === "json") return this.write(`${safeJson(value)}\n`);
    if (this.mode === "quiet") return this.#id(id);
    return this.write(`${line}\n`);
  }

  /** A result for people on standard output. Cut to the terminal's width with `cut`; escape the server's text with `safe`. */
  async say(line: string): Promise<void> {
    if (this.mode === "people") await this.write(`${line}\n`);
  }

  /** What is going on, for people on standard error. */
  tell(line: string): void {
    if (this.mode === "people") this.#stderr.write(`${line}\n`);
  }

  /** What somebody has to know before the result, in every mode, on standard error. */
  tellAll(line: string): void {
    this.#stderr.write(`${line}\n`);
  }

  /** How far something is. On a terminal each line replaces the one before. */
  progress(line: string): void {
    if (this.mode !== "people" || line === this.#progress.line) return;
    const nowMs = Date.now();
    if (this.#canReplace) {
      this.#stderr.write(`\r\u001b[K${cut(line, (this.#stderr.columns ?? COLUMNS_DEFAULT) - 1)}`);
    } else if (this.#progress.atMs === 0) {
      // What ends soon needs no line.
    } else if (nowMs - this.#progress.atMs >= PROGRESS_MS) {
      this.#stderr.write(`${line}\n`);
    } else {
      return;
    }
    this.#progress = { line, atMs: nowMs };
  }

  /** Clear the line of `progress`. */
  endProgress(): void {
    if (this.#canReplace && this.#progress.line !== "") this.#stderr.write("\r\u001b[K");
    this.#progress = { line: "", atMs: 0 };
  }

  /** A sentence that nobody must miss, in every mode, on standard error. */
  warn(sentence: string): void {
    this.#stderr.write(`signalbox: ${safe(sentence)}\n`);
  }

  /** Text as it is, such as a payload. Resolves when there is room for more. */
  write(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stdout.write(text, resolve)) resolve();
    });
  }

  /** A line in the terminal's width. */
  fit(line: string): string {
    return cut(line, this.width);
  }

  async #id(id: string | null): Promise<void> {
    if (id !== null) await this.write(`${safe(id)}\n`);
  }
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}
