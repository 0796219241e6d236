/** Outcomes as text: one JSON value, or tables for people. Pure. */
import { printableJson, terminalLine } from "../domain/text/readable.ts";
import type { Fields, Outcome } from "./command.ts";

type Success = Exclude<Outcome, { kind: "failed" }>;

export function printJson(outcome: Success): string {
  return `${printableJson(JSON.stringify(outcome.kind === "list" ? outcome.rows : outcome.fields, null, 2))}\n`;
}

export function printText(outcome: Success): string {
  return outcome.kind === "list" ? table(outcome.rows) : record(outcome.fields, outcome.secret);
}

function table(rows: readonly Fields[]): string {
  const [first] = rows;
  if (first === undefined) return "there are none\n";
  const names = Object.keys(first);
  const lines = rows.map((row) => names.map((name) => cell(row[name])));
  return `${columns([names.map((name) => name.toUpperCase()), ...lines])}\n`;
}

function record(fields: Fields, secret: string | undefined): string {
  const lines = Object.entries(fields).map(([name, value]) => [name, cell(value)]);
  const note = secret === undefined ? "" : `\nthe ${secret} is shown only now\n`;
  return `${columns(lines)}\n${note}`;
}

/** Names come from callers of the API: what would steer the terminal is not passed on. */
function cell(value: Fields[string] | undefined): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(value);
  return terminalLine(value);
}

/** Lines of cells below each other; the last one of a line is not filled up. */
export function columns(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [index, text] of line.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(text));
  }
  const padded = (text: string, index: number) => text + " ".repeat((widths[index] ?? 0) - widthOf(text));
  return lines.map((line) => line.map(padded).join("  ").trimEnd()).join("\n");
}

/** In code points: near enough for what stands in these tables. */
function widthOf(text: string): number {
  return [...text].length;
}
