/** Counts the rows of an export as its pieces arrive. */
const NEWLINE = 0x0a;
const QUOTE = 0x22;

export class RowCount {
  readonly #isCsv: boolean;
  #lines = 0;
  /** In CSV, a line break between quotes belongs to a field. */
  #isQuoted = false;

  constructor(format: "csv" | "ndjson") {
    this.#isCsv = format === "csv";
  }

  /** Deliveries that have arrived completely. The first line of CSV has the names of the columns. */
  get count(): number {
    return Math.max(0, this.#lines - (this.#isCsv ? 1 : 0));
  }

  add(piece: Uint8Array): void {
    for (const byte of piece) {
      if (byte === NEWLINE && !this.#isQuoted) this.#lines += 1;
      else if (byte === QUOTE && this.#isCsv) this.#isQuoted = !this.#isQuoted;
    }
  }
}
