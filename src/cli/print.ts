/** Print outcomes as one JSON value, or as tables for people. Pure. */
import { printableJson, terminalLine } from "../domain/text/readable.ts";
import type { CommandOutcome, Fields } from "./command.ts";

type Success = Exclude<CommandOutcome, { kind: "failed" | "serving" }>;

export function printJson(outcome: Success): string {
  return `${printableJson(JSON.stringify(outcome.kind === "list" ? outcome.rows : outcome.fields, null, 2))}\n`;
}

export function printText(outcome: Success): string {
  if (outcome.kind === "one") return record(outcome.fields, outcome.secret);
  return outcome.note === undefined ? table(outcome.rows) : `${table(outcome.rows)}\n${outcome.note}\n`;
}

function table(rows: readonly Fields[]): string {
  const [first] = rows;
  if (first === undefined) return "none found\n";
  const names = Object.keys(first);
  const lines = rows.map((row) => names.map((name) => cell(row[name])));
  return `${columns([names.map((name) => name.toUpperCase()), ...lines])}\n`;
}

function record(fields: Fields, secret: string | undefined): string {
  const lines = Object.entries(fields).map(([name, value]) => [name, cell(value)]);
  const note = secret === undefined ? "" : `\nthe ${secret} is shown only once; store it now\n`;
  return `${columns(lines)}\n${note}`;
}

/** API callers choose names, so characters that control the terminal are replaced. */
function cell(value: Fields[string] | undefined): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(value);
  return terminalLine(value);
}

/** Align cells in columns. The last cell of a line is not padded. */
export function columns(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [index, text] of line.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(text));
  }
  const padded = (text: string, index: number) => text + " ".repeat((widths[index] ?? 0) - widthOf(text));
  return lines.map((line) => line.map(padded).join("  ").trimEnd()).join("\n");
}

/** The width in code points, which is accurate enough for these tables. */
function widthOf(text: string): number {
  return [...text].length;
}
