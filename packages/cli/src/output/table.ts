/** Tables for people, fitted to the terminal. Pure. */
import type { Color, Paint } from "./color.ts";
import { cut, padded, safe, widthOf } from "./text.ts";

/** Text of the server is escaped by the table, so a cell never contains escape sequences. */
export type Cell = string | number | boolean | null | undefined | { readonly text: string; readonly color: Color };

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Cell;
  /**
   * What gives way when the terminal is narrow: `cut` shortens long text, `drop` also leaves out the column, and `omit`
   * leaves it out without shortening it. `id` and `below` go to a line below their row. An id is never cut, because
   * people copy it; an address that they copy counts as one.
   */
  readonly narrow?: "cut" | "drop" | "omit" | "id" | "below";
  readonly align?: "end";
}

const GAP = 2;
/** A text that is cut keeps at least this many columns. */
const CUT_WIDTH_MIN = 10;
/** A text that goes below its row is beside the id if there are this many columns for it, else on a line of its own. */
const BESIDE_WIDTH_MIN = 20;
const INDENT = 2;

interface Place {
  /** Infinite when the output is not a terminal. */
  readonly width: number;
  readonly paint: Paint;
}

interface Shown {
  readonly text: string;
  readonly color: Color | null;
}

const EMPTY: Shown = { text: "-", color: "dim" };

function shown(cell: Cell): Shown {
  if (cell === null || cell === undefined || cell === "") return EMPTY;
  if (typeof cell === "boolean") return { text: cell ? "yes" : "no", color: null };
  if (typeof cell === "object") return { text: visible(cell.text), color: cell.color };
  return { text: visible(String(cell)), color: null };
}

/** A name may be a space, which would look like a missing one. */
function visible(text: string): string {
  return text.trim() === "" ? `"${text}"` : safe(text);
}

/** The lines of a table, of which the first has the heads. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], { width, paint }: Place): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => shown(cell(row))));
  const natural = columns.map(({ head }, at) =>
    Math.max(widthOf(head), ...cells.map((row) => widthOf(row[at]?.text ?? ""))),
  );
  const place = { width, paint };
  const whole = narrowed([...columns.keys()], { columns, natural, width });
  const fit = whole ?? fitted(columns, natural, width);
  if (fit === null) return cards(columns, cells, place);
  const line = (row: readonly Shown[]) => {
    const parts = fit.map(({ at, columns: wide }) => {
      const { text, color } = row[at] ?? EMPTY;
      const filled = padded(cut(text, wide), wide, columns[at]?.align);
      return color === null ? filled : paint(filled, color);
    });
    return parts.join(" ".repeat(GAP)).trimEnd();
  };
  const below = (row: readonly Shown[]) => (whole === null ? linesBelow(columns, row, place) : []);
  const heads = line(columns.map(({ head }) => ({ text: head, color: "bold" })));
  return [heads, ...cells.flatMap((row) => [line(row), ...below(row)])];
}

/** The lines below a row that is too narrow for all its cells: its id, then the other text, beside the id if it fits. */
function linesBelow(columns: readonly Column<never>[], row: readonly Shown[], { width, paint }: Place): string[] {
  const lines: string[] = [];
  let room = 0;
  for (const [at, { narrow }] of columns.entries()) {
    const { text } = row[at] ?? EMPTY;
    if (row[at] === EMPTY || (narrow !== "id" && narrow !== "below")) continue;
    const indent = widthOf(text) + INDENT > width && narrow === "id" ? 0 : INDENT;
    if (narrow === "below" && room >= BESIDE_WIDTH_MIN) {
      lines.push(`${lines.pop()}${" ".repeat(GAP)}${paint(cut(text, room), "dim")}`);
    } else {
      const fitting = narrow === "id" ? text : cut(text, width - indent);
      lines.push(" ".repeat(indent) + paint(fitting, "dim"));
    }
    room = narrow === "id" ? width - indent - widthOf(text) - GAP : 0;
  }
  return lines;
}

interface Fit {
  readonly at: number;
  readonly columns: number;
}

/** The columns to show in a row and their widths, or null when not even the least of them fit. */
function fitted(columns: readonly Column<never>[], natural: readonly number[], width: number): readonly Fit[] | null {
  let kept = [...columns.keys()].filter((at) => !["id", "below"].includes(columns[at]?.narrow ?? ""));
  for (;;) {
    const fit = narrowed(kept, { columns, natural, width });
    if (fit !== null) return fit;
    const dropped = kept.findLast((at) => ["drop", "omit"].includes(columns[at]?.narrow ?? ""));
    if (dropped === undefined) return null;
    kept = kept.filter((at) => at !== dropped);
  }
}

/** Shorten the widest text again and again until the line fits. */
function narrowed(
  kept: readonly number[],
  table: { readonly columns: readonly Column<never>[]; readonly natural: readonly number[]; readonly width: number },
): readonly Fit[] | null {
  const widths = new Map(kept.map((at) => [at, table.natural[at] ?? 0]));
  const gaps = GAP * (kept.length - 1);
  let tooMuch = [...widths.values()].reduce((sum, each) => sum + each, gaps) - table.width;
  while (tooMuch > 0) {
    const [widest] = kept
      .filter((at) => isCut(table.columns[at]) && (widths.get(at) ?? 0) > CUT_WIDTH_MIN)
      .sort((one, other) => (widths.get(other) ?? 0) - (widths.get(one) ?? 0));
    if (widest === undefined) return null;
    widths.set(widest, (widths.get(widest) ?? 0) - 1);
    tooMuch -= 1;
  }
  return kept.map((at) => ({ at, columns: widths.get(at) ?? 0 }));
}

function isCut(column: Column<never> | undefined): boolean {
  return column?.narrow === "cut" || column?.narrow === "drop" || column?.narrow === "below";
}

/** One row below the other: its first cell, and then a line for each further column. */
function cards<Row>(columns: readonly Column<Row>[], rows: readonly (readonly Shown[])[], place: Place): string[] {
  return rows.flatMap(([first, ...others], at) => {
    const fields = columns.slice(1).map(({ head }, index) => [head.toLowerCase(), others[index] ?? EMPTY] as const);
    const title = cut(first?.text ?? "", place.width);
    return [...(at === 0 ? [] : [""]), place.paint(title, "bold"), ...aligned(fields, place, "  ")];
  });
}

/** The lines of one record: names on the left, values on the right. Long values are not cut, so that they can be copied. */
export function record(fields: readonly (readonly [name: string, cell: Cell])[], place: Place): string[] {
  return aligned(
    fields.map(([name, cell]) => [name, shown(cell)]),
    { ...place, width: Number.POSITIVE_INFINITY },
  );
}

function aligned(
  fields: readonly (readonly [name: string, value: Shown])[],
  { width, paint }: Place,
  indent = "",
): string[] {
  const wide = Math.max(0, ...fields.map(([name]) => widthOf(name)));
  return fields.map(([name, { text, color }]) => {
    const value = cut(text, Math.max(CUT_WIDTH_MIN, width - indent.length - wide - GAP));
    return `${indent}${paint(padded(name, wide), "dim")}  ${color === null ? value : paint(value, color)}`;
  });
}
