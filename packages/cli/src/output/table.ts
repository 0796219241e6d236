/** Tables for people, fitted to the terminal. Pure. */
import type { Color, Paint } from "./color.ts";
import { cut, padded, safe, widthOf } from "./text.ts";

/** Text of the server is escaped by the table, so a cell never contains escape sequences. */
export type Cell = string | number | boolean | null | undefined | { readonly text: string; readonly color: Color };

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Cell;
  /** What gives way when the terminal is narrow: `cut` shortens long text, and `drop` also leaves out the column. */
  readonly narrow?: "cut" | "drop";
  readonly align?: "end";
}

const GAP = 2;
/** A text that is cut keeps at least this many columns. */
const CUT_WIDTH_MIN = 10;

interface Shown {
  readonly text: string;
  readonly color: Color | null;
}

function shown(cell: Cell): Shown {
  if (cell === null || cell === undefined || cell === "") return { text: "-", color: "dim" };
  if (typeof cell === "boolean") return { text: cell ? "yes" : "no", color: null };
  if (typeof cell === "object") return { text: safe(cell.text), color: cell.color };
  return { text: safe(String(cell)), color: null };
}

/**
 * The lines of a table.
 *
 * @param width the terminal's columns; infinite when the output is not a terminal
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => shown(cell(row))));
  const natural = columns.map(({ head }, at) =>
    Math.max(widthOf(head), ...cells.map((row) => widthOf(row[at]?.text ?? ""))),
  );
  const fit = fitted(columns, natural, width);
  if (fit === null) return cards(columns, cells, { width, paint });
  const line = (row: readonly Shown[]) => {
    const parts = fit.map(({ at, columns: wide }) => {
      const { text, color } = row[at] ?? shown(null);
      const filled = padded(cut(text, wide), wide, columns[at]?.align);
      return color === null ? filled : paint(filled, color);
    });
    return parts.join(" ".repeat(GAP)).trimEnd();
  };
  return [line(columns.map(({ head }) => ({ text: head, color: "bold" }))), ...cells.map(line)];
}

interface Fit {
  readonly at: number;
  readonly columns: number;
}

/** The columns to show and their widths, or null when not even the least of them fit. */
function fitted(columns: readonly Column<never>[], natural: readonly number[], width: number): readonly Fit[] | null {
  let kept = columns.map((_, at) => at);
  for (;;) {
    const fit = narrowed(kept, { columns, natural, width });
    if (fit !== null) return fit;
    const dropped = kept.findLast((at) => columns[at]?.narrow === "drop");
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
      .filter((at) => table.columns[at]?.narrow !== undefined && (widths.get(at) ?? 0) > CUT_WIDTH_MIN)
      .sort((one, other) => (widths.get(other) ?? 0) - (widths.get(one) ?? 0));
    if (widest === undefined) return null;
    widths.set(widest, (widths.get(widest) ?? 0) - 1);
    tooMuch -= 1;
  }
  return kept.map((at) => ({ at, columns: widths.get(at) ?? 0 }));
}

/** One row below the other: its first cell, and then a line for each further column. */
function cards<Row>(
  columns: readonly Column<Row>[],
  rows: readonly (readonly Shown[])[],
  place: { readonly width: number; readonly paint: Paint },
): string[] {
  return rows.flatMap(([first, ...others], at) => {
    const fields = columns
      .slice(1)
      .map(({ head }, index) => [head.toLowerCase(), others[index] ?? shown(null)] as const);
    const title = cut(first?.text ?? "", place.width);
    return [...(at === 0 ? [] : [""]), place.paint(title, "bold"), ...aligned(fields, place, "  ")];
  });
}

/** The lines of one record: names on the left, values on the right. Long values are not cut, so that they can be copied. */
export function record(
  fields: readonly (readonly [name: string, cell: Cell])[],
  place: { readonly width: number; readonly paint: Paint },
): string[] {
  return aligned(
    fields.map(([name, cell]) => [name, shown(cell)]),
    { ...place, width: Number.POSITIVE_INFINITY },
  );
}

function aligned(
  fields: readonly (readonly [name: string, value: Shown])[],
  { width, paint }: { readonly width: number; readonly paint: Paint },
  indent = "",
): string[] {
  const wide = Math.max(0, ...fields.map(([name]) => widthOf(name)));
  return fields.map(([name, { text, color }]) => {
    const value = cut(text, Math.max(CUT_WIDTH_MIN, width - indent.length - wide - GAP));
    return `${indent}${paint(padded(name, wide), "dim")}  ${color === null ? value : paint(value, color)}`;
  });
}
